import Contracts
import Words

/// A report as lines of text, for a terminal.
struct ReportText {
  private(set) var lines: [String] = []

  init(_ report: BacktestReport) {
    let history = report.history
    lines += [report.conclusion.joined(separator: " "), ""]
    lines.append("\(Side.current.label): \(history.terms.current). \(Side.proposed.label): \(history.terms.proposed).")
    lines += HistoryText.lines(history)
    lines += HistoryText.changes(history)
    for program in report.programs { add(program) }
    addNotices(report)
    addExamples(report)
  }

  private mutating func add(_ program: ProgramReport) {
    guard !(program.costs.isEmpty && program.counts.isEmpty && program.reasons.isEmpty && !program.hasUses) else { return }
    for cost in program.costs {
      let title = "\(program.program), \(cost.unit.name)"
      add(title, cost.figures.map { ($0.label, $0.values, $0.unit) })
      let unit = FigureRow.Unit.cost(cost.unit)
      let months = cost.months.filter { !$0.net.isNothing || $0.sides != Sides(both: Costs.Monthly()) }
      add("\(title): net by month", months.map { ($0.month.name, $0.net, unit) })
      guard cost.gaining + cost.losing > 0 else { continue }
      add(
        "\(title): \(HistoryText.referrers(cost))", cost.referrers.map { ($0.referrer.value, $0.net, unit) })
    }
    add("\(program.program): how often", program.counts.map { ($0.label, $0.values, $0.unit) })
    add("\(program.program): reasons", program.reasons.map { ($0.label, $0.values, .count) })
    addUses(program)
  }

  private mutating func addUses(_ program: ProgramReport) {
    guard program.hasUses else { return }
    lines += ["", "\(program.program): how balances were used, which is not compared. \(HistoryText.aboutUses)"]
    for cost in program.costs {
      add("\(program.program), \(cost.unit.name)", cost.uses.map { ($0.label, $0.values, $0.unit) })
    }
    add("\(program.program): requests", program.uses.map { ($0.label, $0.values, $0.unit) })
    add("\(program.program): why not", program.useReasons.map { ($0.label, $0.values, .count) })
  }

  private mutating func add(_ title: String, _ rows: [(label: String, values: Compared, unit: FigureRow.Unit)]) {
    guard !rows.isEmpty else { return }
    add(
      table: [[title, Side.current.label, Side.proposed.label, "Difference", ""]]
        + rows.map { row in
          [
            "  " + row.label, FigureText.figure(row.values.current, row.unit), FigureText.figure(row.values.proposed, row.unit),
            FigureText.difference(row.values, row.unit), FigureText.share(row.values, row.unit),
          ]
        })
  }

  private mutating func addNotices(_ report: BacktestReport) {
    let changed = report.notices.filter(\.counts.isChanged)
    guard !changed.isEmpty else { return }
    add(
      table: [["Notices that differ", "Same", "Balance", "Changed", "Only as it is", "Only proposal", ""]]
        + changed.map { row in
          let counts = row.counts
          let fields = counts.fields.sorted { $0.key < $1.key }.map { "\($0.key) \(FigureText.grouped(Int64($0.value)))" }
          return ["  \(row.program) \(row.type)"]
            + [counts.same, counts.sameButBalance, counts.changed, counts.onlyIn.current, counts.onlyIn.proposed].map {
              FigureText.grouped(Int64($0))
            } + [fields.joined(separator: ", ")]
        }, textColumn: 6)
  }

  private mutating func addExamples(_ report: BacktestReport) {
    guard !report.examples.isEmpty else { return }
    lines += ["", "Examples"]
    for example in report.examples {
      for side in Side.allCases {
        let label = side.label + ":" + String(repeating: " ", count: 9 - side.label.count)
        guard let notice = example.notices[side] else {
          lines.append("  \(label) nothing")
          continue
        }
        lines.append("  \(label) [\(example.program)] \(NoticeText.sentence(notice) ?? type(of: notice).type)")
        lines += BecauseText.lines(notice, or: example.notices[side.other]).map { "             \($0)" }
      }
      lines.append("")
    }
    lines.removeLast()
  }

  /// The first column and `textColumn` to the left, all others to the right.
  private mutating func add(table rows: [[String]], textColumn: Int? = nil) {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    lines.append("")
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        if column > 0 { line += "  " }
        line += column == 0 || column == textColumn ? cell + space : space + cell
      }
      while line.last == " " { line.removeLast() }
      lines.append(line)
    }
  }
}

extension ReasonRow {
  var label: String { "\(reason.event.label): \(FigureText.words(reason.code))" }
}

/// What was compared, in sentences.
enum HistoryText {
  /// Why uses stand apart.
  static let aboutUses =
    "People asked for these spends and withdrawals under the terms as they were; under other terms they would have asked for others."

  /// Which terms differ, and in what.
  static func changes(_ history: BacktestReport.History) -> [String] {
    history.changes.map { change in
      change.sentences.isEmpty
        ? "\(change.program): the same terms in both."
        : "\(change.program) differs: \(change.sentences.joined(separator: " "))"
    }
  }

  static func lines(_ history: BacktestReport.History) -> [String] {
    var lines = ["Over \(history.file): \(span(history))", "Made on \(history.made.readable)."]
    if history.eventsLeftOut > 0 {
      let noun = history.eventsLeftOut == 1 ? "event" : "events"
      lines.append("\(FigureText.grouped(Int64(history.eventsLeftOut))) \(noun) of programs that are not compared left out.")
    }
    for side in Side.allCases where !history.onlyIn[side].isEmpty {
      lines.append("Only in \(history.terms[side]), so not compared: \(history.onlyIn[side].joined(separator: ", ")).")
    }
    return lines
  }

  private static func span(_ history: BacktestReport.History) -> String {
    guard let first = history.first, let last = history.last else { return "no events." }
    let count = "\(FigureText.grouped(Int64(history.events))) event\(history.events == 1 ? "" : "s")"
    let end = history.end.flatMap { $0 > last ? ", seen on \(day($0))" : nil } ?? ""
    return "\(count) from \(day(first)) to \(day(last))\(end)."
  }

  private static func day(_ instant: Instant) -> String {
    "\(instant.date.day) \(Month(instant).name)"
  }

  /// `3 referrers get more, 1 gets less, 12 the same`; what is nobody's case is left out.
  static func referrers(_ cost: CostReport) -> String {
    let cases = [
      (count: cost.gaining, says: cost.gaining == 1 ? "gets more" : "get more"),
      (count: cost.losing, says: cost.losing == 1 ? "gets less" : "get less"), (count: cost.unchanged, says: "the same"),
    ]
    return cases.filter { $0.count > 0 }.enumerated().map { index, one in
      let noun = index > 0 ? "" : one.count == 1 ? " referrer" : " referrers"
      return "\(FigureText.grouped(Int64(one.count)))\(noun) \(one.says)"
    }.joined(separator: ", ")
  }
}
