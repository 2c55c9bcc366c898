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

  // MARK: What waits

  /// What a row of a state says that waits for something to come; nil: it is about something else.
  package static func waiting(_ fact: Because) -> String? {
    let text = BecauseText(because: fact, currency: nil)
    return switch fact.code {
    case "referral-event-waits":
      "\(text.text("type")) of \(text.text("referee").inQuotes) waits for its registration, or until it is known who brought it"
    case "payment-waits":
      "payment \(text.text("payment").inQuotes) waits until it is known who brought \(text.text("payer").inQuotes)"
    case "payment-fact-waits":
      "\(text.text("type")) of payment \(text.text("payment").inQuotes) waits until it is known who brought "
        + text.text("payer").inQuotes
    case "payment-awaited":
      "\(text.text("facts")) refunds, requests or disputes wait for payment \(text.text("payment").inQuotes) of "
        + "\(text.text("payer").inQuotes), which has not arrived"
    default: nil
    }
  }

  // MARK: What a payment earns

  private var rewards: String? {
    switch because.code {
    case "base": base
    case "status": status
    case "rate": "\(money("base")) × \(rate("rate")) = \(amount("amount"))"
    case "amount": "the terms give \(amount("fixed")) for a payment that earns"
    case "rates":
      "each line earns at its own rate (\(list("lines"))): \(amount("amount")) of \(money("base"))"
    case "no-amount": "the terms give no reward in \(text("currency"))"
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
    case "before-referral":
      because["paidAt"] == nil
        ? "the payment was made before the referral began"
        : "the payment was made more than \(text("leeway")) before the referral began on \(day("attributedAt"))"
    case "referral-ended":
      "the referral had ended" + (because["endedAt"] == nil ? " before the payment" : " on \(day("endedAt")), before the payment")
    case "earning-period-over":
      "payments of this referral earn no longer"
        + (because["earnsFor"] == nil ? "" : " than \(text("earnsFor")) from \(day("attributedAt")) on")
    case "max-reward":
      because["max"] == nil
        ? "the limit of rewards for this referee is reached"
        : "the payments of a referee earn at most \(amount("max")), and \(amount("earned")) were earned before"
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
    let most =
      if let received = number("received"), received == number("base"),
        received < (number("lines") ?? 0) - (number("paidWithBonus") ?? 0)
      {
        ", but no more than the \(figure(received)) that came"
      } else { "" }
    let left = because["excluded"] == nil ? "" : " (\(list("excluded")) \(isMany("excluded") ? "do" : "does") not count)"
    return "\(sum)\(less)\(left)\(most) = \(amount("base"))"
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
    let pay =
      number("fixed").map { ", which is that share of the fixed \(figure($0)): " }
      ?? (because["rate"] == nil ? " at the rates of the lines = " : " × \(rate("rate")) = ")
    return text + "\(pay)\(amount("amount")), which is what the reward is now"
  }

  // MARK: The balance

  private var balance: String? {
    switch because.code {
    case "spend":
      "requested \(amount("amount")), available \(money("available")); to pay \(list("kinds")) lines"
        + (because["allowedKinds"] == nil ? "" : " where \(list("allowedKinds")) lines may be paid")
    case "captured": "the \(amount("amount")) set aside for invoice \(text("invoice")) are used"
    case "released": "the \(amount("amount")) set aside for invoice \(text("invoice")) are not needed"
    case "returned":
      "\(amount("amount")) of the \(money("left")) that were used are given back"
    case "corrected": "\(text("operator")) corrected it" + quoted("reason")
    case "insufficient-balance": "less was available than was requested"
    case "account-banned":
      "the account was closed as banned" + (because["bannedAt"] == nil ? "" : " on \(day("bannedAt"))")
    case "not-spendable": "the terms know no spending"
    case "kind-not-allowed": "the balance may not pay lines of every kind that was named"
    case "not-withdrawable": "the terms know no withdrawals: \(amount("amount")) cannot be paid out"
    case "withdrawal":
      "requested \(amount("amount")), available \(money("available"))"
        + (number("minimum").map { ", and no less than \(figure($0)) is paid out" } ?? "")
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
    case "no-limit": "the terms name no limit in its currency, so an operator decides about \(amount("amount"))"
    case "no-approval-needed":
      because["approvalAbove"] == nil
        ? "the terms ask no operator to approve it"
        : "\(amount("amount")) are not more than the \(money("approvalAbove")) above which an operator decides"
    case "approved": "\(text("operator")) approved it" + quoted("note")
    case "declined-by-operator": "\(text("operator")) rejected it" + quoted("note")
    case "canceled": "its owner canceled it on \(day("canceledAt"))"
    case "payout-settled": "the provider has paid \(text("payout"))" + quoted("reference")
    case "payout-failed": "the provider could not pay \(text("payout"))" + quoted("reason")
    case "payout-returned": "the provider returned the money of \(text("payout"))" + quoted("reason")
    case "still-open": "it was still open (\(Self.standing(text("standing"))))"
    case "withdrawal-paid": "the money has arrived"
    case "withdrawal-returned": "the money has come back from the provider"
    case "withdrawal-failed": "the payout has failed" + quoted("reason")
    case "withdrawal-declined": "the withdrawal was declined: \(list("reasons").replacing("-", with: " "))"
    default: nil
    }
  }

  package static func standing(_ name: String) -> String {
    switch name {
    case "opened": "requested"
    case "awaitingApproval": "waiting for an operator"
    case "instructed": "with the provider"
    default: name
    }
  }

  // MARK: Referrals and codes

  private var attribution: String? {
    switch because.code {
    case "code-named": "its registration named the code \(exact("referralCode")), which is that of \(exact("owner"))"
    case "assigned-by-operator": "\(exact("operator")) assigned its referrer (request \(exact("request")))" + quoted("note")
    case "ended-by-operator": "\(exact("operator")) ended the referral (request \(exact("request")))" + quoted("note")
    case "no-code": noCode
    case "paid-ad": "the page that it came from carries \(exact("parameter")): it was a paid advertisement"
    case "prior-account": "it had \(exact("previousAccounts")) before, so it is no new client"
    case "already-attributed":
      because["endedAt"] == nil
        ? "the account is bound to \(exact("boundTo")) already, and only an operator can end that"
        : "the account was bound to \(exact("boundTo")) until \(day("endedAt")); only an operator can assign it another referrer, "
          + "from then on"
    case "unknown-code": unknownCode
    case "self-referral":
      because["sameAccount"] == .flag(true)
        ? "referrer and referee are the same account" : "referrer and referee share an identity, so they are taken for one"
    case "loop": "the referrer was itself brought by \(exact("boundTo"))"
    case "wished": "it wished for this code (request \(exact("request")))"
    case "derived": "it named no wish, so the code was derived from its id (request \(exact("request")))"
    case "taken":
      because["attempts"] == nil
        ? "the code \(exact("wish")) is somebody else's"
        : "all the \(text("attempts")) codes that were made for it are somebody else's"
    case "invalid":
      "\(exact("wish")) is no code: "
        + (because["codePattern"] == nil
          ? "letters, digits, - and _ are allowed, 64 at most" : "codes of this program match \(exact("codePattern"))")
    case "counted": "the code is that of \(exact("owner"))"
    default: nil
    }
  }

  private var noCode: String {
    if because["named"] != nil {
      return
        "\(exact("named")) \(isMany("named") ? "are no codes" : "is no code"): codes of this program match \(exact("codePattern"))"
    }
    return because["landingURL"] == .flag(true)
      ? "the page that it came from carries no code in \(exact("parameter")), and none was typed in"
      : "it names no code and no page that could carry one"
  }

  private var unknownCode: String {
    if because["referrer"] != nil { return "\(exact("referrer")) has no code, and nobody can be assigned to who has none" }
    return because["codePattern"] == nil
      ? "the code \(exact("named")) is nobody's"
      : "\(exact("named")) is no code: codes of this program match \(exact("codePattern"))"
  }

  // MARK: Offers and discounts

  private var discounts: String? {
    switch because.code {
    case "recorded": "\(text("companies")) companies were named, \(text("unknown")) of them without a subscription yet"
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
    case "no-active-company": noActiveCompany
    case "below-minimum":
      "\(counted(Int(number("active") ?? 0), "active referral")) \(number("active") == 1 ? "is" : "are") fewer than the \(text("minimum")) "
        + "that a discount begins with"
    case "first-invoice-after-run":
      because["restored"] == nil
        ? "it is the company's first invoice with something to pay since the run of \(day("asOf"))"
        : "it is the company's first invoice to arrive since the discount of \(day("asOf")) was given back"
    case "company-canceled":
      (because["cause"] == "closed"
        ? "the company was closed on \(day("endedAt"))"
        : "all subscriptions of the company were canceled or expired on \(day("endedAt"))")
        + ", before it used the discount of \(day("asOf"))"
    case "invoice-voided":
      "invoice \(text("invoice")) was voided on \(day("voidedAt")), so the company still has the discount of \(day("asOf"))"
    case "ended-by-operator": "\(text("operator")) ended the referral on \(day("endedAt")) (request \(text("request")))"
    case "superseded": "no invoice used the discount of \(day("asOf")) before the next run"
    default: nil
    }
  }

  private var noSubscription: String {
    if because["status"] == "active", because["trialEndsAt"] != nil {
      return
        "the trial of its subscription \(text("subscription")) ends on \(day("trialEndsAt")), and no payment from then on counts"
    }
    if because["status"] != nil { return "its subscription \(text("subscription")) is \(text("status"))" }
    if because["takenBackAt"] != nil {
      return "nothing is left of payment \(text("payment")) since a \(text("cause")) of \(day("takenBackAt"))"
    }
    return "no paid subscription of it runs"
  }

  private var noActiveCompany: String {
    let closed = because["closed"] == .list([]) ? nil : "closed: \(list("closed"))"
    let ended = because["ended"] == .list([]) ? nil : "every subscription canceled or expired: \(list("ended"))"
    let parts = [closed, ended].compactMap { $0 }
    return parts.isEmpty
      ? "the owner has no company with a subscription" : "no company of the owner is active; \(parts.joined(separator: "; "))"
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

  /// Ids and codes in quotes, so that a blank in one can be seen.
  private func exact(_ name: String) -> String {
    switch because[name] {
    case .text(let text)?: text.inQuotes
    case .list(let items)?: listed(items.map(\.inQuotes))
    case .number, .flag, nil: text(name)
    }
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
