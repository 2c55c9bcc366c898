/// What a line of a payment is for.
public enum LineKind: String, Codable, CaseIterable, Hashable, Sendable {
  case plan
  case service
  /// Money put on an account: earns nothing and is no turnover.
  case topUp
}

/// Why a line was cheaper.
public enum DiscountKind: String, Codable, CaseIterable, Hashable, Sendable {
  case promo
  case sale
  case manual
  /// For paying a longer period at once.
  case term
  case loyalty
  case referral
}

/// A discount that a line's amount already contains.
public struct LineDiscount: Codable, Hashable, Sendable {
  public var kind: DiscountKind
  /// Minor units.
  public var amount: Int64

  public init(kind: DiscountKind, amount: Int64) {
    self.kind = kind
    self.amount = amount
  }
}

/// A line of a payment.
public struct PaymentLine: Codable, Hashable, Sendable {
  public var sku: String
  public var kind: LineKind
  /// A service's category, such as `shared-hosting` (PROGRAMS.md, C8).
  public var category: String?
  public var plan: String?
  /// Minor units received for the line, net of its discounts, tax excluded. May be negative (DECISIONS R5).
  public var amount: Int64
  public var discounts: [LineDiscount]?

  public init(
    sku: String, kind: LineKind, category: String? = nil, plan: String? = nil, amount: Int64, discounts: [LineDiscount]? = nil
  ) {
    self.sku = sku
    self.kind = kind
    self.category = category
    self.plan = plan
    self.amount = amount
    self.discounts = discounts
  }
}

/// Money was received.
public struct PaymentSettled: Message {
  public static let type = "payment.settled.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { paidAt }
  public var businessID: String? { payment.value }

  public var payment: PaymentID
  public var account: AccountID
  public var company: CompanyID?
  public var subscription: SubscriptionID?
  public var invoice: InvoiceID?
  public var paidAt: Instant
  public var currency: Currency
  /// At most 1000; with none there is no base.
  public var lines: [PaymentLine]
  /// Informational: `amount` of a line excludes it (DECISIONS A2). Minor units, not negative.
  public var tax: Int64?
  /// The part paid from a bonus balance, which earns nothing. Minor units, not negative.
  public var paidWithBonus: Int64?
  public var promoCode: String?

  public init(
    payment: PaymentID, account: AccountID, company: CompanyID? = nil, subscription: SubscriptionID? = nil,
    invoice: InvoiceID? = nil, paidAt: Instant, currency: Currency, lines: [PaymentLine], tax: Int64? = nil,
    paidWithBonus: Int64? = nil, promoCode: String? = nil
  ) {
    self.payment = payment
    self.account = account
    self.company = company
    self.subscription = subscription
    self.invoice = invoice
    self.paidAt = paidAt
    self.currency = currency
    self.lines = lines
    self.tax = tax
    self.paidWithBonus = paidWithBonus
    self.promoCode = promoCode
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    payment = try fields.decode(PaymentID.self, forKey: .payment)
    account = try fields.decode(AccountID.self, forKey: .account)
    company = try fields.decodeIfPresent(CompanyID.self, forKey: .company)
    subscription = try fields.decodeIfPresent(SubscriptionID.self, forKey: .subscription)
    invoice = try fields.decodeIfPresent(InvoiceID.self, forKey: .invoice)
    paidAt = try fields.decode(Instant.self, forKey: .paidAt)
    currency = try fields.decode(Currency.self, forKey: .currency)
    lines = try fields.decode([PaymentLine].self, forKey: .lines)
    tax = try fields.decodeIfPresent(Int64.self, forKey: .tax)
    paidWithBonus = try fields.decodeIfPresent(Int64.self, forKey: .paidWithBonus)
    promoCode = try fields.decodeIfPresent(String.self, forKey: .promoCode)
    try fields.requireBounded(lines.count, .lines)
    try fields.requireNotNegative(tax, .tax)
    try fields.requireNotNegative(paidWithBonus, .paidWithBonus)
  }
}
