import Contracts

/// The entries of a notice's `because` as sentences: the rule, the facts, the arithmetic. Pure.
package struct BecauseText {
  private let because: Because
  /// The currency of the amounts, or `nil` if unknown.
  private let currency: Currency?

  /// An unknown entry, of a later release, is shown by its code and its facts.
  package static func sentence(_ because: Because, currency: Currency?) -> String {
    BecauseText(because: because, currency: currency).sentence
  }

  private var sentence: String {
    switch because.code {
    // What a payment earns
    case "base": base
    case "status": status
    case "rate": "\(money("base")) × \(rate("rate")) = \(amount("amount"))"
    case "amount": "the terms give a fixed reward of \(amount("fixed")) for each payment that earns"
    case "rates":
      "each line earns at its own rate (\(list("lines"))): \(amount("amount")) of \(money("base"))"
    case "no-amount": "the terms have no reward in \(text("currency"))"
    case "no-base": "no amount is left that could earn a reward"
    case "promo-code": "it was bought with the promo code \(text("promoCode")), which excludes the whole payment"
    case "max-payments": "only the first \(text("max")) payments of a referee earn, and \(text("earned")) have earned already"
    case "no-plan-line": "a payment must contain a plan line to earn, and this one contains only \(list("skus"))"
    case "not-eligible-service":
      "\(list("skus")) \(isMany("skus") ? "do" : "does") not earn"
        + (because["categories"] == nil ? "" : "; only lines of the category \(list("categories", "or")) earn")
    case "discounted-price":
      isMany("skus")
        ? "\(list("skus")) were sold with a \(list("discounts", "or")) discount, so they do not count"
        : "\(list("skus")) was sold with a \(list("discounts", "or")) discount, so it does not count"
    case "before-referral":
      because["paidAt"] == nil
        ? "the payment was made before the referral began"
        : "the payment was made more than \(text("leeway")) before the referral began on \(day("attributedAt"))"
    case "referral-ended":
      "the referral had ended" + (because["endedAt"] == nil ? " before the payment" : " on \(day("endedAt")), before the payment")
    case "earning-period-over":
      "the earning period of this referral has ended"
        + (because["earnsFor"] == nil ? "" : ": it lasted \(text("earnsFor")) from \(day("attributedAt"))")
    case "max-reward":
      because["max"] == nil
        ? "the maximum reward for this referee is reached"
        : "the payments of a referee earn at most \(amount("max")), and \(amount("earned")) were earned before"
    case "account-closed": "the referrer's account was closed on \(day("closedAt")), before the payment"
    case "referrer-not-eligible": ineligible
    case "hold":
      "the terms delay it: credited \(span("creditAfter")) (on \(day("creditAt")))"
        + (text("availableAfter") == text("creditAfter")
          ? "" : ", usable \(span("availableAfter")) (from \(day("availableAt")))")
    // What refunds and disputes leave
    case "refunded": refunded
    case "held":
      because["causes"] == .list([])
        ? "\(amount("amount")) are no longer held"
        : "\(amount("amount")) are held by: \(list("causes").plainCode)"
    case "credit-instant": "the credit was due on \(day("creditAt"))"
    case "available-instant": "it was due to become available on \(day("availableAt"))"
    // The balance
    case "spend":
      "requested \(amount("amount")), available \(money("available")), to pay \(list("kinds")) lines"
        + (because["allowedKinds"] == nil ? "" : "; the terms allow \(list("allowedKinds")) lines")
    case "captured": "the \(amount("amount")) set aside for invoice \(text("invoice")) are used"
    case "released": "the \(amount("amount")) set aside for invoice \(text("invoice")) are no longer needed"
    case "returned":
      "\(amount("amount")) of the \(money("left")) used are given back"
    case "corrected": "\(text("operator")) corrected it" + quoted("reason")
    case "insufficient-balance": "less was available than was requested"
    case "account-banned":
      "the account was closed as banned" + (because["bannedAt"] == nil ? "" : " on \(day("bannedAt"))")
    case "not-spendable": "the terms do not allow spending"
    case "kind-not-allowed": "the request contains kinds of lines that the balance cannot pay"
    case "not-withdrawable": "the terms do not allow withdrawals, so \(amount("amount")) cannot be paid out"
    case "withdrawal":
      "requested \(amount("amount")), available \(money("available"))"
        + (number("minimum").map { ", minimum \(figure($0))" } ?? "")
    // Withdrawals
    case "none-open": "no other withdrawal of the account was open"
    case "below-minimum" where because["minimum"] == nil: "the amount is below the program's minimum"
    case "already-open": "withdrawal \(text("openRequest")) of the same account was still open"
    case "above-limit": "\(amount("amount")) are more than \(money("approvalAbove")), so an operator decides"
    case "no-limit": "the terms have no limit in its currency, so an operator decides about \(amount("amount"))"
    case "no-approval-needed":
      because["approvalAbove"] == nil
        ? "the terms require no approval"
        : "\(amount("amount")) are not more than \(money("approvalAbove")), so no approval is needed"
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
    case "withdrawal-declined": "the withdrawal was declined: \(list("reasons").plainCode)"
    // Referrals and codes
    case "code-named": "its registration named the code \(exact("referralCode")) of \(exact("owner"))"
    case "assigned-by-operator": "\(exact("operator")) assigned its referrer (request \(exact("request")))" + quoted("note")
    case "ended-by-operator":
      "\(exact("operator")) ended the referral" + (because["endedAt"] == nil ? "" : " on \(day("endedAt"))")
        + " (request \(exact("request")))" + quoted("note")
    case "no-code": noCode
    case "paid-ad": "the landing page has \(exact("parameter")), so the visit came from a paid advertisement"
    case "prior-account": "it had \(exact("previousAccounts")) before, so it is not a new client"
    case "already-attributed":
      because["endedAt"] == nil
        ? "the account is already attributed to \(exact("boundTo")), and only an operator can end that"
        : "the account was attributed to \(exact("boundTo")) until \(day("endedAt")); only an operator can assign it "
          + "another referrer after that"
    case "unknown-code": unknownCode
    case "self-referral":
      because["sameAccount"] == .flag(true)
        ? "referrer and referee are the same account" : "referrer and referee share an identity, so they count as one"
    case "loop": "the referrer was itself referred by \(exact("boundTo"))"
    case "wished": "the account requested this code (request \(exact("request")))"
    case "derived": "the request named no code, so the code was derived from the account's id (request \(exact("request")))"
    case "taken":
      because["attempts"] == nil
        ? "the code \(exact("wish")) belongs to another account"
        : "all \(text("attempts")) codes derived for it belong to other accounts"
    case "invalid":
      "\(exact("wish")) is not a valid code: "
        + (because["codePattern"] == nil
          ? "only letters, digits, - and _ are allowed, at most 64" : "codes of this program match \(exact("codePattern"))")
    case "counted": "the code belongs to \(exact("owner"))"
    // Offers and discounts
    case "recorded": "\(text("companies")) companies were named, \(text("unknown")) of them without a subscription yet"
    case "referred":
      because["referrer"] == nil ? "it was referred on \(day("attributedAt"))" : "it was referred by \(text("referrer"))"
    case "first-payment": "it paid for \(text("plan")) before \(day("expiresAt"))"
    case "not-used-in-time": "no payment for one of the offer's plans was made before \(day("expiresAt"))"
    case "counting-subscription":
      "its subscription \(text("subscription")) has been active since \(day("activeSince")), and payment \(text("payment")) of "
        + "\(day("paidAt")) counts"
    case "no-counting-subscription": noSubscription
    case "active-referrals":
      "\(text("slots")) of the owner's \(text("active")) active referrals count for this company (\(text("maxPerCompany")) at most); "
        + "from \(text("tierFrom")) on the discount is \(text("percent")) %"
    case "order":
      "it is number \(text("position")) of the companies, in the "
        + (text("setBy") == "user" ? "order that the owner set" : "order of their first subscriptions")
    case "pending-payments": "overdue: invoice \(list("invoices"))"
    case "no-active-company": noActiveCompany
    case "below-minimum":
      "\(counted(Int(number("active") ?? 0), "active referral")) \(number("active") == 1 ? "is" : "are") fewer than the \(text("minimum")) "
        + "that a discount needs"
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
    case "superseded": "no invoice used the discount of \(day("asOf")) before the next run"
    default: raw
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
        ", but at most the \(figure(received)) received"
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
    return "the referrer has the kind \(text("kind")) and the country \(text("country"))"
      + (allowed.isEmpty ? "" : ", and only \(allowed.joined(separator: " from ")) may earn")
  }

  /// (base − refunds of earning lines) × (received − refunds) ÷ (received − refunds of lines) × rate (DECISIONS A9).
  private var refunded: String {
    guard let onEarning = number("onEarningLines"), let received = number("received"), let refunds = number("refunds"),
      let lineRefunds = number("lineRefunds")
    else { return "a refund reduced the amount that the reward is computed from" }
    var text = onEarning == 0 ? money("base") : "(\(money("base")) − \(figure(onEarning)) refunded of lines that earn)"
    if refunds != lineRefunds {
      let whole = lineRefunds == 0 ? figure(received) : "(\(figure(received)) − \(figure(lineRefunds)))"
      text += " × (\(figure(received)) received − \(figure(refunds)) refunded) ÷ \(whole)"
    }
    let pay =
      number("fixed").map { ", and the same share of the fixed \(figure($0)) = " }
      ?? (because["rate"] == nil ? " at the rates of the lines = " : " × \(rate("rate")) = ")
    return text + "\(pay)\(amount("amount")), which is the reward now"
  }

  package static func standing(_ name: String) -> String {
    switch name {
    case "opened": "requested"
    case "awaitingApproval": "waiting for an operator"
    case "instructed": "with the provider"
    default: name
    }
  }

  private var noCode: String {
    if because["named"] != nil {
      return
        "\(exact("named")) \(isMany("named") ? "are not codes" : "is not a code"): "
        + "codes of this program match \(exact("codePattern"))"
    }
    return because["landingURL"] == .flag(true)
      ? "the landing page has no code in \(exact("parameter")), and none was typed in"
      : "it names neither a code nor a landing page"
  }

  private var unknownCode: String {
    if because["referrer"] != nil { return "\(exact("referrer")) has no code, and only an account with a code can be a referrer" }
    return because["codePattern"] == nil
      ? "the code \(exact("named")) belongs to nobody"
      : "\(exact("named")) is not a code: codes of this program match \(exact("codePattern"))"
  }

  private var noSubscription: String {
    if because["status"] == "active", because["trialEndsAt"] != nil {
      return
        "the trial of its subscription \(text("subscription")) ends on \(day("trialEndsAt")), and no later payment counts"
    }
    if because["status"] != nil { return "its subscription \(text("subscription")) is \(text("status"))" }
    if because["takenBackAt"] != nil {
      return "a \(text("cause")) of \(day("takenBackAt")) took back all of payment \(text("payment"))"
    }
    return "it has no active, paid subscription"
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

  private func number(_ name: String) -> Int64? { because.number(name) }
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
    because.list(name).map { listed($0, conjunction) } ?? text(name)
  }

  /// Ids and codes in quotes, so that a blank in one is visible.
  private func exact(_ name: String) -> String {
    switch because[name] {
    case .text(let text)?: text.inQuotes
    case .list(let items)?: listed(items.map(\.inQuotes))
    case .number, .flag, nil: text(name)
    }
  }

  private func isMany(_ name: String) -> Bool { because.list(name)?.count ?? 0 > 1 }

  private func figure(_ minor: Int64) -> String { currency.map { MoneyText.figure(minor, $0) } ?? "\(minor)" }
  private func money(_ name: String) -> String { number(name).map(figure) ?? "?" }
  private func amount(_ name: String) -> String { money(name) + (currency.map { " \($0)" } ?? " (minor units)") }
  private func rate(_ name: String) -> String { number(name).flatMap { BasisPoints($0) }?.words ?? "?" }
  private func day(_ name: String) -> String { Instant(rfc3339: text(name))?.readable ?? text(name) }
  private func span(_ name: String) -> String { TimeSpan(text(name))?.wordsAfterPayment ?? text(name) }

  private func quoted(_ name: String) -> String { because.text(name).map { $0.isEmpty ? "" : ": \"\($0)\"" } ?? "" }
}
