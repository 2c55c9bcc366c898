import Contracts

/// What the pages and the API show. Each value is the answer of one query of ``ReadModel``.

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
  /// Oldest first. Empty: no code was issued yet.
  public var codes: [IssuedCode] = []
  /// Of all codes together.
  public var clicks: Clicks = .init()
  public var referees: RefereeCounts = .init()
  /// One a currency, in the order of their codes.
  public var balances: [CurrencyFigures] = []
  /// The account's own welcome offer: the account is a referee in it (row A5).
  public var offer: Offer?
  /// Withdrawals that are open.
  public var openWithdrawals: [Withdrawal] = []

  public init() {}
}

public struct IssuedCode: Sendable, Equatable {
  public var code: String
  /// The link to hand out; empty if the terms name none.
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

/// How far a referral is.
public enum RefereeStatus: String, Sendable, CaseIterable {
  /// Attributed, and nothing earned yet.
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

/// How many referees an account has.
public struct RefereeCounts: Sendable, Equatable {
  public var byStatus: [RefereeStatus: Int64]

  public init(_ byStatus: [RefereeStatus: Int64] = [:]) { self.byStatus = byStatus }

  public subscript(status: RefereeStatus) -> Int64 { byStatus[status] ?? 0 }
  /// All but the rejected ones.
  public var invited: Int64 { byStatus.reduce(0) { $0 + ($1.key == .rejected ? 0 : $1.value) } }
}

/// A balance and what happens to it next.
public struct CurrencyFigures: Sendable, Equatable {
  public var balance: Balance
  /// When rewards on their way become available, earliest first; of many instants only the first five.
  public var maturities: [Maturity]

  public init(balance: Balance, maturities: [Maturity] = []) {
    self.balance = balance
    self.maturities = maturities
  }
}

public struct Maturity: Sendable, Equatable {
  public var at: Instant
  /// Minor units: all rewards of this currency that become available at this instant.
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
  /// What the host wants shown instead of the id.
  public var label: String?
  public var registeredAt: Instant
  public var status: RefereeStatus
  /// Reason codes of a rejected registration (`AttributionReason`).
  public var reasons: [String]
  /// How many of its payments have earned.
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
  /// For `after=`; nil at the end of the list.
  public var next: String?

  public init(items: [Item], next: String? = nil) {
    self.items = items
    self.next = next
  }
}

/// A notice of `rewards`: a line of the account book.
public struct Entry: Sendable, Equatable {
  /// The notice's number; unique for an account in a program.
  public var sequence: Int64
  /// The notice's type: `reward.accrued.v1`, `reward.declined.v1`, `bonus.captured.v1` …
  public var type: String
  public var at: Instant
  /// nil for a notice that moves no money and names no currency.
  public var currency: Currency?
  /// Minor units, with its sign; nil for a notice without an amount.
  public var amount: Int64?
  public var availableAt: Instant?
  /// nil for a notice that changes none.
  public var balance: Balance?
  /// What it is about, as far as the notice says: the referee with its label, payment, refund, invoice, request, and why.
  public var referee: AccountID?
  public var label: String?
  public var payment: String?
  public var refund: String?
  public var invoice: String?
  public var request: String?
  /// Reason codes of a refusal (`RewardReason`, `BonusReason`), or one cause (`FreezeCause`, `ReversalCause`).
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
  /// The oldest instant at which each partition was last at its end; nil: some were never.
  public var asOf: Instant?
  /// Records that are on the bus and not in the figures.
  public var behind: Int64
  /// While the read model is built for the first time: percent done and seconds left.
  public var rebuilding: (percent: Int, secondsLeft: Int)?
  /// The sandbox's time, under a virtual clock.
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
