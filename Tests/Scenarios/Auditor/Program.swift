/// Everything that one program knows about one account.
struct AuditedAccount {
  var isRegistered = false
  /// Its referrals in order. An operator ends one before the next (A1e).
  var referrals: [AuditedReferral] = []
  var identities: [String] = []
  var hasEarlierAccounts = false
  /// Kind and country by the instant from which they hold, in order of arrival.
  var changes: [(at: Int64, kind: String?, country: String?)] = []
  var closings = AuditedClosings()
  /// Billing events (T4) and decisions (A1e) that arrived before the registration.
  var kept: [(type: String, data: Facts, at: Int64)] = []
  var decisions: [(type: String, data: Facts, at: Int64)] = []

  // As a payer.
  var payments: Set<String> = []
  var waiting: [String: [(type: String, data: Facts, at: Int64)]] = [:]
  var turnover: [String: Int64] = [:]
  var earningPayments = 0
  var accrued: [String: Int64] = [:]
  var offer: AuditedOffer?
  var activity = AuditedActivity()

  // As a referrer.
  var balances: [String: AuditedBalance] = [:]
  var spends: [String: AuditedSpend] = [:]
  var spendEnds: [String: (isCaptured: Bool, at: Int64)] = [:]
  var withdrawals: [String: AuditedWithdrawal] = [:]
  var verdicts: [String: AuditedVerdicts] = [:]
  var discounts = AuditedDiscounts()

  /// As of an instant. A change at that very instant counts (T7).
  func kindAndCountry(at instant: Int64) -> (kind: String?, country: String?) {
    var held: (kind: String?, country: String?) = (nil, nil)
    let past = changes.enumerated().filter { $0.element.at <= instant }
    for (_, change) in past.sorted(by: { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }) {
      held = (change.kind ?? held.kind, change.country ?? held.country)
    }
    return held
  }

  var referrer: String? { referrals.last.flatMap { $0.endedAt == nil ? $0.referrer : nil } }
}

/// An account's referrer, and how long the referral lasts.
struct AuditedReferral {
  let referrer: String
  let attributedAt: Int64
  var endedAt: Int64?
}

/// Closings, bans and reopenings of an account. At equal instants the order of arrival counts (T1).
struct AuditedClosings {
  enum Event { case closed, banned, reopened }
  private var events: [(at: Int64, event: Event)] = []

  mutating func hear(_ event: Event, at instant: Int64) { events.append((instant, event)) }

  /// A change at that very instant counts (T7).
  func isClosed(at instant: Int64) -> Bool { !standing(at: instant).isEmpty }
  func isBanned(at instant: Int64) -> Bool { standing(at: instant).contains(.banned) }

  /// The first ban after an instant.
  func ban(after instant: Int64) -> Int64? {
    events.map(\.at).filter { $0 > instant }.sorted().first { isBanned(at: $0) }
  }

  /// Only a reopening lifts them.
  private func standing(at instant: Int64) -> Set<Event> {
    let past = events.enumerated().filter { $0.element.at <= instant }
    let ordered = past.sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element.event)
    return Set(ordered.split(separator: .reopened, omittingEmptySubsequences: false).last ?? [])
  }
}

/// One program in the auditor's world.
final class AuditedProgram {
  enum Timer {
    case matures(reward: String)
    case offerExpires(account: String)
    case dueSoon(account: String, request: String)
    case overdue(account: String, request: String)
    case run(account: String)

    var isReward: Bool { if case .matures = self { true } else { false } }
  }

  let terms: AuditedTerms
  let say: (String, [String: Any]) -> Void
  /// Fires due timers.
  var settle: () -> Void = {}
  var clock: Int64 = 0
  var accounts: [String: AuditedAccount] = [:]
  /// Code → owner.
  var codes: [String: String] = [:]
  var rewards: [String: AuditedReward] = [:]
  private var timers: [(due: Int64, order: Int, timer: Timer)] = []
  private var timersSet = 0

  init(_ terms: AuditedTerms, say: @escaping (String, [String: Any]) -> Void) {
    self.terms = terms
    self.say = say
  }

  var nextDue: Int64? { timers.map(\.due).min() }

  func set(_ timer: Timer, at due: Int64) {
    timersSet += 1
    timers.append((due, timersSet, timer))
  }

  /// The first timer due.
  func fire() {
    guard let next = timers.indices.min(by: { (timers[$0].due, timers[$0].order) < (timers[$1].due, timers[$1].order) }) else {
      return
    }
    let (due, _, timer) = timers.remove(at: next)
    switch timer {
    case .matures(let reward): mature(reward, at: due)
    case .offerExpires(let account): expireOffer(of: account, at: due)
    case .dueSoon(let account, let request): remind("withdrawal.dueSoon", account, request, at: due)
    case .overdue(let account, let request): remind("withdrawal.overdue", account, request, at: due)
    case .run(let account): run(account, asOf: due)
    }
  }

  /// Of waiting events, everything due by an instant happens before the events of that instant (T4).
  func fireMatured(until instant: Int64) {
    while let next = timers.indices.filter({ timers[$0].due <= min(instant, clock) && timers[$0].timer.isReward })
      .min(by: { (timers[$0].due, timers[$0].order) < (timers[$1].due, timers[$1].order) })
    {
      let (due, _, timer) = timers.remove(at: next)
      if case .matures(let reward) = timer { mature(reward, at: due) }
    }
  }

  func account(_ id: String) -> AuditedAccount { accounts[id] ?? AuditedAccount() }

  func change(_ id: String, _ body: (inout AuditedAccount) -> Void) { body(&accounts[id, default: AuditedAccount()]) }

  /// The checks of R5 that the histories violate.
  static func isWellFormed(_ type: String, _ data: Facts) -> Bool {
    let amount = data.number("amount")
    if let country = data.text("country"), country.wholeMatch(of: /[A-Za-z]{2}/) == nil { return false }
    if let currency = data.text("currency"), currency.wholeMatch(of: /[A-Z]{3}/) == nil { return false }
    return switch type {
    case "payment.settled":
      (data.number("tax") ?? 0) >= 0 && (data.number("paidWithBonus") ?? 0) >= 0
        && data.parts("lines").allSatisfy { ["plan", "service", "topUp"].contains($0.text("kind") ?? "") }
    case "payment.refunded", "payment.disputed": (amount ?? 0) >= 0
    case "bonus.spendRequested", "withdrawal.requested": (amount ?? 0) >= 1
    case "bonus.spendReturned": (amount ?? 1) >= 1
    case "balance.correctionRequested": (amount ?? 0) != 0
    case "payment.disputeClosed": ["won", "lost", "withdrawn"].contains(data.text("outcome") ?? "")
    case "account.closed": ["closed", "banned"].contains(data.text("reason") ?? "closed")
    case "subscription.changed":
      ["trialing", "active", "pastDue", "unpaid", "canceled", "expired"].contains(data.text("status") ?? "")
    default: true
    }
  }

  func take(_ type: String, _ data: Facts, at instant: Int64) {
    let account = data.text("account") ?? data.text("referrer") ?? ""
    let request = data.text("request") ?? ""
    switch type {
    case "account.registered": register(account, data, at: instant)
    case "account.updated": change(account) { $0.changes.append((instant, data.text("kind"), data.country)) }
    case "account.closed", "account.reopened":
      let isBan = data.text("reason") == "banned"
      change(account) { $0.closings.hear(type == "account.reopened" ? .reopened : isBan ? .banned : .closed, at: instant) }
      if isBan { declineBanned(account, at: instant) }
    case "link.visited": visit(data, at: instant)
    case "code.requested": requestCode(account, data, at: instant)
    case "referral.assignRequested", "referral.endRequested": decide(account, type, data, at: instant)
    case "balance.correctionRequested": correct(account, data, at: instant)
    case "bonus.spendRequested": requestSpend(account, data, at: instant)
    case "bonus.spendCaptured": endSpend(account, request, captured: true, at: instant)
    case "bonus.spendReleased": endSpend(account, request, captured: false, at: instant)
    case "bonus.spendReturned": returnSpend(account, request, data, at: instant)
    case "withdrawal.requested": requestWithdrawal(account, data, at: instant)
    case "withdrawal.canceled", "withdrawal.rejected", "withdrawal.approved", "payout.settled", "payout.failed",
      "payout.returned":
      if terms.paysOut { hear(account, type, data, at: instant) }
    case "payout.unknown": break
    case "companyOrder.set", "company.closed", "invoice.issued", "invoice.settled", "invoice.voided":
      if terms.hasTiers { own(account, type, data, at: instant) }
    default:
      if terms.hasTiers, type == "subscription.changed" { own(account, type, data, at: instant) }
      bill(account, type, data, at: instant)
    }
  }

  private func hear(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    // There is only one attempt.
    let payout = data.text("payout").flatMap { $0.hasSuffix("#1") ? String($0.dropLast(2)) : nil }
    guard let request = data.text("request") ?? payout else { return }
    hear(account, request) { verdicts in
      switch type {
      case "withdrawal.canceled": verdicts.canceledAt = verdicts.canceledAt ?? instant
      case "withdrawal.approved": verdicts.decision = verdicts.decision ?? (true, instant)
      case "withdrawal.rejected": verdicts.decision = verdicts.decision ?? (false, instant)
      case "payout.failed": verdicts.failedAt = verdicts.failedAt ?? instant
      case "payout.settled": verdicts.settledAt = verdicts.settledAt ?? instant
      default: verdicts.returnedAt = verdicts.returnedAt ?? instant
      }
    }
  }

  /// A payer's events count after its attribution is known (T4).
  private func bill(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    let payer = self.account(account)
    if !payer.isRegistered {
      change(account) { $0.kept.append((type, data, instant)) }
    } else if !payer.referrals.isEmpty {
      if terms.hasTiers { act(account, type, data, at: instant) }
      if terms.earns { earn(account, type, data, at: instant) }
    }
  }

  func replayKept(of account: String) {
    let kept = self.account(account).kept
    change(account) { $0.kept = [] }
    // The offer is opened and used before it can expire.
    for event in kept where event.type == "payment.settled" { useOffer(of: account, event.data, at: event.at) }
    // What a waiting event sets for an instant before the next one happens before that. The rest happens after all of them (T4).
    for event in kept {
      if event.type == "payment.settled" { fireMatured(until: event.at) }
      bill(account, event.type, event.data, at: event.at)
      if terms.hasTiers { settle() }
    }
    settle()
  }
}
