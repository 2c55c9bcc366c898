import Contracts
import Markup

extension TryPage {
  /// The accounts that anyone can sign in as with `--for-trying`. Only in English, because customers never see it.
  func page(_ accounts: [(program: ProgramID, account: AccountID)]) -> [UInt8] {
    let basePath = portal.settings.basePath
    return document(
      .of(.en), title: "Accounts", basePath: basePath,
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
      })
  }
}
