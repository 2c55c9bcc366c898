import Contracts

// The content of the pages and of the API. Each value is the result of one query of ``ReadModel``.

/// An account's figures in one program (row A8).
package struct Summary: Sendable, Equatable {
  /// The newest twenty, oldest first; empty if no code was issued yet.
  var codes: [IssuedCode] = []
  /// The code that the overview, the QR code and the poster show.
  var shared: IssuedCode? { codes.last }
  /// Of all codes, also those that are not in ``codes``.
  var clicks: Clicks = .init()
  var referees: RefereeCounts = .init()
  /// One per currency, sorted by code.
  var balances: [CurrencyFigures] = []
  /// The welcome offer that the account got as a referee (row A5).
  var offer: Offer?
  /// The open withdrawals.
  var openWithdrawals: [Withdrawal] = []
}

struct IssuedCode: Sendable, Equatable {
  var code: String
  /// The link to share; empty if the terms define none.
  var link: String
  var at: Instant
}

struct Clicks: Sendable, Equatable {
  var counted: Int64 = 0
  var rejected: Int64 = 0
}

/// The progress of a referral.
package enum RefereeStatus: String, Sendable, CaseIterable {
  /// The referral is attributed, and no payment has earned yet.
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

/// The number of an account's referees, by status.
struct RefereeCounts: Sendable, Equatable {
  var byStatus: [RefereeStatus: Int64]

  init(_ byStatus: [RefereeStatus: Int64] = [:]) { self.byStatus = byStatus }

  subscript(status: RefereeStatus) -> Int64 { byStatus[status] ?? 0 }
  /// All except the rejected ones.
  var invited: Int64 { byStatus.reduce(0) { $0 + ($1.key == .rejected ? 0 : $1.value) } }
}

/// A balance, and when more of it becomes available.
struct CurrencyFigures: Sendable, Equatable {
  var balance: Balance
  /// When pending rewards become available: the first five instants.
  var maturities: [Maturity] = []
}

struct Maturity: Sendable, Equatable {
  var at: Instant
  /// The sum of the rewards of this currency that become available at this instant, in minor units.
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
  /// The name that the host wants shown instead of the id.
  var label: String?
  var registeredAt: Instant
  var status: RefereeStatus
  /// Reason codes of a rejected registration (`AttributionReason`).
  var reasons: [String] = []
  /// How many of its payments have earned a reward.
  var payments: Int64 = 0
  /// Minor units by currency, after refunds.
  var earned: [Currency: Int64] = [:]
}

/// Part of a list, and where the next part begins.
package struct Page<Item: Sendable & Equatable>: Sendable, Equatable {
  var items: [Item]
  /// The value of `after` for the next part; `nil` at the end of the list.
  var next: String?
}

/// A notice of `rewards`: a line of the account book.
package struct Entry: Sendable, Equatable {
  /// The notice's number; unique for an account in a program.
  var sequence: Int64
  /// The notice's type: `reward.accrued.v1`, `reward.declined.v1`, `bonus.captured.v1` …
  var type: String
  var at: Instant
  /// `nil` if the notice names no currency.
  var currency: Currency?
  /// In minor units, as the notice has it: negative only if it takes something back; `nil` if the notice has no amount.
  var amount: Int64?
  var availableAt: Instant?
  /// `nil` if the notice does not change the balance.
  var balance: Balance?
  /// What the notice is about; `nil` for what it does not name.
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

/// The age of the figures.
struct Freshness: Sendable, Equatable {
  /// When the partition that is furthest behind was last read to its end; `nil` if some partition never was.
  var asOf: Instant?
  /// Records on the bus that are not in the figures yet.
  var behind: Int64 = 0
  /// `nil` unless the read model is being built.
  var rebuilding: Rebuilding?
  /// The sandbox's time; `nil` without a virtual clock.
  var sandbox: Instant?
  var isStale: Bool = false

  struct Rebuilding: Sendable, Equatable {
    var percent: Int
    var secondsLeft: Int
  }
}
