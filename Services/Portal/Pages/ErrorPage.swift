import Markup

/// The kinds of error pages. The reader may have no session.
enum PageFailure: Sendable, Equatable {
  /// 401: there is no session, or it has ended.
  case signedOut
  /// 403: another account's page, or a missing right.
  case forbidden
  /// 404.
  case notFound
  /// 403: the form is from another origin, or its token is old or of another session.
  case staleForm
  /// 429.
  case tooMany
  /// 503: the read model is being rebuilt.
  case rebuilding(Freshness.Rebuilding)
  /// 500.
  case failed

  var status: Int {
    switch self {
    case .signedOut: 401
    case .forbidden, .staleForm: 403
    case .notFound: 404
    case .tooMany: 429
    case .rebuilding: 503
    case .failed: 500
    }
  }

  fileprivate var key: String { self == .staleForm ? "error.form" : "error.\(status)" }

  /// - Parameter hasSession: whether to link to the overview.
  func page(_ localized: Language, basePath: String, hasSession: Bool) -> [UInt8] {
    let title = localized(key)
    return document(localized, title: "\(title) · \(localized("site.title"))", basePath: basePath) {
      tag("main", ["id": "main", "class": "error"]) {
        if status != 401, status != 503 { tag("p", ["class": "quiet"]) { "\(status)" } }
        tag("h1") { title }
        if case .rebuilding(let progress) = self {
          tag("progress", ["max": "100", "value": "\(progress.percent)", "aria-label": title]) {}
          tag("p", ["role": "status"]) {
            localized(
              "error.503.progress",
              [
                "percent": localized.percent(Int64(progress.percent)), "seconds": localized.number(Int64(progress.secondsLeft)),
              ])
          }
        }
        tag("p") { localized(key + ".text") }
        if hasSession, status != 401, status != 503 {
          tag("p") { tag("a", ["class": "button", "href": basePath.isEmpty ? "/" : basePath]) { localized("error.back") } }
        }
      }
    }
  }
}
