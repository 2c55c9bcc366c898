import Contracts
import Words

/// A report as lines of text, for a terminal.
struct ReportText {
  private(set) var lines: [String] = []

  init(_ report: BacktestReport) {
    let document = ReportDocument(report)
    lines = [document.conclusion.joined(separator: " "), ""] + document.history
    for section in document.sections {
      for table in section.tables { add(table) }
      guard let uses = section.uses else { continue }
      lines += ["", "\(section.title): how balances were used, which is not compared. \(uses.about)"]
      for table in uses.tables { add(table) }
    }
    if let notices = document.notices { add(notices) }
    if !document.examples.isEmpty { lines += ["", "Examples"] }
    for (index, example) in document.examples.enumerated() {
      if index > 0 { lines.append("") }
      for side in Side.allCases {
        let label = side.label + ":" + String(repeating: " ", count: 9 - side.label.count)
        let said = example.sides[side]
        lines.append("  \(label) " + (said.map { "[\(example.program)] \($0.sentence)" } ?? "nothing"))
        lines += (said?.because ?? []).map { "             \($0)" }
      }
    }
  }

  /// Figures are aligned to the right.
  private mutating func add(_ table: ReportDocument.Table) {
    let rows = [[table.title] + table.columns] + table.rows.map { ["  " + $0.cells[0]] + $0.cells.dropFirst() }
    lines += [""] + columns(rows, right: 1..<table.columns.count + (table.endsInWords ? 0 : 1))
  }
}

/// What was compared, in sentences.
enum HistoryText {
  /// Why uses are shown separately.
  static let aboutUses =
    "People requested these spends and withdrawals under the current terms. Under other terms they would have requested others."

  /// The differences between the terms of each program.
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
      lines.append("Skipped \(FigureText.grouped(Int64(history.eventsLeftOut))) \(noun) of programs that are not compared.")
    }
    for side in Side.allCases where !history.onlyIn[side].isEmpty {
      lines.append("Only in \(history.terms[side]), so not compared: \(history.onlyIn[side].joined(separator: ", ")).")
    }
    return lines
  }

  private static func span(_ history: BacktestReport.History) -> String {
    guard let first = history.first, let last = history.last else { return "no events." }
    let count = "\(FigureText.grouped(Int64(history.events))) event\(history.events == 1 ? "" : "s")"
    let end = history.end.flatMap { $0 > last ? ", then the clock advanced to \(day($0))" : nil } ?? ""
    return "\(count) from \(day(first)) to \(day(last))\(end)."
  }

  private static func day(_ instant: Instant) -> String {
    "\(instant.date.day) \(Month(instant).name)"
  }

  /// `3 referrers get more, 1 gets less, 12 the same`. Cases without referrers are left out.
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
