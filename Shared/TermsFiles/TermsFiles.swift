import Foundation
import Terms
import YAML

/// Reads the programs' terms: YAML files, one program each, in one directory (`ops/terms`).
public enum TermsFiles {
  /// The maximum size of a file. Terms need far less. It limits the cost of a wrong directory.
  private static let largest = 1 << 20

  /// The programs of all `*.yaml` and `*.yml` files of a directory. Throws the problems of all files.
  public static func load(directory: String) throws(TermsProblems) -> Programs {
    Programs(try files(inDirectory: directory).map(\.program))
  }

  /// The files at a path with the places of their fields. The path leads to one file, or to a directory with `*.yaml` and `*.yml`
  /// files. Throws the problems of all files.
  public static func files(at path: String) throws(TermsProblems) -> [TermsFile] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw TermsProblems([TermsProblem(file: path, message: "no such file or directory")])
    }
    return isDirectory.boolValue ? try files(inDirectory: path) : [try sound(read(path: path, as: path))]
  }

  private static func files(inDirectory directory: String) throws(TermsProblems) -> [TermsFile] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }
        .sorted()
    } catch {
      throw TermsProblems([TermsProblem(file: directory, message: reason(error, whatIsMissing: "directory"))])
    }
    if names.isEmpty {
      throw TermsProblems([TermsProblem(file: directory, message: "contains no terms: no file ends in .yaml or .yml")])
    }
    var problems: [TermsProblem] = []
    var files: [TermsFile] = []
    for name in names {
      let (found, wrong) = read(path: "\(directory)/\(name)", as: name)
      problems += wrong
      guard let found else { continue }
      if let first = files.first(where: { $0.program.id == found.program.id }) {
        problems.append(
          found.problem(version: 0, field: "program", "\"\(found.program.id)\" is already the program of \(first.name)"))
      } else {
        files.append(found)
      }
    }
    if !problems.isEmpty { throw TermsProblems(problems) }
    return files
  }

  /// The program of one file's bytes, which must be UTF-8, with the places of its fields. `file` is the name in error messages.
  public static func parseFile(_ bytes: [UInt8], file: String) throws(TermsProblems) -> TermsFile {
    try sound(read(bytes, file: file))
  }

  private static func sound(_ file: (found: TermsFile?, problems: [TermsProblem])) throws(TermsProblems) -> TermsFile {
    guard let found = file.found, file.problems.isEmpty else { throw TermsProblems(file.problems) }
    return found
  }

  private static func read(path: String, as file: String) -> (found: TermsFile?, problems: [TermsProblem]) {
    do { return read([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), file: file) } catch {
      return (nil, [TermsProblem(file: file, message: reason(error, whatIsMissing: "file"))])
    }
  }

  /// The program, without the parts that cannot be read, and the problems in the order of lines.
  private static func read(_ bytes: [UInt8], file: String) -> (found: TermsFile?, problems: [TermsProblem]) {
    if bytes.count > largest {
      return (nil, [TermsProblem(file: file, message: "is larger than the limit of 1 MiB")])
    }
    do {
      let root = try YAMLNode.document(bytes)
      let reader = TermsReader(file: file)
      let found = reader.program(root).map { TermsFile(name: file, program: $0, places: reader.places) }
      return (found, reader.problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
    } catch {
      return (nil, [TermsProblem(file: file, line: error.mark?.line, column: error.mark?.column, message: error.message)])
    }
  }

  /// The system's own message, because Foundation's is only "The operation could not be completed".
  private static func reason(_ error: any Error, whatIsMissing missing: String) -> String {
    let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
    guard cause.domain == NSPOSIXErrorDomain else { return "cannot be read" }
    return Int32(cause.code) == ENOENT ? "no such \(missing)" : "cannot be read: \(String(cString: strerror(Int32(cause.code))))"
  }
}
