import Contracts
import Crypto
import Markup
import PortalAccess
import ServiceKit

/// A page where anyone can sign in as any account on the bus. It exists only with `--for-trying yes`.
struct TryPage {
  let portal: Portal

  func answer(_ request: HTTPRequest, _ segments: [String]) throws -> HTTPResponse {
    if segments == ["try"], request.method == "POST" { return try enter(request) }
    let accounts = try portal.state.isCaughtUp ? portal.pool.read { try $0.accounts(limit: 60) } : []
    let response = HTTPResponse.page(page(accounts.filter { portal.programs[$0.program] != nil }))
    // Reload until the first events bring the first accounts.
    return accounts.isEmpty ? response.with("Refresh", "2") : response
  }

  /// The accounts that anyone can sign in as with `--for-trying`. Only in English, because customers never see it.
  private func page(_ accounts: [(program: ProgramID, account: AccountID)]) -> [UInt8] {
    let basePath = portal.settings.basePath
    return document(.of(.en), title: "Accounts", basePath: basePath) {
      tag("main", ["id": "main"]) {
        tag("h1") { "Enter as …" }
        tag("p", ["class": "quiet"]) {
          "This page exists only with --for-trying. In production, your product sends people here with a signed token."
        }
        if accounts.isEmpty {
          emptyState("No accounts yet", "Publish some events, such as ops/demo/bonus.jsonl.")
        }
        for account in accounts {
          tag("form", ["method": "post", "action": "\(basePath)/try", "class": "panel"]) {
            emptyTag("input", ["type": "hidden", "name": "account", "value": account.account.value])
            emptyTag("input", ["type": "hidden", "name": "program", "value": account.program.value])
            tag("button", ["type": "submit"]) { "\(account.account) in \(account.program)" }
          }
        }
      }
    }
  }

  private func enter(_ request: HTTPRequest) throws -> HTTPResponse {
    guard portal.isFromOwnPages(request), let account = request.form?["account"].flatMap({ AccountID($0) }),
      let program = request.form?["program"].flatMap({ ProgramID($0) })
    else { return .text(403, "the form was sent from another page, or contains no account") }
    let now = Instant.now
    let companies = try portal.state.isCaughtUp ? portal.pool.read { try $0.companies(of: account, program) } : []
    let session = Session(
      id: Base64URL.text(of: try randomBytes(12)), account: account, programs: [program],
      rights: [.read, .code, .order, .withdraw], companies: companies.map { Named(id: $0.value, name: $0.value) },
      recipients: [Named(id: "recipient-1", name: "Recipient 1"), Named(id: "recipient-2", name: "Recipient 2")], startedAt: now,
      expiresAt: now)
    return redirect(portal.settings.basePath + "/", cookie: try portal.cookies.open(session, at: now))
  }
}
