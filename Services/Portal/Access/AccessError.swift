/// Why a token or a cookie is rejected. The reason goes to the log and the metrics; the client is not told it.
public struct AccessError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable, CaseIterable {
    /// Not a token, or not one with these claims.
    case malformed
    /// No key has this id.
    case unknownKey
    /// Another algorithm than the key's.
    case foreignAlgorithm
    case badSignature
    case foreignIssuer
    case foreignAudience
    /// The clock says that it is not valid yet, or no more.
    case outOfTime
    /// Valid for longer than tokens may be.
    case tooLong
    /// It has opened a session before.
    case spent
    /// Too many have been spent to remember one more.
    case busy
    /// It holds more than a cookie can.
    case tooLarge
    /// OpenSSL failed.
    case failed
  }

  public let reason: Reason
  /// With the values at fault; never with the token or a key.
  public let detail: String

  init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  public var description: String { "\(reason.rawValue): \(detail)" }
}
