import CZlib
import Contracts
import Crypto
import JSON

/// The cookie that holds a session and that its holder cannot change: `v1.<claims>.<code>`.
///
/// The claims are compressed, because a token of 8 KiB, most of it company names, is larger than a cookie can be. They are decoded only if
/// the code is valid.
public struct SessionCookies: Sendable {
  /// Limit for name, value and attributes together: RFC 6265, section 6.1.
  public static let bytesMax = 4096
  /// How long a session lasts after its last page, and in total.
  public static let idleMax = TimeSpan.minutes(30)
  public static let lifeMax = TimeSpan.hours(8)
  /// A page renews the cookie when it is this old, so that not every response sets it.
  static let renewal = TimeSpan.minutes(1)
  private static let version = "v1"
  /// Limit for decompressed claims; no token has more.
  private static let claimsBytesMax = 2 * TokenVerifier.bytesMax

  public let name: String
  /// The attributes of all cookies of the pages.
  public let attributes: String
  private let seal: Seal

  /// - Parameters:
  ///   - isSecure: false for `laurel dev`, whose pages use plain HTTP. The cookie then has no `__Host-` and no `Secure`.
  ///   - isFramed: whether the pages are shown in a frame of another site. The cookie is then `Partitioned`: visible only in frames of that
  ///     site.
  public init(_ keys: AccessKeys, isSecure: Bool = true, isFramed: Bool = false) throws(CryptoError) {
    name = isSecure ? "__Host-laurel" : "laurel"
    attributes =
      "; Path=/; HttpOnly" + (isSecure ? "; Secure" : "") + (isFramed ? "; SameSite=None; Partitioned" : "; SameSite=Lax")
    seal = try Seal(keys, for: "session cookie")
  }

  /// The `Set-Cookie` header for a session opened by a token.
  ///
  /// - Throws: `tooLarge` if the host product sent more names than fit.
  public func open(_ token: Session, at now: Instant) throws(AccessError) -> String {
    var session = token
    session.startedAt = now
    return try sealed(session, at: now)
  }

  /// The session in a cookie's value, with a `Set-Cookie` header that renews it if that is due. `nil` if there is no valid session.
  public func session(_ value: String?, at now: Instant) throws(AccessError) -> (session: Session, renewal: String?)? {
    guard let value, value.utf8.count <= Self.bytesMax, let session = try opened(value),
      now < session.expiresAt, now < session.startedAt + Self.lifeMax
    else { return nil }
    let isFresh = session.expiresAt + Self.renewal > now + Self.idleMax || session.expiresAt == session.startedAt + Self.lifeMax
    return (session, isFresh ? nil : try sealed(session, at: now))
  }

  /// The `Set-Cookie` header that ends a session in this browser.
  public var end: String { "\(name)=; Max-Age=0\(attributes)" }

  private func sealed(_ session: Session, at now: Instant) throws(AccessError) -> String {
    var session = session
    session.expiresAt = min(now + Self.idleMax, session.startedAt + Self.lifeMax)
    let signed = "\(Self.version).\(Base64URL.text(of: try compressed(session.jsonBytes())))"
    let code: [UInt8]
    do { code = try seal.code(of: Array(signed.utf8)) } catch {
      throw AccessError(.failed, error.description)
    }
    let seconds = (session.expiresAt - now).milliseconds / 1000
    let cookie = "\(name)=\(signed).\(Base64URL.text(of: code)); Max-Age=\(seconds)\(attributes)"
    guard cookie.utf8.count <= Self.bytesMax else {
      throw AccessError(
        .tooLarge,
        "the cookie has \(cookie.utf8.count) bytes, at most \(Self.bytesMax): send fewer or shorter companies (\(session.companies.count)) "
          + "and recipients (\(session.recipients.count))")
    }
    return cookie
  }

  private func opened(_ value: String) throws(AccessError) -> Session? {
    guard let dot = value.utf8.lastIndex(of: UInt8(ascii: ".")), value.hasPrefix("\(Self.version).") else { return nil }
    let signed = Array(value.utf8[..<dot])
    guard let code = Base64URL.bytes(of: value.utf8[dot...].dropFirst()) else { return nil }
    do throws(CryptoError) {
      guard try seal.isValid(code, of: signed) else { return nil }
    } catch {
      throw AccessError(.failed, error.description)
    }
    guard let claims = Base64URL.bytes(of: signed.dropFirst(Self.version.utf8.count + 1)).flatMap(decompressed) else {
      return nil
    }
    return try? JSONParser().decode(Session.self, from: claims)
  }

  private func compressed(_ bytes: [UInt8]) throws(AccessError) -> [UInt8] {
    var count = compressBound(uLong(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(count))
    guard compress2(&result, &count, bytes, uLong(bytes.count), Z_BEST_COMPRESSION) == Z_OK else {
      throw AccessError(.failed, "zlib is out of memory")
    }
    return Array(result.prefix(Int(count)))
  }

  private func decompressed(_ bytes: [UInt8]) -> [UInt8]? {
    var count = uLong(Self.claimsBytesMax)
    var result = [UInt8](repeating: 0, count: Int(count))
    guard uncompress(&result, &count, bytes, uLong(bytes.count)) == Z_OK else { return nil }
    return Array(result.prefix(Int(count)))
  }
}

/// Makes and checks codes for a single purpose. A code made for one purpose is invalid for any other.
struct Seal: Sendable {
  /// One key per secret. The first makes codes.
  let keys: [[UInt8]]

  init(_ keys: AccessKeys, for purpose: String) throws(CryptoError) {
    self.keys = try keys.secrets.map { secret throws(CryptoError) in
      try HMACSHA256.code(of: Array("laurel portal \(purpose)".utf8), key: secret)
    }
  }

  func code(of message: [UInt8]) throws(CryptoError) -> [UInt8] { try HMACSHA256.code(of: message, key: keys[0]) }

  func isValid(_ code: [UInt8], of message: [UInt8]) throws(CryptoError) -> Bool {
    for key in keys where try HMACSHA256.isValid(code, of: message, key: key) { return true }
    return false
  }
}
