import Contracts

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
  /// Of facts that had come before the payment, in order of arrival. They travel with it, so that none of its timers, which may
  /// be due at once, comes between (DECISIONS T4).
  var changes: [RewardChange] = []
  /// More than this follow it one by one: a record must fit on the bus, however much had come before its payment.
  static let changesMax = 100
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

/// What a refund, a request for one or a dispute means for the reward of its payment.
enum RewardChange: Codable, Equatable, Sendable {
  /// - Parameter to: minor units of the reward that are left.
  case reduced(to: Int64, by: RefundID, at: Instant, because: [Because])
  case held(FreezeCause, at: Instant)
  /// A cause to hold it is over, and something of it is left.
  case released(FreezeCause, at: Instant)
  /// A dispute is lost: all that is left is taken back.
  case lost(at: Instant)
  /// Nothing that becomes known of the payment changes the reward any more: its refund window has closed.
  case final(at: Instant)

  var at: Instant {
    switch self {
    case .reduced(_, _, let at, _), .held(_, let at), .released(_, let at), .lost(let at), .final(let at): at
    }
  }
}
