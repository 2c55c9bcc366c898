import Contracts
import JSON
import Streaming
import Terms

/// A reward on a balance.
struct Reward: Stored, Equatable {
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

  var isFrozen: Bool { !causes.isEmpty }

  /// Nothing will be said of it any more: nothing is left, or it is on the balance for good.
  var isOver: Bool { amount == 0 || finalAt != nil && progress == .available && !isFrozen }

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
  static let rewards = Table<Reward>("reward")

  func reward(_ referee: AccountID, _ payment: PaymentID, _ turn: Turn<Self>) -> Reward? {
    turn[Self.rewards, .id(referee), .id(payment)]
  }

  func keep(_ reward: Reward, _ turn: Turn<Self>) {
    turn[Self.rewards, .id(reward.referee), .id(reward.payment)] = reward.isOver ? nil : reward
  }

  // MARK: A payment has earned, or not

  /// Asks whether the referrer may have it (rows C1, closed) and accrues it.
  func accrue(_ earned: RewardEarned, _ program: Program, _ turn: Turn<Self>) throws(Rejection) {
    let terms = program.version(judging: earned.paidAt, attributedAt: earned.attributedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: earned.paidAt, turn)
    let against = reasonsAgainstReferrer(
      paidAt: earned.paidAt, closedAt: turn[Self.owners]?.closedAt, eligibility: eligibility, kind: profile.kind,
      country: profile.country)
    guard against.isEmpty else {
      turn.emit(
        .notice(
          RewardDeclined(
            referrer: earned.referrer, referee: earned.referee, payment: earned.payment, at: earned.paidAt,
            reasons: against.map(\.reason), terms: earned.terms, because: against.map(\.because))))
      return
    }
    var reward = Reward(
      id: RewardID(derivedFrom: [earned.payment.value, earned.referee.value, earned.referrer.value, "payment"]),
      referee: earned.referee, payment: earned.payment, amount: earned.amount, currency: earned.currency,
      creditAt: earned.creditAt, availableAt: earned.availableAt, terms: earned.terms, isReplayed: earned.isReplayed ? true : nil)
    let balance = try add(earned.amount, in: earned.currency, turn)
    turn.emit(
      .notice(
        RewardAccrued(
          reward: reward.id, referrer: earned.referrer, referee: earned.referee, payment: earned.payment, amount: earned.amount,
          currency: earned.currency, base: earned.base, rate: earned.rate, accruedAt: earned.paidAt,
          availableAt: earned.availableAt, balance: balance, terms: earned.terms, because: earned.because)))
    if reward.creditAt <= earned.paidAt {
      try credit(&reward, at: earned.paidAt, turn)
    } else {
      awaitCredit(reward, turn)
    }
    keep(reward, turn)
  }

  func decline(_ refused: RewardRefused, _ turn: Turn<Self>) {
    turn.emit(
      .notice(
        RewardDeclined(
          referrer: refused.referrer, referee: refused.referee, payment: refused.payment, at: refused.paidAt,
          reasons: refused.reasons, terms: refused.terms, because: refused.because)))
  }

  // MARK: A reward's day has come

  /// Pending to locked, or straight to available where both fall on one instant.
  func credit(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    let isAvailable = reward.availableAt <= reward.creditAt
    let balance = try move(reward.amount, in: reward.currency, from: .pending, to: isAvailable ? .available : .locked, turn)
    reward.progress = isAvailable ? .available : .locked
    turn.emit(
      .notice(
        RewardCredited(
          reward: reward.id, referrer: try owner(turn), amount: reward.amount, currency: reward.currency, creditedAt: instant,
          balance: balance, terms: reward.terms,
          because: [Because("credit-instant", ["creditAt": "\(reward.creditAt)", "availableAt": "\(reward.availableAt)"])])))
    if !isAvailable { awaitUnlock(reward, turn) }
  }

  /// Locked to available.
  func unlock(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    let balance = try move(reward.amount, in: reward.currency, from: .locked, to: .available, turn)
    reward.progress = .available
    turn.emit(
      .notice(
        RewardUnlocked(
          reward: reward.id, referrer: try owner(turn), amount: reward.amount, currency: reward.currency, at: instant,
          balance: balance, terms: reward.terms,
          because: [Because("available-instant", ["availableAt": "\(reward.availableAt)"])])))
  }

  // MARK: Timers

  func awaitCredit(_ reward: Reward, _ turn: Turn<Self>) {
    guard reward.isReplayed == nil else { return }
    turn.setTimer(at: reward.creditAt, .credit(referee: reward.referee, payment: reward.payment))
  }

  func awaitUnlock(_ reward: Reward, _ turn: Turn<Self>) {
    guard reward.isReplayed == nil else { return }
    turn.setTimer(at: reward.availableAt, .unlock(referee: reward.referee, payment: reward.payment))
  }

  // A frozen reward misses its instant; its release looks after that.

  func creditIfDue(_ referee: AccountID, _ payment: PaymentID, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard var reward = reward(referee, payment, turn), reward.progress == .pending, !reward.isFrozen else { return }
    try credit(&reward, at: instant, turn)
    keep(reward, turn)
  }

  func unlockIfDue(_ referee: AccountID, _ payment: PaymentID, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard var reward = reward(referee, payment, turn), reward.progress == .locked, !reward.isFrozen else { return }
    try unlock(&reward, at: instant, turn)
    keep(reward, turn)
  }

  // MARK: A replay (DECISIONS T4)

  /// What a timer of the reward would have done at this instant.
  func mature(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard !reward.isFrozen else { return }
    switch reward.progress {
    case .pending: if reward.creditAt <= instant { try credit(&reward, at: instant, turn) }
    case .locked: if reward.availableAt <= instant { try unlock(&reward, at: instant, turn) }
    case .available: break
    }
  }

  /// The replay is through: each reward waits for its next timer.
  func resume(_ referee: AccountID, _ payments: [PaymentID], _ turn: Turn<Self>) {
    for payment in payments {
      guard var reward = reward(referee, payment, turn) else { continue }
      reward.isReplayed = nil
      keep(reward, turn)
      guard !reward.isFrozen else { continue }
      switch reward.progress {
      case .pending: awaitCredit(reward, turn)
      case .locked: awaitUnlock(reward, turn)
      case .available: break
      }
    }
  }
}
