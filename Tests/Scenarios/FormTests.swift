import Contracts
import Foundation
import ScenarioFiles
import Streaming
import TermsFiles
import Testing

/// The bytes of stored rows and internal messages. Another release must read them, so a change of their format must not go unnoticed.
///
/// `LAUREL_WRITE_FORMS=1 swift test --filter FormTests` rewrites the file. If you do that, raise `Progress.form`, unless the code before
/// and after the change reads both formats, as with a new optional member.
@Suite struct FormTests {
  private static let file = Examples.folder.deletingLastPathComponent().appending(path: "Forms.txt")

  @Test func `Stored rows and internal messages have the form that is written down`() throws {
    let terms = try TermsFiles.load(directory: Examples.terms.path)
    var rows: [String: String] = [:]
    var messages: [String: String] = [:]
    for name in Examples.names {
      var stages = try StagesAlone(terms)
      for (number, line) in try Examples.events(name).enumerated() { try stages.take(InputRecord(line: line, number: number)) }
      for (stage, row) in try stages.rows() {
        let value = String(decoding: row.value, as: UTF8.self)
        let shape = "\(stage) \(Self.kind(of: row.key)) \(Self.members(of: value))"
        if rows[shape] == nil { rows[shape] = "\(stage)\t\(Self.text(row.key))\t\(value)" }
      }
      for (type, bytes) in stages.internalMessages where messages[type] == nil {
        messages[type] = "\(type)\t\(String(decoding: bytes, as: UTF8.self))"
      }
    }
    let forms = rows.values.sorted() + messages.values.sorted()
    if ProcessInfo.processInfo.environment["LAUREL_WRITE_FORMS"] != nil {
      try Data((forms.joined(separator: "\n") + "\n").utf8).write(to: Self.file)
    }
    let expected = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").map(String.init)
    let (gone, new) = (Set(expected).subtracting(forms).sorted(), Set(forms).subtracting(expected).sorted())
    #expect(gone.isEmpty && new.isEmpty, "no longer:\n\(gone.joined(separator: "\n"))\nnew:\n\(new.joined(separator: "\n"))")
    #expect(rows.count >= 30 && messages.count >= 10)
  }

  /// The kind of row: the first byte, and the table of a stage's row.
  private static func kind(of key: [UInt8]) -> String {
    let first = String(decoding: key.prefix(1), as: UTF8.self)
    guard first == "s" else { return first }
    let parts = key.split(separator: 0, omittingEmptySubsequences: false)
    return parts.count > 3 ? String(decoding: parts[3], as: UTF8.self) : first
  }

  /// The names of all members of a value.
  private static func members(of value: String) -> String {
    Set(value.matches(of: /"([A-Za-z]+)":/).map { String($0.1) }).sorted().joined(separator: ",")
  }

  /// Prints bytes that are not printable ASCII as `\xNN`.
  private static func text(_ key: [UInt8]) -> String {
    key.map { 0x21...0x7E ~= $0 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }
}
