import Contracts
import Terms
import TermsFiles
import TestSupport
import Testing

/// Row B5: at 00:00 of a day of the month, in the program's zone.
@Suite struct MonthlySchedules {
  private func schedule(day: Int64, zone: String) throws -> MonthlySchedule {
    let text = BrokenFiles.sound.replacing("day: 28", with: "day: \(day)\n      zone: \(zone)")
    return try #require(try TermsFiles.parse(text, file: "p.yaml").versions[0].discounts?.schedule)
  }

  private func instant(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text)) }

  @Test(arguments: [
    // The run is strictly later than the given instant.
    (28, "UTC", "2026-01-27T23:59:59.999Z", "2026-01-28T00:00:00Z", "2026-01"),
    (28, "UTC", "2026-01-28T00:00:00Z", "2026-02-28T00:00:00Z", "2026-02"),
    (28, "UTC", "2026-12-28T00:00:00Z", "2027-01-28T00:00:00Z", "2027-01"),
    (1, "UTC", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z", "2027-01"),
    // In a month without the day, the run is on its last day. 2100 is not a leap year, 2000 is.
    (29, "UTC", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z", "2026-02"),
    (29, "UTC", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z", "2028-02"),
    (30, "UTC", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z", "2028-02"),
    (31, "UTC", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z", "2026-03"),
    (31, "UTC", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z", "2026-04"),
    (31, "UTC", "2100-02-01T00:00:00Z", "2100-02-28T00:00:00Z", "2100-02"),
    (31, "UTC", "2000-02-01T00:00:00Z", "2000-02-29T00:00:00Z", "2000-02"),
    // UTC+2 in winter, UTC+3 in summer. The period is the local month, whose first day begins in UTC on the last day of the month before.
    (28, "Europe/Kyiv", "2026-01-01T00:00:00Z", "2026-01-27T22:00:00Z", "2026-01"),
    (28, "Europe/Kyiv", "2026-07-01T00:00:00Z", "2026-07-27T21:00:00Z", "2026-07"),
    (1, "Europe/Kyiv", "2026-06-30T20:59:59.999Z", "2026-06-30T21:00:00Z", "2026-07"),
    (1, "Europe/Kyiv", "2026-06-30T21:00:00Z", "2026-07-31T21:00:00Z", "2026-08"),
    // The schedule continues to the end of the range of instants.
    (28, "Europe/Kyiv", "2199-07-01T00:00:00Z", "2199-07-27T21:00:00Z", "2199-07"),
    // Clocks went from 00:00 to 01:00 on 2018-11-04: the day began at 01:00.
    (4, "America/Sao_Paulo", "2018-11-01T00:00:00Z", "2018-11-04T03:00:00Z", "2018-11"),
    // Clocks went from 00:00 of the 18th back to 23:00 of the 17th: the 18th began an hour later.
    (18, "America/Sao_Paulo", "2018-02-01T00:00:00Z", "2018-02-18T03:00:00Z", "2018-02"),
    (17, "America/Sao_Paulo", "2018-02-01T00:00:00Z", "2018-02-17T02:00:00Z", "2018-02"),
    // +6 became +5 at 00:00 on 2024-03-01, without daylight saving.
    (29, "Asia/Almaty", "2024-02-01T00:00:00Z", "2024-02-28T18:00:00Z", "2024-02"),
    (1, "Asia/Almaty", "2024-02-15T00:00:00Z", "2024-02-29T19:00:00Z", "2024-03"),
    (28, "Asia/Almaty", "2024-03-15T00:00:00Z", "2024-03-27T19:00:00Z", "2024-03"),
    // 2011-12-30 did not exist in Samoa: the run is at the jump, and is still December's.
    (30, "Pacific/Apia", "2011-12-15T00:00:00Z", "2011-12-30T10:00:00Z", "2011-12"),
  ])
  func nextRun(_ day: Int64, _ zone: String, _ after: String, _ run: String, _ period: String) throws {
    let schedule = try schedule(day: day, zone: zone)
    let next = schedule.next(after: try instant(after))
    #expect(next == (try instant(run)))
    #expect(schedule.period(of: next) == period)
  }

  /// One run per month, for every day and zone.
  @Test(
    arguments: ["UTC", "Europe/Kyiv", "America/Sao_Paulo", "Asia/Almaty", "Pacific/Apia"], [1, 15, 28, 29, 30, 31] as [Int64])
  func aHundredAndTwentyMonthsInARow(_ zone: String, _ day: Int64) throws {
    let schedule = try schedule(day: day, zone: zone)
    var run = schedule.next(after: try instant("2010-01-02T12:00:00Z"))
    let parts = schedule.period(of: run).split(separator: "-").compactMap { Int($0) }
    try #require(parts.count == 2)
    for month in parts[0] * 12 + parts[1] - 1..<parts[0] * 12 + parts[1] + 119 {
      let expected = "\(month / 12)-" + (month % 12 < 9 ? "0" : "") + "\(month % 12 + 1)"
      #expect(schedule.period(of: run) == expected)
      let next = schedule.next(after: run)
      #expect(next > run)
      // Catching up from any instant between finds the same run (row B5).
      #expect(schedule.next(after: next - .milliseconds(1)) == next)
      run = next
    }
  }

  /// An event may name an instant up to the end of 2199. A saturated one must not stop a service.
  @Test func theEndOfTime() throws {
    let schedule = try schedule(day: 31, zone: "Asia/Almaty")
    #expect(schedule.next(after: Instant.range.upperBound) > Instant.range.upperBound)
    #expect(schedule.next(after: Instant(milliseconds: .max)) == Instant(milliseconds: .max))
  }

  /// The table holds the offsets, with each change to the second.
  @Test func offsetsOfAZone() throws {
    let zone = try schedule(day: 28, zone: "Asia/Almaty").zone
    let change = try instant("2024-02-29T18:00:00Z")
    #expect(zone.seconds(at: change - .milliseconds(1)) == 6 * 3600)
    #expect(zone.seconds(at: change) == 5 * 3600)
    #expect(zone.seconds(at: Instant.range.upperBound) == 5 * 3600)
    #expect(zip(zone.offsets, zone.offsets.dropFirst()).allSatisfy { $0.from < $1.from && $0.seconds != $1.seconds })
  }
}
