import Contracts

/// A withdrawal (row C10).
struct Withdrawal: Sendable, Equatable {
  enum State: String, Sendable {
    case opened, awaitingApproval, instructed, paid, failed, returned, declined
  }
  var request: String
  var amount: Int64
  var currency: Currency
  var requestedAt: Instant
  var dueAt: Instant?
  var state: State
  /// Whether it was due and is still not paid.
  var isOverdue: Bool = false
  /// Whether it can be canceled: no payout has been instructed yet (DECISIONS C10).
  var isCancelable: Bool = false
  /// Reason codes (`WithdrawalReason`) of a declined withdrawal.
  var reasons: [String] = []
  /// Oldest first.
  var steps: [Step] = []

  /// A step of the withdrawal's history.
  struct Step: Sendable, Equatable {
    /// In the usual order, which sorts steps of the same instant.
    enum Kind: String, Sendable, CaseIterable {
      case asked, opened, awaitingApproval, approved, instructed, dueSoon, overdue, canceled, paid, failed, returned, declined
    }
    var kind: Kind
    var at: Instant
  }
}

/// A person's request and its progress.
struct RequestStatus: Sendable, Equatable {
  enum State: String, Sendable, CaseIterable {
    /// The portal has stored it; the bus has not confirmed it.
    case stored
    /// The bus has confirmed it.
    case sent
    /// Read back from the bus.
    case recorded
    /// A notice has answered it.
    case answered
  }
  var request: String
  /// `code.requested.v1`, `companyOrder.set.v1`, `withdrawal.requested.v1` …
  var type: String
  var at: Instant
  var state: State
  /// The type of the notice that answered.
  var answer: String?
  var isAccepted: Bool = false
  /// Reason codes of a rejection.
  var reasons: [String] = []
}
