import Foundation
import Testing

/// The table of `ops/docs/PROGRAMS.md` has every row, and everything that it names exists.
@Suite struct ProgramTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let fields: [String]
    let functions: [String]
    let tests: [String]
    let examples: [String]
    var testDescription: String { name }
  }

  static let rows: [Row] = {
    let page = TidyTests.root.appending(path: "ops/docs/PROGRAMS.md")
    let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard line.hasPrefix("| "), cells.count == 5, cells[0] != "row" else { return nil }
      return Row(
        name: cells[0], fields: quoted(cells[2]), functions: quoted(cells[3]), tests: quoted(cells[4]),
        examples: cells[4].matches(of: /example ([a-z0-9-]+)/).map { String($0.output.1) })
    }
  }()

  private static func quoted(_ cell: String) -> [String] { cell.matches(of: /`([^`]+)`/).map { String($0.output.1) } }

  @Test func everyRowIsThereOnce() throws {
    let cases = try FileManager.default.contentsOfDirectory(atPath: TidyTests.root.appending(path: "Tests/Scenarios/Rows").path)
    let sentences = cases.filter { $0.hasPrefix("every-") }.map { String($0.dropLast(".scenario".count)) }
    let programs = (1...9).map { "A\($0)" } + (1...10).flatMap { ["B\($0)", "C\($0)"] }
    #expect(Self.rows.map(\.name).sorted() == (programs + sentences).sorted())
    #expect(sentences.count >= 8)
  }

  /// A row has at least three cases, and every test that it names exists.
  @Test(arguments: rows)
  func itsTestsAreThere(row: Row) throws {
    #expect(row.tests.first == "Rows/\(row.name)")
    let file = TidyTests.root.appending(path: "Tests/Scenarios/Rows/\(row.name).scenario")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.hasPrefix("row \(row.name) of "))
    #expect(text.matches(of: /\n(plain|edge|rejection)[ :]/).count >= 3)
    for example in row.examples {
      let path = TidyTests.root.appending(path: "Tests/Scenarios/Examples/\(example).expected.jsonl").path
      #expect(FileManager.default.fileExists(atPath: path), "there is no example \(example)")
    }
    for test in row.tests.dropFirst() { #expect(try Self.tests.get().holds(test), "there is no test \(test)") }
  }

  @Test(arguments: rows)
  func itsTermsFieldsAreThere(row: Row) throws {
    let readers = try TidyTests.sources(in: ["Shared/TermsFiles"]).map(\.text).joined()
    for field in row.fields.flatMap({ $0.split(separator: ".") }) {
      #expect(readers.contains("\"\(field)\""), "no reader of terms has the field \(field)")
    }
  }

  /// `Type.function` is declared in a file that declares or extends the type.
  @Test(arguments: rows)
  func itsFunctionsAreThere(row: Row) throws {
    try #require(!row.functions.isEmpty)
    for function in row.functions { #expect(try Self.stages.get().holds(function), "no \(function)") }
  }

  private static let tests = Result { try Declarations(in: ["Tests"]) }
  private static let stages = Result { try Declarations(in: ["Shared", "Services"]) }
}

/// The functions and types that the files of some folders declare.
private struct Declarations: Sendable {
  /// The functions of the files that declare or extend a type.
  private var functionsByType: [String: Set<String>] = [:]
  private var functions: Set<String> = []

  init(in folders: [String]) throws {
    for source in try TidyTests.sources(in: folders) {
      let declared = Set(source.text.matches(of: /func `?(\w+)`?[(<]/).map { String($0.output.1) })
      functions.formUnion(declared)
      for type in source.text.matches(of: /(?:struct|class|enum|extension) (\w+)/) {
        functionsByType[String(type.output.1), default: []].formUnion(declared)
      }
    }
  }

  /// `Type`, `Type.function` or `function`.
  func holds(_ name: String) -> Bool {
    let names = name.split(separator: ".").map(String.init)
    guard names.count > 1 else { return functionsByType[name] != nil || functions.contains(name) }
    return functionsByType[names[0]]?.contains(names[1]) ?? false
  }
}
