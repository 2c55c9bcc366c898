import CommandKit
import Contracts
import ServiceKit
import Testing
import Words

@testable import BusCommands

/// The text of figures and notices.
@Suite struct TextTests {
  @Test(
    arguments: [
      (4_050_000, "KZT", "40,500.00 KZT"), (10, "USD", "0.10 USD"), (0, "USD", "0.00 USD"), (-5, "EUR", "-0.05 EUR"),
      (100_000, "USD", "1,000.00 USD"), (99_999, "USD", "999.99 USD"), (-123_456_789, "USD", "-1,234,567.89 USD"),
      (1500, "JPY", "1,500 JPY"), (0, "JPY", "0 JPY"), (1234, "KWD", "1.234 KWD"),
      (Int64.min, "USD", "-92,233,720,368,547,758.08 USD"),
    ] as [(Int64, String, String)])
  func amount(_ example: (minor: Int64, currency: String, text: String)) throws {
    #expect(MoneyText.amount(example.minor, try #require(Currency(example.currency))) == example.text)
  }

  /// An amount without all its digits is ambiguous.
  @Test(
    arguments: [
      ("40500.00", "KZT", 4_050_000), ("-0.05", "EUR", -5), ("+1500", "JPY", 1500), ("1.234", "KWD", 1234), ("0.00", "USD", 0),
      ("-92233720368547758.08", "USD", Int64.min), ("92233720368547758.08", "USD", nil), ("1250", "USD", nil),
      ("12.5", "USD", nil),
      ("1.5", "JPY", nil), ("1,000.00", "USD", nil), (".50", "USD", nil), ("1..00", "USD", nil), ("", "USD", nil),
      ("-", "JPY", nil),
    ] as [(String, String, Int64?)])
  func amountOnTheCommandLine(_ example: (text: String, currency: String, minor: Int64?)) throws {
    let currency = try #require(Currency(example.currency))
    #expect(MoneyText.minor(example.text, currency) == example.minor)
    if let minor = example.minor { #expect(MoneyText.plain(minor, currency) == example.text.filter { $0 != "+" }) }
  }

  @Test(arguments: [
    ("2026-01-24T09:00:00.000Z", "24 Jan 2026 09:00 UTC"), ("2026-12-31T23:59:07.999Z", "31 Dec 2026 23:59:07 UTC"),
    ("1970-01-01T00:00:00Z", "1 Jan 1970 00:00 UTC"),
  ])
  func instant(_ example: (rfc: String, text: String)) throws {
    #expect(try #require(Instant(rfc3339: example.rfc)).readable == example.text)
  }

  @Test(
    arguments: [
      ("2026-01-28", "2026-01-28T00:00:00.000Z"), ("2026-01-28T00:00:00Z", "2026-01-28T00:00:00.000Z"),
      ("2026-02-30", nil), ("28", nil), ("2026-01-28T00:00:00+01:00", "2026-01-27T23:00:00.000Z"), ("2300-01-01", nil), ("", nil),
    ] as [(String, String?)])
  func instantOnTheCommandLine(_ example: (text: String, instant: String?)) {
    #expect(Instant(written: example.text)?.description == example.instant)
  }

  /// Every notice of the worked examples has a sentence, and none shows a type's name.
  @Test func sentences() throws {
    var types: Set<String> = []
    for notice in try Example.exampleFiles().flatMap({ try Example.simulated($0) }) {
      types.insert(notice.envelope.type)
      let sentence = try #require(NoticeText.sentence(notice.message), "\(notice.envelope.type)")
      #expect(!sentence.contains("Optional(") && !sentence.contains(".v1"), "\(sentence)")
    }
    #expect(types.count > 20)
  }

  @Test func sentenceOfAReward() throws {
    let notices = try Example.simulated("\(Example.demo)/bonus.jsonl")
    let accrued = try #require(notices.first { $0.message is RewardAccrued })
    #expect(
      NoticeText.sentence(accrued.message)
        == "acme earns 40,500.00 KZT (10% of 405,000.00 from beta's payment p1), usable from 24 Jan 2026 09:00 UTC")
  }

  @Test func coloursAreTakenOut() {
    #expect(Fleet.withoutColours("\u{1B}[2m12:00\u{1B}[0m \u{1B}[36mNOTICE\u{1B}[0m é") == "12:00 NOTICE é")
  }

  @Test func columnsAreAligned() {
    #expect(columns([["A", "BB", "C"], ["AAA", "B", "CCC"]]) == ["A    BB  C", "AAA  B   CCC"])
  }
}
