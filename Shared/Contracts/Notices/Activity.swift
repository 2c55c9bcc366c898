/// A referee counts as active from now on.
public struct ReferralActivated: Notice {
  public static let type = "referral.activated.v1"
  public static let topic = Topic.discounts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var referral: ReferralID
  public var referrer: AccountID
  public var referee: AccountID
  /// The latest among the facts (DECISIONS B2).
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(referral: ReferralID, referrer: AccountID, referee: AccountID, at: Instant, terms: String, because: [Because]) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A referee counts as active no more.
public struct ReferralDeactivated: Notice {
  public static let type = "referral.deactivated.v1"
  public static let topic = Topic.discounts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var referral: ReferralID
  public var referrer: AccountID
  public var referee: AccountID
  /// The latest among the facts (DECISIONS B2).
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(referral: ReferralID, referrer: AccountID, referee: AccountID, at: Instant, terms: String, because: [Because]) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.at = at
    self.terms = terms
    self.because = because
  }
}
