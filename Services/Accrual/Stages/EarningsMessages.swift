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

/// A refund made a reward smaller.
struct RewardReduced: Message {
  static let type = "accrual.rewardReduced.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { refundedAt }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var refund: RefundID
  var refundedAt: Instant
  /// Minor units: what is left of the reward.
  var amount: Int64
  var because: [Because]
}

/// A refund is asked for, or a payment disputed: its reward is to be held.
struct RewardHeld: Message {
  static let type = "accrual.rewardHeld.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { at }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var cause: FreezeCause
  var at: Instant
}

/// A cause to hold a reward is over, and something of the reward is left.
struct RewardReleased: Message {
  static let type = "accrual.rewardReleased.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { at }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var cause: FreezeCause
  var at: Instant
}

/// A dispute is lost: what is left of the reward is taken back.
struct RewardLost: Message {
  static let type = "accrual.rewardLost.v1"
  static let topic = Topic.earnings
  var key: String { referrer.value }
  var instant: Instant { at }

  var referrer: AccountID
  var referee: AccountID
  var payment: PaymentID
  var at: Instant
}
