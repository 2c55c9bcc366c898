/// The provider paid.
public struct PayoutSettled: Message {
  public static let type = "payout.settled.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var payout: PayoutID
  public var referrer: AccountID
  public var at: Instant
  /// The provider's own number for the transfer.
  public var reference: String?
  public var reason: String?

  public init(payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }
}

/// The provider did not pay and never will: the money goes back.
public struct PayoutFailed: Message {
  public static let type = "payout.failed.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var payout: PayoutID
  public var referrer: AccountID
  public var at: Instant
  /// The provider's own number for the transfer.
  public var reference: String?
  public var reason: String?

  public init(payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }
}

/// Nobody knows yet whether the provider paid: it stays open and is never instructed again.
public struct PayoutUnknown: Message {
  public static let type = "payout.unknown.v1"
  public static let topic = Topic.payoutResults
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var payout: PayoutID
  public var referrer: AccountID
  public var at: Instant
  /// The provider's own number for the transfer.
  public var reference: String?
  public var reason: String?

  public init(payout: PayoutID, referrer: AccountID, at: Instant, reference: String? = nil, reason: String? = nil) {
    self.payout = payout
    self.referrer = referrer
    self.at = at
    self.reference = reference
    self.reason = reason
  }
}
