import Contracts

/// From a referee's Activity to its referrer's Allocation: how active the referee is, now and in the past.
struct ActivityTold: Message {
  static let type = "discounts.activityTold.v1"
  static let topic = Topic.activity
  var key: String { referrer.value }
  var instant: Instant { at }

  var referral: ReferralID
  var referee: AccountID
  var referrer: AccountID
  var attributedAt: Instant
  /// By all that is known.
  var isActive: Bool
  /// The latest among the facts that make it so.
  var at: Instant
  /// The instants at which it became active, inactive, active, … in turn: a run asks what held at its own instant.
  var turns: [Instant]
  var because: Because
}
