import Contracts

/// The content of the pages and of the API. Each value is the result of one query of ``ReadModel``.

/// An account of a program.
public struct KnownAccount: Sendable, Equatable {
  public var program: ProgramID
  public var account: AccountID

  public init(program: ProgramID, account: AccountID) {
    self.program = program
    self.account = account
  }
}

/// An account's figures in one program (row A8).
public struct Summary: Sendable, Equatable {
  /// Oldest first. Empty if no code was issued yet.
  public var codes: [IssuedCode] = []
  /// The sum over all codes.
  public var clicks: Clicks = .init()
  public var referees: RefereeCounts = .init()
  /// One per currency, sorted by currency code.
  public var balances: [CurrencyFigures] = []
  /// The welcome offer to the account itself, as a referee (row A5).
  public var offer: Offer?
  /// The open withdrawals.
  public var openWithdrawals: [Withdrawal] = []

  public init() {}
}

public struct IssuedCode: Sendable, Equatable {
  public var code: String
  /// The link to hand out; empty if the terms define none.
  public var link: String
  public var at: Instant

  public init(code: String, link: String, at: Instant) {
    self.code = code
    self.link = link
    self.at = at
  }
}

public struct Clicks: Sendable, Equatable {
  public var counted: Int64
  public var rejected: Int64

  public init(counted: Int64 = 0, rejected: Int64 = 0) {
    self.counted = counted
    self.rejected = rejected
  }
}

/// The progress of a referral.
public enum RefereeStatus: String, Sendable, CaseIterable {
  /// Attributed, but nothing earned yet.
  case registered
  /// At least one of its payments has earned a reward.
  case earning
  /// Active in the sense of row B2.
  case active
  /// An operator has ended the referral.
  case ended
  /// The registration was rejected.
  case rejected
}

/// The number of referees of an account.
public struct RefereeCounts: Sendable, Equatable {
  public var byStatus: [RefereeStatus: Int64]

  public init(_ byStatus: [RefereeStatus: Int64] = [:]) { self.byStatus = byStatus }

  public subscript(status: RefereeStatus) -> Int64 { byStatus[status] ?? 0 }
  /// All except the rejected ones.
  public var invited: Int64 { byStatus.reduce(0) { $0 + ($1.key == .rejected ? 0 : $1.value) } }
}

/// A balance and what happens to it next.
public struct CurrencyFigures: Sendable, Equatable {
  public var balance: Balance
  /// When rewards become available, earliest first; at most five instants.
  public var maturities: [Maturity]

  public init(balance: Balance, maturities: [Maturity] = []) {
    self.balance = balance
    self.maturities = maturities
  }
}

public struct Maturity: Sendable, Equatable {
  public var at: Instant
  /// Minor units: the sum of all rewards in this currency that become available at this instant.
  public var amount: Int64

  public init(at: Instant, amount: Int64) {
    self.at = at
    self.amount = amount
  }
}

/// A welcome offer (row A5).
public struct Offer: Sendable, Equatable {
  public enum State: String, Sendable { case open, used, expired }
  public var percent: Int64
  public var plans: [String]
  public var expiresAt: Instant
  public var state: State

  public init(percent: Int64, plans: [String], expiresAt: Instant, state: State) {
    self.percent = percent
    self.plans = plans
    self.expiresAt = expiresAt
    self.state = state
  }
}

/// A row of the list of invited companies.
public struct Referee: Sendable, Equatable {
  public var account: AccountID
  /// The name that the host product wants shown instead of the id.
  public var label: String?
  public var registeredAt: Instant
  public var status: RefereeStatus
  /// Reason codes of a rejected registration (`AttributionReason`).
  public var reasons: [String]
  /// The number of its payments that have earned a reward.
  public var payments: Int64
  /// Minor units by currency, after refunds.
  public var earned: [Currency: Int64]

  public init(
    account: AccountID, label: String? = nil, registeredAt: Instant, status: RefereeStatus, reasons: [String] = [],
    payments: Int64 = 0, earned: [Currency: Int64] = [:]
  ) {
    self.account = account
    self.label = label
    self.registeredAt = registeredAt
    self.status = status
    self.reasons = reasons
    self.payments = payments
    self.earned = earned
  }
}

/// Part of a list, and where the next part begins.
public struct Page<Item: Sendable & Equatable>: Sendable, Equatable {
  public var items: [Item]
  /// The value for `after=`; `nil` at the end of the list.
  public var next: String?

  public init(items: [Item], next: String? = nil) {
    self.items = items
    self.next = next
  }
}

/// A notice of `rewards`: a line of the account book.
public struct Entry: Sendable, Equatable {
  /// The notice's number; unique within an account and program.
  public var sequence: Int64
  /// The notice's type: `reward.accrued.v1`, `reward.declined.v1`, `bonus.captured.v1` …
  public var type: String
  public var at: Instant
  /// `nil` for a notice without money and currency.
  public var currency: Currency?
  /// Signed minor units; `nil` for a notice without an amount.
  public var amount: Int64?
  public var availableAt: Instant?
  /// `nil` for a notice that does not change the balance.
  public var balance: Balance?
  /// The subject, as far as the notice names it: the referee with its label, payment, refund, invoice, request, and the reasons.
  public var referee: AccountID?
  public var label: String?
  public var payment: String?
  public var refund: String?
  public var invoice: String?
  public var request: String?
  /// The reason codes of a rejection (`RewardReason`, `BonusReason`), or a single cause (`FreezeCause`, `ReversalCause`).
  public var reasons: [String]
  public var terms: String
  public var because: [Because]

  public init(
    sequence: Int64, type: String, at: Instant, currency: Currency? = nil, amount: Int64? = nil, availableAt: Instant? = nil,
    balance: Balance? = nil, referee: AccountID? = nil, label: String? = nil, payment: String? = nil, refund: String? = nil,
    invoice: String? = nil, request: String? = nil, reasons: [String] = [], terms: String = "", because: [Because] = []
  ) {
    self.sequence = sequence
    self.type = type
    self.at = at
    self.currency = currency
    self.amount = amount
    self.availableAt = availableAt
    self.balance = balance
    self.referee = referee
    self.label = label
    self.payment = payment
    self.refund = refund
    self.invoice = invoice
    self.request = request
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// How old the figures are.
public struct Freshness: Sendable, Equatable {
  /// The latest instant up to which every partition is complete, or `nil` if a partition has never been read to its end.
  public var asOf: Instant?
  /// The number of records on the bus that are not in the figures yet.
  public var behind: Int64
  /// While the read model is first built: percent done and seconds left.
  public var rebuilding: (percent: Int, secondsLeft: Int)?
  /// The sandbox's time, if the clock is virtual.
  public var sandbox: Instant?
  public var isStale: Bool

  public init(
    asOf: Instant? = nil, behind: Int64 = 0, rebuilding: (percent: Int, secondsLeft: Int)? = nil, sandbox: Instant? = nil,
    isStale: Bool = false
  ) {
    self.asOf = asOf
    self.behind = behind
    self.rebuilding = rebuilding
    self.sandbox = sandbox
    self.isStale = isStale
  }

  public static func == (left: Freshness, right: Freshness) -> Bool {
    left.asOf == right.asOf && left.behind == right.behind && left.sandbox == right.sandbox && left.isStale == right.isStale
      && left.rebuilding?.percent == right.rebuilding?.percent && left.rebuilding?.secondsLeft == right.rebuilding?.secondsLeft
  }
}
