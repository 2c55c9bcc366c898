/// One problem of the terms, with its place. It is printed like a compiler's error, so that editors can jump to it:
/// `bonus.yaml:12:11: reward.rate: must be a percentage such as "10%" …`.
public struct TermsProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file's name inside the directory, or the directory itself.
  public var file: String
  /// From 1; `nil` for the file as a whole.
  public var line: Int?
  /// In characters, from 1; `nil` for the file as a whole.
  public var column: Int?
  /// The path below the version, such as `reward.statuses[0].rate`. Empty if the problem is not about a field.
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

/// All problems of the terms, in the order of files and lines. Never empty.
public struct TermsProblems: Error, Sendable, Equatable, CustomStringConvertible {
  public let problems: [TermsProblem]

  init(_ problems: [TermsProblem]) { self.problems = problems }

  /// One problem per line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
