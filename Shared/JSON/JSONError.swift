/// Why a text is not what was asked for, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, in the words of CONTRACTS ("Envelope"): one for each way in which a body is rejected.
  public enum Reason: String, Sendable, CaseIterable {
    /// Not JSON, or JSON of another shape than the type asked for.
    case malformed
    /// An object names a member twice, counted after escapes are resolved.
    case duplicateKey
    /// A number that its field cannot hold.
    case outOfRange
    /// The bytes are not UTF-8.
    case notUTF8
    /// More than `JSONParser.depthLimit` levels of brackets.
    case tooDeep
  }

  public var reason: Reason
  /// The value it is about, from the root: `lines[0].amount`; empty for the whole text.
  public var path: String
  /// For a person.
  public var detail: String

  public init(reason: Reason, path: String = "", detail: String) {
    self.reason = reason
    self.path = path
    self.detail = detail
  }

  public var description: String {
    path.isEmpty ? "\(reason.rawValue): \(detail)" : "\(reason.rawValue) at \(path): \(detail)"
  }
}
