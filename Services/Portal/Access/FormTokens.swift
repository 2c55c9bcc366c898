import Contracts
import Crypto

/// What a form carries so that no other site can send it: bound to the session and to the request that it makes.
public struct FormTokens: Sendable {
  private let keys: [[UInt8]]

  public init(_ keys: AccessKeys) throws(CryptoError) { self.keys = try derivedKeys(keys, for: "form") }

  public func token(for session: Session, request: RequestID) throws(CryptoError) -> String {
    Base64URL.text(of: try HMACSHA256.code(of: Self.message(session, request), key: keys[0]))
  }

  public func isValid(_ token: String?, for session: Session, request: RequestID) throws(CryptoError) -> Bool {
    guard let code = token.flatMap({ Base64URL.bytes(of: $0) }) else { return false }
    for key in keys where try HMACSHA256.isValid(code, of: Self.message(session, request), key: key) { return true }
    return false
  }

  /// Ids hold no line break, so no two forms have one message.
  private static func message(_ session: Session, _ request: RequestID) -> [UInt8] {
    Array("\(session.account)\n\(session.id)\n\(session.startedAt)\n\(request)".utf8)
  }
}

/// Which pages may send forms here.
///
/// A browser says where a form comes from in `Origin`. It says `null` if the page's policy is `no-referrer`, as that of the account pages is;
/// then `Sec-Fetch-Site` is asked, which no page can set. Who sends neither is no browser with a form.
public struct FormOrigins: Sendable {
  private let own: Set<String>
  private let hosts: Set<String>

  /// - Parameters:
  ///   - own: where the account pages are, as browsers see it: `https://app.example`.
  ///   - hosts: pages of the host product that send tokens to `/enter`, if they are elsewhere.
  public init(own: Set<String>, hosts: Set<String> = []) {
    self.own = own
    self.hosts = hosts
  }

  /// - Parameter isEntering: a token signed by the host product is what the form holds; its pages send it, also from another host of its site.
  public func admits(origin: String?, fetchSite: String?, isEntering: Bool = false) -> Bool {
    if let origin, origin != "null" { return own.contains(origin) || isEntering && hosts.contains(origin) }
    return fetchSite == "same-origin" || isEntering && fetchSite == "same-site"
  }
}
