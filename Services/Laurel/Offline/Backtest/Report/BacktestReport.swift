import Contracts

/// The result of a back-test: figures to show as text, as a page or as JSON.
struct BacktestReport {
  /// The differences between the current and the proposed terms of a program.
  struct Change: Equatable, Sendable, Encodable {
    let program: ProgramID
    /// Empty if the terms are the same.
    let sentences: [String]
  }

  /// What was compared, and over which events.
  struct History: Equatable, Sendable, Encodable {
    /// The folders of the terms, as given on the command line.
    var terms: Sides<String>
    /// The file of events, as given on the command line.
    var file: String
    /// When the comparison was made.
    var made: Instant
    /// The changes in the terms of each compared program.
    var changes: [Change] = []
    /// Programs that only one of the folders has. They are not compared.
    var onlyIn: Sides<[String]> = Sides(both: [])
    /// Number of events run under both terms.
    var events = 0
    /// Number of events skipped because their program is not compared.
    var eventsLeftOut = 0
    /// Times of the first and the last event.
    var first: Instant?
    var last: Instant?
    /// The time of the clock at the end.
    var end: Instant?
  }

  /// Counts of the notices of one program and type.
  struct NoticeType: Equatable, Sendable {
    let program: ProgramID
    let type: String
    let counts: NoticeMatching.Counts
  }

  let history: History
  let programs: [ProgramReport]
  /// Sorted by program and type.
  let notices: [NoticeType]
  let examples: [NoticeMatching.Example]
  /// The result in one sentence, and optional further sentences.
  let conclusion: [String]

  /// Number of notices of all programs with the same outcome under both terms. The balance after them may differ.
  var sameNotices: Int { notices.reduce(0) { $0 + $1.counts.same + $1.counts.sameButBalance } }

  /// Number of notices of all programs whose outcome differs.
  var differingNotices: Int { notices.reduce(0) { $0 + $1.counts.differing } }
}

/// One program under both terms.
struct ProgramReport: Equatable, Sendable, Encodable {
  let program: ProgramID
  /// One for each unit that occurs.
  let costs: [CostReport]
  /// How often things happened, and average percentages. Rows that are 0 on both sides are left out.
  let counts: [FigureRow]
  let reasons: [ReasonRow]
  /// The same for spends and withdrawals, which people decide and not the terms.
  let uses: [FigureRow]
  let useReasons: [ReasonRow]

  var hasUses: Bool { !uses.isEmpty || !useReasons.isEmpty || costs.contains { $0.uses.contains { !$0.values.isNothing } } }
  var usesDiffer: Bool {
    (uses + costs.flatMap(\.uses)).contains(where: \.values.isChanged) || useReasons.contains(where: \.values.isChanged)
  }
}

/// The cost of a program in one unit.
struct CostReport: Equatable, Sendable, Encodable {
  struct MonthRow: Equatable, Sendable, Encodable {
    let month: Month
    let current: Costs.Monthly
    let proposed: Costs.Monthly
    /// Accrued minus taken back.
    let net: Compared
  }

  struct ReferrerRow: Equatable, Sendable, Encodable {
    let referrer: AccountID
    let net: Compared
  }

  let unit: CostUnit
  /// The cost of the program: accrued minus taken back, or the applied percentage points.
  let net: Compared
  let figures: [FigureRow]
  /// What was spent and paid out, and what is still owed.
  let uses: [FigureRow]
  /// Every month from the first to the last one with a figure, without gaps.
  let months: [MonthRow]
  /// How many referrers would get more, less, and the same.
  let gaining: Int
  let losing: Int
  let unchanged: Int
  /// Referrers whose figures differ, largest difference first, then by id. A limited number of them.
  let referrers: [ReferrerRow]
}

/// A named figure under both terms.
struct FigureRow: Equatable, Sendable, Encodable {
  private enum CodingKeys: String, CodingKey { case name, unit, values }

  enum Unit: Equatable, Sendable {
    case cost(CostUnit)
    case count
    case tenthsOfPercent
  }

  /// The name in JSON.
  let name: String
  let label: String
  let unit: Unit
  let values: Compared
  /// Whether it is a total of other figures.
  var isTotal = false
}

/// How often a reason was given, under each of the terms.
struct ReasonRow: Equatable, Sendable, Encodable {
  let event: Tally.Event
  /// The code in the notice, such as `no-plan-line`.
  let reason: String
  let values: Compared
}
