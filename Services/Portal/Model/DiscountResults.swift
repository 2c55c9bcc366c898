import Contracts

/// The content of the discounts page (rows B3–B9).
public struct Discounts: Sendable, Equatable {
  public var active: Int64
  /// In the order in which they would get discounts now.
  public var companies: [Company]
  /// When the account last set the order, or `nil` if it never did.
  public var orderedAt: Instant?
  /// Newest first.
  public var runs: [Run]

  public init(active: Int64 = 0, companies: [Company] = [], orderedAt: Instant? = nil, runs: [Run] = []) {
    self.active = active
    self.companies = companies
    self.orderedAt = orderedAt
    self.runs = runs
  }

  public struct Company: Sendable, Equatable {
    public var company: CompanyID
    /// From the session; `nil` if only the id is known.
    public var name: String?
    /// What it would get if the run were now: whole percent, and the number of active referrals used.
    public var percent: Int64
    public var slots: Int64

    public init(company: CompanyID, name: String? = nil, percent: Int64 = 0, slots: Int64 = 0) {
      self.company = company
      self.name = name
      self.percent = percent
      self.slots = slots
    }
  }

  /// A monthly run of the account.
  public struct Run: Sendable, Equatable {
    /// The local month, `2026-03`.
    public var period: String
    public var asOf: Instant
    public var assignments: [Assignment]
    /// The reason codes (`SkipReason`) of a skipped run.
    public var skipped: [String]

    public init(period: String, asOf: Instant, assignments: [Assignment] = [], skipped: [String] = []) {
      self.period = period
      self.asOf = asOf
      self.assignments = assignments
      self.skipped = skipped
    }
  }

  /// A discount that a run gave to a company, and its outcome.
  public struct Assignment: Sendable, Equatable {
    public enum State: String, Sendable { case open, applied, voided }
    public var company: CompanyID
    public var name: String?
    public var percent: Int64
    public var activeReferrals: Int64
    public var slots: Int64
    public var state: State
    /// When the state last changed.
    public var at: Instant
    /// Set if `applied`.
    public var invoice: String?
    /// Set if `voided` (`VoidReason`).
    public var reason: String?

    public init(
      company: CompanyID, name: String? = nil, percent: Int64, activeReferrals: Int64, slots: Int64, state: State, at: Instant,
      invoice: String? = nil, reason: String? = nil
    ) {
      self.company = company
      self.name = name
      self.percent = percent
      self.activeReferrals = activeReferrals
      self.slots = slots
      self.state = state
      self.at = at
      self.invoice = invoice
      self.reason = reason
    }
  }
}
