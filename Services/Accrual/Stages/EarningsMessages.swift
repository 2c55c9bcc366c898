import Contracts
import JSON

// Internal messages between Earnings, which has the referee's payments, and the Ledger, which has the referrer's balance. Only these two
// stages write and read them.

/// A payment earns a reward if the referrer may have one.
struct RewardEarned: Message {
  static let type = "accrual.rewardEarned.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { paidAt }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var paidAt: Instant
  /// Together with `paidAt` it selects the version of the terms that judges the referrer and the limits.
  var attributedAt: Instant
  /// Reasons against the reward that lie in the referral.
  var against: [RewardReason] = []
  var becauseAgainst: [Because] = []
  /// What the payer's payments have earned other referrers, if the terms limit that.
  var elsewhere: Accrued?
  /// Minor units, above 0.
  var amount: Int64
  var currency: Currency
  /// Minor units.
  var base: Int64
  /// Absent if the terms give a fixed amount or rates by line.
  var rate: BasisPoints?
  /// Fixed here. Later terms change neither `creditAt` nor `availableAt` (row A4).
  var creditAt: Instant
  var availableAt: Instant
  /// Whether the reward is part of a replay. Its timers may already be due, so they are set only when the replay is finished
  /// (`RewardsResumed`).
  var isReplayed = false
  var terms: String
  var because: [Because]
}

/// A payment earns nothing for any referrer.
struct RewardRefused: Message {
  static let type = "accrual.rewardRefused.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { paidAt }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var paidAt: Instant
  var reasons: [RewardReason]
  var terms: String
  var because: [Because]
}

/// A refund, a dispute or a request for a refund changes the reward of its payment.
struct RewardChanged: Message {
  static let type = "accrual.rewardChanged.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { change.at }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var change: RewardChange
}

/// A replay is finished, and the timers of its rewards can be set. One message sets them all, so timers that are already due fire in
/// order of time.
struct RewardsResumed: Message {
  static let type = "accrual.rewardsResumed.v1"
  static let topic = Topic.earnings
  /// Keeps the record within the bus's size limit when many payments had waited.
  static let paymentsMax = 5000
  var key: String { referrer.value }
  var instant: Instant { at }

  var referrer: AccountID
  var referee: AccountID
  /// In order of accrual.
  var payments: [PaymentID]
  var at: Instant
}

/// What a referee's payments have earned a referrer, if the terms limit that. The Ledger sends it back to Earnings because an operator can
/// move the referee to another referrer, and the limits hold for all referrers together.
struct RewardsCounted: Message {
  static let type = "accrual.rewardsCounted.v1"
  static let topic = Topic.earnings
  var key: String { referee.value }
  var instant: Instant { at }

  var referee: AccountID
  var referrer: AccountID
  var accrued: Accrued
  var at: Instant
}

/// What an account's payments have earned. Refunds do not reduce it (DECISIONS, "terms of reward").
struct Accrued: Stored, Equatable {
  var payments = 0
  /// Minor units by currency.
  var amounts: [String: Int64] = [:]

  static func + (left: Accrued, right: Accrued) throws(ArithmeticOverflow) -> Accrued {
    var sum = left
    sum.payments += right.payments
    for (currency, amount) in right.amounts { sum.amounts[currency] = try Money.sum(sum.amounts[currency] ?? 0, amount) }
    return sum
  }
}

/// The refund that takes part of a reward or gives it back. If `refund` is absent, it is a dispute.
struct RewardTaking: Stored, Equatable {
  var refund: RefundID?
  /// Absent for a refund and for a dispute without an id.
  var dispute: DisputeID?
}

/// The effect of a refund, a request for a refund or a dispute on the reward of its payment.
enum RewardChange: Stored, Equatable {
  /// What refunds and lost disputes leave of the whole reward, in minor units. It can be less than before or more.
  ///
  /// - Parameter heldBy: the open causes at this instant. They freeze a reward that was 0 and is restored.
  case left(Int64, by: RewardTaking, at: Instant, because: [Because], heldBy: [FreezeCause])
  case held(FreezeCause, at: Instant)
  /// A cause that froze the reward has ended, and part of the reward is left.
  case released(FreezeCause, at: Instant)
  /// Only in a replay: the reward is due at this instant.
  case due(at: Instant)
  /// The refund window of the payment has closed. The reward can no longer change.
  case final(at: Instant)

  var at: Instant {
    switch self {
    case .left(_, _, let at, _, _), .held(_, let at), .released(_, let at), .due(let at), .final(let at): at
    }
  }
}
