/// An account asks for a referral code.
public struct CodeRequested: Message {
  public static let type = "code.requested.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var requestedAt: Instant
  /// The code wished for, not checked here: a wish that cannot be a code is answered with `invalid`.
  public var vanity: String?

  public init(request: RequestID, account: AccountID, requestedAt: Instant, vanity: String? = nil) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.vanity = vanity
  }
}

/// An account says in which order its companies get discounts.
public struct CompanyOrderSet: Message {
  public static let type = "companyOrder.set.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var requestedAt: Instant
  public var companies: [CompanyID]

  public init(request: RequestID, account: AccountID, requestedAt: Instant, companies: [CompanyID]) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.companies = companies
  }
}

/// An account wants to pay an invoice from its bonus balance.
public struct SpendRequested: Message {
  public static let type = "bonus.spendRequested.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var requestedAt: Instant
  /// Minor units, at least 1.
  public var amount: Int64
  public var currency: Currency
  public var invoice: InvoiceID
  /// Line kinds to be paid. Free text: the terms say which are allowed (DECISIONS R5).
  public var kinds: [String]

  public init(
    request: RequestID, account: AccountID, requestedAt: Instant, amount: Int64, currency: Currency, invoice: InvoiceID,
    kinds: [String]
  ) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.amount = amount
    self.currency = currency
    self.invoice = invoice
    self.kinds = kinds
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    requestedAt = try fields.decode(Instant.self, forKey: .requestedAt)
    amount = try fields.decode(Int64.self, forKey: .amount)
    currency = try fields.decode(Currency.self, forKey: .currency)
    invoice = try fields.decode(InvoiceID.self, forKey: .invoice)
    kinds = try fields.decode([String].self, forKey: .kinds)
    try fields.requirePositive(amount, .amount)
    try fields.requireBounded(kinds.count, .kinds)
  }
}

/// The invoice of a spend was charged.
public struct SpendCaptured: Message {
  public static let type = "bonus.spendCaptured.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { capturedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var capturedAt: Instant

  public init(request: RequestID, account: AccountID, capturedAt: Instant) {
    self.request = request
    self.account = account
    self.capturedAt = capturedAt
  }
}

/// The invoice of a spend was not charged: the money goes back.
public struct SpendReleased: Message {
  public static let type = "bonus.spendReleased.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { releasedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var releasedAt: Instant

  public init(request: RequestID, account: AccountID, releasedAt: Instant) {
    self.request = request
    self.account = account
    self.releasedAt = releasedAt
  }
}
