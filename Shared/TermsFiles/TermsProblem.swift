/// One thing that is wrong with the terms, at its place. Printed as compilers do, so that editors jump to it:
/// `bonus.yaml:12:11: reward.rate: must be a percentage such as "10%" …`.
public struct TermsProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file's name inside the directory, or the directory when it is what is wrong.
  public var file: String
  /// From 1; nil: the file as a whole.
  public var line: Int?
  /// In characters, from 1; nil: the file as a whole.
  public var column: Int?
  /// From the version down, as `reward.statuses[0].rate`; empty: no field in particular.
  public var field: String
  public var message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, field: String = "", message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.field = field
    self.message = message
  }

  public var description: String {
    let place = [file, line.map(String.init), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
    return field.isEmpty ? "\(place): \(message)" : "\(place): \(field): \(message)"
  }
}

/// Everything that is wrong with the terms, in the order of files and lines. Never empty.
public struct TermsProblems: Error, Sendable, Equatable, CustomStringConvertible {
  public let problems: [TermsProblem]

  init(_ problems: [TermsProblem]) { self.problems = problems }

  /// One problem a line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
