import Contracts
import Markup
import Words

/// A report as one page that needs nothing else: no script, no font and no picture from anywhere. It is well-formed XML, too.
struct ReportPage {
  let html: String

  init(_ report: BacktestReport) {
    let sections = report.programs.enumerated().map { Self.section($0.element, number: $0.offset) }
    let body =
      Self.header(report) + Self.cards(report) + sections.joined() + ReportPageNotices(report).html + Self.footer(report)
    html =
      "<!DOCTYPE html>\n"
      + XML.element(
        "html", [("lang", "en"), ("xmlns", "http://www.w3.org/1999/xhtml")],
        "\n"
          + XML.element(
            "head", [],
            XML.empty("meta", [("charset", "utf-8")])
              + XML.empty("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
              + XML.empty("meta", [("name", "color-scheme"), ("content", "light dark")])
              + XML.element("title", [], XML.escaped("Back-test: \(report.history.terms.proposed)"))
              + XML.element("style", [], ReportPageStyle.css)) + "\n"
          + XML.element("body", [], "\n" + XML.element("main", [], body)) + "\n") + "\n"
  }

  // MARK: Top

  private static func header(_ report: BacktestReport) -> String {
    let terms = Side.allCases.map { side in
      XML.element("dt", [("class", key(side))], side.label)
        + XML.element("dd", [], XML.element("code", [], XML.escaped(report.history.terms[side])))
    }
    return XML.element(
      "header", [],
      XML.element("p", [("class", "overline")], "Back-test of referral terms")
        + XML.element("h1", [], XML.figure(report.conclusion.first ?? ""))
        + report.conclusion.dropFirst().map { XML.element("p", [("class", "second")], XML.figure($0)) }.joined()
        + XML.element("p", [("class", "lede")], HistoryText.lines(report.history).map(XML.escaped).joined(separator: " "))
        + XML.element("dl", [("class", "terms")], terms.joined())
        + HistoryText.changes(report.history).map { XML.element("p", [("class", "quiet")], XML.figure($0)) }.joined()) + "\n"
  }

  private static func key(_ side: Side) -> String {
    switch side {
    case .current: "key current"
    case .proposed: "key proposed"
    }
  }

  private static func cards(_ report: BacktestReport) -> String {
    let cards = report.programs.flatMap { program in
      program.costs.filter { !$0.net.isNothing }.map { cost in
        XML.element(
          "div", [("class", cost.net.isChanged ? "card" : "card same")],
          XML.element("p", [("class", "label")], XML.escaped("\(program.program) · \(cost.unit.name)"))
            + XML.element("p", [("class", "share")], XML.figure(share(cost.net, cost.unit)))
            + XML.element("p", [], amounts(cost))
            + XML.element("p", [("class", "quiet")], XML.escaped(who(cost))))
      }
    }
    guard !cards.isEmpty else { return "" }
    let all = cards.joined() + (report.differingNotices > 0 ? noticesCard(report) : "")
    return XML.element("section", [("class", "cards"), ("aria-label", "Key figures")], all) + "\n"
  }

  private static func noticesCard(_ report: BacktestReport) -> String {
    XML.element(
      "div", [("class", "card same")],
      XML.element("p", [("class", "label")], "notices")
        + XML.element("p", [("class", "share")], FigureText.grouped(Int64(report.differingNotices)))
        + XML.element("p", [], "differ, \(FigureText.grouped(Int64(report.sameNotices))) say the same"))
  }

  private static func share(_ net: Compared, _ unit: CostUnit) -> String {
    guard net.isChanged else { return "the same" }
    if net.perMille == nil { return "new" }
    return FigureText.share(net, .cost(unit))
  }

  private static func amounts(_ cost: CostReport) -> String {
    let proposed = XML.element("strong", [], XML.figure(FigureText.figure(cost.net.proposed, cost.unit)))
    return cost.net.isChanged ? proposed + " instead of " + XML.figure(FigureText.figure(cost.net.current, cost.unit)) : proposed
  }

  private static func who(_ cost: CostReport) -> String {
    cost.gaining + cost.losing == 0 ? "nobody gets more or less" : HistoryText.referrers(cost)
  }

  // MARK: A program

  private static func section(_ program: ProgramReport, number: Int) -> String {
    guard !(program.costs.isEmpty && program.counts.isEmpty && program.reasons.isEmpty && !program.hasUses) else { return "" }
    let costs = program.costs.enumerated().map { section($0.element, program, id: "c\(number)-\($0.offset)") }
    let counts = table("How often", program.counts.map { row($0.label, $0.values, $0.unit) })
    let reasons = table("Why not", program.reasons.map { row($0.label, $0.values, .count) })
    return XML.element(
      "section", [], XML.element("h2", [], XML.escaped(program.program.value)) + costs.joined() + counts + reasons + uses(program)
    )
      + "\n"
  }

  /// Apart, and closed: it is no difference between the terms.
  private static func uses(_ program: ProgramReport) -> String {
    guard program.hasUses else { return "" }
    let costs = program.costs.map { cost in
      table(
        "Use of balances, \(cost.unit.name)", cost.uses.map { row($0.label, $0.values, $0.unit, isTotal: $0.isTotal) })
    }
    return XML.element(
      "details", [],
      XML.element("summary", [], "How balances were used, which is not compared")
        + XML.element("p", [("class", "quiet")], HistoryText.aboutUses) + costs.joined()
        + table("Requests", program.uses.map { row($0.label, $0.values, $0.unit) })
        + table("Requests that were declined", program.useReasons.map { row($0.label, $0.values, .count) })) + "\n"
  }

  private static func section(_ cost: CostReport, _ program: ProgramReport, id: String) -> String {
    let unit = FigureRow.Unit.cost(cost.unit)
    let what =
      switch cost.unit {
      case .money(let currency): "Cost by month, \(currency)"
      case .points: "Discounts applied by month, percentage points"
      }
    var html = ""
    if !cost.months.isEmpty {
      let legend = Side.allCases.map { side in
        XML.element("span", [("class", key(side))], side.label) + " "
          + XML.element("b", [], XML.figure(FigureText.figure(cost.net[side], cost.unit)))
      }
      let months = table(
        "\(what): net", cost.months.filter { !$0.net.isNothing }.map { row($0.month.name, $0.net, unit) }, isCaptionHidden: true)
      html += XML.element(
        "figure", [],
        XML.element(
          "figcaption", [], XML.element("h3", [], what) + XML.element("p", [("class", "legend")], legend.joined(separator: " ")))
          + CostChart(cost, title: "\(program.program): \(what)", id: id).svg)
      html += XML.element("details", [], XML.element("summary", [], "Figures by month") + months)
    }
    html += table(
      "Totals, \(cost.unit.name)", cost.figures.map { row($0.label, $0.values, $0.unit, isTotal: $0.isTotal) })
    if !cost.referrers.isEmpty {
      let rest = cost.gaining + cost.losing - cost.referrers.count
      let more = rest > 0 ? "; the \(FigureText.grouped(Int64(cost.referrers.count))) largest differences" : ""
      html += table(
        "Who would notice, \(cost.unit.name): \(HistoryText.referrers(cost))\(more)",
        cost.referrers.map { row($0.referrer.value, $0.net, unit) })
    }
    return html
  }

  // MARK: Tables

  static func table(_ caption: String, _ rows: [String], isCaptionHidden: Bool = false) -> String {
    guard !rows.isEmpty else { return "" }
    let heads =
      XML.element("th", [("scope", "col")], "") + Side.allCases.map { XML.element("th", [("scope", "col")], $0.label) }.joined()
      + ["Difference", "in %"].map { XML.element("th", [("scope", "col")], $0) }.joined()
    return XML.element(
      "table", [("class", "figures")],
      XML.element("caption", isCaptionHidden ? [("class", "hidden")] : [], XML.escaped(caption))
        + XML.element("thead", [], XML.element("tr", [], heads)) + XML.element("tbody", [], rows.joined())) + "\n"
  }

  private static func row(_ label: String, _ values: Compared, _ unit: FigureRow.Unit, isTotal: Bool = false) -> String {
    let cells = [
      FigureText.figure(values.current, unit), FigureText.figure(values.proposed, unit), FigureText.difference(values, unit),
      FigureText.share(values, unit),
    ]
    let names = [isTotal ? "total" : nil, values.isChanged ? nil : "unchanged", label.hasPrefix("of this") ? "part" : nil]
    let name = names.compactMap { $0 }.joined(separator: " ")
    return XML.element(
      "tr", name.isEmpty ? [] : [("class", name)],
      XML.element("th", [("scope", "row")], XML.escaped(label))
        + cells.map { XML.element("td", [], XML.figure($0)) }.joined())
  }

  // MARK: Bottom

  private static func footer(_ report: BacktestReport) -> String {
    var notes = [
      "Both terms were run over the same events, with the same programs that run on the bus. Nobody behaves differently in a back-test: "
        + "what people would have done under other terms, it cannot know."
    ]
    let units = report.programs.flatMap(\.costs).map(\.unit)
    if units.contains(where: { $0 != .points }) {
      notes.append(
        "Net cost is what was accrued less what refunds and lost disputes took back. A month is one of UTC, a reward belongs to that of "
          + "its payment, and what is taken back to that in which it was.")
    }
    if units.contains(.points) {
      notes.append(
        "Discounts are counted in percentage points, added up over the invoices that got one: what these amount to, notices do not say."
      )
    }
    return XML.element("footer", [], notes.map { XML.element("p", [], XML.escaped($0)) }.joined()) + "\n"
  }
}

extension Compared {
  subscript(side: Side) -> Int64 {
    switch side {
    case .current: current
    case .proposed: proposed
    }
  }
}
