/// A new client may buy certain plans cheaper for a while.
public struct OfferOpened: Notice {
  public static let type = "offer.opened.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  public var percent: Int
  public var plans: [String]
  /// Usable strictly before it (DECISIONS T1).
  public var expiresAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, terms: String,
    because: [Because]
  ) {
    self.offer = offer
    self.account = account
    self.percent = percent
    self.plans = plans
    self.expiresAt = expiresAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A welcome offer was used by the client's first payment for one of its plans.
public struct OfferUsed: Notice {
  public static let type = "offer.used.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  public var percent: Int
  public var plans: [String]
  /// Usable strictly before it (DECISIONS T1).
  public var expiresAt: Instant
  public var at: Instant
  public var payment: PaymentID
  public var terms: String
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, payment: PaymentID,
    terms: String, because: [Because]
  ) {
    self.offer = offer
    self.account = account
    self.percent = percent
    self.plans = plans
    self.expiresAt = expiresAt
    self.at = at
    self.payment = payment
    self.terms = terms
    self.because = because
  }
}

/// A welcome offer ran out unused.
public struct OfferExpired: Notice {
  public static let type = "offer.expired.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  public var percent: Int
  public var plans: [String]
  /// Usable strictly before it (DECISIONS T1).
  public var expiresAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, terms: String,
    because: [Because]
  ) {
    self.offer = offer
    self.account = account
    self.percent = percent
    self.plans = plans
    self.expiresAt = expiresAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}
