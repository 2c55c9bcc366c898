import Contracts

/// What a back-test found: plain figures, to be shown as text, as a page or as JSON.
struct BacktestReport {
  /// What the terms of a program say otherwise.
  struct Change: Equatable, Sendable, Encodable {
    let program: ProgramID
    /// Empty: nothing.
    let sentences: [String]
  }

  /// What was compared over what.
  struct History: Equatable, Sendable, Encodable {
    /// The folders of the terms, as they were named.
    var terms: Sides<String>
    /// The file of events, as it was named.
    var file: String
    /// When the comparison was made.
    var made: Instant
    /// What the proposal changes, for each program that is compared.
    var changes: [Change] = []
    /// Programs that only one of the two has; they are not compared.
    var onlyIn: Sides<[String]> = Sides(both: [])
    /// Events that went through both.
    var events = 0
    /// Events of programs that are not compared.
    var eventsLeftOut = 0
    /// Times of the first and the last event.
    var first: Instant?
    var last: Instant?
    /// Where the clock stood at the end.
    var end: Instant?
  }

  /// The notices of one program and type.
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
  /// The answer in a sentence, and what adds to it in more.
  let conclusion: [String]

  /// Notices with the same outcome under both, of all programs; the balance after them may differ.
  var sameNotices: Int { notices.reduce(0) { $0 + $1.counts.same + $1.counts.sameButBalance } }

  /// Of all programs.
  var differingNotices: Int {
    notices.reduce(0) { $0 + $1.counts.changed + $1.counts.onlyIn.current + $1.counts.onlyIn.proposed }
  }
}

/// One program under both terms.
struct ProgramReport: Equatable, Sendable, Encodable {
  let program: ProgramID
  /// One for each unit that anything was counted in.
  let costs: [CostReport]
  /// What is counted in no unit of cost; rows that are 0 on both sides are left out.
  let counts: [FigureRow]
  let reasons: [ReasonRow]
  /// The same of how balances were used, which people decide and not the terms.
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
    /// Accrued less taken back.
    let net: Compared
  }

  struct ReferrerRow: Equatable, Sendable, Encodable {
    let referrer: AccountID
    let net: Compared
  }

  let unit: CostUnit
  /// What the program costs: accrued less taken back, or the percent applied.
  let net: Compared
  let figures: [FigureRow]
  /// What was spent and paid out, and what that left.
  let uses: [FigureRow]
  /// Without gaps from the first to the last month with a figure.
  let months: [MonthRow]
  /// Referrers who would get more, who would get less, and whose figure stays.
  let gaining: Int
  let losing: Int
  let unchanged: Int
  /// Those with the largest differences, largest first, then by id; nobody without a difference.
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

  /// As in JSON.
  let name: String
  let label: String
  let unit: Unit
  let values: Compared
  /// A sum of what stands around it.
  var isTotal = false
}

/// How often a reason was given under both terms.
struct ReasonRow: Equatable, Sendable, Encodable {
  let event: Tally.Event
  /// As in the notice: `no-plan-line`.
  let reason: String
  let values: Compared
}
