import CommandKit
import Contracts
import Foundation
import JSON
import TestSupport
import Testing

@testable import OfflineCommands

/// How a back-test is shown.
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

  /// Everything is inside: one month, none, five years in two currencies, and no difference.
  @Test(arguments: [
    given([Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10")]), given([]), given(months), Given(),
    Given(lines: Given.referral("bonus") + months),
  ])
  func pagesNeedNothingElse(_ given: Given) throws {
    let html = try ReportPage.html(given.report())
    for reference in ["@import", "url(", "src=", "href=", "import(", "fetch(", "{{"] { #expect(!html.contains(reference)) }
    _ = try Self.data(in: html)
  }

  /// What an id or a reason holds cannot end the data and begin something else.
  @Test func aPaymentNamedLikeAScriptIsHarmless() throws {
    let id = "</script><script>alert('1')</script>&"
    let html = try ReportPage.html(Self.given([Given.payment("bonus", id, 10_000, "USD", on: "2026-01-10")]).report())
    #expect(html.split(separator: "<script").count == 3)
    let examples = try #require(try Self.data(in: html)["examples"] as? [[String: Any]])
    let said = (examples.first?["sides"] as? [String: [String: Any]])?["proposed"]?["sentence"] as? String
    #expect(said?.contains(id) ?? false)
  }

  /// The page as a browser shows it.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: chromium), "no Chromium"))
  func aBrowserDrawsThePage() throws {
    let refunded = Self.given([
      Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
      Given.refund("bonus", of: "p1", 5000, "USD", on: "2026-03-10"),
    ])
    let bars = try Self.drawn(refunded)
    // Refunds are below the axis; many months are lines.
    #expect(bars.contains(#"class="proposed back""#) && !bars.contains("<polyline"))
    for text in ["20.0&nbsp;% more", "Mar", "net by month"] { #expect(bars.contains(text), "\(text)") }
    #expect(bars.components(separatedBy: "<table").count == bars.components(separatedBy: "<caption").count)
    let lines = try Self.drawn(Self.given(Self.months))
    #expect(lines.contains("<polyline") && !lines.contains("<rect"))
  }

  private static let chromium = "/usr/bin/chromium"

  private static func drawn(_ given: Given) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("page"))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appending(path: "report.html")
    try Data(ReportPage.html(given.report()).utf8).write(to: page)
    let browser = Process()
    browser.executableURL = URL(filePath: chromium)
    browser.arguments = ["--headless", "--no-sandbox", "--user-data-dir=\(folder.path)/user", "--dump-dom", page.absoluteString]
    let output = Pipe()
    (browser.standardOutput, browser.standardError) = (output, FileHandle.nullDevice)
    try browser.start()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    browser.waitUntilExit()
    return String(decoding: data, as: UTF8.self).components(separatedBy: "<main>").last ?? ""
  }

  /// The data that a page draws.
  private static func data(in html: String) throws -> [String: Any] {
    let start = try #require(html.range(of: #"id="report">"#)).upperBound
    let end = try #require(html[start...].range(of: "</script>")).lowerBound
    return try #require(try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8)) as? [String: Any])
  }

  @Test func theSameHistoryGivesTheSameBytes() throws {
    let given = Self.given(Self.months)
    let reports = [try given.report(), try given.report()]
    #expect(Set(try reports.map { try ReportPage.html($0) }).count == 1)
    #expect(Set(reports.map { ReportText($0).lines }).count == 1)
    #expect(Set(try reports.map { try JSONLine.encode($0) }).count == 1)
  }

  @Test func textOfAReport() throws {
    let report = try Self.given([Given.payment("bonus", "p1", 40_500_000, "KZT", on: "2026-01-10")]).report()
    let lines = ReportText(report).lines
    #expect(
      Array(lines.prefix(9)) == [
        "The proposal would have cost 20.0 % more: 48,600.00 KZT instead of 40,500.00 KZT.", "",
        "Current: present. Proposal: proposal.", "Over history.jsonl: 4 events from 5 Jan 2026 to 10 Jan 2026.",
        "Made on 21 Jun 2026 00:00 UTC.",
        "bonus differs: The reward is 12 % (was 10 %) of that, rounded half up once: 1,000.00 earn 120.00 (was 100.00), in the payment's "
          + "own currency.", "",
        "bonus, KZT    Current   Proposal  Difference",
        "  Accrued   40,500.00  48,600.00   +8,100.00  +20.0 %",
      ])
    let apart = try #require(lines.firstIndex { $0.hasPrefix("bonus: how balances were used, which is not compared. People") })
    #expect(lines[apart...].contains("  Owed at the end  40,500.00  48,600.00   +8,100.00  +20.0 %"))
    #expect(lines.contains("             405,000.00 × 12 % = 48,600.00 KZT"))
  }

  /// The names that machines read, with the report's first figures.
  @Test func jsonOfAReport() throws {
    let report = try Self.given([Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10")]).report()
    let object = try JSONSerialization.jsonObject(with: Data(try JSONLine.encode(report).utf8)) as? [String: Any]
    let programs = try #require(object?["programs"] as? [[String: Any]])
    let cost = try #require((programs[0]["costs"] as? [[String: Any]])?.first)
    #expect(cost["unit"] as? String == "USD")
    #expect(cost["net"] as? [String: Int] == ["current": 1000, "proposed": 1200, "difference": 200, "perMille": 200])
    let examples = try #require(object?["examples"] as? [[String: Any]])
    #expect((examples.first?["proposed"] as? [String: Any])?["type"] as? String == "reward.accrued.v1")
    #expect(object?["differingNotices"] as? Int == 1)
  }
}
