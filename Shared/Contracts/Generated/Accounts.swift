// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// An account was created. Its first registration decides whether it has a referrer. Registering again with another
/// body is rejected (R4).
public struct AccountRegistered: Message, Codable {
  public static let type = "account.registered.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { registeredAt }

  /// The new account.
  public var account: AccountID
  /// When it was created. A referral begins at this instant.
  public var registeredAt: Instant
  /// What the account is in law. Some programs admit only some kinds of referrers (C1).
  public var kind: AccountKind?
  /// Two letters of ISO 3166-1.
  public var country: Country?
  /// The plan that it starts with.
  public var plan: String?
  /// Hashes such as `email:<hash>`. A shared one shows that two accounts are one person.
  public var identities: [String]?
  /// Earlier accounts of the same person.
  public var previousAccounts: [AccountID]?
  /// Who referred it. If absent, nobody did, and no notice follows.
  public var referral: RegistrationReferral?

  public init(
    account: AccountID, registeredAt: Instant, kind: AccountKind? = nil, country: Country? = nil, plan: String? = nil, identities: [String]? = nil, previousAccounts: [AccountID]? = nil, referral: RegistrationReferral? = nil
  ) {
    self.account = account
    self.registeredAt = registeredAt
    self.kind = kind
    self.country = country
    self.plan = plan
    self.identities = identities
    self.previousAccounts = previousAccounts
    self.referral = referral
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    registeredAt = try object.required("registeredAt")
    kind = try object.optional("kind")
    country = try object.optional("country")
    plan = try object.optional("plan")
    identities = try object.optional("identities")
    previousAccounts = try object.optional("previousAccounts")
    referral = try object.optional("referral")
    try object.check(identities.map { $0.count <= 1000 } ?? true, "identities", "more than 1000 entries")
    try object.check(previousAccounts.map { $0.count <= 1000 } ?? true, "previousAccounts", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("registeredAt", registeredAt)
    json.member("kind", kind)
    json.member("country", country)
    json.member("plan", plan)
    json.member("identities", identities)
    json.member("previousAccounts", previousAccounts)
    json.member("referral", referral)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    account = try fields.decode(AccountID.self, forKey: .account)
    registeredAt = try fields.decode(Instant.self, forKey: .registeredAt)
    kind = try fields.decodeIfPresent(AccountKind.self, forKey: .kind)
    country = try fields.decodeIfPresent(Country.self, forKey: .country)
    plan = try fields.decodeIfPresent(String.self, forKey: .plan)
    identities = try fields.decodeIfPresent([String].self, forKey: .identities)
    previousAccounts = try fields.decodeIfPresent([AccountID].self, forKey: .previousAccounts)
    referral = try fields.decodeIfPresent(RegistrationReferral.self, forKey: .referral)
    try fields.check(identities.map { $0.count <= 1000 } ?? true, "identities", "more than 1000 entries")
    try fields.check(previousAccounts.map { $0.count <= 1000 } ?? true, "previousAccounts", "more than 1000 entries")
  }
}

/// Facts about an account changed. Absent fields stay as they were.
public struct AccountUpdated: Message, Codable {
  public static let type = "account.updated.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { updatedAt }

  /// The account.
  public var account: AccountID
  /// When they changed.
  public var updatedAt: Instant
  /// What the account is in law.
  public var kind: AccountKind?
  /// Two letters of ISO 3166-1.
  public var country: Country?
  /// Its plan.
  public var plan: String?

  public init(
    account: AccountID, updatedAt: Instant, kind: AccountKind? = nil, country: Country? = nil, plan: String? = nil
  ) {
    self.account = account
    self.updatedAt = updatedAt
    self.kind = kind
    self.country = country
    self.plan = plan
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    updatedAt = try object.required("updatedAt")
    kind = try object.optional("kind")
    country = try object.optional("country")
    plan = try object.optional("plan")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("updatedAt", updatedAt)
    json.member("kind", kind)
    json.member("country", country)
    json.member("plan", plan)
    json.endObject()
  }
}

/// An account ended. From this instant on it earns nothing new. What it has earned still matures and stays its own.
public struct AccountClosed: Message, Codable {
  public static let type = "account.closed.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { closedAt }

  /// The account.
  public var account: AccountID
  /// When it was closed.
  public var closedAt: Instant
  /// If absent, `closed`.
  public var reason: ClosingReason?

  public init(
    account: AccountID, closedAt: Instant, reason: ClosingReason? = nil
  ) {
    self.account = account
    self.closedAt = closedAt
    self.reason = reason
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    closedAt = try object.required("closedAt")
    reason = try object.optional("reason")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("closedAt", closedAt)
    json.member("reason", reason)
    json.endObject()
  }
}

/// A closed or banned account is open again, from this instant on. Nothing else lifts a ban.
public struct AccountReopened: Message, Codable {
  public static let type = "account.reopened.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { reopenedAt }

  /// The account.
  public var account: AccountID
  /// When it was reopened.
  public var reopenedAt: Instant

  public init(
    account: AccountID, reopenedAt: Instant
  ) {
    self.account = account
    self.reopenedAt = reopenedAt
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    reopenedAt = try object.required("reopenedAt")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("reopenedAt", reopenedAt)
    json.endObject()
  }
}

/// The text that the referrer of an account sees instead of its id. Only the account pages read it.
public struct AccountLabeled: Message, Codable {
  public static let type = "account.labeled.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { labeledAt }

  /// The account.
  public var account: AccountID
  /// When the label was given. The latest one counts.
  public var labeledAt: Instant
  /// The label.
  public var label: String

  public init(
    account: AccountID, labeledAt: Instant, label: String
  ) {
    self.account = account
    self.labeledAt = labeledAt
    self.label = label
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    account = try object.required("account")
    labeledAt = try object.required("labeledAt")
    label = try object.required("label")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("account", account)
    json.member("labeledAt", labeledAt)
    json.member("label", label)
    json.endObject()
  }
}
