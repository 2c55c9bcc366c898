import Foundation
import Terms

/// Reads the programs' terms: YAML files, one program each, in one directory (`ops/terms`).
public enum TermsFiles {
  /// Far more than any terms need; bounds what a wrong directory can cost.
  private static let largest = 1 << 20

  /// The programs of all `*.yaml` and `*.yml` files of a directory. Throws everything that is wrong with any of them.
  public static func load(directory: String) throws(TermsProblems) -> Programs {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }
        .sorted()
    } catch {
      throw TermsProblems([TermsProblem(file: directory, message: "cannot be read as a directory of terms: \(reason(error))")])
    }
    if names.isEmpty {
      throw TermsProblems([TermsProblem(file: directory, message: "holds no terms: no file ends in .yaml")])
    }
    var problems: [TermsProblem] = []
    var programs: [(program: Program, file: String)] = []
    for name in names {
      let bytes: [UInt8]
      do {
        bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory).appendingPathComponent(name)))
      } catch {
        problems.append(TermsProblem(file: name, message: "cannot be read: \(reason(error))"))
        continue
      }
      let (found, wrong) = read(bytes, file: name)
      problems += wrong
      guard let (program, mark) = found else { continue }
      if let first = programs.first(where: { $0.program.id == program.id }) {
        problems.append(
          TermsProblem(
            file: name, line: mark.line, column: mark.column, field: "program",
            message: "\"\(program.id)\" is already the program of \(first.file)"))
      } else {
        programs.append((program, name))
      }
    }
    if !problems.isEmpty { throw TermsProblems(problems) }
    return Programs(programs.map(\.program))
  }

  /// The program of one file's text; `file` is the name that problems carry.
  public static func parse(_ text: String, file: String) throws(TermsProblems) -> Program {
    try parse(Array(text.utf8), file: file)
  }

  /// The program of one file's bytes, which must be UTF-8; `file` is the name that problems carry.
  public static func parse(_ bytes: [UInt8], file: String) throws(TermsProblems) -> Program {
    let (found, problems) = read(bytes, file: file)
    guard let found, problems.isEmpty else { throw TermsProblems(problems) }
    return found.program
  }

  /// The program, as far as it can be read, with the place of its id, and what is wrong, in the order of lines.
  private static func read(_ bytes: [UInt8], file: String) -> (found: (program: Program, mark: Mark)?, problems: [TermsProblem]) {
    if bytes.count > largest {
      return (nil, [TermsProblem(file: file, message: "is larger than 1 MiB, which no terms are")])
    }
    do {
      let root = try YAMLNode.document(bytes)
      let reader = TermsReader(file: file)
      let found = reader.program(root)
      return (found, reader.problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
    } catch {
      return (nil, [TermsProblem(file: file, line: error.mark?.line, column: error.mark?.column, message: error.message)])
    }
  }

  private static func reason(_ error: any Error) -> String {
    let described = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
    return described.localizedDescription
  }
}
