import Contracts
import Words

/// Turns rows of a state into sentences. The services supply the facts, because only they know what their rows mean.
enum StateText {
  /// The owner of the requested thing. `nil` if the row is not about that thing.
  static func owner(of fact: Because, _ subject: Explain.Subject, _ id: String) -> String? {
    guard self.id(of: subject, fact) == id else { return nil }
    switch subject {
    case .payment: return fact.text("payer")
    case .referral: return id
    case .company, .withdrawal: return fact.text("owner")
    }
  }

  static func id(of subject: Explain.Subject, _ fact: Because) -> String? {
    switch subject {
    case .payment: fact.text("payment")
    case .referral: fact.text("referee")
    case .company: fact.text("company")
    case .withdrawal: fact.text("request")
    }
  }

  /// Whether a row about the owner belongs in the story: who referred a payer, or when the next run of a company's owner is.
  static func isAboutOwner(_ fact: Because, _ subject: Explain.Subject, _ owner: String) -> Bool {
    switch subject {
    case .payment: ["referred-by", "unattributed"].contains(fact.code) && text(fact, "referee") == owner
    case .company: fact.code == "next-run" && text(fact, "owner") == owner
    case .referral, .withdrawal: false
    }
  }

  static func story(
    of subject: Explain.Subject, _ id: String, owner: String, program: ProgramID, _ facts: [Because]
  ) -> Story {
    let title =
      subject == .referral
      ? "The referral of \(id), program \(program)"
      : "\(subject.rawValue.capitalizedFirst) \(id) of \(owner), program \(program)"
    let passages = facts.compactMap { fact in
      sentence(fact).map { Story.Passage(at: date(of: fact), isDecision: false, text: $0, because: terms(fact)) }
    }
    let next = facts.compactMap(next)
    return Story(
      title: title, passages: Story.inOrderOfTime(passages), asOf: nil,
      next: next.isEmpty ? ["nothing is scheduled in this state"] : next)
  }

  // MARK: Rows

  /// `nil` if the row only says what comes next.
  static func sentence(_ fact: Because) -> String? {
    switch fact.code {
    case "unattributed": "nobody referred \(text(fact, "referee"))"
    case "referred-by": "\(text(fact, "referee")) was referred by \(text(fact, "referrer"))"
    case "registered-unattributed":
      "\(text(fact, "referee")) registered"
        + (fact["named"] == .flag(true) ? ", and its referral was rejected" : ", naming no referral")
    case "registered-pending": "\(text(fact, "referee")) registered; its attribution is not decided yet"
    case "registered-bound":
      "\(text(fact, "referee")) registered, and "
        + (fact["endedAt"] == nil
          ? "is attributed to \(text(fact, "referrer"))"
          : "was attributed to \(text(fact, "referrer")) until \(day(fact, "endedAt")), when an operator ended that")
    case "referral-event-waits", "payment-waits", "payment-fact-waits", "payment-awaited": BecauseText.waiting(fact)
    case "payment-over": "the payment earned nothing, or its whole reward was taken back; no later event changes that"
    case "payment-earning":
      "reward of a base of \(money(fact, "base")): \(money(fact, "amount"))"
        + (fact["refunds"] == .number(0) ? "; nothing refunded" : ", after \(money(fact, "refunds")) refunded")
    case "reward":
      "\(text(fact, "referrer")) has a reward of \(money(fact, "amount")) from it, \(standing(fact))"
    case "activity":
      text(fact, "referee") + (fact["active"] == .flag(true) ? " is an active referral" : " is not an active referral")
    case "offer-open":
      "its offer of \(text(fact, "percent")) % for \(text(fact, "plans")) is open until \(day(fact, "expiresAt"))"
    case "company":
      "the company is on record" + (fact["since"] == nil ? "" : " since \(day(fact, "since"))")
        + (fact["closedAt"] == nil ? "" : ", and closed since \(day(fact, "closedAt"))")
    case "company-subscription": "its subscription \(text(fact, "subscription")) is \(text(fact, "status"))"
    case "company-invoice":
      "its invoice \(text(fact, "invoice")) was issued, due on \(day(fact, "dueAt"))"
        + (fact["endedAt"] == nil ? "; it is not settled" : ", and settled or voided on \(day(fact, "endedAt"))")
    case "assignment-open": "the run of \(text(fact, "period")) gave it \(text(fact, "percent")) %, not used yet"
    case "assignment-used":
      "the run of \(text(fact, "period")) gave it \(text(fact, "percent")) %, used by invoice \(text(fact, "invoice"))"
    case "reservation": "\(money(fact, "amount")) are set aside for it"
    case "withdrawal-standing":
      "\(text(fact, "owner")) requested a withdrawal of \(money(fact, "amount")) to \(text(fact, "destination")); it is "
        + BecauseText.standing(text(fact, "standing"))
        + (fact["endedAt"] == nil ? "" : ", closed on \(day(fact, "endedAt"))")
    case "withdrawal-in-line":
      "\(text(fact, "owner")) requested \(money(fact, "amount")); it waits until the ledger has answered about another request"
    case "withdrawal-heard": heard(fact)
    case "payout-results": results(fact)
    default: nil
    }
  }

  private static func standing(_ fact: Because) -> String {
    let place: String
    switch text(fact, "standing") {
    case "pending": place = "pending"
    case "locked": place = "credited and held"
    default: place = "available"
    }
    return fact["causes"] == .list([]) ? place : "\(place), frozen by: \(text(fact, "causes").plainCode)"
  }

  private static func heard(_ fact: Because) -> String? {
    var parts: [String] = []
    if fact["ledger"] != nil { parts.append("the ledger has set the money aside") }
    if fact["ledgerRejected"] != nil {
      parts.append("the ledger has rejected it: \(text(fact, "ledgerRejected").plainCode)")
    }
    if fact["approvedBy"] != nil { parts.append("\(text(fact, "approvedBy")) approved it on \(day(fact, "decidedAt"))") }
    if fact["rejectedBy"] != nil { parts.append("\(text(fact, "rejectedBy")) rejected it on \(day(fact, "decidedAt"))") }
    if fact["canceledAt"] != nil { parts.append("its owner canceled it on \(day(fact, "canceledAt"))") }
    return parts.isEmpty ? nil : "known so far: " + parts.joined(separator: "; ")
  }

  private static func results(_ fact: Because) -> String? {
    let words = [("failedAt", "failed"), ("settledAt", "paid"), ("returnedAt", "returned")]
    let parts = words.compactMap { name, word in fact[name].map { _ in "\(word) on \(day(fact, name))" } }
    return parts.isEmpty ? nil : "results of payout \(text(fact, "payout")): " + parts.joined(separator: "; ")
  }

  // MARK: What comes next

  private static func next(_ fact: Because) -> String? {
    switch fact.code {
    case "reward": nextOfReward(fact)
    case "withdrawal-standing":
      switch text(fact, "standing") {
      case "opened": "the ledger sets the money aside or rejects the request; it is due on \(day(fact, "dueAt"))"
      case "awaitingApproval": "an operator has to decide; it is due on \(day(fact, "dueAt"))"
      case "instructed": "the provider's answer ends it; it is due on \(day(fact, "dueAt"))"
      default: nil
      }
    case "assignment-open": "the discount is taken off the company's first invoice before the next run"
    case "assignment-used":
      "if invoice \(text(fact, "invoice")) is voided before the next run, the company's next invoice gets the discount"
    case "next-run": "the next run of its owner is on \(day(fact, "at"))"
    case "offer-open": "the offer expires on \(day(fact, "expiresAt"))"
    default: nil
    }
  }

  private static func nextOfReward(_ fact: Because) -> String? {
    let money = self.money(fact, "amount")
    if fact["causes"] != .list([]) { return "\(money) are held until what froze them is settled" }
    switch text(fact, "standing") {
    case "pending":
      let credit = "\(money) will be credited on \(day(fact, "creditAt"))"
      return fact["creditAt"] == fact["availableAt"] ? credit : credit + ", and can be used from \(day(fact, "availableAt")) on"
    case "locked": return "\(money) can be used from \(day(fact, "availableAt")) on"
    default: return nil
    }
  }

  // MARK: Facts

  /// The date under which the row is listed. `nil` if it has none.
  private static func date(of fact: Because) -> Instant? {
    for name in ["attributedAt", "registeredAt", "paidAt", "requestedAt", "issuedAt", "asOf", "since", "at"] {
      if let instant = fact.text(name).flatMap(Instant.init(rfc3339:)) { return instant }
    }
    return nil
  }

  private static func terms(_ fact: Because) -> [String] { fact["terms"] == nil ? [] : ["by \(text(fact, "terms"))"] }

  private static func text(_ fact: Because, _ name: String) -> String {
    switch fact[name] {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "yes" : "no"
    case .list(let items): listed(items, "or")
    case nil: ""
    }
  }

  private static func money(_ fact: Because, _ name: String) -> String {
    guard let minor = fact.number(name), let currency = Currency(text(fact, "currency")) else { return "?" }
    return MoneyText.amount(minor, currency)
  }

  private static func day(_ fact: Because, _ name: String) -> String {
    Instant(rfc3339: text(fact, name))?.readable ?? text(fact, name)
  }
}
