import Contracts
import JSON

// The steps from Earnings (who knows the payments of a referee) to the Ledger (who owns the referrer's balance). Internal to this
// service: only its own two stages write and read them.

/// A payment earns a reward, if the referrer may have one.
struct RewardEarned: Message {
  static let type = "accrual.rewardEarned.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { paidAt }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var paidAt: Instant
  /// With `paidAt` it tells which version of the terms judges the referrer and the limits.
  var attributedAt: Instant
  /// What the referral has against it.
  var against: [RewardReason] = []
  var becauseAgainst: [Because] = []
  /// What the account's payments have earned other referrers, where the terms limit that.
  var elsewhere: Accrued?
  /// Minor units, above 0.
  var amount: Int64
  var currency: Currency
  /// Minor units.
  var base: Int64
  /// Absent where the terms give an amount or rates by line.
  var rate: BasisPoints?
  /// Fixed here for good: later terms move neither (row A4).
  var creditAt: Instant
  var availableAt: Instant
  /// It is part of a replay: its timers, which may be due at once, are not set before all of that is through
  /// (`RewardsResumed`).
  var isReplayed = false
  var terms: String
  var because: [Because]
}

/// A payment earns nothing, whoever the referrer is.
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

/// What became of a payment changes its reward.
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

/// A replay is through: what is left to come of its rewards comes by their timers. In one record, so that what is due at once of all of
/// them goes in the order of time.
struct RewardsResumed: Message {
  static let type = "accrual.rewardsResumed.v1"
  static let topic = Topic.earnings
  /// A record must fit on the bus, however much had waited.
  static let paymentsMax = 5000
  var key: String { referrer.value }
  var instant: Instant { at }

  var referrer: AccountID
  var referee: AccountID
  /// In order of accrual.
  var payments: [PaymentID]
  var at: Instant
}

/// What an account's payments have earned a referrer, where the terms limit that. For the account: it may be moved to another referrer,
/// and the limits count for all of them.
struct RewardsCounted: Message {
  static let type = "accrual.rewardsCounted.v1"
  static let topic = Topic.counts
  var key: String { referee.value }
  var instant: Instant { at }

  var referee: AccountID
  var referrer: AccountID
  var accrued: Accrued
  var at: Instant
}

/// What payments of an account have earned; refunds give nothing back (DECISIONS, "terms of reward").
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

/// What takes a part of a reward, or gives it back: a refund, or else a dispute.
struct RewardTaking: Stored, Equatable {
  var refund: RefundID?
  /// Absent if the dispute has no id.
  var dispute: DisputeID?
}

/// What a refund, a request for one or a dispute means for the reward of its payment.
enum RewardChange: Stored, Equatable {
  /// Refunds and lost disputes leave so much of the whole reward, minor units: less than before, or more.
  ///
  /// - Parameter heldBy: what is open at this instant, for a reward of which something is left again.
  case left(Int64, by: RewardTaking, at: Instant, because: [Because], heldBy: [FreezeCause])
  case held(FreezeCause, at: Instant)
  /// A cause to hold it is over, and something of it is left.
  case released(FreezeCause, at: Instant)
  /// In a replay: this instant of its reward has come.
  case due(at: Instant)
  /// Nothing that becomes known of the payment changes the reward any more: its refund window has closed.
  case final(at: Instant)

  var at: Instant {
    switch self {
    case .left(_, _, let at, _, _), .held(_, let at), .released(_, let at), .due(let at), .final(let at): at
    }
  }
}
