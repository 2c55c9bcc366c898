/// Why a withdrawal was refused.
public enum WithdrawalReason: String, Codable, CaseIterable, Hashable, Sendable {
  case alreadyOpen = "already-open"
  case referrerNotEligible = "referrer-not-eligible"
  case insufficientBalance = "insufficient-balance"
  case declinedByOperator = "declined-by-operator"
  case canceled
}

/// A request to withdraw was taken up.
public struct WithdrawalOpened: Notice {
  public static let type = "withdrawal.opened.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var requestedAt: Instant
  /// By when it is to be paid (PROGRAMS.md, C10).
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant,
    dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal is so large that an operator decides.
public struct WithdrawalAwaitingApproval: Notice {
  public static let type = "withdrawal.awaitingApproval.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var requestedAt: Instant
  /// By when it is to be paid (PROGRAMS.md, C10).
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant,
    dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal arrived.
public struct WithdrawalPaid: Notice {
  public static let type = "withdrawal.paid.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var requestedAt: Instant
  /// By when it is to be paid (PROGRAMS.md, C10).
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant,
    dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A payout failed; the money is back on the balance.
public struct WithdrawalFailed: Notice {
  public static let type = "withdrawal.failed.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var requestedAt: Instant
  /// By when it is to be paid (PROGRAMS.md, C10).
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, amount: Int64, currency: Currency, requestedAt: Instant,
    dueAt: Instant, at: Instant, terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal will not be paid.
public struct WithdrawalDeclined: Notice {
  public static let type = "withdrawal.declined.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  public var requestedAt: Instant
  public var dueAt: Instant
  public var at: Instant
  public var reasons: [WithdrawalReason]
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, requestedAt: Instant, dueAt: Instant, at: Instant, reasons: [WithdrawalReason],
    terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal is still open and its day is near.
public struct WithdrawalDueSoon: Notice {
  public static let type = "withdrawal.dueSoon.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  public var requestedAt: Instant
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, requestedAt: Instant, dueAt: Instant, at: Instant,
    terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal is open past its day.
public struct WithdrawalOverdue: Notice {
  public static let type = "withdrawal.overdue.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var payout: PayoutID?
  public var referrer: AccountID
  public var requestedAt: Instant
  public var dueAt: Instant
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, payout: PayoutID? = nil, referrer: AccountID, requestedAt: Instant, dueAt: Instant, at: Instant,
    terms: String, because: [Because]
  ) {
    self.request = request
    self.payout = payout
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.dueAt = dueAt
    self.at = at
    self.terms = terms
    self.because = because
  }
}
