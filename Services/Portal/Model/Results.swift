import Contracts

/// The content of the pages and of the API. Each value is the result of one query of ``ReadModel``.

/// An account of a program.
struct KnownAccount: Sendable, Equatable {
  var program: ProgramID
  var account: AccountID
}

/// An account's figures in one program (row A8).
package struct Summary: Sendable, Equatable {
  /// Oldest first. Empty: no code was issued yet.
  var codes: [IssuedCode] = []
  /// Of all codes together.
  var clicks: Clicks = .init()
  var referees: RefereeCounts = .init()
  /// One a currency, in the order of their codes.
  var balances: [CurrencyFigures] = []
  /// The account's own welcome offer: the account is a referee in it (row A5).
  var offer: Offer?
  /// Withdrawals that are open.
  var openWithdrawals: [Withdrawal] = []

  init() {}
}

struct IssuedCode: Sendable, Equatable {
  var code: String
  /// The link to hand out; empty if the terms name none.
  var link: String
  var at: Instant
}

struct Clicks: Sendable, Equatable {
  var counted: Int64 = 0
  var rejected: Int64 = 0
}

/// How far a referral is.
package enum RefereeStatus: String, Sendable, CaseIterable {
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
struct RefereeCounts: Sendable, Equatable {
  var byStatus: [RefereeStatus: Int64]

  init(_ byStatus: [RefereeStatus: Int64] = [:]) { self.byStatus = byStatus }

  subscript(status: RefereeStatus) -> Int64 { byStatus[status] ?? 0 }
  /// All but the rejected ones.
  var invited: Int64 { byStatus.reduce(0) { $0 + ($1.key == .rejected ? 0 : $1.value) } }
}

/// A balance and what happens to it next.
struct CurrencyFigures: Sendable, Equatable {
  var balance: Balance
  /// When rewards on their way become available, earliest first; of many instants only the first five.
  var maturities: [Maturity] = []
}

struct Maturity: Sendable, Equatable {
  var at: Instant
  /// Minor units: all rewards of this currency that become available at this instant.
  var amount: Int64
}

/// A welcome offer (row A5).
struct Offer: Sendable, Equatable {
  enum State: String, Sendable { case open, used, expired }
  var percent: Int64
  var plans: [String]
  var expiresAt: Instant
  var state: State
}

/// A row of the list of invited companies.
package struct Referee: Sendable, Equatable {
  var account: AccountID
  /// What the host wants shown instead of the id.
  var label: String?
  var registeredAt: Instant
  var status: RefereeStatus
  /// Reason codes of a rejected registration (`AttributionReason`).
  var reasons: [String] = []
  /// How many of its payments have earned.
  var payments: Int64 = 0
  /// Minor units by currency, after refunds.
  var earned: [Currency: Int64] = [:]
}

/// Part of a list, and where the next part begins.
package struct Page<Item: Sendable & Equatable>: Sendable, Equatable {
  var items: [Item]
  /// For `after=`; nil at the end of the list.
  var next: String?
}

/// A notice of `rewards`: a line of the account book.
package struct Entry: Sendable, Equatable {
  /// The notice's number; unique for an account in a program.
  var sequence: Int64
  /// The notice's type: `reward.accrued.v1`, `reward.declined.v1`, `bonus.captured.v1` …
  var type: String
  var at: Instant
  /// nil for a notice that moves no money and names no currency.
  var currency: Currency?
  /// Minor units, with its sign; nil for a notice without an amount.
  var amount: Int64?
  var availableAt: Instant?
  /// nil for a notice that changes none.
  var balance: Balance?
  /// What it is about, as far as the notice says: the referee with its label, payment, refund, invoice, request, and why.
  var referee: AccountID?
  var label: String?
  var payment: String?
  var refund: String?
  var invoice: String?
  var request: String?
  /// Reason codes of a rejection (`RewardReason`, `BonusReason`), or one cause (`FreezeCause`, `ReversalCause`).
  var reasons: [String] = []
  var terms: String = ""
  var because: [Because] = []
}

/// How old the figures are.
struct Freshness: Sendable, Equatable {
  /// The oldest instant at which each partition was last at its end; nil: some were never.
  var asOf: Instant?
  /// Records that are on the bus and not in the figures.
  var behind: Int64 = 0
  /// While the read model is built for the first time: percent done and seconds left.
  var rebuilding: (percent: Int, secondsLeft: Int)?
  /// The sandbox's time, under a virtual clock.
  var sandbox: Instant?
  var isStale: Bool = false

  static func == (left: Freshness, right: Freshness) -> Bool {
    left.asOf == right.asOf && left.behind == right.behind && left.sandbox == right.sandbox && left.isStale == right.isStale
      && left.rebuilding?.percent == right.rebuilding?.percent && left.rebuilding?.secondsLeft == right.rebuilding?.secondsLeft
  }
}
