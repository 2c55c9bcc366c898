/// Why a JSON text is rejected, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The reasons of CONTRACTS ("Envelope") for rejecting a body.
  public enum Reason: String, Sendable, CaseIterable {
    /// Not JSON, or JSON that does not fit the type.
    case malformed
    /// An object has a member twice. Names are compared after escapes are resolved.
    case duplicateKey
    /// A number that its field cannot hold.
    case outOfRange
    /// The bytes are not UTF-8.
    case notUTF8
    /// More than `JSONParser.depthLimit` levels of brackets.
    case tooDeep
  }

  public var reason: Reason
  /// The path of the value from the root: `lines[0].amount`. Empty for the whole text.
  public var path: String
  /// A sentence for people.
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
