import Contracts

/// Sums and counts of one program's notices under one of the terms.
struct Tally: Equatable, Sendable {
  /// Money that moved, in minor units.
  struct Movements: Equatable, Sendable {
    var accrued: Int64 = 0
    /// Taken back before the credit, minus what was restored; at most 0.
    var adjusted: Int64 = 0
    /// Taken back after the credit, minus what was restored; at most 0.
    var reversed: Int64 = 0
    /// Corrected by operators, upwards or downwards.
    var corrected: Int64 = 0
    var credited: Int64 = 0
    var spent: Int64 = 0
    /// Paid out, minus payouts that were returned.
    var paid: Int64 = 0
  }

  /// What is counted instead of added up as money.
  enum Event: String, CaseIterable, Sendable, Encodable {
    case referralsAttributed, referralsRejected, rewardsAccrued, rewardsDeclined, rewardsTakenBack
    case spendsCaptured, spendsDeclined
    case withdrawalsOpened, withdrawalsPaid, withdrawalsFailed, withdrawalsReturned, withdrawalsDeclined, withdrawalsOverdue
    case offersOpened, offersUsed, offersExpired
    case referralsActivated, referralsDeactivated
    case discountsAssigned, discountsApplied, discountsVoided, runsSkipped

    /// Whether people decide about it, whatever the terms.
    var isUse: Bool {
      switch self {
      case .spendsCaptured, .spendsDeclined, .withdrawalsOpened, .withdrawalsPaid, .withdrawalsFailed, .withdrawalsReturned,
        .withdrawalsDeclined, .withdrawalsOverdue:
        true
      default: false
      }
    }
  }

  /// An event with one of its reasons.
  struct Reason: Hashable, Comparable, Sendable {
    let event: Event
    /// The code in the notice, such as `no-plan-line`.
    let code: String

    static func < (left: Reason, right: Reason) -> Bool {
      (Event.allCases.firstIndex(of: left.event) ?? 0, left.code) < (Event.allCases.firstIndex(of: right.event) ?? 0, right.code)
    }
  }

  private(set) var movements: [Currency: Movements] = [:]
  private(set) var events: [Event: Int64] = [:]
  private(set) var reasons: [Reason: Int64] = [:]
  /// Whole percent, added up over the assignments.
  private(set) var percentAssigned: Int64 = 0
  /// What was taken back before its credit. A refund that failed gives it back in the same row.
  private var adjustments: Set<Adjustment> = []

  private struct Adjustment: Hashable, Sendable {
    let reward: RewardID
    let refund: RefundID
  }

  func count(_ event: Event) -> Int64 { events[event] ?? 0 }

  mutating func take(_ notice: any Notice) throws(ArithmeticOverflow) {
    switch notice {
    case is ReferralAttributed: add(.referralsAttributed)
    case let n as ReferralRejected: add(.referralsRejected, n.reasons)
    case let n as RewardAccrued:
      add(.rewardsAccrued)
      try add(n.amount, to: \.accrued, n.currency)
    case let n as RewardDeclined: add(.rewardsDeclined, n.reasons)
    case let n as RewardAdjusted:
      add(.rewardsTakenBack, [ReversalCause.refund])
      adjustments.insert(Adjustment(reward: n.reward, refund: n.refund))
      try add(n.delta, to: \.adjusted, n.currency)
    case let n as RewardReversed:
      add(.rewardsTakenBack, [n.cause])
      try add(n.delta, to: \.reversed, n.currency)
    case let n as RewardRestored:
      let isAdjustment = n.refund.map { adjustments.contains(Adjustment(reward: n.reward, refund: $0)) } ?? false
      try add(n.delta, to: isAdjustment ? \.adjusted : \.reversed, n.currency)
    case let n as BalanceCorrected: try add(n.delta, to: \.corrected, n.currency)
    case let n as RewardCredited: try add(n.amount, to: \.credited, n.currency)
    case let n as BonusCaptured:
      add(.spendsCaptured)
      try add(n.amount, to: \.spent, n.currency)
    case let n as BonusReturned: try add(-n.amount, to: \.spent, n.currency)
    case let n as BonusDeclined: add(.spendsDeclined, n.reasons)
    case let n as WithdrawalBooked: try add(n.amount, to: \.paid, n.currency)
    case let n as WithdrawalRestored: try add(-n.amount, to: \.paid, n.currency)
    case is WithdrawalOpened: add(.withdrawalsOpened)
    case is WithdrawalPaid: add(.withdrawalsPaid)
    case is WithdrawalFailed: add(.withdrawalsFailed)
    case is WithdrawalReturned: add(.withdrawalsReturned)
    case let n as WithdrawalDeclined: add(.withdrawalsDeclined, n.reasons)
    case is WithdrawalOverdue: add(.withdrawalsOverdue)
    case is OfferOpened: add(.offersOpened)
    case is OfferUsed: add(.offersUsed)
    case is OfferExpired: add(.offersExpired)
    case is ReferralActivated: add(.referralsActivated)
    case is ReferralDeactivated: add(.referralsDeactivated)
    case let n as DiscountAssigned:
      add(.discountsAssigned)
      percentAssigned = try Money.sum(percentAssigned, Int64(n.percent))
    case is DiscountApplied: add(.discountsApplied)
    case is DiscountRestored: events[.discountsApplied, default: 0] -= 1
    case let n as DiscountVoided: add(.discountsVoided, [n.reason])
    case let n as DiscountSkipped: add(.runsSkipped, n.reasons)
    default: break
    }
  }

  private mutating func add(_ event: Event) { events[event, default: 0] += 1 }

  /// Counts the event once, and once for each of its reasons.
  private mutating func add<Code: RawRepresentable<String>>(_ event: Event, _ codes: [Code]) {
    add(event)
    for code in codes { reasons[Reason(event: event, code: code.rawValue), default: 0] += 1 }
  }

  private mutating func add(
    _ amount: Int64, to field: WritableKeyPath<Movements, Int64>, _ currency: Currency
  ) throws(ArithmeticOverflow) {
    var of = movements[currency] ?? Movements()
    of[keyPath: field] = try Money.sum(of[keyPath: field], amount)
    movements[currency] = of
  }
}

extension Tally.Event {
  var label: String {
    switch self {
    case .referralsAttributed: "Referrals attributed"
    case .referralsRejected: "Referrals rejected"
    case .rewardsAccrued: "Rewards accrued"
    case .rewardsDeclined: "Payments without a reward"
    case .rewardsTakenBack: "Rewards taken back, whole or in part"
    case .spendsCaptured: "Spends"
    case .spendsDeclined: "Spends declined"
    case .withdrawalsOpened: "Withdrawals requested"
    case .withdrawalsPaid: "Withdrawals paid"
    case .withdrawalsFailed: "Payouts failed"
    case .withdrawalsReturned: "Payouts returned"
    case .withdrawalsDeclined: "Withdrawals declined"
    case .withdrawalsOverdue: "Withdrawals overdue"
    case .offersOpened: "Welcome offers opened"
    case .offersUsed: "Welcome offers used"
    case .offersExpired: "Welcome offers expired"
    case .referralsActivated: "Referrals that became active"
    case .referralsDeactivated: "Referrals no longer active"
    case .discountsAssigned: "Discounts assigned"
    case .discountsApplied: "Discounts applied"
    case .discountsVoided: "Discounts voided"
    case .runsSkipped: "Accounts skipped by a run"
    }
  }
}
