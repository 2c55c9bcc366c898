import Contracts
import Terms
import Testing

@testable import Portal

/// Amounts, dates and lists in each language's format.
@Suite struct FormatTests {
  /// Replaces non-breaking blanks, of which CLDR has three kinds, by plain ones.
  private static func plain(_ text: String) -> String { String(text.map { $0.isWhitespace ? " " : $0 }) }

  @Test(
    arguments: [
      (.en, 4_050_000, "KZT", "40,500.00 KZT"), (.ru, 4_050_000, "KZT", "40 500,00 KZT"), (.uk, -5, "EUR", "\u{2212}0,05 EUR"),
      (.kk, 1500, "JPY", "1 500 JPY"), (.uz, 1234, "KWD", "1,234 KWD"), (.en, 1234, "KWD", "1.234 KWD"),
      (.ru, 0, "USD", "0,00 USD"),
      (.en, .min, "USD", "\u{2212}92,233,720,368,547,758.08 USD"), (.uz, .max, "USD", "92 233 720 368 547 758,07 USD"),
      (.en, 7, "CLF", "0.0007 CLF"), (.en, 100_000, "XXX", "1,000.00 XXX"),
    ] as [(Language.Code, Int64, Currency, String)])
  func amounts(_ row: (code: Language.Code, minor: Int64, currency: Currency, text: String)) {
    let text = Language.of(row.code).amount(row.minor, row.currency)
    #expect(Self.plain(text) == row.text)
    #expect(!text.contains(" "), "the text has a breaking blank")
  }

  @Test(
    arguments: [
      (.en, "10", "USD", 1000), (.en, "10.5", "USD", 1050), (.en, " 1,250.05 ", "USD", 125_005), (.en, "1,250", "USD", 125_000),
      (.en, "1,25", "USD", nil), (.en, "12,50,000", "USD", nil), (.en, "10.505", "USD", nil), (.ru, "10,5", "USD", 1050),
      (.ru, "1\u{A0}250,05", "USD", 125_005), (.ru, "1 250.05", "USD", 125_005), (.ru, "1,250", "USD", nil),
      (.ru, "1,2,3", "USD", nil),
      (.kk, "40 500", "KZT", 4_050_000), (.uz, "1500", "JPY", 1500), (.uz, "1500,5", "JPY", nil), (.en, "", "USD", nil),
      (.en, ".5", "USD", nil), (.en, "5.", "USD", nil), (.en, "-5", "USD", nil), (.en, "1e3", "USD", nil),
      (.en, "١٠", "USD", nil),
      (.en, "92233720368547758.07", "USD", .max), (.en, "92233720368547758.08", "USD", nil), (.en, "1,234,5.00", "USD", nil),
      (.en, ",123", "USD", nil),
    ] as [(Language.Code, String, Currency, Int64?)])
  func amountsOfAForm(_ row: (code: Language.Code, text: String, currency: Currency, minor: Int64?)) {
    #expect(Language.of(row.code).minor(row.text, row.currency) == row.minor)
  }

  /// A displayed amount can be typed back.
  @Test(arguments: Language.Code.allCases)
  func figuresReadBack(code: Language.Code) {
    let language = Language.of(code)
    for currency: Currency in ["USD", "JPY", "KWD", "CLF"] {
      for minor: Int64 in [0, 1, 99, 100, 1234, 99_999, 1_000_000, 123_456_789, .max] {
        #expect(language.minor(language.figure(minor, currency), currency) == minor)
      }
    }
  }

  @Test(
    arguments: [
      (.en, "5 Jan 2026", "January 2026"), (.ru, "5 янв. 2026 г.", "Январь 2026 г."), (.uk, "5 січ. 2026 р.", "Січень 2026 р."),
      (.kk, "2026 ж. 5 қаң.", "2026 ж. қаңтар"), (.uz, "5\u{2011}yan, 2026", "Yanvar, 2026"),
    ] as [(Language.Code, String, String)])
  func dates(_ row: (code: Language.Code, date: String, month: String)) throws {
    let instant = try #require(Instant(rfc3339: "2026-01-05T09:02:07.999Z"))
    let language = Language.of(row.code)
    #expect(Self.plain(language.date(instant)) == row.date)
    #expect(Self.plain(language.month("2026-01")) == row.month)
    #expect(language.time(instant) == "09:02")
    #expect(language.time(instant, seconds: true) == "09:02:07")
  }

  @Test func datesInAZone() throws {
    let almaty = Zone(name: "Asia/Almaty", offsets: [.init(from: Instant(milliseconds: 0), seconds: 5 * 3600)])
    let instant = try #require(Instant(rfc3339: "2026-01-31T23:30:00Z"))
    #expect(Language.of(.en).dateAndTime(instant, in: almaty) == "1\u{A0}Feb\u{A0}2026, 04:30")
    #expect(Language.of(.en).dateAndTime(instant) == "31\u{A0}Jan\u{A0}2026, 23:30")
    #expect(Language.of(.en).month("never") == "never")
  }

  @Test(
    arguments: [
      (.en, .days(14), "after 14 days", "within 14 days"), (.en, .hours(24), "after 1 day", "within 1 day"),
      (.ru, .days(21), "через 21 день", "в течение 21 дня"), (.ru, .hours(36), "через 36 часов", "в течение 36 часов"),
      (.uk, .hours(3), "через 3 години", "протягом 3 годин"), (.kk, .minutes(90), "90 минуттан кейін", "90 минут ішінде"),
      (.uz, .milliseconds(1500), "2 soniyadan keyin", "2 soniya ichida"),
    ] as [(Language.Code, TimeSpan, String, String)])
  func spans(_ row: (code: Language.Code, span: TimeSpan, after: String, within: String)) {
    #expect(Language.of(row.code).after(row.span) == row.after)
    #expect(Language.of(row.code).within(row.span) == row.within)
  }

  @Test func lists() {
    #expect(Language.of(.en).list([]) == "")
    #expect(Language.of(.en).list(["a"]) == "a")
    #expect(Language.of(.ru).list(["а", "б"], or: true) == "а или б")
    #expect(Language.of(.uz).list(["a", "b", "c", "d"]) == "a, b, c va d")
  }

  @Test(
    arguments: [
      ("ru-RU,ru;q=0.9,en;q=0.8", .ru), ("de, en-GB;q=0.7, uk;q=0.8", .uk), ("fr", nil), ("", nil), ("kk;q=0, uz;q=0.1", .uz),
      ("*", nil), ("EN", .en), (";;,;q=1,-", nil), ("kk;q=x", nil),
    ] as [(String, Language.Code?)])
  func preferred(_ row: (header: String, code: Language.Code?)) { #expect(Language.preferred(row.header) == row.code) }

  @Test func rates() throws {
    #expect(Language.of(.ru).percent(try #require(BasisPoints(250))) == "2,5\u{A0}%")
    #expect(Language.of(.uz).percent(try #require(BasisPoints(1000))) == "10%")
    #expect(Language.of(.en).percent(40) == "40%")
  }
}
