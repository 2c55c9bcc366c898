import Contracts
import Markup
import PortalAccess
import ServiceKit
import Terms

/// Answers every HTTP request: finds the session, checks its rights, and chooses the page or API response.
struct Site: Sendable {
  let portal: Portal

  /// The handler of the HTTP server.
  func answer(_ request: HTTPRequest) -> HTTPResponse {
    let start = ContinuousClock.now
    var response = guarded(request)
    portal.metrics.pageSeconds.observe(ContinuousClock.now - start)
    response.headers += headers
    return response
  }

  /// Security headers of every response.
  private var headers: [(name: String, value: String)] {
    [
      ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
      (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
          + "frame-ancestors \(portal.settings.frameAncestors)"
      ),
    ]
  }

  private func guarded(_ request: HTTPRequest) -> HTTPResponse {
    let network = request.clientNetwork(behind: portal.settings.proxies)
    let isAPI = segments(request)?.first == "v1"
    do {
      if let seconds = portal.addressLimit.secondsToWait(network, at: .now) { return tooMany(seconds, request, isAPI) }
      guard let segments = segments(request) else { return failure(.notFound, request) }
      switch segments.first {
      case "v1": return try api(request, Array(segments.dropFirst()))
      case "assets": return asset(request, Array(segments.dropFirst()))
      case "enter" where segments.count == 1: return enter(request)
      // The links of a page are relative to its address.
      case _? where request.segments.last == "" && request.method == "GET": return redirect(address(of: request))
      default: return try page(request, segments)
      }
    } catch {
      // The reader is rebuilding the file.
      if !portal.state.isCaughtUp { return rebuilding(request, isAPI) }
      portal.log.error("cannot make a page: \(error)", ["path": request.segments.joined(separator: "/")])
      return isAPI ? .problem(500, "failed", "try again later") : failure(.failed, request)
    }
  }

  /// The path below the base path; `nil` if the path is not below it.
  private func segments(_ request: HTTPRequest) -> [String]? {
    let base = portal.settings.basePath.split(separator: "/").map(String.init)
    guard request.segments.starts(with: base) else { return nil }
    let rest = request.segments.dropFirst(base.count)
    // `/a` and `/a/` are the same page.
    return Array(rest.last == "" ? rest.dropLast() : rest)
  }

  // MARK: Sessions

  /// Opens a session with a token signed by the host product.
  private func enter(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == "POST" else { return .notAllowed("POST") }
    guard portal.isFromOwnPages(request, isEntering: true) else { return failure(.staleForm, request) }
    do throws(AccessError) {
      let token = try portal.verifier.verify(request.form?["token"] ?? "", at: .now)
      let cookie = try portal.cookies.open(token, at: .now)
      try portal.usedTokens.spend(token, at: .now)
      return redirect(portal.settings.basePath + "/", cookie: cookie)
    } catch {
      portal.log.warning("token rejected: \(error)")
      portal.metrics.rejectedTokens.add()
      return failure(.signedOut, request)
    }
  }

  // MARK: API

  private func api(_ request: HTTPRequest, _ segments: [String]) throws -> HTTPResponse {
    let parts = request.header("Authorization")?.split(separator: " ", maxSplits: 1) ?? []
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return unauthorized("a token is missing") }
    let session: Session
    do throws(AccessError) {
      session = try portal.verifier.verify(String(parts[1]), at: .now)
    } catch {
      portal.log.warning("token rejected: \(error)")
      portal.metrics.rejectedTokens.add()
      return unauthorized("the token is not valid")
    }
    guard !portal.usedTokens.isSpent(session) else { return unauthorized("the token has already opened a session") }
    if let seconds = portal.accountLimit.secondsToWait(session.account.value, at: .now) {
      return tooMany(seconds, request, true)
    }
    guard portal.state.isCaughtUp else { return rebuilding(request, true) }
    return try API(portal: portal).answer(request, segments, session)
  }

  private func unauthorized(_ detail: String) -> HTTPResponse {
    .problem(401, "not signed in", detail).with("WWW-Authenticate", "Bearer")
  }

  // MARK: Pages

  private func page(_ request: HTTPRequest, _ segments: [String]) throws -> HTTPResponse {
    let cookie = request.cookies[portal.cookies.name]
    guard let (session, renewal) = try portal.cookies.session(cookie, at: .now) else {
      if portal.settings.isForTrying { return try TryPage(portal: portal).answer(request, segments) }
      return failure(.signedOut, request)
    }
    let response = try page(request, segments, session)
    // Keep the cookie of a page that sets one itself, such as the page that ends the session.
    guard let renewal, !response.headers.contains(where: { $0.name == "Set-Cookie" }) else { return response }
    return response.with("Set-Cookie", renewal)
  }

  private func page(_ request: HTTPRequest, _ segments: [String], _ session: Session) throws -> HTTPResponse {
    if segments == ["leave"] { return leave(request, session) }
    guard session.rights.contains(.read) else { return failure(.forbidden, request, session) }
    if let seconds = portal.accountLimit.secondsToWait(session.account.value, at: .now) {
      return tooMany(seconds, request, false)
    }
    if let chosen = request.query["lang"], request.method == "GET" { return choose(chosen, request) }
    guard portal.state.isCaughtUp else {
      // A form that is sent now is not taken. The page must not say that nothing is lost.
      return request.method == "POST"
        ? failure(.staleForm, request, session) : rebuilding(request, false, session)
    }
    guard let name = segments.first else {
      guard let first = portal.programs(of: session).first else {
        return failure(.notFound, request, session)
      }
      return redirect("\(portal.settings.basePath)/\(first.value.percentEncoded)")
    }
    guard case .one(let program) = portal.program(name, of: session), let terms = portal.terms(program) else {
      return failure(.notFound, request, session)
    }
    let visit = Visit(
      portal: portal, request: request, session: session, program: program, terms: terms, language: language(request, session))
    let response = try visit.answer(Array(segments.dropFirst()))
    return response ?? failure(.notFound, request, session)
  }

  private func leave(_ request: HTTPRequest, _ session: Session) -> HTTPResponse {
    guard request.method == "POST" else { return .notAllowed("POST") }
    guard portal.admits(request, session) else { return failure(.staleForm, request, session) }
    var response = failure(.signedOut, request, session)
    response.status = 200
    return response.with("Set-Cookie", portal.cookies.end)
  }

  // MARK: Languages

  /// The host product, on whose domain the portal may be, has cookies of its own.
  private static let languageCookie = "laurel-lang"

  private func language(_ request: HTTPRequest, _ session: Session?) -> Language {
    let chosen = request.cookies[Self.languageCookie].flatMap(Language.Code.init(rawValue:))
    let host = session?.language.flatMap { Language.Code(rawValue: String($0.prefix { $0 != "-" }).lowercased()) }
    return .of(chosen ?? host ?? Language.preferred(request.header("Accept-Language") ?? "") ?? .en)
  }

  /// Stores the language in a cookie and redirects to the same page.
  private func choose(_ code: String, _ request: HTTPRequest) -> HTTPResponse {
    let target = address(of: request)
    guard let code = Language.Code(rawValue: code) else { return redirect(target) }
    return redirect(target, cookie: "\(Self.languageCookie)=\(code.rawValue); Max-Age=31536000\(portal.cookies.attributes)")
  }

  /// The address of the same page, without the language.
  private func address(of request: HTTPRequest) -> String {
    // Drop empty segments: `//evil.example` would lead to another host.
    let path = "/" + request.segments.filter { !$0.isEmpty }.map(\.percentEncoded).joined(separator: "/")
    let rest = request.query.all.filter { $0.name != "lang" }.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
    return rest.isEmpty ? path : path + "?" + rest.joined(separator: "&")
  }

  // MARK: Answers

  private func asset(_ request: HTTPRequest, _ segments: [String]) -> HTTPResponse {
    guard request.method == "GET" else { return .notAllowed("GET, HEAD") }
    let (type, body): (String, [UInt8])
    switch segments {
    case ["style.css"]: (type, body) = ("text/css", Assets.style(accent: portal.settings.accent))
    case ["copy.js"]: (type, body) = ("text/javascript", Assets.copyScript)
    default: return failure(.notFound, request)
    }
    return HTTPResponse(200, "\(type); charset=utf-8", body, caching: "public, max-age=300")
  }

  private func failure(_ failure: PageFailure, _ request: HTTPRequest, _ session: Session? = nil) -> HTTPResponse {
    portal.failure(failure, language(request, session), hasSession: session != nil)
  }

  private func rebuilding(_ request: HTTPRequest, _ isAPI: Bool, _ session: Session? = nil) -> HTTPResponse {
    let progress = portal.freshness.rebuilding ?? .init(percent: 0, secondsLeft: 0)
    let seconds = String(max(1, progress.secondsLeft))
    return isAPI
      ? .problem(503, "rebuilding", "the figures are being rebuilt; try again in \(seconds) s").with("Retry-After", seconds)
      : failure(.rebuilding(progress), request, session).with("Retry-After", "5").with("Refresh", "5")
  }

  private func tooMany(_ seconds: Int64, _ request: HTTPRequest, _ isAPI: Bool) -> HTTPResponse {
    (isAPI ? .problem(429, "too many requests", "try again in \(seconds) s") : failure(.tooMany, request))
      .with("Retry-After", String(seconds))
  }
}

/// Redirects to another page with GET.
func redirect(_ path: String, cookie: String? = nil) -> HTTPResponse {
  let response = HTTPResponse(status: 303, headers: [("Location", path), ("Cache-Control", "no-store")])
  return cookie.map { response.with("Set-Cookie", $0) } ?? response
}

extension HTTPResponse {
  static func page(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
    HTTPResponse(status, "text/html; charset=utf-8", body)
  }

  /// - Parameter methods: the methods that the path has.
  static func notAllowed(_ methods: String) -> HTTPResponse { .text(405, "only \(methods)").with("Allow", methods) }
}

extension Portal {
  func failure(_ failure: PageFailure, _ language: Language, hasSession: Bool) -> HTTPResponse {
    .page(failure.page(language, basePath: settings.basePath, hasSession: hasSession), status: failure.status)
  }

  /// - Parameter isEntering: whether to admit the host's pages too, which send people here with a token.
  func isFromOwnPages(_ request: HTTPRequest, isEntering: Bool = false) -> Bool {
    var own: Set<String> = []
    if let origin = settings.origin {
      own = [origin]
    } else if let host = request.header("Host"), host.hasPrefix("127.0.0.1:") || host.hasPrefix("localhost:") {
      own = ["http://\(host)"]
    }
    return FormOrigins(own: own, hosts: Set(settings.hostOrigins)).admits(
      origin: request.header("Origin"), fetchSite: request.header("Sec-Fetch-Site"), isEntering: isEntering)
  }

  /// Whether a form was sent from a page of this session. Checks its origin and the token that is bound to its request.
  func admits(_ request: HTTPRequest, _ session: Session) -> Bool {
    guard isFromOwnPages(request), let form = request.form, let id = RequestID(form["request"] ?? "")
    else { return false }
    return (try? formTokens.isValid(form["form"], for: session, request: id)) ?? false
  }
}
