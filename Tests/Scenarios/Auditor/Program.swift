/// The parameters of the three programs, read from their texts.
struct AuditedRules {
  let program: String
  /// The query parameter of a link that carries the code.
  let parameter: String
  /// Query parameters that show that a visit came from a paid advertisement.
  var ads: [String] = []
  var refusesPriorAccounts = false
  /// Only individuals from Ukraine refer, earn and withdraw.
  var onlyIndividualsOfUkraine = false
  var earns = false
  var paysOut = false
  var hasOffer = false
  var hasTiers = false

  static let all = [
    AuditedRules(program: "bonus", parameter: "ref", earns: true, hasOffer: true),
    AuditedRules(program: "tiers", parameter: "ref", refusesPriorAccounts: true, hasTiers: true),
    AuditedRules(
      program: "cash", parameter: "page", ads: ["gclid", "gbraid", "wbraid", "gad_source"], onlyIndividualsOfUkraine: true,
      earns: true, paysOut: true),
  ]
}

/// What one program knows of one account.
struct AuditedAccount {
  var isRegistered = false
  var referrer: String?
  var identities: [String] = []
  /// kind and country by the instant from which they hold, in order of arrival.
  var changes: [(at: Int64, kind: String?, country: String?)] = []
  var closedAt: Int64?
  /// Billing events that came before the registration (T4).
  var kept: [(type: String, data: Facts, at: Int64)] = []

  // As a payer.
  var payments: Set<String> = []
  var waiting: [String: [(type: String, data: Facts, at: Int64)]] = [:]
  var turnover: [String: Int64] = [:]
  var offerExpiresAt: Int64?
  var activity = AuditedActivity()

  // As a referrer.
  var balances: [String: AuditedBalance] = [:]
  var spends: [String: AuditedSpend] = [:]
  var spendEnds: [String: (isCaptured: Bool, at: Int64)] = [:]
  var withdrawals: [String: AuditedWithdrawal] = [:]
  var verdicts: [String: AuditedVerdicts] = [:]
  var discounts = AuditedDiscounts()

  /// T7: as of an instant; a change at that very instant counts.
  func kindAndCountry(at instant: Int64) -> (kind: String?, country: String?) {
    var held: (kind: String?, country: String?) = (nil, nil)
    let past = changes.enumerated().filter { $0.element.at <= instant }
    for (_, change) in past.sorted(by: { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }) {
      held = (change.kind ?? held.kind, change.country ?? held.country)
    }
    return held
  }

  func isClosed(at instant: Int64) -> Bool { closedAt.map { $0 <= instant } ?? false }
}

/// One program in one world.
final class AuditedProgram {
  enum Timer {
    case matures(reward: String)
    case offerExpires(account: String)
    case dueSoon(account: String, request: String)
    case overdue(account: String, request: String)
    case run(account: String)

    var isReward: Bool { if case .matures = self { true } else { false } }
  }

  let rules: AuditedRules
  let say: (String, [String: Any]) -> Void
  /// Fires what is due.
  var settle: () -> Void = {}
  var clock: Int64 = 0
  var accounts: [String: AuditedAccount] = [:]
  /// Code → owner.
  var codes: [String: String] = [:]
  var rewards: [String: AuditedReward] = [:]
  private var timers: [(due: Int64, order: Int, timer: Timer)] = []
  private var timersSet = 0

  init(_ rules: AuditedRules, say: @escaping (String, [String: Any]) -> Void) {
    self.rules = rules
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

  /// Of what had waited, all that would have happened by an instant comes before what happens at it (T4).
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

  /// R5, as far as the histories break it.
  static func isWellFormed(_ type: String, _ data: Facts) -> Bool {
    switch type {
    case "payment.settled":
      (data.number("tax") ?? 0) >= 0 && (data.number("paidWithBonus") ?? 0) >= 0
        && data.parts("lines").allSatisfy { ["plan", "service", "topUp"].contains($0.text("kind") ?? "") }
    case "payment.refunded": (data.number("amount") ?? 0) >= 0
    case "bonus.spendRequested", "withdrawal.requested": (data.number("amount") ?? 0) >= 1
    case "payment.disputeClosed": ["won", "lost"].contains(data.text("outcome") ?? "")
    case "subscription.changed":
      ["trialing", "active", "pastDue", "unpaid", "canceled", "expired"].contains(data.text("status") ?? "")
    default: true
    }
  }

  func take(_ type: String, _ data: Facts, at instant: Int64) {
    let account = data.text("account") ?? data.text("referrer") ?? ""
    switch type {
    case "account.registered": register(account, data, at: instant)
    case "account.updated":
      change(account) { $0.changes.append((instant, data.text("kind"), data.text("country"))) }
    case "account.closed":
      change(account) { $0.closedAt = min($0.closedAt ?? instant, instant) }
    case "link.visited": visit(data, at: instant)
    case "code.requested": requestCode(account, data)
    case "bonus.spendRequested": requestSpend(account, data, at: instant)
    case "bonus.spendCaptured": endSpend(account, data.text("request") ?? "", captured: true, at: instant)
    case "bonus.spendReleased": endSpend(account, data.text("request") ?? "", captured: false, at: instant)
    case "withdrawal.requested": requestWithdrawal(account, data, at: instant)
    case "withdrawal.canceled", "withdrawal.rejected", "withdrawal.approved", "payout.settled", "payout.failed":
      if rules.paysOut { hear(account, type, data, at: instant) }
    case "payout.unknown": break
    case "companyOrder.set", "company.closed", "invoice.issued", "invoice.settled", "invoice.voided":
      if rules.hasTiers { own(account, type, data, at: instant) }
    default:
      if rules.hasTiers, type == "subscription.changed" { own(account, type, data, at: instant) }
      bill(account, type, data, at: instant)
    }
  }

  private func hear(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    // There is only ever one attempt.
    let payout = data.text("payout").flatMap { $0.hasSuffix("#1") ? String($0.dropLast(2)) : nil }
    guard let request = data.text("request") ?? payout else { return }
    hear(account, request) { verdicts in
      switch type {
      case "withdrawal.canceled": verdicts.canceledAt = verdicts.canceledAt ?? instant
      case "withdrawal.approved": verdicts.decision = verdicts.decision ?? (true, instant)
      case "withdrawal.rejected": verdicts.decision = verdicts.decision ?? (false, instant)
      default: verdicts.result = verdicts.result ?? (type == "payout.settled", instant)
      }
    }
  }

  /// T4: what a payer does counts once it is known who brought it.
  private func bill(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    let payer = self.account(account)
    if !payer.isRegistered {
      change(account) { $0.kept.append((type, data, instant)) }
    } else if let referrer = payer.referrer {
      if rules.hasTiers { act(account, referrer: referrer, type, data, at: instant) }
      if rules.earns { earn(account, referrer: referrer, type, data, at: instant) }
    }
  }

  func replayKept(of account: String) {
    let kept = self.account(account).kept
    change(account) { $0.kept = [] }
    // The offer is opened and used before it can expire.
    if rules.hasOffer, self.account(account).referrer != nil {
      for event in kept where event.type == "payment.settled" { useOffer(of: account, event.data, at: event.at) }
    }
    // T4: what a kept event sets for an instant before the next one comes before that; the rest after all of them.
    for event in kept {
      if event.type == "payment.settled" { fireMatured(until: event.at) }
      bill(account, event.type, event.data, at: event.at)
      if rules.hasTiers { settle() }
    }
    settle()
  }
}
