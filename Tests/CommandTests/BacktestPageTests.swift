import CommandKit
import Contracts
import Foundation
import JSON
import Markup
import Testing

@testable import OfflineCommands

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The output of a back-test.
@Suite struct BacktestPageTests {
  typealias Given = BacktestScenario

  private static func given(_ payments: [String]) -> Given {
    Given(proposal: [("rate: 10%", "rate: 12%")], lines: Given.referral("bonus") + payments)
  }

  private static let months = (1...60).map { number in
    let month = number % 12 + 1
    return Given.payment(
      "bonus", "p\(number)", 1000 * number, number % 3 == 0 ? "JPY" : "USD",
      on: "\(2026 + number / 12)-\(month < 10 ? "0" : "")\(month)-10")
  }

  /// One month, no month, five years in two currencies, and no difference: the page is well-formed and self-contained.
  @Test(arguments: [
    given([Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10")]), given([]), given(months), Given(),
    Given(lines: Given.referral("bonus") + months),
  ])
  func pagesAreWellFormedAndNeedNothingElse(_ given: Given) throws {
    let html = ReportPage(try given.report()).html
    let parser = XMLParser(data: Data(html.utf8))
    let reader = PageReader()
    parser.delegate = reader
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
    #expect(!reader.names.contains("script") && !reader.names.contains("link") && !reader.names.contains("img"))
    #expect(!html.contains("@import") && !html.contains("url("))
    #expect(reader.ids.count == Set(reader.ids).count)
    #expect(reader.names.count { $0 == "table" } == reader.names.count { $0 == "caption" })
    #expect(reader.names.count { $0 == "svg" } == reader.names.count { $0 == "desc" })
  }

  /// Text from an id or a reason is shown as text and never as markup.
  @Test func aPaymentNamedLikeAScriptIsHarmless() throws {
    let id = "<script>alert('1')</script>&"
    let html = ReportPage(try Self.given([Given.payment("bonus", id, 10_000, "USD", on: "2026-01-10")]).report()).html
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"))
    #expect(XML.escaped("\u{1}\"\u{FFFE}é") == "\u{FFFD}&quot;\u{FFFD}é")
  }

  @Test func theSameHistoryGivesTheSameBytes() throws {
    let given = Self.given(Self.months)
    let reports = [try given.report(), try given.report()]
    #expect(Set(reports.map { ReportPage($0).html }).count == 1)
    #expect(Set(reports.map { ReportText($0).lines }).count == 1)
    #expect(Set(try reports.map { try JSONLine.encode($0) }).count == 1)
  }

  @Test func textOfAReport() throws {
    let report = try Self.given([Given.payment("bonus", "p1", 40_500_000, "KZT", on: "2026-01-10")]).report()
    let lines = ReportText(report).lines
    #expect(
      Array(lines.prefix(9)) == [
        "The proposal would have cost 20.0 % more: 48,600.00 KZT instead of 40,500.00 KZT.", "",
        "As it is: present. Proposal: proposal.", "Over history.jsonl: 4 events from 5 Jan 2026 to 10 Jan 2026.",
        "Made on 21 Jun 2026 00:00 UTC.", "bonus differs: The reward: 12 %, instead of 10 %.", "",
        "bonus, KZT   As it is   Proposal  Difference",
        "  Accrued   40,500.00  48,600.00   +8,100.00  +20.0 %",
      ])
    let apart = try #require(lines.firstIndex { $0.hasPrefix("bonus: how balances were used, which is not compared. People") })
    #expect(lines[apart...].contains("  Owed at the end  40,500.00  48,600.00   +8,100.00  +20.0 %"))
    #expect(lines.contains("             405,000.00 × 12 % = 48,600.00 KZT"))
  }

  /// The names that machines read, with the report's first figures.
  @Test func jsonOfAReport() throws {
    let report = try Self.given([Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10")]).report()
    let object = try JSONSerialization.jsonObject(with: Data(try JSONLine.encode(report))) as? [String: Any]
    let programs = try #require(object?["programs"] as? [[String: Any]])
    let cost = try #require((programs[0]["costs"] as? [[String: Any]])?.first)
    #expect(cost["unit"] as? String == "USD")
    #expect(cost["net"] as? [String: Int] == ["current": 1000, "proposed": 1200, "difference": 200, "perMille": 200])
    let examples = try #require(object?["examples"] as? [[String: Any]])
    #expect((examples.first?["proposed"] as? [String: Any])?["type"] as? String == "reward.accrued.v1")
    #expect(object?["differingNotices"] as? Int == 1)
  }

  /// Many months give lines, few give bars. Refunds are below the axis.
  @Test func chartsFitTheMonths() throws {
    let refunded = Self.given([
      Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
      Given.refund("bonus", of: "p1", 5000, "USD", on: "2026-03-10"),
    ])
    let bars = CostChart(try refunded.report().cost("USD"), title: "t", id: "c").svg
    #expect(bars.contains(#"class="proposed back""#) && !bars.contains("polyline"))
    let lines = CostChart(try Self.given(Self.months).report().cost("USD"), title: "t", id: "c").svg
    #expect(lines.contains("polyline") && !lines.contains("rect"))
  }
}

/// The elements and ids of a page.
private final class PageReader: NSObject, XMLParserDelegate {
  var names: [String] = []
  var ids: [String] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    names.append(name)
    if let id = attributes["id"] { ids.append(id) }
  }
}
