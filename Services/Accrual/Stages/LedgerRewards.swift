import Contracts
import JSON
import Streaming
import Terms

/// A reward on a balance.
struct Reward: Timed, Equatable {
  /// How far it has come; it never goes back.
  enum Progress: String, JSONWord, Sendable {
    /// Accrued, not yet credited.
    case pending
    /// Credited, before its day.
    case locked
    case available
  }

  let id: RewardID
  let referee: AccountID
  let payment: PaymentID
  /// Minor units that are left.
  var amount: Int64
  let currency: Currency
  /// Fixed at accrual, as `availableAt` is.
  let creditAt: Instant
  let availableAt: Instant
  /// The version that judged the payment; it stands in all that is said about the reward.
  let terms: String
  var progress = Progress.pending
  /// Why it is held now.
  var causes: [FreezeCause] = []
  /// When its payment's refund window had closed; nil: it has not, or never will.
  var finalAt: Instant?
  /// true: a replay is under way that it is part of, and no timer of it is set before that is through; nil: none is.
  var isReplayed: Bool?
  /// When it is credited, or available. Of a frozen reward it passes without effect; the release looks after what it has missed.
  var timer: Timer?

  var isFrozen: Bool { !causes.isEmpty }

  /// Nothing will be said of it any more: nothing is left, or it is on the balance for good.
  var isOver: Bool { amount == 0 || finalAt != nil && progress == .available && !isFrozen }

  /// When it goes on by itself, unless something holds it; nil: it does not.
  var dueAt: Instant? {
    guard isReplayed == nil else { return nil }
    switch progress {
    case .pending: return creditAt
    case .locked: return availableAt
    case .available: return nil
    }
  }

  /// Where its money stands: a frozen reward is not available (DECISIONS C7).
  var place: Balance.Place {
    switch progress {
    case .pending: .pending
    case .locked: .locked
    case .available: isFrozen ? .locked : .available
    }
  }
}

extension LedgerStage {
  /// By referee and payment, since a payment's id is unique for its payer only. Without those that are over.
  static let rewards = Table<KeyPair<AccountID, PaymentID>, Reward>("reward")

  /// With the timer that it needs as it is now.
  func keep(_ reward: Reward, _ turn: Turn<Self>) {
    var reward = reward
    if !reward.isFrozen, reward.timer?.at != reward.dueAt { reward.timer = reward.dueAt.map(Timer.init(at:)) }
    turn[Self.rewards, reward.referee, reward.payment] = reward.isOver ? nil : reward
  }

  // MARK: A payment has earned, or not

  /// Asks whether the referrer may have it (rows C1, closed) and accrues it.
  func earned(_ earned: RewardEarned, _ turn: Turn<Self>) throws(Rejection) {
    let terms = turn.program.version(judging: earned.paidAt, attributedAt: earned.attributedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: earned.paidAt, turn)
    let against = reasonsAgainstReferrer(
      paidAt: earned.paidAt, closedAt: turn[Self.owners]?.closedAt, eligibility: eligibility, kind: profile.kind,
      country: profile.country)
    guard against.isEmpty else {
      turn.emit(
        RewardDeclined(
          referrer: earned.referrer, referee: earned.referee, payment: earned.payment, at: earned.paidAt,
          reasons: against.map(\.reason), terms: earned.terms, because: against.map(\.because)))
      return
    }
    var reward = Reward(
      id: RewardID(derivedFrom: [earned.payment.value, earned.referee.value, earned.referrer.value, "payment"]),
      referee: earned.referee, payment: earned.payment, amount: earned.amount, currency: earned.currency,
      creditAt: earned.creditAt, availableAt: earned.availableAt, terms: earned.terms, isReplayed: earned.isReplayed ? true : nil)
    let balance = try add(earned.amount, in: earned.currency, turn)
    turn.emit(
      RewardAccrued(
        reward: reward.id, referrer: earned.referrer, referee: earned.referee, payment: earned.payment, amount: earned.amount,
        currency: earned.currency, base: earned.base, rate: earned.rate, accruedAt: earned.paidAt,
        availableAt: earned.availableAt, balance: balance, terms: earned.terms, because: earned.because))
    if reward.creditAt <= earned.paidAt { try credit(&reward, at: earned.paidAt, turn) }
    keep(reward, turn)
  }

  func refused(_ refused: RewardRefused, _ turn: Turn<Self>) {
    turn.emit(
      RewardDeclined(
        referrer: refused.referrer, referee: refused.referee, payment: refused.payment, at: refused.paidAt,
        reasons: refused.reasons, terms: refused.terms, because: refused.because))
  }

  // MARK: A reward's day has come

  /// Pending to locked, or straight to available where both fall on one instant.
  func credit(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    let isAvailable = reward.availableAt <= reward.creditAt
    let balance = try move(reward.amount, in: reward.currency, from: .pending, to: isAvailable ? .available : .locked, turn)
    reward.progress = isAvailable ? .available : .locked
    turn.emit(
      RewardCredited(
        reward: reward.id, referrer: try owner(turn), amount: reward.amount, currency: reward.currency, creditedAt: instant,
        balance: balance, terms: reward.terms,
        because: [Because("credit-instant", ["creditAt": "\(reward.creditAt)", "availableAt": "\(reward.availableAt)"])]))
  }

  /// Locked to available.
  func unlock(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    let balance = try move(reward.amount, in: reward.currency, from: .locked, to: .available, turn)
    reward.progress = .available
    turn.emit(
      RewardUnlocked(
        reward: reward.id, referrer: try owner(turn), amount: reward.amount, currency: reward.currency, at: instant,
        balance: balance, terms: reward.terms,
        because: [Because("available-instant", ["availableAt": "\(reward.availableAt)"])]))
  }

  /// Its timer has fired.
  func mature(_ key: KeyPair<AccountID, PaymentID>, _ reward: Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    var reward = reward
    try comeDue(&reward, at: instant, turn)
    keep(reward, turn)
  }

  /// Goes as far as it has come by an instant, one step.
  func comeDue(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard !reward.isFrozen else { return }
    switch reward.progress {
    case .pending: if reward.creditAt <= instant { try credit(&reward, at: instant, turn) }
    case .locked: if reward.availableAt <= instant { try unlock(&reward, at: instant, turn) }
    case .available: break
    }
  }

  // MARK: A replay (DECISIONS T4)

  /// The replay is through: each reward waits for its next timer.
  func resumed(_ resumed: RewardsResumed, _ turn: Turn<Self>) {
    for payment in resumed.payments {
      guard var reward = turn[Self.rewards, resumed.referee, payment] else { continue }
      reward.isReplayed = nil
      keep(reward, turn)
    }
  }
}
