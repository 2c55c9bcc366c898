/// What an account is in law. Only some kinds may be referrers of a program (PROGRAMS.md, C1).
public enum AccountKind: String, Codable, CaseIterable, Hashable, Sendable {
  case individual
  case soleTrader
  case legalEntity
}

/// How a referral came about.
public enum ReferralChannel: String, Codable, CaseIterable, Hashable, Sendable {
  case link
  case code
  case banner
  case button
}

/// Why an account was closed.
public enum ClosingReason: String, Codable, CaseIterable, Hashable, Sendable {
  case closed
  case banned
}

/// What a registration says about who referred it.
public struct RegistrationReferral: Codable, Hashable, Sendable {
  /// As the person gave it, so not checked here: a text that cannot be a code is an unknown code, not a broken message.
  public var code: String?
  /// The page the account came in by; the terms name the query parameter that carries the code.
  public var landingURL: String?
  public var channel: ReferralChannel?

  public init(code: String? = nil, landingURL: String? = nil, channel: ReferralChannel? = nil) {
    self.code = code
    self.landingURL = landingURL
    self.channel = channel
  }
}

/// An account came into being. Its one registration binds it to a referrer, or to none, for good.
public struct AccountRegistered: Message {
  public static let type = "account.registered.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { registeredAt }
  /// An account registers once. What a second registration with another body gives is DECISIONS R4, not R3.

  public var account: AccountID
  public var registeredAt: Instant
  public var kind: AccountKind?
  /// ISO 3166-1 alpha-2.
  public var country: String?
  public var plan: String?
  /// Hashes such as `email:<hash>`; shared ones tell that two accounts are one person. At most 1000.
  public var identities: [String]?
  /// Earlier accounts of the same person. At most 1000.
  public var previousAccounts: [AccountID]?
  public var referral: RegistrationReferral?

  public init(
    account: AccountID, registeredAt: Instant, kind: AccountKind? = nil, country: String? = nil, plan: String? = nil,
    identities: [String]? = nil, previousAccounts: [AccountID]? = nil, referral: RegistrationReferral? = nil
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

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    account = try fields.decode(AccountID.self, forKey: .account)
    registeredAt = try fields.decode(Instant.self, forKey: .registeredAt)
    kind = try fields.decodeIfPresent(AccountKind.self, forKey: .kind)
    country = try fields.decodeIfPresent(String.self, forKey: .country)
    plan = try fields.decodeIfPresent(String.self, forKey: .plan)
    identities = try fields.decodeIfPresent([String].self, forKey: .identities)
    previousAccounts = try fields.decodeIfPresent([AccountID].self, forKey: .previousAccounts)
    referral = try fields.decodeIfPresent(RegistrationReferral.self, forKey: .referral)
    try fields.requireBounded(identities?.count, .identities)
    try fields.requireBounded(previousAccounts?.count, .previousAccounts)
  }
}

/// What is known about an account changed; absent fields stay as they were.
public struct AccountUpdated: Message {
  public static let type = "account.updated.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { updatedAt }

  public var account: AccountID
  public var updatedAt: Instant
  public var kind: AccountKind?
  /// ISO 3166-1 alpha-2.
  public var country: String?
  public var plan: String?

  public init(account: AccountID, updatedAt: Instant, kind: AccountKind? = nil, country: String? = nil, plan: String? = nil) {
    self.account = account
    self.updatedAt = updatedAt
    self.kind = kind
    self.country = country
    self.plan = plan
  }
}

/// An account ended: it earns nothing new from this instant on.
public struct AccountClosed: Message {
  public static let type = "account.closed.v1"
  public static let topic = Topic.accounts
  public var key: String { account.value }
  public var instant: Instant { closedAt }

  public var account: AccountID
  public var closedAt: Instant
  public var reason: ClosingReason?

  public init(account: AccountID, closedAt: Instant, reason: ClosingReason? = nil) {
    self.account = account
    self.closedAt = closedAt
    self.reason = reason
  }
}
