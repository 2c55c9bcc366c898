import Contracts

/// Internal message from a referee's Activity to its referrer's Allocation: whether the referee is active, now and in the past.
struct ActivityReported: Message {
  static let type = "discounts.activityTold.v1"
  static let topic = Topic.activity
  var key: String { referrer.value }
  var instant: Instant { at }

  var referral: ReferralID
  var referee: AccountID
  var referrer: AccountID
  var attributedAt: Instant
  /// Whether the referee is active by everything that is known.
  var isActive: Bool
  /// The latest instant among the facts behind `isActive`.
  var at: Instant
  /// The instants at which it became active, inactive, active, … alternately. A run needs the activity as of its own instant.
  var turns: [Instant]
  var because: Because
}
