// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// A new referee can buy certain plans cheaper for a while (A5).
public struct OfferOpened: Notice {
  public static let type = "offer.opened.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The offer.
  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  /// How much cheaper.
  public var percent: Int
  /// The plans that it is for.
  public var plans: [String]
  /// A payment before this instant can use it (T1).
  public var expiresAt: Instant
  /// When it was opened.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    offer = try object.required("offer")
    account = try object.required("account")
    percent = try object.required("percent")
    plans = try object.required("plans")
    expiresAt = try object.required("expiresAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("offer", offer)
    json.member("account", account)
    json.member("percent", percent)
    json.member("plans", plans)
    json.member("expiresAt", expiresAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    offer = try fields.decode(OfferID.self, forKey: .offer)
    account = try fields.decode(AccountID.self, forKey: .account)
    percent = try fields.decode(Int.self, forKey: .percent)
    plans = try fields.decode([String].self, forKey: .plans)
    expiresAt = try fields.decode(Instant.self, forKey: .expiresAt)
    at = try fields.decode(Instant.self, forKey: .at)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }
}

/// The referee's first payment for one of the plans used the welcome offer.
public struct OfferUsed: Notice, HasPayment {
  public static let type = "offer.used.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The offer.
  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  /// How much cheaper.
  public var percent: Int
  /// The plans that it is for.
  public var plans: [String]
  /// When it would have expired.
  public var expiresAt: Instant
  /// When the payment was made.
  public var at: Instant
  /// The payment.
  public var payment: PaymentID
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, payment: PaymentID, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    offer = try object.required("offer")
    account = try object.required("account")
    percent = try object.required("percent")
    plans = try object.required("plans")
    expiresAt = try object.required("expiresAt")
    at = try object.required("at")
    payment = try object.required("payment")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("offer", offer)
    json.member("account", account)
    json.member("percent", percent)
    json.member("plans", plans)
    json.member("expiresAt", expiresAt)
    json.member("at", at)
    json.member("payment", payment)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    offer = try fields.decode(OfferID.self, forKey: .offer)
    account = try fields.decode(AccountID.self, forKey: .account)
    percent = try fields.decode(Int.self, forKey: .percent)
    plans = try fields.decode([String].self, forKey: .plans)
    expiresAt = try fields.decode(Instant.self, forKey: .expiresAt)
    at = try fields.decode(Instant.self, forKey: .at)
    payment = try fields.decode(PaymentID.self, forKey: .payment)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }
}

/// A welcome offer was not used in time. The referral stays.
public struct OfferExpired: Notice {
  public static let type = "offer.expired.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The offer.
  public var offer: OfferID
  /// The referee.
  public var account: AccountID
  /// How much cheaper.
  public var percent: Int
  /// The plans that it is for.
  public var plans: [String]
  /// A payment before this instant can use it (T1).
  public var expiresAt: Instant
  /// When it was opened.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    offer: OfferID, account: AccountID, percent: Int, plans: [String], expiresAt: Instant, at: Instant, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    offer = try object.required("offer")
    account = try object.required("account")
    percent = try object.required("percent")
    plans = try object.required("plans")
    expiresAt = try object.required("expiresAt")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("offer", offer)
    json.member("account", account)
    json.member("percent", percent)
    json.member("plans", plans)
    json.member("expiresAt", expiresAt)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    offer = try fields.decode(OfferID.self, forKey: .offer)
    account = try fields.decode(AccountID.self, forKey: .account)
    percent = try fields.decode(Int.self, forKey: .percent)
    plans = try fields.decode([String].self, forKey: .plans)
    expiresAt = try fields.decode(Instant.self, forKey: .expiresAt)
    at = try fields.decode(Instant.self, forKey: .at)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(plans.count <= 1000, "plans", "more than 1000 entries")
  }
}

/// A referral counts as active from now on (B2).
public struct ReferralActivated: Notice, HasReferee {
  public static let type = "referral.activated.v1"
  public static let topic = Topic.discounts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The referral.
  public var referral: ReferralID
  /// Who referred.
  public var referrer: AccountID
  /// Who was referred.
  public var referee: AccountID
  /// The latest instant among the facts.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referral: ReferralID, referrer: AccountID, referee: AccountID, at: Instant, terms: String, because: [Because]
  ) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referral = try object.required("referral")
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A referral no longer counts as active (B2).
public struct ReferralDeactivated: Notice, HasReferee {
  public static let type = "referral.deactivated.v1"
  public static let topic = Topic.discounts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The referral.
  public var referral: ReferralID
  /// Who referred.
  public var referrer: AccountID
  /// Who was referred.
  public var referee: AccountID
  /// The latest instant among the facts.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referral: ReferralID, referrer: AccountID, referee: AccountID, at: Instant, terms: String, because: [Because]
  ) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referral = try object.required("referral")
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A monthly run gave a company a discount on its next invoice (B4, B5).
public struct DiscountAssigned: Notice, HasCompany {
  public static let type = "discount.assigned.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { asOf }

  /// The discount.
  public var assignment: AssignmentID
  /// The company's account.
  public var account: AccountID
  /// The company.
  public var company: CompanyID
  /// The local month of the run.
  public var period: String
  /// The discount.
  public var percent: Int
  /// The account's active referrals at the run.
  public var activeReferrals: Int
  /// How many of them this company takes.
  public var slots: Int
  /// The instant of the run.
  public var asOf: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, percent: Int, activeReferrals: Int, slots: Int, asOf: Instant, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.percent = percent
    self.activeReferrals = activeReferrals
    self.slots = slots
    self.asOf = asOf
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    assignment = try object.required("assignment")
    account = try object.required("account")
    company = try object.required("company")
    period = try object.required("period")
    percent = try object.required("percent")
    activeReferrals = try object.required("activeReferrals")
    slots = try object.required("slots")
    asOf = try object.required("asOf")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("assignment", assignment)
    json.member("account", account)
    json.member("company", company)
    json.member("period", period)
    json.member("percent", percent)
    json.member("activeReferrals", activeReferrals)
    json.member("slots", slots)
    json.member("asOf", asOf)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A monthly run gave an account no discount.
public struct DiscountSkipped: Notice {
  public static let type = "discount.skipped.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { asOf }

  /// The account.
  public var account: AccountID
  /// The local month of the run.
  public var period: String
  /// The instant of the run.
  public var asOf: Instant
  /// Why; every reason that holds.
  public var reasons: [SkipReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    account: AccountID, period: String, asOf: Instant, reasons: [SkipReason], terms: String, because: [Because]
  ) {
    self.account = account
    self.period = period
    self.asOf = asOf
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    period = try object.required("period")
    asOf = try object.required("asOf")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("period", period)
    json.member("asOf", asOf)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    account = try fields.decode(AccountID.self, forKey: .account)
    period = try fields.decode(String.self, forKey: .period)
    asOf = try fields.decode(Instant.self, forKey: .asOf)
    reasons = try fields.decode([SkipReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// An invoice used a discount (B7).
public struct DiscountApplied: Notice, HasCompany {
  public static let type = "discount.applied.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The discount.
  public var assignment: AssignmentID
  /// The company's account.
  public var account: AccountID
  /// The company.
  public var company: CompanyID
  /// The month of the run that assigned it.
  public var period: String
  /// The invoice.
  public var invoice: InvoiceID
  /// The discount.
  public var percent: Int
  /// When the invoice was issued.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, invoice: InvoiceID, percent: Int, at: Instant, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.invoice = invoice
    self.percent = percent
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    assignment = try object.required("assignment")
    account = try object.required("account")
    company = try object.required("company")
    period = try object.required("period")
    invoice = try object.required("invoice")
    percent = try object.required("percent")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("assignment", assignment)
    json.member("account", account)
    json.member("company", company)
    json.member("period", period)
    json.member("invoice", invoice)
    json.member("percent", percent)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A discount ended unused.
public struct DiscountVoided: Notice, HasCompany {
  public static let type = "discount.voided.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The discount.
  public var assignment: AssignmentID
  /// The company's account.
  public var account: AccountID
  /// The company.
  public var company: CompanyID
  /// The month of the run that assigned it.
  public var period: String
  /// When.
  public var at: Instant
  /// Why.
  public var reason: VoidReason
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, at: Instant, reason: VoidReason, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.at = at
    self.reason = reason
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    assignment = try object.required("assignment")
    account = try object.required("account")
    company = try object.required("company")
    period = try object.required("period")
    at = try object.required("at")
    reason = try object.required("reason")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("assignment", assignment)
    json.member("account", account)
    json.member("company", company)
    json.member("period", period)
    json.member("at", at)
    json.member("reason", reason)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// The invoice that had used a discount was voided. The next invoice can use it (B7).
public struct DiscountRestored: Notice, HasCompany {
  public static let type = "discount.restored.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// The discount.
  public var assignment: AssignmentID
  /// The company's account.
  public var account: AccountID
  /// The company.
  public var company: CompanyID
  /// The month of the run that assigned it.
  public var period: String
  /// The invoice that was voided.
  public var invoice: InvoiceID
  /// When it was voided.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, invoice: InvoiceID, at: Instant, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.invoice = invoice
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    assignment = try object.required("assignment")
    account = try object.required("account")
    company = try object.required("company")
    period = try object.required("period")
    invoice = try object.required("invoice")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("assignment", assignment)
    json.member("account", account)
    json.member("company", company)
    json.member("period", period)
    json.member("invoice", invoice)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// An order of companies was recorded (B9b).
public struct CompanyOrderRecorded: Notice, HasRequest {
  public static let type = "companyOrder.recorded.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  /// What it answers.
  public var request: RequestID
  /// Who asked.
  public var account: AccountID
  /// The companies as asked for.
  public var companies: [CompanyID]
  /// Those of them that have no subscription yet.
  public var unknown: [CompanyID]
  /// When it was asked for.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, account: AccountID, companies: [CompanyID], unknown: [CompanyID], at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.account = account
    self.companies = companies
    self.unknown = unknown
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    companies = try object.required("companies")
    unknown = try object.required("unknown")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(companies.count <= 1000, "companies", "more than 1000 entries")
    try object.check(unknown.count <= 1000, "unknown", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("companies", companies)
    json.member("unknown", unknown)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    companies = try fields.decode([CompanyID].self, forKey: .companies)
    unknown = try fields.decode([CompanyID].self, forKey: .unknown)
    at = try fields.decode(Instant.self, forKey: .at)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(companies.count <= 1000, "companies", "more than 1000 entries")
    try fields.check(unknown.count <= 1000, "unknown", "more than 1000 entries")
  }
}
