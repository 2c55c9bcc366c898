import Contracts
import Markup

extension Pages {
  /// Every account that one can enter as, where the portal runs for trying things out. In English: no account's owner sees it.
  static func accounts(_ accounts: [KnownAccount], basePath: String) -> [UInt8] {
    document(
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
