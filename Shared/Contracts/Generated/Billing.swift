// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// A subscription began or changed. The message holds its whole new state.
public struct SubscriptionChanged: Message, Codable, HasCompany {
  public static let type = "subscription.changed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { changedAt }

  /// The subscription.
  public var subscription: SubscriptionID
  /// The account that pays.
  public var account: AccountID
  /// The company that it belongs to.
  public var company: CompanyID
  /// The plan's name.
  public var plan: String
  /// When it changed.
  public var changedAt: Instant
  /// Its state from this instant on.
  public var status: SubscriptionStatus
  /// When its trial ends. It holds even if later messages leave it out (B2).
  public var trialEndsAt: Instant?
  /// When it is charged next. No rule uses it.
  public var nextChargeAt: Instant?
  /// An earlier subscription that this one continues. It takes over the trial, the changes to active and the payments (B2).
  public var replaces: SubscriptionID?

  public init(
    subscription: SubscriptionID, account: AccountID, company: CompanyID, plan: String, changedAt: Instant, status: SubscriptionStatus, trialEndsAt: Instant? = nil, nextChargeAt: Instant? = nil, replaces: SubscriptionID? = nil
  ) {
    self.subscription = subscription
    self.account = account
    self.company = company
    self.plan = plan
    self.changedAt = changedAt
    self.status = status
    self.trialEndsAt = trialEndsAt
    self.nextChargeAt = nextChargeAt
    self.replaces = replaces
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    subscription = try object.required("subscription")
    account = try object.required("account")
    company = try object.required("company")
    plan = try object.required("plan")
    changedAt = try object.required("changedAt")
    status = try object.required("status")
    trialEndsAt = try object.optional("trialEndsAt")
    nextChargeAt = try object.optional("nextChargeAt")
    replaces = try object.optional("replaces")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("account", account)
    json.member("company", company)
    json.member("plan", plan)
    json.member("changedAt", changedAt)
    json.member("status", status)
    json.member("trialEndsAt", trialEndsAt)
    json.member("nextChargeAt", nextChargeAt)
    if json.revision >= 2 { json.member("replaces", replaces) }
    json.endObject()
  }
}

/// A company of an account ended. Its unused discount is voided (B8). A later change of one of its subscriptions to `active` opens it again.
public struct CompanyClosed: Message, Codable, HasCompany {
  public static let type = "company.closed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { closedAt }

  /// The company.
  public var company: CompanyID
  /// Its account.
  public var account: AccountID
  /// When it ended.
  public var closedAt: Instant

  public init(
    company: CompanyID, account: AccountID, closedAt: Instant
  ) {
    self.company = company
    self.account = account
    self.closedAt = closedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    company = try object.required("company")
    account = try object.required("account")
    closedAt = try object.required("closedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("account", account)
    json.member("closedAt", closedAt)
    json.endObject()
  }
}

/// An invoice was issued. The first one of a company after a monthly run uses its discount (B7). One of 0 or less uses nothing and is never overdue (R6).
public struct InvoiceIssued: Message, Codable, HasCompany, HasCurrency {
  public static let type = "invoice.issued.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { issuedAt }

  /// The invoice.
  public var invoice: InvoiceID
  /// The account that pays.
  public var account: AccountID
  /// The company that is charged.
  public var company: CompanyID
  /// The subscription that is charged.
  public var subscription: SubscriptionID?
  /// When it was issued.
  public var issuedAt: Instant
  /// By when it must be paid. Later it is overdue (B6).
  public var dueAt: Instant
  /// Minor units. What is charged.
  public var amount: Int64
  /// The currency of the amounts.
  public var currency: Currency
  /// What is charged for.
  public var lines: [InvoiceLine]?
  /// The monthly discount that your billing system took into account.
  public var discountAssignment: AssignmentID?

  public init(
    invoice: InvoiceID, account: AccountID, company: CompanyID, subscription: SubscriptionID? = nil, issuedAt: Instant, dueAt: Instant, amount: Int64, currency: Currency, lines: [InvoiceLine]? = nil, discountAssignment: AssignmentID? = nil
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    invoice = try object.required("invoice")
    account = try object.required("account")
    company = try object.required("company")
    subscription = try object.optional("subscription")
    issuedAt = try object.required("issuedAt")
    dueAt = try object.required("dueAt")
    amount = try object.required("amount")
    currency = try object.required("currency")
    lines = try object.optional("lines")
    discountAssignment = try object.optional("discountAssignment")
    try object.check(lines.map { $0.count <= 1000 } ?? true, "lines", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invoice", invoice)
    json.member("account", account)
    json.member("company", company)
    json.member("subscription", subscription)
    json.member("issuedAt", issuedAt)
    json.member("dueAt", dueAt)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("lines", lines)
    json.member("discountAssignment", discountAssignment)
    json.endObject()
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
    try fields.check(lines.map { $0.count <= 1000 } ?? true, "lines", "more than 1000 entries")
  }
}

/// An invoice is paid. A payment alone does not end it (B6).
public struct InvoiceSettled: Message, Codable, HasCompany {
  public static let type = "invoice.settled.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { settledAt }

  /// The invoice.
  public var invoice: InvoiceID
  /// The account that pays.
  public var account: AccountID
  /// The company that was charged.
  public var company: CompanyID
  /// When it was paid.
  public var settledAt: Instant

  public init(
    invoice: InvoiceID, account: AccountID, company: CompanyID, settledAt: Instant
  ) {
    self.invoice = invoice
    self.account = account
    self.company = company
    self.settledAt = settledAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    invoice = try object.required("invoice")
    account = try object.required("account")
    company = try object.required("company")
    settledAt = try object.required("settledAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invoice", invoice)
    json.member("account", account)
    json.member("company", company)
    json.member("settledAt", settledAt)
    json.endObject()
  }
}

/// An invoice was withdrawn. If it had used a discount, the next invoice can use it (B7).
public struct InvoiceVoided: Message, Codable, HasCompany {
  public static let type = "invoice.voided.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { voidedAt }

  /// The invoice.
  public var invoice: InvoiceID
  /// The account that was to pay.
  public var account: AccountID
  /// The company that was charged.
  public var company: CompanyID
  /// When it was withdrawn.
  public var voidedAt: Instant

  public init(
    invoice: InvoiceID, account: AccountID, company: CompanyID, voidedAt: Instant
  ) {
    self.invoice = invoice
    self.account = account
    self.company = company
    self.voidedAt = voidedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    invoice = try object.required("invoice")
    account = try object.required("account")
    company = try object.required("company")
    voidedAt = try object.required("voidedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invoice", invoice)
    json.member("account", account)
    json.member("company", company)
    json.member("voidedAt", voidedAt)
    json.endObject()
  }
}

/// Money was received. This is what rewards are computed from.
public struct PaymentSettled: Message, Codable, HasPayment, HasCurrency {
  public static let type = "payment.settled.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { paidAt }
  public var businessID: String? { payment.value }

  /// Your id of the payment. Send it as often as you like; with the account it counts once.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// The company that paid.
  public var company: CompanyID?
  /// The subscription that was paid. Active referrals (B2) need it.
  public var subscription: SubscriptionID?
  /// The invoice that was paid.
  public var invoice: InvoiceID?
  /// When the money was received. It decides which terms apply.
  public var paidAt: Instant
  /// The currency of all amounts. Currencies never mix.
  public var currency: Currency
  /// What was paid for. With no line there is nothing to earn from.
  public var lines: [PaymentLine]
  /// Minor units. Informational. The amounts of the lines exclude it.
  public var tax: Int64?
  /// Minor units. The part that was paid from a bonus balance. It earns nothing.
  public var paidWithBonus: Int64?
  /// The promo code of the order. A blank one is ignored.
  public var promoCode: String?

  public init(
    payment: PaymentID, account: AccountID, company: CompanyID? = nil, subscription: SubscriptionID? = nil, invoice: InvoiceID? = nil, paidAt: Instant, currency: Currency, lines: [PaymentLine], tax: Int64? = nil, paidWithBonus: Int64? = nil, promoCode: String? = nil
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payment = try object.required("payment")
    account = try object.required("account")
    company = try object.optional("company")
    subscription = try object.optional("subscription")
    invoice = try object.optional("invoice")
    paidAt = try object.required("paidAt")
    currency = try object.required("currency")
    lines = try object.required("lines")
    tax = try object.optional("tax")
    paidWithBonus = try object.optional("paidWithBonus")
    promoCode = try object.optional("promoCode")
    try object.check(lines.count <= 1000, "lines", "more than 1000 entries")
    try object.check(tax.map { $0 >= 0 } ?? true, "tax", "\(tax ?? 0) is below 0")
    try object.check(paidWithBonus.map { $0 >= 0 } ?? true, "paidWithBonus", "\(paidWithBonus ?? 0) is below 0")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("company", company)
    json.member("subscription", subscription)
    json.member("invoice", invoice)
    json.member("paidAt", paidAt)
    json.member("currency", currency)
    json.member("lines", lines)
    json.member("tax", tax)
    json.member("paidWithBonus", paidWithBonus)
    json.member("promoCode", promoCode)
    json.endObject()
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
    try fields.check(lines.count <= 1000, "lines", "more than 1000 entries")
    try fields.check(tax.map { $0 >= 0 } ?? true, "tax", "\(tax ?? 0) is below 0")
    try fields.check(paidWithBonus.map { $0 >= 0 } ?? true, "paidWithBonus", "\(paidWithBonus ?? 0) is below 0")
  }
}

/// The payer asks for a refund. The reward is frozen until the request ends (C7).
public struct RefundRequested: Message, Codable, HasPayment {
  public static let type = "payment.refundRequested.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { requestedAt }

  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When it was asked for.
  public var requestedAt: Instant

  public init(
    payment: PaymentID, account: AccountID, requestedAt: Instant
  ) {
    self.payment = payment
    self.account = account
    self.requestedAt = requestedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payment = try object.required("payment")
    account = try object.required("account")
    requestedAt = try object.required("requestedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("requestedAt", requestedAt)
    json.endObject()
  }
}

/// A refund was declined, or its request was withdrawn. The reward is free again.
public struct RefundDeclined: Message, Codable, HasPayment {
  public static let type = "payment.refundDeclined.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { declinedAt }

  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When it was declined.
  public var declinedAt: Instant

  public init(
    payment: PaymentID, account: AccountID, declinedAt: Instant
  ) {
    self.payment = payment
    self.account = account
    self.declinedAt = declinedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payment = try object.required("payment")
    account = try object.required("account")
    declinedAt = try object.required("declinedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("declinedAt", declinedAt)
    json.endObject()
  }
}

/// Money went back to the payer, all or a part. The reward is reduced in proportion (A9).
public struct PaymentRefunded: Message, Codable, HasPayment, HasCurrency {
  public static let type = "payment.refunded.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { refundedAt }
  public var businessID: String? { refund.value }

  /// Your id of the refund. With the account it counts once.
  public var refund: RefundID
  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When the money went back.
  public var refundedAt: Instant
  /// The payment's currency. Another one is malformed.
  public var currency: Currency
  /// Minor units. What went back, without tax. 0 takes nothing and ends the request.
  public var amount: Int64
  /// The lines that it belongs to. Without them it takes the same share of all that is left.
  public var lines: [RefundLine]?

  public init(
    refund: RefundID, payment: PaymentID, account: AccountID, refundedAt: Instant, currency: Currency, amount: Int64, lines: [RefundLine]? = nil
  ) {
    self.refund = refund
    self.payment = payment
    self.account = account
    self.refundedAt = refundedAt
    self.currency = currency
    self.amount = amount
    self.lines = lines
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    refund = try object.required("refund")
    payment = try object.required("payment")
    account = try object.required("account")
    refundedAt = try object.required("refundedAt")
    currency = try object.required("currency")
    amount = try object.required("amount")
    lines = try object.optional("lines")
    try object.check(amount >= 0, "amount", "\(amount) is below 0")
    try object.check(lines.map { $0.count <= 1000 } ?? true, "lines", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refund", refund)
    json.member("payment", payment)
    json.member("account", account)
    json.member("refundedAt", refundedAt)
    json.member("currency", currency)
    json.member("amount", amount)
    json.member("lines", lines)
    json.endObject()
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
    try fields.check(amount >= 0, "amount", "\(amount) is below 0")
    try fields.check(lines.map { $0.count <= 1000 } ?? true, "lines", "more than 1000 entries")
  }
}

/// A refund did not reach the payer and the money is back. It is undone as if it had never been (A9c).
public struct RefundFailed: Message, Codable, HasPayment {
  public static let type = "payment.refundFailed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { failedAt }
  public var businessID: String? { refund.value }

  /// The refund.
  public var refund: RefundID
  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When it failed.
  public var failedAt: Instant

  public init(
    refund: RefundID, payment: PaymentID, account: AccountID, failedAt: Instant
  ) {
    self.refund = refund
    self.payment = payment
    self.account = account
    self.failedAt = failedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    refund = try object.required("refund")
    payment = try object.required("payment")
    account = try object.required("account")
    failedAt = try object.required("failedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refund", refund)
    json.member("payment", payment)
    json.member("account", account)
    json.member("failedAt", failedAt)
    json.endObject()
  }
}

/// The payer's bank disputes a payment (a chargeback or an inquiry). The reward is frozen until all disputes of the payment are closed (C7c).
public struct PaymentDisputed: Message, Codable, HasPayment {
  public static let type = "payment.disputed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { disputedAt }

  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When the dispute was opened.
  public var disputedAt: Instant
  /// Your id of the dispute. Without it a payment has one dispute.
  public var dispute: DisputeID?
  /// Minor units. The disputed amount, without tax. If absent, all that is left of the payment.
  public var amount: Int64?

  public init(
    payment: PaymentID, account: AccountID, disputedAt: Instant, dispute: DisputeID? = nil, amount: Int64? = nil
  ) {
    self.payment = payment
    self.account = account
    self.disputedAt = disputedAt
    self.dispute = dispute
    self.amount = amount
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payment = try object.required("payment")
    account = try object.required("account")
    disputedAt = try object.required("disputedAt")
    dispute = try object.optional("dispute")
    amount = try object.optional("amount")
    try object.check(amount.map { $0 >= 0 } ?? true, "amount", "\(amount ?? 0) is below 0")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("disputedAt", disputedAt)
    if json.revision >= 2 { json.member("dispute", dispute) }
    if json.revision >= 2 { json.member("amount", amount) }
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    payment = try fields.decode(PaymentID.self, forKey: .payment)
    account = try fields.decode(AccountID.self, forKey: .account)
    disputedAt = try fields.decode(Instant.self, forKey: .disputedAt)
    dispute = try fields.decodeIfPresent(DisputeID.self, forKey: .dispute)
    amount = try fields.decodeIfPresent(Int64.self, forKey: .amount)
    try fields.check(amount.map { $0 >= 0 } ?? true, "amount", "\(amount ?? 0) is below 0")
  }
}

/// A dispute ended. A lost one takes the reward's share of its amount (C7c).
public struct DisputeClosed: Message, Codable, HasPayment {
  public static let type = "payment.disputeClosed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { closedAt }

  /// The payment.
  public var payment: PaymentID
  /// The payer.
  public var account: AccountID
  /// When it ended. Of one dispute the latest outcome holds.
  public var closedAt: Instant
  /// How it ended.
  public var outcome: DisputeOutcome
  /// The id that the dispute was opened with.
  public var dispute: DisputeID?

  public init(
    payment: PaymentID, account: AccountID, closedAt: Instant, outcome: DisputeOutcome, dispute: DisputeID? = nil
  ) {
    self.payment = payment
    self.account = account
    self.closedAt = closedAt
    self.outcome = outcome
    self.dispute = dispute
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    payment = try object.required("payment")
    account = try object.required("account")
    closedAt = try object.required("closedAt")
    outcome = try object.required("outcome")
    dispute = try object.optional("dispute")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("account", account)
    json.member("closedAt", closedAt)
    json.member("outcome", outcome)
    if json.revision >= 2 { json.member("dispute", dispute) }
    json.endObject()
  }
}
