// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// The payment provider's adapter is to pay. Give the provider `idempotencyKey`, so that an instruction that is read twice is paid once.
/// Answer with `payout.settled.v1`, `payout.failed.v1` or `payout.unknown.v1`.
public struct PayoutInstructed: Notice, HasPayout, HasRequest, HasCurrency {
  public static let type = "payout.instructed.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The payout. Unique for its program and referrer.
  public var payout: PayoutID
  /// The withdrawal.
  public var request: RequestID
  /// Who is paid.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// The recipient, as in `withdrawal.requested.v1`.
  public var destination: String
  /// From 1.
  public var attempt: Int
  /// Unique for all programs and referrers.
  public var idempotencyKey: String?
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    payout: PayoutID, request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, destination: String, attempt: Int, idempotencyKey: String? = nil, at: Instant, terms: String, because: [Because]
  ) {
    self.payout = payout
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.destination = destination
    self.attempt = attempt
    self.idempotencyKey = idempotencyKey
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payout = try object.required("payout")
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    destination = try object.required("destination")
    attempt = try object.required("attempt")
    idempotencyKey = try object.optional("idempotencyKey")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payout", payout)
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("destination", destination)
    json.member("attempt", attempt)
    if json.revision >= 2 { json.member("idempotencyKey", idempotencyKey) }
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A request to withdraw is being handled.
public struct WithdrawalOpened: Notice, HasRequest, HasCurrency {
  public static let type = "withdrawal.opened.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid (C10).
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// An operator must approve a withdrawal, because its amount is above the program's limit or the program names none for its currency (C10).
public struct WithdrawalAwaitingApproval: Notice, HasRequest, HasCurrency {
  public static let type = "withdrawal.awaitingApproval.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid (C10).
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// The provider paid a withdrawal.
public struct WithdrawalPaid: Notice, HasRequest, HasCurrency {
  public static let type = "withdrawal.paid.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid (C10).
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A payout failed. The money is available again.
public struct WithdrawalFailed: Notice, HasRequest, HasCurrency {
  public static let type = "withdrawal.failed.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid (C10).
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// The provider returned a payout. The money is available again (C10c).
public struct WithdrawalReturned: Notice, HasRequest, HasCurrency {
  public static let type = "withdrawal.returned.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// In which currency.
  public var currency: Currency
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid (C10).
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A withdrawal will not be paid.
public struct WithdrawalDeclined: Notice, HasRequest {
  public static let type = "withdrawal.declined.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it would have been due.
  public var dueAt: Instant?
  /// When.
  public var at: Instant
  /// Why.
  public var reasons: [WithdrawalReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, requestedAt: Instant, dueAt: Instant? = nil, at: Instant, reasons: [WithdrawalReason], terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.optional("dueAt")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    referrer = try fields.decode(AccountID.self, forKey: .referrer)
    requestedAt = try fields.decode(Instant.self, forKey: .requestedAt)
    dueAt = try fields.decodeIfPresent(Instant.self, forKey: .dueAt)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([WithdrawalReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// A withdrawal is still open and its day is near (C10).
public struct WithdrawalDueSoon: Notice, HasRequest {
  public static let type = "withdrawal.dueSoon.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid.
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A withdrawal is still open after its day (C10).
public struct WithdrawalOverdue: Notice, HasRequest {
  public static let type = "withdrawal.overdue.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// The payout, once it is instructed.
  public var payout: PayoutID?
  /// Whose balance.
  public var referrer: AccountID
  /// When it was asked for.
  public var requestedAt: Instant
  /// By when it is to be paid.
  public var dueAt: Instant
  /// When.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, requestedAt: Instant, dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    payout = try object.optional("payout")
    referrer = try object.required("referrer")
    requestedAt = try object.required("requestedAt")
    dueAt = try object.required("dueAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("payout", payout)
    json.member("referrer", referrer)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}
