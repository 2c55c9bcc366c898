import Contracts

/// The content of the discounts page (rows B3–B9).
struct Discounts: Sendable, Equatable {
  var active: Int64 = 0
  /// In the order in which a run would give them discounts now.
  var companies: [Company] = []
  /// When the account last set the order; `nil` if it never did.
  var orderedAt: Instant?
  /// Newest first.
  var runs: [Run] = []

  struct Company: Sendable, Equatable {
    var company: CompanyID
    /// From the session; `nil` if only the id is known.
    var name: String?
    /// What the company would get if the run were now: whole percent, and the number of active referrals behind it.
    var percent: Int64 = 0
    var slots: Int64 = 0
  }

  /// A monthly run of the account.
  struct Run: Sendable, Equatable {
    /// The local month, `2026-03`.
    var period: String
    var asOf: Instant
    var assignments: [Assignment] = []
    /// Reason codes (`SkipReason`); empty if the run was not skipped.
    var skipped: [String] = []
  }

  /// A discount that a run gave to a company, and its state.
  struct Assignment: Sendable, Equatable {
    enum State: String, Sendable { case open, applied, voided }
    var company: CompanyID
    var percent: Int64
    var activeReferrals: Int64
    var slots: Int64
    var state: State
    /// Time of the last change of state.
    var at: Instant
    /// Only with `applied`.
    var invoice: String?
    /// Only with `voided` (`VoidReason`).
    var reason: String?
  }
}
