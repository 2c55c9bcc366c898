/// Why a token or a cookie is rejected. The reason goes to the log and the metrics, not to the client.
public struct AccessError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable, CaseIterable {
    /// Not a token, or one without the required claims.
    case malformed
    /// No key has this id.
    case unknownKey
    /// The token's algorithm is not the key's.
    case foreignAlgorithm
    case badSignature
    case foreignIssuer
    case foreignAudience
    /// Not valid yet, or no longer valid.
    case outOfTime
    /// Valid for longer than a token may be.
    case tooLong
    /// It has already opened a session.
    case spent
    /// Too many tokens have been spent recently to remember another one.
    case busy
    /// It contains more than fits into a cookie.
    case tooLarge
    /// OpenSSL failed.
    case failed
  }

  public let reason: Reason
  /// Includes the wrong values, but never the token or a key.
  public let detail: String

  init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  public var description: String { "\(reason.rawValue): \(detail)" }
}
