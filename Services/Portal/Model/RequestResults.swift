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
  /// It was not paid by the day on which it was due.
  var isOverdue: Bool = false
  /// It can be canceled: nothing was instructed yet (DECISIONS C10).
  var isCancelable: Bool = false
  /// Reason codes of a declined one (`WithdrawalReason`).
  var reasons: [String] = []
  /// Oldest first.
  var steps: [Step] = []

  /// A step on its way: `asked`, `approved` and the states.
  struct Step: Sendable, Equatable {
    /// In the order in which they follow each other, also within one instant.
    enum Kind: String, Sendable, CaseIterable {
      case asked, opened, awaitingApproval, approved, instructed, dueSoon, overdue, canceled, paid, failed, returned, declined
    }
    var kind: Kind
    var at: Instant
  }
}

/// What a person asked for, and how far it is.
struct RequestStatus: Sendable, Equatable {
  enum State: String, Sendable {
    /// Kept here; the bus has not confirmed it.
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
