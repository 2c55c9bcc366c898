import Contracts
import Crypto

/// A token in a form that prevents other sites from sending it. It is bound to the session and to the request that the form makes.
public struct FormTokens: Sendable {
  private let seal: Seal

  public init(_ keys: AccessKeys) throws(CryptoError) { seal = try Seal(keys, for: "form") }

  public func token(for session: Session, request: RequestID) throws(CryptoError) -> String {
    Base64URL.text(of: try seal.code(of: Self.message(session, request)))
  }

  public func isValid(_ token: String?, for session: Session, request: RequestID) throws(CryptoError) -> Bool {
    guard let code = token.flatMap({ Base64URL.bytes(of: $0) }) else { return false }
    return try seal.isValid(code, of: Self.message(session, request))
  }

  /// Ids contain no line break, so two different forms never give the same message.
  private static func message(_ session: Session, _ request: RequestID) -> [UInt8] {
    Array("\(session.account)\n\(session.id)\n\(session.startedAt)\n\(request)".utf8)
  }
}

/// Decides which pages may send forms here.
///
/// A browser reports the origin of a form in `Origin`. It sends `null` if the page's policy is `no-referrer`, as on the account pages. Then
/// `Sec-Fetch-Site` decides, which no page can set. A client that sends neither is not a browser that submits a form.
public struct FormOrigins: Sendable {
  private let own: Set<String>
  private let hosts: Set<String>

  /// - Parameters:
  ///   - own: the origin of the account pages as browsers see it: `https://app.example`.
  ///   - hosts: origins of the host product's pages that send tokens to `/enter`, if different.
  public init(own: Set<String>, hosts: Set<String> = []) {
    self.own = own
    self.hosts = hosts
  }

  /// - Parameter isEntering: whether the form contains a token signed by the host product. Then other hosts of the same site may send it
  ///   too.
  public func admits(origin: String?, fetchSite: String?, isEntering: Bool = false) -> Bool {
    if let origin, origin != "null" { return own.contains(origin) || isEntering && hosts.contains(origin) }
    return fetchSite == "same-origin" || isEntering && fetchSite == "same-site"
  }
}
