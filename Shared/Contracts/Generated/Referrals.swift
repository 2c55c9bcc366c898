// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// An account has a referral code.
public struct CodeIssued: Notice, HasRequest {
  public static let type = "code.issued.v1"
  public static let topic = Topic.referrals
  public var key: String { account.value }
  public var instant: Instant { at }

  /// What it answers.
  public var request: RequestID
  /// The code's owner.
  public var account: AccountID
  /// The code.
  public var code: Code
  /// The link to hand out. Empty if the terms name none.
  public var link: String
  /// When it was asked for.
  public var at: Instant
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, account: AccountID, code: Code, link: String, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.account = account
    self.code = code
    self.link = link
    self.at = at
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    code = try object.required("code")
    link = try object.required("link")
    at = try object.required("at")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("code", code)
    json.member("link", link)
    json.member("at", at)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// An account does not get the code that it asked for.
public struct CodeDeclined: Notice, HasRequest {
  public static let type = "code.declined.v1"
  public static let topic = Topic.referrals
  public var key: String { account.value }
  public var instant: Instant { at }

  /// What it answers.
  public var request: RequestID
  /// Who asked.
  public var account: AccountID
  /// When it was asked for.
  public var at: Instant
  /// Why.
  public var reasons: [CodeReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, account: AccountID, at: Instant, reasons: [CodeReason], terms: String, because: [Because]
  ) {
    self.request = request
    self.account = account
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    account = try object.required("account")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("account", account)
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    account = try fields.decode(AccountID.self, forKey: .account)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([CodeReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// A visit of a referral link counts.
public struct ClickCounted: Notice {
  public static let type = "click.counted.v1"
  public static let topic = Topic.referrals
  public var key: String { code.value }
  public var instant: Instant { at }

  /// The code in the link.
  public var code: Code
  /// When the link was visited.
  public var at: Instant
  /// As in `link.visited.v1`.
  public var visitor: String?
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    code: Code, at: Instant, visitor: String? = nil, terms: String, because: [Because]
  ) {
    self.code = code
    self.at = at
    self.visitor = visitor
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    code = try object.required("code")
    at = try object.required("at")
    visitor = try object.optional("visitor")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("at", at)
    json.member("visitor", visitor)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A visit of a referral link does not count.
public struct ClickRejected: Notice {
  public static let type = "click.rejected.v1"
  public static let topic = Topic.referrals
  public var key: String { code.value }
  public var instant: Instant { at }

  /// The code in the link.
  public var code: Code
  /// When the link was visited.
  public var at: Instant
  /// Why.
  public var reasons: [ClickReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    code: Code, at: Instant, reasons: [ClickReason], terms: String, because: [Because]
  ) {
    self.code = code
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    code = try object.required("code")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    code = try fields.decode(Code.self, forKey: .code)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([ClickReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// An account has a referrer from now on.
public struct ReferralAttributed: Notice, HasReferee {
  public static let type = "referral.attributed.v1"
  public static let topic = Topic.referrals
  public var key: String { referee.value }
  public var instant: Instant { attributedAt }

  /// The referral.
  public var referral: ReferralID
  /// Who referred.
  public var referrer: AccountID
  /// Who was referred.
  public var referee: AccountID
  /// The code that was used. Absent if an operator assigned the referral.
  public var code: Code?
  /// Equal to `attributedAt` (A1d).
  public var registeredAt: Instant
  /// From when on the referral holds.
  public var attributedAt: Instant
  /// The operator's decision, if it was one.
  public var request: RequestID?
  /// Who decided, if an operator did.
  public var `operator`: OperatorID?
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referral: ReferralID, referrer: AccountID, referee: AccountID, code: Code? = nil, registeredAt: Instant, attributedAt: Instant, request: RequestID? = nil, `operator`: OperatorID? = nil, terms: String, because: [Because]
  ) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.code = code
    self.registeredAt = registeredAt
    self.attributedAt = attributedAt
    self.request = request
    self.`operator` = `operator`
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referral = try object.required("referral")
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    code = try object.optional("code")
    registeredAt = try object.required("registeredAt")
    attributedAt = try object.required("attributedAt")
    request = try object.optional("request")
    `operator` = try object.optional("operator")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("code", code)
    json.member("registeredAt", registeredAt)
    json.member("attributedAt", attributedAt)
    if json.revision >= 2 { json.member("request", request) }
    if json.revision >= 2 { json.member("operator", `operator`) }
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A registration that names a referral, or an operator's assignment, gives the account no referrer.
public struct ReferralRejected: Notice, HasReferee {
  public static let type = "referral.rejected.v1"
  public static let topic = Topic.referrals
  public var key: String { referee.value }
  public var instant: Instant { at }

  /// The account.
  public var referee: AccountID
  /// The code as the registration gave it.
  public var code: String?
  /// Who would have been the referrer, if known.
  public var referrer: AccountID?
  /// The operator's decision, if it was one.
  public var request: RequestID?
  /// Who decided, if an operator did.
  public var `operator`: OperatorID?
  /// When it registered, or when the operator decided.
  public var at: Instant
  /// Why.
  public var reasons: [AttributionReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referee: AccountID, code: String? = nil, referrer: AccountID? = nil, request: RequestID? = nil, `operator`: OperatorID? = nil, at: Instant, reasons: [AttributionReason], terms: String, because: [Because]
  ) {
    self.referee = referee
    self.code = code
    self.referrer = referrer
    self.request = request
    self.`operator` = `operator`
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referee = try object.required("referee")
    code = try object.optional("code")
    referrer = try object.optional("referrer")
    request = try object.optional("request")
    `operator` = try object.optional("operator")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referee", referee)
    json.member("code", code)
    json.member("referrer", referrer)
    if json.revision >= 2 { json.member("request", request) }
    if json.revision >= 2 { json.member("operator", `operator`) }
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    referee = try fields.decode(AccountID.self, forKey: .referee)
    code = try fields.decodeIfPresent(String.self, forKey: .code)
    referrer = try fields.decodeIfPresent(AccountID.self, forKey: .referrer)
    request = try fields.decodeIfPresent(RequestID.self, forKey: .request)
    `operator` = try fields.decodeIfPresent(OperatorID.self, forKey: .`operator`)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([AttributionReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// An operator ended a referral. Payments from this instant on earn nothing; what was earned stays.
public struct ReferralEnded: Notice, HasReferee, HasRequest {
  public static let type = "referral.ended.v1"
  public static let topic = Topic.referrals
  public var key: String { referee.value }
  public var instant: Instant { at }

  /// The referral.
  public var referral: ReferralID
  /// Who referred.
  public var referrer: AccountID
  /// Who was referred.
  public var referee: AccountID
  /// The operator's decision.
  public var request: RequestID
  /// From when on.
  public var at: Instant
  /// Who decided.
  public var `operator`: OperatorID
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referral: ReferralID, referrer: AccountID, referee: AccountID, request: RequestID, at: Instant, `operator`: OperatorID, terms: String, because: [Because]
  ) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.request = request
    self.at = at
    self.`operator` = `operator`
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referral = try object.required("referral")
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    request = try object.required("request")
    at = try object.required("at")
    `operator` = try object.required("operator")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("request", request)
    json.member("at", at)
    json.member("operator", `operator`)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}
