import Contracts
import Words

/// A report with all figures formatted. `ReportText` prints it as lines; `Page/report.html` draws it.
struct ReportDocument: Encodable {
  struct Table: Encodable {
    let title: String
    let columns: [String]
    let rows: [Row]
    /// Drawn above the table.
    var chart: Chart?
    /// Whether the last column contains words instead of figures.
    var endsInWords = false
  }

  struct Row: Encodable {
    enum Style: String, Encodable { case total, part }

    let cells: [String]
    var style: Style?
  }

  /// The cost by month, in minor units. Amounts taken back are at most 0.
  struct Chart: Encodable {
    /// Number of decimal places.
    let exponent: Int
    let months: [CostReport.MonthRow]
    /// The total cost under each of the terms.
    let totals: Sides<String>
  }

  /// A key figure.
  struct Card: Encodable {
    let label: String
    let figure: String
    let lines: [String]
    let isChanged: Bool
  }

  struct Section: Encodable {
    let title: String
    let tables: [Table]
    /// Shown separately, because the terms do not cause these differences.
    let uses: Uses?

    struct Uses: Encodable {
      let about: String
      let tables: [Table]
    }
  }

  /// The notices of both sides about one subject.
  struct Example: Encodable {
    let program: ProgramID
    let title: String
    let sides: Sides<Said?>

    struct Said: Encodable {
      let sentence: String
      let because: [String]
    }
  }

  let labels = Sides(Side.current.label, Side.proposed.label)
  let conclusion: [String]
  /// What was compared, and over which events.
  let history: [String]
  let cards: [Card]
  let sections: [Section]
  let notices: Table?
  let examples: [Example]
  let notes: [String]

  init(_ report: BacktestReport) {
    conclusion = report.conclusion
    let terms = Side.allCases.map { "\($0.label): \(report.history.terms[$0])." }.joined(separator: " ")
    history = [terms] + HistoryText.lines(report.history) + HistoryText.changes(report.history)
    cards = Self.cards(report)
    sections = report.programs.compactMap(Self.section)
    notices = Self.notices(report)
    examples = report.examples.map(Self.example)
    notes = Self.notes(report)
  }

  // MARK: Key figures

  private static func cards(_ report: BacktestReport) -> [Card] {
    let costs = report.programs.flatMap { program in
      program.costs.filter { !$0.net.isNothing }.map { cost in
        let unit = FigureRow.Unit.cost(cost.unit)
        let before = cost.net.isChanged ? " instead of \(FigureText.figure(cost.net.current, unit))" : ""
        return Card(
          label: "\(program.program) · \(cost.unit.name)",
          figure: !cost.net.isChanged ? "the same" : cost.net.perMille == nil ? "new" : FigureText.share(cost.net, unit),
          lines: [
            FigureText.figure(cost.net.proposed, unit) + before,
            cost.gaining + cost.losing == 0 ? "nobody gets more or less" : HistoryText.referrers(cost),
          ], isChanged: cost.net.isChanged)
      }
    }
    guard !costs.isEmpty, report.differingNotices > 0 else { return costs }
    return costs + [
      Card(
        label: "notices", figure: FigureText.grouped(Int64(report.differingNotices)),
        lines: ["differ, \(FigureText.grouped(Int64(report.sameNotices))) say the same"], isChanged: false)
    ]
  }

  // MARK: A program

  private static func section(_ program: ProgramReport) -> Section? {
    let name = program.program.value
    let tables =
      program.costs.flatMap { costTables($0, "\(name), \($0.unit.name)") }
      + [
        table("\(name): how often", program.counts),
        table("\(name): reasons", program.reasons.map(\.row)),
      ].compactMap(\.self)
    let uses =
      program.costs.map { table("\(name), \($0.unit.name)", $0.uses) } + [
        table("\(name): requests", program.uses), table("\(name): why declined", program.useReasons.map(\.row)),
      ]
    guard !tables.isEmpty || program.hasUses else { return nil }
    return Section(
      title: name, tables: tables,
      uses: program.hasUses ? Section.Uses(about: HistoryText.aboutUses, tables: uses.compactMap(\.self)) : nil)
  }

  private static func costTables(_ cost: CostReport, _ title: String) -> [Table] {
    func row(_ label: String, _ values: Compared) -> FigureRow {
      FigureRow(name: "", label: label, unit: .cost(cost.unit), values: values)
    }
    let months = cost.months.filter { !$0.net.isNothing || [$0.current, $0.proposed].contains { $0 != Costs.Monthly() } }
    var byMonth = table("\(title): net by month", months.map { row($0.month.name, $0.net) })
    byMonth?.chart = Chart(
      exponent: cost.unit.exponent, months: cost.months,
      totals: Sides(FigureText.full(cost.net.current, cost.unit), FigureText.full(cost.net.proposed, cost.unit)))
    let referrers = table("\(title): \(HistoryText.referrers(cost))", cost.referrers.map { row($0.referrer.value, $0.net) })
    return [table(title, cost.figures), byMonth, referrers].compactMap(\.self)
  }

  /// `nil` if there are no rows.
  private static func table(_ title: String, _ rows: [FigureRow]) -> Table? {
    guard !rows.isEmpty else { return nil }
    return Table(
      title: title, columns: Side.allCases.map(\.label) + ["Difference", ""],
      rows: rows.map { row in
        let cells = [
          row.label, FigureText.figure(row.values.current, row.unit), FigureText.figure(row.values.proposed, row.unit),
          FigureText.difference(row.values, row.unit), FigureText.share(row.values, row.unit),
        ]
        return Row(cells: cells, style: row.isTotal ? .total : row.label.hasPrefix("of this") ? .part : nil)
      })
  }

  // MARK: Notices

  private static func notices(_ report: BacktestReport) -> Table? {
    let changed = report.notices.filter(\.counts.isChanged)
    guard !changed.isEmpty else { return nil }
    return Table(
      title: "Notices that differ", columns: ["Same", "Balance", "Changed", "Only current", "Only proposal", ""],
      rows: changed.map { row in
        let counts = row.counts
        let figures = [counts.same, counts.sameButBalance, counts.changed, counts.onlyIn.current, counts.onlyIn.proposed]
        let fields = counts.fields.sorted { $0.key < $1.key }.map { "\($0.key) \(FigureText.grouped(Int64($0.value)))" }
        return Row(
          cells: ["\(row.program) \(row.type)"] + figures.map { FigureText.grouped(Int64($0)) } + [fields.joined(separator: ", ")]
        )
      }, endsInWords: true)
  }

  private static func example(_ example: NoticeMatching.Example) -> Example {
    var sides = Sides<Example.Said?>(both: nil)
    for side in Side.allCases {
      sides[side] = example.notices[side].map { notice in
        Example.Said(
          sentence: NoticeText.sentence(notice) ?? type(of: notice).type,
          because: BecauseText.lines(notice, or: example.notices[side.other]))
      }
    }
    let fields = example.fields.isEmpty ? "" : " · differs in \(example.fields.joined(separator: ", "))"
    let types = Side.allCases.compactMap { example.notices[$0].map { type(of: $0).type } }
    return Example(
      program: example.program,
      title: "\(example.program) · \(Set(types).count == 1 ? types[0] : types.joined(separator: " → "))\(fields)", sides: sides)
  }

  private static func notes(_ report: BacktestReport) -> [String] {
    let units = report.programs.flatMap(\.costs).map(\.unit)
    return [
      "Both terms were run over the same events, by the same services that run on the bus. A back-test cannot know how people "
        + "would have behaved under other terms."
    ]
      + (units.allSatisfy { $0 == .points }
        ? []
        : [
          "Net cost is what was accrued, minus what refunds and lost disputes took back, plus corrections. Months are in UTC. A "
            + "reward counts in the month of its payment, and an amount taken back in the month in which that happened."
        ])
      + (units.contains(.points)
        ? [
          "Discounts are counted in percentage points, added up over the invoices, because notices contain no invoice amounts."
        ] : [])
  }
}

extension ReasonRow {
  fileprivate var row: FigureRow {
    FigureRow(
      name: "", label: "\(event.label): \(reason.plainCode)", unit: .count, values: values)
  }
}
