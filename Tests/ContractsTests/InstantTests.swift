import Contracts
import Testing

@Suite("Instants and spans")
struct InstantTests {
  @Test(
    "RFC 3339 is read exactly",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("1970-01-01T00:00:00.001Z", 1),
      ("2026-01-05T08:00:00.000Z", 1_767_600_000_000),
      ("2026-01-05T08:00:00Z", 1_767_600_000_000),
      ("2026-01-05T08:00:00.1Z", 1_767_600_000_100),
      ("2026-01-05T08:00:00.12Z", 1_767_600_000_120),
      ("2026-01-05T08:00:00.123456789Z", 1_767_600_000_123),
      ("2026-01-05T08:00:00.999999999Z", 1_767_600_000_999),
      ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
      ("2000-02-29T00:00:00Z", 951_782_400_000),
      ("2199-12-31T23:59:59.999Z", 7_258_118_399_999),
      ("1969-12-31T23:59:59.999Z", -1),
      ("2026-01-05T08:00:00+00:00", 1_767_600_000_000),
      ("2026-01-05T08:00:00-00:00", 1_767_600_000_000),
      ("2026-01-05T10:30:00+02:30", 1_767_600_000_000),
      ("2026-01-04T23:15:00.5-08:45", 1_767_600_000_500),
      ("2026-01-05t08:00:00z", 1_767_600_000_000),
      ("2026-01-05T08:00:00.1234567890123456789Z", 1_767_600_000_123),
      ("2026-01-05T08:00:60Z", 1_767_600_060_000),
      ("2026-01-05T07:59:60.25Z", 1_767_600_000_250),
      ("2026-12-31T23:59:60+00:00", 1_798_761_600_000),
    ] as [(String, Int64)])
  func read(_ text: String, _ milliseconds: Int64) {
    #expect(Instant(rfc3339: text)?.milliseconds == milliseconds)
  }

  @Test(
    "What is not an instant is rejected",
    arguments: [
      "", "2026-01-05", "2026-01-05T08:00:00", "2026-01-05T08:00:00+0000", "2026-01-05T08:00:00+24:00",
      "2026-01-05T08:00:00+01:60",
      "2026-01-05T08:00:00+1:00", "2026-01-05T08:00:00Z+01:00", "2026-01-05T08:00:00.+01:00", "2026-01-05T08:00:00.5",
      "2026-01-05T08:00:61Z", "2026-01-05 08:00:00Z", "2026-01-05T08:00:00.Z", "2026-01-05T08:00:00,5Z",
      "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z",
      "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-05T24:00:00Z", "2026-01-05T08:60:00Z",
      "2026-01-05T08:00:0xZ", "2026-01-05T08:00:00.12 Z", "+026-01-05T08:00:00Z", "2026-1-05T08:00:00.0Z",
      "2026-01-05T08:00:00Z ",
      "２026-01-05T08:00:00Z",
    ])
  func reject(_ text: String) {
    #expect(Instant(rfc3339: text) == nil)
  }

  @Test("Every day from 1970 to 2199 goes both ways, one after the other")
  func everyDay() throws {
    var expected = try #require(CivilDate(year: 1970, month: 1, day: 1))
    let days = Instant.range.upperBound.milliseconds / 86_400_000
    for day in 0...days {
      let date = CivilDate(daysSince1970: day)
      #expect(date == expected && date.daysSince1970 == day)
      let text = Instant(milliseconds: day * 86_400_000 + 3_723_004).description
      #expect(text == "\(date)T01:02:03.004Z" && Instant(rfc3339: text)?.date == date)
      let (year, month) = (date.year, date.month)
      expected = try #require(
        CivilDate(year: year, month: month, day: date.day + 1)
          ?? CivilDate(year: year, month: month + 1, day: 1) ?? CivilDate(year: year + 1, month: 1, day: 1))
    }
    #expect(CivilDate(daysSince1970: days).description == "2199-12-31")
  }

  @Test("Spans are added and taken off, and saturate")
  func arithmetic() throws {
    let paid = try #require(Instant(rfc3339: "2026-01-20T09:00:00Z"))
    #expect((paid + .days(14)).description == "2026-02-03T09:00:00.000Z")
    #expect((paid - .milliseconds(1)).description == "2026-01-20T08:59:59.999Z")
    #expect(paid + .hours(36) - paid == .minutes(2160))
    #expect(Instant(milliseconds: .max) + .days(1) == Instant(milliseconds: .max))
    #expect(Instant(milliseconds: .min) - .days(1) == Instant(milliseconds: .min))
    #expect(Instant(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
    // An instant derived from an allowed one stays in the allowed range.
    #expect(Instant.range.upperBound + .days(1) == Instant.range.upperBound)
    #expect(Instant.range.lowerBound - .days(1) == Instant.range.lowerBound)
  }

  @Test(
    "Spans are read and written",
    arguments: [
      ("14d", 1_209_600_000, "14d"), ("36h", 129_600_000, "36h"), ("24h", 86_400_000, "1d"), ("90m", 5_400_000, "90m"),
      ("30s", 30_000, "30s"), ("100ms", 100, "100ms"), ("0d", 0, "0s"), ("1000ms", 1000, "1s"),
    ] as [(String, Int64, String)])
  func span(_ text: String, _ milliseconds: Int64, _ written: String) {
    #expect(TimeSpan(text)?.milliseconds == milliseconds)
    #expect(TimeSpan(text)?.description == written)
  }

  @Test(
    "What is not a span is rejected",
    arguments: ["", "14", "d", "-1d", "+1d", "1.5h", "14 d", "14D", "1d12h", "9223372036854775808ms", "106751991168d"])
  func noSpan(_ text: String) {
    #expect(TimeSpan(text) == nil)
  }
}
