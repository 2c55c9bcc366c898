/// Where a subscription stands. Only `active` counts for an active referral (PROGRAMS.md, B2).
public enum SubscriptionStatus: String, Codable, CaseIterable, Hashable, Sendable {
  case trialing
  case active
  case pastDue
  case unpaid
  case canceled
  case expired
}

/// A subscription began or changed; the message holds its whole new state.
public struct SubscriptionChanged: Message {
  public static let type = "subscription.changed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { changedAt }

  public var subscription: SubscriptionID
  public var account: AccountID
  public var company: CompanyID
  public var plan: String
  public var changedAt: Instant
  public var status: SubscriptionStatus
  /// Once named it holds, also when later messages leave it out (DECISIONS B2).
  public var trialEndsAt: Instant?
  public var nextChargeAt: Instant?

  public init(
    subscription: SubscriptionID, account: AccountID, company: CompanyID, plan: String, changedAt: Instant,
    status: SubscriptionStatus, trialEndsAt: Instant? = nil, nextChargeAt: Instant? = nil
  ) {
    self.subscription = subscription
    self.account = account
    self.company = company
    self.plan = plan
    self.changedAt = changedAt
    self.status = status
    self.trialEndsAt = trialEndsAt
    self.nextChargeAt = nextChargeAt
  }
}

/// A company of an account ended.
public struct CompanyClosed: Message {
  public static let type = "company.closed.v1"
  public static let topic = Topic.billing
  public var key: String { account.value }
  public var instant: Instant { closedAt }
  public var businessID: String? { company.value }

  public var company: CompanyID
  public var account: AccountID
  public var closedAt: Instant

  public init(company: CompanyID, account: AccountID, closedAt: Instant) {
    self.company = company
    self.account = account
    self.closedAt = closedAt
  }
}
