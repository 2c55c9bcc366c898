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
  /// With `paidAt` it tells which version of the terms judges the referrer.
  var attributedAt: Instant
  /// Minor units: half-up(base × rate), above 0.
  var amount: Int64
  var currency: Currency
  /// Minor units.
  var base: Int64
  var rate: BasisPoints
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

/// What a refund, a request for one or a dispute means for the reward of its payment.
enum RewardChange: Stored, Equatable {
  /// - Parameter to: minor units of the reward that are left.
  case reduced(to: Int64, by: RefundID, at: Instant, because: [Because])
  case held(FreezeCause, at: Instant)
  /// A cause to hold it is over, and something of it is left.
  case released(FreezeCause, at: Instant)
  /// A dispute is lost: all that is left is taken back.
  case lost(at: Instant)
  /// In a replay: this instant of its reward has come.
  case due(at: Instant)
  /// Nothing that becomes known of the payment changes the reward any more: its refund window has closed.
  case final(at: Instant)

  var at: Instant {
    switch self {
    case .reduced(_, _, let at, _), .held(_, let at), .released(_, let at), .lost(let at), .due(let at), .final(let at): at
    }
  }
}
