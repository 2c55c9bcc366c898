// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// An operator approves a withdrawal that awaits approval (C10).
public struct WithdrawalApproved: Message, Codable, HasRequest {
  public static let type = "withdrawal.approved.v1"
  public static let topic = Topic.decisions
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// Who decided.
  public var `operator`: OperatorID
  /// When.
  public var decidedAt: Instant
  /// For your own records.
  public var note: String?

  public init(
    request: RequestID, account: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil
  ) {
    self.request = request
    self.account = account
    self.`operator` = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    `operator` = try object.required("operator")
    decidedAt = try object.required("decidedAt")
    note = try object.optional("note")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("operator", `operator`)
    json.member("decidedAt", decidedAt)
    json.member("note", note)
    json.endObject()
  }
}

/// An operator rejects a withdrawal that awaits approval. The money is available again.
public struct WithdrawalRejected: Message, Codable, HasRequest {
  public static let type = "withdrawal.rejected.v1"
  public static let topic = Topic.decisions
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// Who decided.
  public var `operator`: OperatorID
  /// When.
  public var decidedAt: Instant
  /// For your own records.
  public var note: String?

  public init(
    request: RequestID, account: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil
  ) {
    self.request = request
    self.account = account
    self.`operator` = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    `operator` = try object.required("operator")
    decidedAt = try object.required("decidedAt")
    note = try object.optional("note")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("operator", `operator`)
    json.member("decidedAt", decidedAt)
    json.member("note", note)
    json.endObject()
  }
}

/// An operator gives a registered account a referrer, as if it had registered with the referrer's code at `decidedAt` (A1e). It is answered
/// by `referral.attributed.v1` or `referral.rejected.v1` with this request.
public struct ReferralAssignRequested: Message, Codable, HasRequest {
  public static let type = "referral.assignRequested.v1"
  public static let topic = Topic.decisions
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  /// Your id of the decision.
  public var request: RequestID
  /// The referee.
  public var account: AccountID
  /// Who referred it.
  public var referrer: AccountID
  /// Who decided.
  public var `operator`: OperatorID
  /// From when on the referral holds.
  public var decidedAt: Instant
  /// For your own records.
  public var note: String?

  public init(
    request: RequestID, account: AccountID, referrer: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil
  ) {
    self.request = request
    self.account = account
    self.referrer = referrer
    self.`operator` = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    referrer = try object.required("referrer")
    `operator` = try object.required("operator")
    decidedAt = try object.required("decidedAt")
    note = try object.optional("note")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("referrer", referrer)
    json.member("operator", `operator`)
    json.member("decidedAt", decidedAt)
    json.member("note", note)
    json.endObject()
  }
}

/// An operator ends a referral. Payments from `decidedAt` on earn nothing; what was earned stays (A1e). It is answered by
/// `referral.ended.v1`, or is a dead letter (`no-referral`).
public struct ReferralEndRequested: Message, Codable, HasRequest {
  public static let type = "referral.endRequested.v1"
  public static let topic = Topic.decisions
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  /// Your id of the decision.
  public var request: RequestID
  /// The referee.
  public var account: AccountID
  /// Who decided.
  public var `operator`: OperatorID
  /// From when on.
  public var decidedAt: Instant
  /// For your own records.
  public var note: String?

  public init(
    request: RequestID, account: AccountID, `operator`: OperatorID, decidedAt: Instant, note: String? = nil
  ) {
    self.request = request
    self.account = account
    self.`operator` = `operator`
    self.decidedAt = decidedAt
    self.note = note
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    `operator` = try object.required("operator")
    decidedAt = try object.required("decidedAt")
    note = try object.optional("note")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("operator", `operator`)
    json.member("decidedAt", decidedAt)
    json.member("note", note)
    json.endObject()
  }
}

/// An operator corrects a balance by hand, up or down (corrected). It is answered by `balance.corrected.v1`.
public struct CorrectionRequested: Message, Codable, HasRequest, HasCurrency {
  public static let type = "balance.correctionRequested.v1"
  public static let topic = Topic.decisions
  public var key: String { account.value }
  public var instant: Instant { decidedAt }
  public var businessID: String? { request.value }

  /// Your id of the decision.
  public var request: RequestID
  /// Whose balance.
  public var account: AccountID
  /// Minor units. What is added. A negative amount is taken away.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// Who decided.
  public var `operator`: OperatorID
  /// When.
  public var decidedAt: Instant
  /// Why. The notice repeats it.
  public var reason: String

  public init(
    request: RequestID, account: AccountID, amount: Int64, currency: Currency, `operator`: OperatorID, decidedAt: Instant, reason: String
  ) {
    self.request = request
    self.account = account
    self.amount = amount
    self.currency = currency
    self.`operator` = `operator`
    self.decidedAt = decidedAt
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    amount = try object.required("amount")
    currency = try object.required("currency")
    `operator` = try object.required("operator")
    decidedAt = try object.required("decidedAt")
    reason = try object.required("reason")
    try object.check(amount != 0, "amount", "0 changes nothing")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("operator", `operator`)
    json.member("decidedAt", decidedAt)
    json.member("reason", reason)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    amount = try fields.decode(Int64.self, forKey: .amount)
    currency = try fields.decode(Currency.self, forKey: .currency)
    `operator` = try fields.decode(OperatorID.self, forKey: .`operator`)
    decidedAt = try fields.decode(Instant.self, forKey: .decidedAt)
    reason = try fields.decode(String.self, forKey: .reason)
    try fields.check(amount != 0, "amount", "0 changes nothing")
  }
}
