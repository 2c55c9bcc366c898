import Contracts
import Markup
import Words

/// The part of a page about notices that differ.
struct ReportPageNotices {
  let html: String

  /// Empty where no notice differs.
  init(_ report: BacktestReport) {
    let changed = report.notices.filter(\.counts.isChanged)
    guard !changed.isEmpty else {
      html = ""
      return
    }
    html =
      XML.element(
        "section", [],
        XML.element("h2", [], "Notices that differ") + Self.table(changed)
          + (report.examples.isEmpty ? "" : XML.element("h3", [], "Examples, with the reasons given"))
          + report.examples.map(Self.card).joined()) + "\n"
  }

  private static func table(_ rows: [BacktestReport.NoticeType]) -> String {
    let heads = ["Notice", "Same", "Balance only", "Changed", "Only as it is", "Only proposal", "Changed in"]
    let body = rows.map { row in
      let counts = row.counts
      let figures = [counts.same, counts.sameButBalance, counts.changed, counts.onlyIn.current, counts.onlyIn.proposed]
      let fields = counts.fields.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { spaced($0.key) }
      return XML.element(
        "tr", [],
        XML.element(
          "th", [("scope", "row")],
          XML.element("span", [("class", "quiet")], XML.escaped(row.program.value)) + " " + XML.escaped(name(row.type)))
          + figures.map { XML.element("td", $0 == 0 ? [("class", "none")] : [], FigureText.grouped(Int64($0))) }.joined()
          + XML.element("td", [("class", "text")], XML.escaped(fields.joined(separator: ", "))))
    }
    return XML.element(
      "table", [("class", "notices")],
      XML.element(
        "caption", [],
        "By kind. “Balance only” says the same with another balance after it, because of something before.")
        + XML.element(
          "thead", [], XML.element("tr", [], heads.map { XML.element("th", [("scope", "col")], $0) }.joined()))
        + XML.element("tbody", [], body.joined()))
  }

  private static func card(_ example: NoticeMatching.Example) -> String {
    let types = [example.notices.current, example.notices.proposed].compactMap { $0.map { name(type(of: $0).type) } }
    var title = "\(example.program) · " + (Set(types).count == 1 ? types[0] : types.joined(separator: " → "))
    if !example.fields.isEmpty { title += " · differs in " + example.fields.map(spaced).joined(separator: ", ") }
    return XML.element(
      "article", [("class", "example")],
      XML.element("p", [("class", "label")], XML.escaped(title))
        + XML.element("div", [("class", "sides")], Side.allCases.map { side(example, $0) }.joined()))
  }

  /// Reasons that the other side does not give as well stand out.
  private static func side(_ example: NoticeMatching.Example, _ side: Side) -> String {
    let other = example.notices[side.other]
    let said =
      example.notices[side].map { notice in
        let otherLines = Set(other.map { BecauseText.lines($0, or: notice) } ?? [])
        return XML.element("p", [], XML.escaped(NoticeText.sentence(notice) ?? type(of: notice).type))
          + XML.element(
            "ul", [("class", "because")],
            BecauseText.lines(notice, or: other).map { line in
              XML.element("li", otherLines.contains(line) ? [] : [("class", "differs")], XML.escaped(line))
            }.joined())
      } ?? XML.element("p", [("class", "quiet")], "No such notice.")
    return XML.element("div", [], XML.element("p", [("class", "side")], side.label) + said)
  }

  /// `reward.accrued.v1` → `reward accrued`
  private static func name(_ type: String) -> String {
    type.split(separator: ".").dropLast().map { spaced(String($0)) }.joined(separator: " ")
  }

  /// `availableAt` → `available at`
  private static func spaced(_ name: String) -> String { FigureText.spaced(name) }
}
