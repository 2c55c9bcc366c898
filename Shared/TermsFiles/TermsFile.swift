import Terms
import YAML

/// One file of terms: its program, and the place of each field for warnings about valid values.
public struct TermsFile: Sendable {
  /// The name in error messages.
  public let name: String
  public let program: Program
  private let places: [Place: Mark]

  struct Place: Hashable, Sendable {
    /// From 1; 0 outside any version.
    let version: Int
    /// The path below the version. Empty for the version itself.
    let field: String
  }

  init(name: String, program: Program, places: [Place: Mark]) {
    self.name = name
    self.program = program
    self.places = places
  }

  /// A problem at the place of a field, or of the nearest section around it if the file does not have the field.
  ///
  /// - Parameters:
  ///   - version: from 1; 0 outside any version.
  ///   - field: the path below the version, such as `reward.statuses[0].rate`.
  public func problem(version: Int, field: String, _ message: String) -> TermsProblem {
    var path = field
    while true {
      if let mark = places[Place(version: version, field: path)] {
        return TermsProblem(file: name, line: mark.line, column: mark.column, field: field, message: message)
      }
      guard !path.isEmpty else { return TermsProblem(file: name, field: field, message: message) }
      path = path.lastIndex(where: { $0 == "." || $0 == "[" }).map { String(path[..<$0]) } ?? ""
    }
  }
}
