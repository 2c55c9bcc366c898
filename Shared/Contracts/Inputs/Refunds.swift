/// How a dispute ended, seen from the seller.
public enum DisputeOutcome: String, Codable, CaseIterable, Hashable, Sendable {
  case won
  case lost
}

/// The part of a refund that belongs to one line of the payment.
public struct RefundLine: Codable, Hashable, Sendable {
  public var sku: String
  /// Minor units, tax excluded.
  public var amount: Int64

  public init(sku: String, amount: Int64) {
    self.sku = sku
    self.amount = amount
  }
}

/// The payer asked for a refund: the reward is frozen until it is decided.
public struct RefundRequested: Message {
  public static let type = "payment.refundRequested.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { requestedAt }

  public var payment: PaymentID
  public var account: AccountID
  public var requestedAt: Instant

  public init(payment: PaymentID, account: AccountID, requestedAt: Instant) {
    self.payment = payment
    self.account = account
    self.requestedAt = requestedAt
  }
}

/// A refund was declined or the request withdrawn.
public struct RefundDeclined: Message {
  public static let type = "payment.refundDeclined.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { declinedAt }

  public var payment: PaymentID
  public var account: AccountID
  public var declinedAt: Instant

  public init(payment: PaymentID, account: AccountID, declinedAt: Instant) {
    self.payment = payment
    self.account = account
    self.declinedAt = declinedAt
  }
}

/// Money was given back, all or a part.
public struct PaymentRefunded: Message {
  public static let type = "payment.refunded.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { refundedAt }
  public var businessID: String? { refund.value }

  public var refund: RefundID
  public var payment: PaymentID
  public var account: AccountID
  public var refundedAt: Instant
  public var currency: Currency
  /// Minor units, tax excluded, at least 1.
  public var amount: Int64
  /// At most 1000. Without them the refund takes the same share of everything (DECISIONS A9).
  public var lines: [RefundLine]?

  public init(
    refund: RefundID, payment: PaymentID, account: AccountID, refundedAt: Instant, currency: Currency, amount: Int64,
    lines: [RefundLine]? = nil
  ) {
    self.refund = refund
    self.payment = payment
    self.account = account
    self.refundedAt = refundedAt
    self.currency = currency
    self.amount = amount
    self.lines = lines
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    refund = try fields.decode(RefundID.self, forKey: .refund)
    payment = try fields.decode(PaymentID.self, forKey: .payment)
    account = try fields.decode(AccountID.self, forKey: .account)
    refundedAt = try fields.decode(Instant.self, forKey: .refundedAt)
    currency = try fields.decode(Currency.self, forKey: .currency)
    amount = try fields.decode(Int64.self, forKey: .amount)
    lines = try fields.decodeIfPresent([RefundLine].self, forKey: .lines)
    try fields.requirePositive(amount, .amount)
    try fields.requireBounded(lines?.count, .lines)
  }
}

/// The payer's bank disputes a payment: the reward is frozen.
public struct PaymentDisputed: Message {
  public static let type = "payment.disputed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { disputedAt }

  public var payment: PaymentID
  public var account: AccountID
  public var disputedAt: Instant

  public init(payment: PaymentID, account: AccountID, disputedAt: Instant) {
    self.payment = payment
    self.account = account
    self.disputedAt = disputedAt
  }
}

/// A dispute ended. A lost one takes the reward back.
public struct DisputeClosed: Message {
  public static let type = "payment.disputeClosed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { closedAt }

  public var payment: PaymentID
  public var account: AccountID
  public var closedAt: Instant
  public var outcome: DisputeOutcome

  public init(payment: PaymentID, account: AccountID, closedAt: Instant, outcome: DisputeOutcome) {
    self.payment = payment
    self.account = account
    self.closedAt = closedAt
    self.outcome = outcome
  }
}
