import Contracts
import JSON
import Streaming
import Terms

/// A reward on a balance.
struct Reward: Timed, Equatable {
  /// Never goes back.
  enum Progress: String, JSONWord, Sendable {
    /// Accrued, not yet credited.
    case pending
    /// Credited, not yet available.
    case locked
    case available
  }

  let id: RewardID
  let referee: AccountID
  let payment: PaymentID
  /// Minor units that are left. A reward of 0 gives no notices until part of it is restored.
  var amount: Int64
  /// Minor units that the referee's limit allowed at accrual, or nil if the reward was not cut.
  let cut: Int64?
  let currency: Currency
  /// Fixed at accrual, like `availableAt`.
  let creditAt: Instant
  let availableAt: Instant
  /// The version of the terms that judged the payment. All notices about the reward name it.
  let terms: String
  var progress = Progress.pending
  /// The causes that freeze it now.
  var causes: [FreezeCause] = []
  /// When the refund window of its payment closed. `nil` if it is still open or if there is none.
  var finalAt: Instant?
  /// `true` while the reward is part of an unfinished replay, and no timer is set; otherwise `nil`.
  var isReplayed: Bool?
  /// Fires when the reward is to be credited or unlocked. It has no effect on a frozen reward, which catches up when it is released.
  var timer: Timer?

  mutating func timerFired() { if !isFrozen, amount > 0 { mature() } }

  /// Moves on: from pending to locked, or directly to available if the reward is not locked at all; from locked to available.
  mutating func mature() { progress = progress == .pending && isLockedAfterCredit ? .locked : .available }

  private var isLockedAfterCredit: Bool { availableAt > creditAt }

  /// Whether its last change was the credit. If false, it was the unlock.
  var hasJustBeenCredited: Bool { progress == .locked || !isLockedAfterCredit }

  var isFrozen: Bool { !causes.isEmpty }

  /// Whether no further notice is possible: the refund window has closed, and the reward is 0 or available.
  var isOver: Bool { finalAt != nil && (amount == 0 || progress == .available && !isFrozen) }

  /// When its timer is due, unless the reward is frozen. `nil` if no timer is needed.
  var dueAt: Instant? { isReplayed == nil && amount > 0 ? maturesAt : nil }

  /// Whether its credit or unlock is due. A frozen reward waits, and one of 0 has nothing to move.
  func isDue(by instant: Instant) -> Bool { !isFrozen && amount > 0 && maturesAt.map { $0 <= instant } ?? false }

  /// When the next of the two comes, credit or unlock.
  private var maturesAt: Instant? {
    switch progress {
    case .pending: return creditAt
    case .locked: return availableAt
    case .available: return nil
    }
  }

  /// The part of the balance that has its money. A frozen reward is not available (DECISIONS C7).
  var place: Balance.Place {
    switch progress {
    case .pending: .pending
    case .locked: .locked
    case .available: isFrozen ? .locked : .available
    }
  }
}

extension LedgerStage {
  /// By referee and payment, because a payment's id is unique only for its payer. Finished rewards are deleted.
  static let rewards = Table<KeyPair<AccountID, PaymentID>, Reward>("reward", keepsDecoded: false)

  /// By referee. Kept only if the terms limit what a referee's payments earn.
  static let accrued = Table<AccountID, Accrued>("accrued")

  /// Stores the reward with its next timer, or deletes it if it is finished.
  func keep(_ reward: Reward, _ context: Context<Self>) {
    context[Self.rewards, reward.referee, reward.payment] = reward.isOver ? nil : withTimer(reward)
  }

  private func withTimer(_ reward: Reward) -> Reward {
    guard !reward.isFrozen, reward.timer?.at != reward.dueAt else { return reward }
    var reward = reward
    reward.timer = reward.dueAt.map(Timer.init(at:))
    return reward
  }

  // MARK: Accrual

  /// Checks the referrer (rows C1, closed), the referral and the limits, and accrues or declines the reward.
  func earned(_ earned: RewardEarned, _ context: Context<Self>) throws(Rejection) {
    let terms = context.program.version(judging: earned.paidAt, attributedAt: earned.attributedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: earned.paidAt, context)
    let against = reasonsAgainstReferrer(
      paidAt: earned.paidAt, closedAt: context[Self.owners]?.closings.closedAt(asOf: earned.paidAt), eligibility: eligibility,
      kind: profile.kind, country: profile.country)
    guard against.isEmpty else { return decline(earned, against.map(\.reason), against.map(\.because), context) }
    let limits = context.program.versions.contains { $0.reward?.hasLimits ?? false }
    let own = limits ? context[Self.accrued, earned.referee] ?? Accrued() : Accrued()
    let before = try exactly("the sum of rewards from '\(earned.referee)'") { () throws(ArithmeticOverflow) in
      try own + (earned.elsewhere ?? Accrued())
    }
    let limit = terms.reward?.limit(of: earned.amount, in: earned.currency, after: before) ?? RewardLimit(left: earned.amount)
    let reasons = earned.against + limit.reasons
    guard reasons.isEmpty else { return decline(earned, reasons, earned.becauseAgainst + limit.because, context) }
    let amount = limit.left
    var reward = Reward(
      id: RewardID(derivedFrom: [earned.payment.value, earned.referee.value, earned.referrer.value, "payment"]),
      referee: earned.referee, payment: earned.payment, amount: amount, cut: amount < earned.amount ? amount : nil,
      currency: earned.currency, creditAt: earned.creditAt, availableAt: earned.availableAt, terms: earned.terms,
      isReplayed: earned.isReplayed ? true : nil)
    let balance = try add(amount, in: earned.currency, context)
    context.emit(
      RewardAccrued(
        reward: reward.id, referrer: earned.referrer, referee: earned.referee, payment: earned.payment, amount: amount,
        currency: earned.currency, base: earned.base, rate: earned.rate, accruedAt: earned.paidAt,
        availableAt: earned.availableAt, balance: balance, terms: earned.terms,
        because: earned.because + limit.because))
    if limits { try count(amount, earned, own, context) }
    if reward.isDue(by: earned.paidAt) { try mature(&reward, at: earned.paidAt, context) }
    // Earnings lets a payment count only once.
    context.insert(withTimer(reward), in: Self.rewards, at: KeyPair(reward.referee, reward.payment))
  }

  private func decline(_ earned: RewardEarned, _ reasons: [RewardReason], _ because: [Because], _ context: Context<Self>) {
    context.emit(
      RewardDeclined(
        referrer: earned.referrer, referee: earned.referee, payment: earned.payment, at: earned.paidAt, reasons: reasons,
        terms: earned.terms, because: because))
  }

  /// Counts the reward towards the referee's limits. Earnings gets the count because the referee may be moved to another referrer.
  private func count(_ amount: Int64, _ earned: RewardEarned, _ before: Accrued, _ context: Context<Self>) throws(Rejection) {
    let accrued = try exactly("the sum of rewards from '\(earned.referee)'") { () throws(ArithmeticOverflow) in
      try before + Accrued(payments: 1, amounts: [earned.currency.code: amount])
    }
    context[Self.accrued, earned.referee] = accrued
    context.emit(RewardsCounted(referee: earned.referee, referrer: earned.referrer, accrued: accrued, at: earned.paidAt))
  }

  func rejected(_ rejected: RewardRefused, _ context: Context<Self>) {
    context.emit(
      RewardDeclined(
        referrer: rejected.referrer, referee: rejected.referee, payment: rejected.payment, at: rejected.paidAt,
        reasons: rejected.reasons, terms: rejected.terms, because: rejected.because))
  }

  // MARK: Credit and unlock

  /// The reward's timer has fired, and the reward has matured by that.
  func cameDue(_ key: KeyPair<AccountID, PaymentID>, _ reward: Reward, at instant: Instant, _ context: Context<Self>)
    throws(Rejection)
  {
    guard !reward.isFrozen, reward.amount > 0 else { return }
    try book(reward, at: instant, context)
    if reward.dueAt != nil || reward.isOver { keep(reward, context) }
  }

  /// Credits or unlocks the reward: one of the two, not both.
  func mature(_ reward: inout Reward, at instant: Instant, _ context: Context<Self>) throws(Rejection) {
    reward.mature()
    try book(reward, at: instant, context)
  }

  /// Moves the money of a reward that has just matured.
  private func book(_ reward: Reward, at instant: Instant, _ context: Context<Self>) throws(Rejection) {
    if reward.hasJustBeenCredited {
      let balance = try move(reward.amount, in: reward.currency, from: .pending, to: reward.place, context)
      context.emit(
        RewardCredited(
          reward: reward.id, referrer: try owner(context), amount: reward.amount, currency: reward.currency, creditedAt: instant,
          balance: balance, terms: reward.terms,
          because: [Because("credit-instant", ["creditAt": "\(reward.creditAt)", "availableAt": "\(reward.availableAt)"])]))
    } else {
      let balance = try move(reward.amount, in: reward.currency, from: .locked, to: .available, context)
      context.emit(
        RewardUnlocked(
          reward: reward.id, referrer: try owner(context), amount: reward.amount, currency: reward.currency, at: instant,
          balance: balance, terms: reward.terms,
          because: [Because("available-instant", ["availableAt": "\(reward.availableAt)"])]))
    }
  }

  // MARK: A replay (DECISIONS T4)

  /// The replay is finished: sets the next timer of each reward.
  func resumed(_ resumed: RewardsResumed, _ context: Context<Self>) {
    for payment in resumed.payments {
      guard var reward = context[Self.rewards, resumed.referee, payment] else { continue }
      reward.isReplayed = nil
      keep(reward, context)
    }
  }
}
