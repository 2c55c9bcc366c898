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
  /// It was not paid by the day on which it was due.
  public var isOverdue: Bool
  /// It can be canceled: nothing was instructed yet (DECISIONS C10).
  public var isCancelable: Bool
  /// Reason codes of a declined one (`WithdrawalReason`).
  public var reasons: [String]
  /// Oldest first.
  public var steps: [Step]

  /// A step on its way: `asked`, `approved` and the states.
  public struct Step: Sendable, Equatable {
    /// In the order in which they follow each other, also within one instant.
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

/// What a person asked for, and how far it is.
public struct RequestStatus: Sendable, Equatable {
  public enum State: String, Sendable {
    /// Kept here; the bus has not confirmed it.
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
  /// Reason codes of a refusal.
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
