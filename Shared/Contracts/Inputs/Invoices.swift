/// A line of an invoice. Laurel makes no decision on it.
public struct InvoiceLine: Codable, Hashable, Sendable {
  public var sku: String
  /// Minor units.
  public var amount: Int64
  public var kind: LineKind?
  public var category: String?
  public var plan: String?

  public init(sku: String, amount: Int64, kind: LineKind? = nil, category: String? = nil, plan: String? = nil) {
    self.sku = sku
    self.amount = amount
    self.kind = kind
    self.category = category
    self.plan = plan
  }
}

/// An invoice was written.
public struct InvoiceIssued: Message {
  public static let type = "invoice.issued.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { issuedAt }
  public var businessID: String? { invoice.value }

  public var invoice: InvoiceID
  public var account: AccountID
  public var company: CompanyID
  public var subscription: SubscriptionID?
  public var issuedAt: Instant
  public var dueAt: Instant
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  /// At most 1000.
  public var lines: [InvoiceLine]?
  /// The tier discount that billing took into account.
  public var discountAssignment: AssignmentID?

  public init(
    invoice: InvoiceID, account: AccountID, company: CompanyID, subscription: SubscriptionID? = nil, issuedAt: Instant,
    dueAt: Instant, amount: Int64, currency: Currency, lines: [InvoiceLine]? = nil, discountAssignment: AssignmentID? = nil
  ) {
    self.invoice = invoice
    self.account = account
    self.company = company
    self.subscription = subscription
    self.issuedAt = issuedAt
    self.dueAt = dueAt
    self.amount = amount
    self.currency = currency
    self.lines = lines
    self.discountAssignment = discountAssignment
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    invoice = try fields.decode(InvoiceID.self, forKey: .invoice)
    account = try fields.decode(AccountID.self, forKey: .account)
    company = try fields.decode(CompanyID.self, forKey: .company)
    subscription = try fields.decodeIfPresent(SubscriptionID.self, forKey: .subscription)
    issuedAt = try fields.decode(Instant.self, forKey: .issuedAt)
    dueAt = try fields.decode(Instant.self, forKey: .dueAt)
    amount = try fields.decode(Int64.self, forKey: .amount)
    currency = try fields.decode(Currency.self, forKey: .currency)
    lines = try fields.decodeIfPresent([InvoiceLine].self, forKey: .lines)
    discountAssignment = try fields.decodeIfPresent(AssignmentID.self, forKey: .discountAssignment)
    try fields.requireBounded(lines?.count, .lines)
  }
}

/// An invoice is paid. Only this or its voiding ends it, not a payment (DECISIONS B6).
public struct InvoiceSettled: Message {
  public static let type = "invoice.settled.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { settledAt }
  public var businessID: String? { invoice.value }

  public var invoice: InvoiceID
  public var account: AccountID
  public var company: CompanyID
  public var settledAt: Instant

  public init(invoice: InvoiceID, account: AccountID, company: CompanyID, settledAt: Instant) {
    self.invoice = invoice
    self.account = account
    self.company = company
    self.settledAt = settledAt
  }
}

/// An invoice is withdrawn.
public struct InvoiceVoided: Message {
  public static let type = "invoice.voided.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { voidedAt }
  public var businessID: String? { invoice.value }

  public var invoice: InvoiceID
  public var account: AccountID
  public var company: CompanyID
  public var voidedAt: Instant

  public init(invoice: InvoiceID, account: AccountID, company: CompanyID, voidedAt: Instant) {
    self.invoice = invoice
    self.account = account
    self.company = company
    self.voidedAt = voidedAt
  }
}
