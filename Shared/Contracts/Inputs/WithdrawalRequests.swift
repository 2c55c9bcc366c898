/// An account wants its balance paid out.
public struct WithdrawalRequested: Message {
  public static let type = "withdrawal.requested.v1"
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
  /// Where to, in the words of the payment provider adapter. 1 to 512 bytes.
  public var destination: String

  public init(
    request: RequestID, account: AccountID, requestedAt: Instant, amount: Int64, currency: Currency, destination: String
  ) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.amount = amount
    self.currency = currency
    self.destination = destination
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    requestedAt = try fields.decode(Instant.self, forKey: .requestedAt)
    amount = try fields.decode(Int64.self, forKey: .amount)
    currency = try fields.decode(Currency.self, forKey: .currency)
    destination = try fields.decode(String.self, forKey: .destination)
    try fields.requirePositive(amount, .amount)
    try fields.require(1...512 ~= destination.utf8.count, .destination, "not 1 to 512 bytes")
  }
}

/// An account takes its request back; heard until the payout is instructed.
public struct WithdrawalCanceled: Message {
  public static let type = "withdrawal.canceled.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { canceledAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var canceledAt: Instant

  public init(request: RequestID, account: AccountID, canceledAt: Instant) {
    self.request = request
    self.account = account
    self.canceledAt = canceledAt
  }
}

/// An operator lets a large withdrawal pass.
public struct WithdrawalApproved: Message {
  public static let type = "withdrawal.approved.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var `operator`: OperatorID
  public var decidedAt: Instant
  public var note: String?

  public init(request: RequestID, account: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil) {
    self.request = request
    self.account = account
    self.operator = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }
}

/// An operator refuses a large withdrawal.
public struct WithdrawalRejected: Message {
  public static let type = "withdrawal.rejected.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  public var request: RequestID
  public var account: AccountID
  public var `operator`: OperatorID
  public var decidedAt: Instant
  public var note: String?

  public init(request: RequestID, account: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil) {
    self.request = request
    self.account = account
    self.operator = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }
}
