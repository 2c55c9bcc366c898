import Contracts

/// What the page of discounts shows (rows B3–B9).
struct Discounts: Sendable, Equatable {
  var active: Int64 = 0
  /// In the order in which they would be dealt to now.
  var companies: [Company] = []
  /// When the account last set the order; nil if it never did.
  var orderedAt: Instant?
  /// Newest first.
  var runs: [Run] = []

  struct Company: Sendable, Equatable {
    var company: CompanyID
    /// From the session; nil if only the id is known.
    var name: String?
    /// What it would get if the run were now: whole percent, and of how many active referrals.
    var percent: Int64 = 0
    var slots: Int64 = 0
  }

  /// A monthly run of the account.
  struct Run: Sendable, Equatable {
    /// The local month, `2026-03`.
    var period: String
    var asOf: Instant
    var assignments: [Assignment] = []
    /// Reason codes (`SkipReason`) of a run that was skipped.
    var skipped: [String] = []
  }

  /// A discount that a run gave to a company, and what came of it.
  struct Assignment: Sendable, Equatable {
    enum State: String, Sendable { case open, applied, voided }
    var company: CompanyID
    var name: String?
    var percent: Int64
    var activeReferrals: Int64
    var slots: Int64
    var state: State
    /// Of the last change of state.
    var at: Instant
    /// With `applied`.
    var invoice: String?
    /// With `voided` (`VoidReason`).
    var reason: String?
  }
}
