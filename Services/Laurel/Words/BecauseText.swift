import Contracts

/// The entries of a notice's `because` as sentences: the rule, the facts, the arithmetic. Pure.
package struct BecauseText {
  private let because: Because
  /// That of the amounts; nil: nothing says which.
  private let currency: Currency?

  /// An entry of a later release is told by its code and its facts.
  package static func sentence(_ because: Because, currency: Currency?) -> String {
    let text = BecauseText(because: because, currency: currency)
    return text.rewards ?? text.holds ?? text.balance ?? text.withdrawals ?? text.attribution ?? text.discounts ?? text.raw
  }

  // MARK: What a payment earns

  private var rewards: String? {
    switch because.code {
    case "base": base
    case "status": status
    case "rate": "\(money("base")) × \(rate("rate")) = \(amount("amount"))"
    case "no-base": "nothing is left that could earn"
    case "promo-code": "it was bought with the promo code \(text("promoCode")), which excludes the whole payment"
    case "max-payments": "only the first \(text("max")) payments of a referee earn, and \(text("earned")) have earned already"
    case "no-plan-line": "a payment must hold a plan line to earn, and this one holds only \(list("skus"))"
    case "not-eligible-service":
      "\(list("skus")) \(isMany("skus") ? "are" : "is") nothing that earns"
        + (because["categories"] == nil ? "" : "; what earns is of the category \(list("categories", "or"))")
    case "discounted-price":
      isMany("skus")
        ? "\(list("skus")) were sold cheaper, by a \(list("discounts", "or")) discount, and do not count"
        : "\(list("skus")) was sold cheaper, by a \(list("discounts", "or")) discount, and does not count"
    case "before-referral": "the payment was made before the referral began"
    case "referral-ended": "the referral had ended before the payment"
    case "earning-period-over": "payments of this referral earn no longer"
    case "max-reward": "the limit of rewards for this referee is reached"
    case "account-closed": "the referrer's account was closed on \(day("closedAt")), before the payment"
    case "referrer-not-eligible": ineligible
    case "hold":
      "the terms hold it: credited \(span("creditAfter")) (on \(day("creditAt")))"
        + (text("availableAfter") == text("creditAfter")
          ? "" : ", to be used \(span("availableAfter")) (from \(day("availableAt")) on)")
    default: nil
    }
  }

  private var base: String {
    let kinds = [("plan", "plan lines"), ("service", "service lines"), ("topUp", "top-ups")]
    let parts = kinds.compactMap { kind, name in number(kind).map { "\(figure($0)) of \(name)" } }
    let sum = parts.isEmpty ? "\(money("lines")) of lines that earn" : parts.joined(separator: " + ")
    let less = number("paidWithBonus").map { $0 == 0 ? "" : " − \(figure($0)) paid with rewards" } ?? ""
    let left = because["excluded"] == nil ? "" : " (\(list("excluded")) \(isMany("excluded") ? "do" : "does") not count)"
    return "\(sum)\(less)\(left) = \(amount("base"))"
  }

  private var status: String {
    let before = "the referee had paid \(amount("turnover")) before"
    if let above = number("above") { return "\(before), more than \(figure(above)): its status is \(text("status"))" }
    if let limit = number("notAbove") { return "\(before), not more than \(figure(limit)): it has no status yet" }
    return "\(before): its status is \(text("status"))"
  }

  private var ineligible: String {
    if because["closedAt"] != nil { return "the referrer's account was closed on \(day("closedAt"))" }
    let allowed = ["allowedKinds", "allowedCountries"].filter { because[$0] != nil }.map { list($0, "or") }
    return "the referrer is of the kind \(text("kind")) and the country \(text("country"))"
      + (allowed.isEmpty ? "" : ", and only \(allowed.joined(separator: " from ")) may")
  }

  // MARK: What refunds and disputes leave

  private var holds: String? {
    switch because.code {
    case "refunded": refunded
    case "dispute-lost": "the dispute is lost, so all that was left is taken back: \(amount("left"))"
    case "held":
      because["causes"] == .list([])
        ? "nothing holds the \(amount("amount")) any more"
        : "\(amount("amount")) are held by: \(list("causes").replacing("-", with: " "))"
    case "credit-instant": "its day was \(day("creditAt"))"
    case "available-instant": "its day was \(day("availableAt"))"
    default: nil
    }
  }

  /// (base − refunds of earning lines) × (received − refunds) ÷ (received − refunds of lines) × rate (DECISIONS A9).
  private var refunded: String {
    guard let onEarning = number("onEarningLines"), let received = number("received"), let refunds = number("refunds"),
      let lineRefunds = number("lineRefunds")
    else { return "a refund has taken its share of what the reward was computed from" }
    var text = onEarning == 0 ? money("base") : "(\(money("base")) − \(figure(onEarning)) refunded of lines that earn)"
    if refunds != lineRefunds {
      let whole = lineRefunds == 0 ? figure(received) : "(\(figure(received)) − \(figure(lineRefunds)))"
      text += " × (\(figure(received)) received − \(figure(refunds)) refunded) ÷ \(whole)"
    }
    return text + " × \(rate("rate")) = \(amount("amount")), which is what the reward is now"
  }

  // MARK: The balance

  private var balance: String? {
    switch because.code {
    case "spend":
      "\(amount("amount")) were asked for, and \(money("available")) were available; to pay \(list("kinds")) lines"
        + (because["allowedKinds"] == nil ? "" : " where \(list("allowedKinds")) lines may be paid")
    case "captured": "the \(amount("amount")) set aside for invoice \(text("invoice")) are used"
    case "released": "the \(amount("amount")) set aside for invoice \(text("invoice")) are not needed"
    case "insufficient-balance": "less was available than was asked for"
    case "account-banned": "the account was closed as banned"
    case "not-spendable": "the terms know no spending"
    case "kind-not-allowed": "the balance may not pay lines of every kind that was named"
    case "not-withdrawable": "the terms know no withdrawals: \(amount("amount")) cannot be paid out"
    case "withdrawal": "\(amount("amount")) were asked for, and \(money("available")) were available"
    default: nil
    }
  }

  // MARK: Withdrawals

  private var withdrawals: String? {
    switch because.code {
    case "none-open": "no other withdrawal of the account was open"
    case "below-minimum" where because["minimum"] == nil: "less than the program's smallest withdrawal"
    case "already-open": "withdrawal \(text("openRequest")) of the same account was still open"
    case "above-limit": "\(amount("amount")) are more than the \(money("approvalAbove")) above which an operator decides"
    case "no-approval-needed":
      because["approvalAbove"] == nil
        ? "no operator has to approve it"
        : "\(amount("amount")) are not more than the \(money("approvalAbove")) above which an operator decides"
    case "approved": "\(text("operator")) approved it" + quoted("note")
    case "declined-by-operator": "\(text("operator")) rejected it" + quoted("note")
    case "canceled": "its owner canceled it on \(day("canceledAt"))"
    case "payout-settled": "the provider has paid \(text("payout"))" + quoted("reference")
    case "payout-failed": "the provider could not pay \(text("payout"))" + quoted("reason")
    case "still-open": "it was still open (\(Self.standing(text("standing"))))"
    case "withdrawal-paid": "the money has arrived"
    case "withdrawal-failed": "the payout has failed" + quoted("reason")
    case "withdrawal-declined": "the withdrawal was declined: \(list("reasons").replacing("-", with: " "))"
    default: nil
    }
  }

  package static func standing(_ name: String) -> String {
    switch name {
    case "opened": "asked for"
    case "awaitingApproval": "waiting for an operator"
    case "instructed": "with the provider"
    default: name
    }
  }

  // MARK: Referrals and codes

  private var attribution: String? {
    switch because.code {
    case "code-named": "its registration named the code \(text("referralCode")), which is \(text("owner"))'s"
    case "no-code":
      because["landingURL"] == .flag(true)
        ? "the page that it came from carries no code in \"\(text("parameter"))\", and none was typed in"
        : "it names no code and no page that could carry one"
    case "paid-ad": "the page that it came from carries \"\(text("parameter"))\": it was a paid advertisement"
    case "prior-account": "it had \(list("previousAccounts")) before, so it is no new client"
    case "already-attributed": "the account is bound to \(text("boundTo")) already, once and for good"
    case "unknown-code": "the code \(text("named")) is nobody's"
    case "self-referral":
      because["sameAccount"] == .flag(true)
        ? "the code is the account's own" : "referrer and referee share an identity, so they are taken for one"
    case "loop": "the owner of the code was itself brought by \(text("boundTo"))"
    case "wished": "it wished for this code (request \(text("request")))"
    case "derived": "it named no wish, so the code was derived from its id (request \(text("request")))"
    case "taken": "the code \(text("wish")) is somebody else's"
    case "invalid": "\"\(text("wish"))\" is no code: letters, digits, - and _ are allowed, 64 at most"
    case "counted": "the code is \(text("owner"))'s"
    default: nil
    }
  }

  // MARK: Offers and discounts

  private var discounts: String? {
    switch because.code {
    case "referred":
      because["referrer"] == nil ? "it was referred on \(day("attributedAt"))" : "it was referred by \(text("referrer"))"
    case "first-payment": "it paid for \(text("plan")) before \(day("expiresAt"))"
    case "not-used-in-time": "no payment for one of its plans came before \(day("expiresAt"))"
    case "counting-subscription":
      "its subscription \(text("subscription")) is active since \(day("activeSince")), and payment \(text("payment")) of "
        + "\(day("paidAt")) stands"
    case "no-counting-subscription": noSubscription
    case "active-referrals":
      "\(text("slots")) of the owner's \(text("active")) active referrals count for this company (\(text("maxPerCompany")) at most); "
        + "from \(text("tierFrom")) on there are \(text("percent")) %"
    case "order":
      "it is number \(text("position")) of the companies, in the "
        + (text("setBy") == "user" ? "order that the owner set" : "order of their first subscriptions")
    case "pending-payments": "overdue: invoice \(list("invoices"))"
    case "no-active-company": "none of the owner's \(text("companies")) companies has a subscription that runs"
    case "below-minimum": "\(text("active")) active referrals are fewer than the \(text("minimum")) that a discount begins with"
    case "first-invoice-after-run": "it is the company's first invoice since the run of \(day("asOf"))"
    case "company-canceled": "the company was canceled before it used the discount of \(day("asOf"))"
    case "superseded": "no invoice used the discount of \(day("asOf")) before the next run"
    default: nil
    }
  }

  private var noSubscription: String {
    if because["status"] != nil { return "its subscription \(text("subscription")) is \(text("status"))" }
    if because["takenBackAt"] != nil {
      return "payment \(text("payment")) went back by a \(text("cause")) on \(day("takenBackAt"))"
    }
    return "no paid subscription of it runs"
  }

  // MARK: Facts

  private var raw: String {
    let facts = because.facts.map { "\($0.name) \(Self.text($0.fact))" }
    return facts.isEmpty ? because.code : "\(because.code): \(facts.joined(separator: ", "))"
  }

  private func number(_ name: String) -> Int64? {
    if case .number(let number)? = because[name] { number } else { nil }
  }

  private func text(_ name: String) -> String { because[name].map(Self.text) ?? "?" }

  private static func text(_ fact: Because.Fact) -> String {
    switch fact {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "yes" : "no"
    case .list(let items): listed(items)
    }
  }

  private func list(_ name: String, _ conjunction: String = "and") -> String {
    if case .list(let items)? = because[name] { listed(items, conjunction) } else { text(name) }
  }

  private func isMany(_ name: String) -> Bool {
    if case .list(let items)? = because[name] { items.count > 1 } else { false }
  }

  private func figure(_ minor: Int64) -> String { currency.map { MoneyText.figure(minor, $0) } ?? "\(minor)" }
  private func money(_ name: String) -> String { number(name).map(figure) ?? "?" }
  private func amount(_ name: String) -> String { money(name) + (currency.map { " \($0)" } ?? " (minor units)") }
  private func rate(_ name: String) -> String { number(name).flatMap { BasisPoints($0) }?.words ?? "?" }
  private func day(_ name: String) -> String { Instant(rfc3339: text(name))?.readable ?? text(name) }
  private func span(_ name: String) -> String { TimeSpan(text(name))?.wordsAfterPayment ?? text(name) }

  private func quoted(_ name: String) -> String {
    if case .text(let words)? = because[name], !words.isEmpty { ": \"\(words)\"" } else { "" }
  }
}
