import Contracts
import JSON

/// Compares the notices of both terms over one history and makes the report. Pure: no clock, no files, no randomness.
struct HistoryComparison {
  private let programs: [ProgramID]
  private var tallies: [ProgramID: Sides<Tally>] = [:]
  private var costs: [ProgramID: Costs] = [:]
  private(set) var matching: NoticeMatching

  /// - Parameter programs: the programs that both sides have.
  init(programs: [ProgramID]) {
    self.programs = programs.sorted()
    matching = NoticeMatching(parser: JSONParser())
  }

  /// - Parameters:
  ///   - data: the notice as its bare JSON.
  ///   - side: the terms that produced it. Take the notices of one side in the order in which they were produced.
  /// - Throws: `ArithmeticOverflow` if a sum exceeds `Int64`.
  mutating func take(_ notice: any Notice, data: [UInt8], program: ProgramID, _ side: Side) throws {
    try tallies[program, default: Sides(both: Tally())][side].take(notice)
    try costs[program, default: Costs()].take(notice, side)
    if !NoticeIdentity.isUse(notice) { try matching.take(notice, data: data, program: program, side) }
  }

  /// - Parameter top: how many referrers are listed for each program and unit.
  func report(_ history: BacktestReport.History, top: Int) throws -> BacktestReport {
    let (counts, examples) = try matching.finished()
    let reports = try programs.map { program in
      try ProgramReport(
        program: program, tallies: tallies[program] ?? Sides(both: Tally()), costs: costs[program] ?? Costs(), top: top)
    }
    let types = counts.sorted { ($0.key.program, $0.key.type) < ($1.key.program, $1.key.type) }.map {
      BacktestReport.NoticeType(program: $0.key.program, type: $0.key.type, counts: $0.value)
    }
    return BacktestReport(
      history: history, programs: reports, notices: types, examples: Self.chosen(examples),
      conclusion: try Conclusion(programs: reports, notices: types).sentences)
  }

  /// Examples of decisions. For a program without any, examples of what followed from decisions.
  private static func chosen(_ examples: [NoticeMatching.Example]) -> [NoticeMatching.Example] {
    let withDecisions = Set(examples.filter(\.isDecision).map(\.program))
    return examples.filter { $0.isDecision || !withDecisions.contains($0.program) }
  }
}
