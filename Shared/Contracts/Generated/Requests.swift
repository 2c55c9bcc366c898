// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// An account asks for a referral code. It is answered by `code.issued.v1` or `code.declined.v1`. An account may have several codes.
public struct CodeRequested: Message, Codable, HasRequest {
  public static let type = "code.requested.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  /// Your id of the request.
  public var request: RequestID
  /// Who asks.
  public var account: AccountID
  /// When.
  public var requestedAt: Instant
  /// The code that the owner wants. If absent, a code is derived. It is not checked here; an invalid one is answered with `invalid`.
  public var vanity: String?

  public init(
    request: RequestID, account: AccountID, requestedAt: Instant, vanity: String? = nil
  ) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.vanity = vanity
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    requestedAt = try object.required("requestedAt")
    vanity = try object.optional("vanity")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("requestedAt", requestedAt)
    json.member("vanity", vanity)
    json.endObject()
  }
}

/// In which order the companies of an account receive its monthly discounts (B4). It is answered by `companyOrder.recorded.v1`.
public struct CompanyOrderSet: Message, Codable, HasRequest {
  public static let type = "companyOrder.set.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  /// Your id of the request.
  public var request: RequestID
  /// Who asks.
  public var account: AccountID
  /// When. An order counts for the runs after it.
  public var requestedAt: Instant
  /// The companies, first one first. Companies that are missing follow in order of their first subscription.
  public var companies: [CompanyID]

  public init(
    request: RequestID, account: AccountID, requestedAt: Instant, companies: [CompanyID]
  ) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.companies = companies
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    requestedAt = try object.required("requestedAt")
    companies = try object.required("companies")
    try object.check(companies.count <= 1000, "companies", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("requestedAt", requestedAt)
    json.member("companies", companies)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    requestedAt = try fields.decode(Instant.self, forKey: .requestedAt)
    companies = try fields.decode([CompanyID].self, forKey: .companies)
    try fields.check(companies.count <= 1000, "companies", "more than 1000 entries")
  }
}

/// An account wants to pay from its bonus balance (A6). It is answered by `bonus.reserved.v1` or `bonus.declined.v1`, all or nothing.
public struct SpendRequested: Message, Codable, HasRequest, HasCurrency {
  public static let type = "bonus.spendRequested.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  /// Your id of the spend.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When.
  public var requestedAt: Instant
  /// Minor units. What is to be paid.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// The invoice that is to be paid.
  public var invoice: InvoiceID
  /// The kinds of lines that are to be paid. Free text; the terms say which are allowed.
  public var kinds: [String]

  public init(
    request: RequestID, account: AccountID, requestedAt: Instant, amount: Int64, currency: Currency, invoice: InvoiceID, kinds: [String]
  ) {
    self.request = request
    self.account = account
    self.requestedAt = requestedAt
    self.amount = amount
    self.currency = currency
    self.invoice = invoice
    self.kinds = kinds
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    requestedAt = try object.required("requestedAt")
    amount = try object.required("amount")
    currency = try object.required("currency")
    invoice = try object.required("invoice")
    kinds = try object.required("kinds")
    try object.check(amount >= 1, "amount", "\(amount) is below 1")
    try object.check(kinds.count <= 1000, "kinds", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("requestedAt", requestedAt)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("invoice", invoice)
    json.member("kinds", kinds)
    json.endObject()
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
    try fields.check(amount >= 1, "amount", "\(amount) is below 1")
    try fields.check(kinds.count <= 1000, "kinds", "more than 1000 entries")
  }
}

/// The invoice of a spend was charged. Of captured and released the first one counts.
public struct SpendCaptured: Message, Codable, HasRequest {
  public static let type = "bonus.spendCaptured.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { capturedAt }
  public var businessID: String? { request.value }

  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When it was charged.
  public var capturedAt: Instant

  public init(
    request: RequestID, account: AccountID, capturedAt: Instant
  ) {
    self.request = request
    self.account = account
    self.capturedAt = capturedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    capturedAt = try object.required("capturedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("capturedAt", capturedAt)
    json.endObject()
  }
}

/// The invoice of a spend was not charged. The money is available again.
public struct SpendReleased: Message, Codable, HasRequest {
  public static let type = "bonus.spendReleased.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { releasedAt }
  public var businessID: String? { request.value }

  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When it was released.
  public var releasedAt: Instant

  public init(
    request: RequestID, account: AccountID, releasedAt: Instant
  ) {
    self.request = request
    self.account = account
    self.releasedAt = releasedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    releasedAt = try object.required("releasedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("releasedAt", releasedAt)
    json.endObject()
  }
}

/// An invoice that was paid with bonus money came back, all or a part. The money returns to the balance (A9d).
public struct SpendReturned: Message, Codable, HasRequest {
  public static let type = "bonus.spendReturned.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { returnedAt }
  public var businessID: String? { `return`.value }

  /// Your id of the return. It counts once.
  public var `return`: ReturnID
  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When it came back.
  public var returnedAt: Instant
  /// Minor units. What comes back, never more than was captured. If absent, all that is left.
  public var amount: Int64?

  public init(
    `return`: ReturnID, request: RequestID, account: AccountID, returnedAt: Instant, amount: Int64? = nil
  ) {
    self.`return` = `return`
    self.request = request
    self.account = account
    self.returnedAt = returnedAt
    self.amount = amount
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    `return` = try object.required("return")
    request = try object.required("request")
    account = try object.required("account")
    returnedAt = try object.required("returnedAt")
    amount = try object.optional("amount")
    try object.check(amount.map { $0 >= 1 } ?? true, "amount", "\(amount ?? 0) is below 1")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("return", `return`)
    json.member("request", request)
    json.member("account", account)
    json.member("returnedAt", returnedAt)
    json.member("amount", amount)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    `return` = try fields.decode(ReturnID.self, forKey: .`return`)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    returnedAt = try fields.decode(Instant.self, forKey: .returnedAt)
    amount = try fields.decodeIfPresent(Int64.self, forKey: .amount)
    try fields.check(amount.map { $0 >= 1 } ?? true, "amount", "\(amount ?? 0) is below 1")
  }
}

/// An account wants its balance paid out (C10). It is answered by `withdrawal.opened.v1` or `withdrawal.declined.v1`.
public struct WithdrawalRequested: Message, Codable, HasRequest, HasCurrency {
  public static let type = "withdrawal.requested.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { requestedAt }
  public var businessID: String? { request.value }

  /// Your id of the withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When. The payout is due a fixed time later.
  public var requestedAt: Instant
  /// Minor units. What is to be paid out.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// Your payment provider's id of the recipient. Never an account number.
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    requestedAt = try object.required("requestedAt")
    amount = try object.required("amount")
    currency = try object.required("currency")
    destination = try object.required("destination")
    try object.check(amount >= 1, "amount", "\(amount) is below 1")
    try object.check(1...512 ~= destination.unicodeScalars.count, "destination", "not 1 to 512 characters")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("requestedAt", requestedAt)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("destination", destination)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    requestedAt = try fields.decode(Instant.self, forKey: .requestedAt)
    amount = try fields.decode(Int64.self, forKey: .amount)
    currency = try fields.decode(Currency.self, forKey: .currency)
    destination = try fields.decode(String.self, forKey: .destination)
    try fields.check(amount >= 1, "amount", "\(amount) is below 1")
    try fields.check(1...512 ~= destination.unicodeScalars.count, "destination", "not 1 to 512 characters")
  }
}

/// An account takes its withdrawal back. It works until the payout is instructed.
public struct WithdrawalCanceled: Message, Codable, HasRequest {
  public static let type = "withdrawal.canceled.v1"
  public static let topic = Topic.requests
  public var key: String { account.value }
  public var instant: Instant { canceledAt }
  public var businessID: String? { request.value }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// When.
  public var canceledAt: Instant

  public init(
    request: RequestID, account: AccountID, canceledAt: Instant
  ) {
    self.request = request
    self.account = account
    self.canceledAt = canceledAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    canceledAt = try object.required("canceledAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("canceledAt", canceledAt)
    json.endObject()
  }
}
