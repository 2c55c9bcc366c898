import Contracts

/// A withdrawal (row C10).
public struct Withdrawal: Sendable, Equatable {
  public enum State: String, Sendable {
    case opened, awaitingApproval, instructed, paid, failed, returned, declined
  }
  public var request: String
  public var amount: Int64
  public var currency: Currency
  public var requestedAt: Instant
  public var dueAt: Instant?
  public var state: State
  /// Whether it was not paid by its due date.
  public var isOverdue: Bool
  /// Whether it can be canceled: no payout has been instructed yet (DECISIONS C10).
  public var isCancelable: Bool
  /// The reason codes of a declined withdrawal (`WithdrawalReason`).
  public var reasons: [String]
  /// Oldest first.
  public var steps: [Step]

  /// A step of its progress: `asked`, `approved` and the states.
  public struct Step: Sendable, Equatable {
    /// In the order in which they follow each other, which also sorts steps of one instant.
    public enum Kind: String, Sendable, CaseIterable {
      case asked, opened, awaitingApproval, approved, instructed, dueSoon, overdue, canceled, paid, failed, returned, declined
    }
    public var kind: Kind
    public var at: Instant

    public init(kind: Kind, at: Instant) {
      self.kind = kind
      self.at = at
    }
  }

  public init(
    request: String, amount: Int64, currency: Currency, requestedAt: Instant, dueAt: Instant? = nil, state: State,
    isOverdue: Bool = false, isCancelable: Bool = false, reasons: [String] = [], steps: [Step] = []
  ) {
    self.request = request
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.state = state
    self.isOverdue = isOverdue
    self.isCancelable = isCancelable
    self.reasons = reasons
    self.steps = steps
  }
}

/// A request of a person, and its progress.
public struct RequestStatus: Sendable, Equatable {
  public enum State: String, Sendable {
    /// Stored here; the bus has not confirmed it.
    case stored
    /// The bus has confirmed it.
    case sent
    /// Read back from the bus.
    case recorded
    /// A notice has answered it.
    case answered
  }
  public var request: String
  /// `code.requested.v1`, `companyOrder.set.v1`, `withdrawal.requested.v1` …
  public var type: String
  public var at: Instant
  public var state: State
  /// The type of the notice that answered.
  public var answer: String?
  public var isAccepted: Bool
  /// Reason codes if it was declined.
  public var reasons: [String]

  public init(
    request: String, type: String, at: Instant, state: State, answer: String? = nil, isAccepted: Bool = false,
    reasons: [String] = []
  ) {
    self.request = request
    self.type = type
    self.at = at
    self.state = state
    self.answer = answer
    self.isAccepted = isAccepted
    self.reasons = reasons
  }
}
