import Terms
import YAML

/// One file of terms: its program, and where in the file each field stands, for those who have something to say about a value that
/// is allowed.
public struct TermsFile: Sendable {
  /// As problems name it.
  public let name: String
  public let program: Program
  private let places: [Place: Mark]

  struct Place: Hashable, Sendable {
    /// From 1; 0: outside of any version.
    let version: Int
    /// From the version down; empty: the version itself.
    let field: String
  }

  init(name: String, program: Program, places: [Place: Mark]) {
    self.name = name
    self.program = program
    self.places = places
  }

  /// Something about a field, at its place; of a field that is not written, at the nearest section around it.
  ///
  /// - Parameters:
  ///   - version: from 1; 0: outside of any version.
  ///   - field: from the version down, as `reward.statuses[0].rate`.
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
