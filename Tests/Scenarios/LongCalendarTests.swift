import Contracts
import Discounts
import Foundation
import JSON
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import TestSupport
import Testing

/// Row B5 over the years: exactly one run for each account and month, at the first instant of the terms' day in the terms' zone.
@Suite struct LongCalendarTests {
  struct Run: Equatable, CustomStringConvertible {
    let period: String
    let asOf: Instant
    var description: String { "\(period) at \(asOf)" }
  }

  /// Ten years of one zone.
  struct Decade: Sendable, CustomTestStringConvertible {
    let zone: String
    let year: Int
    var testDescription: String { "\(zone) from \(year)" }
  }

  static let decades =
    [
      "UTC", "Europe/Kyiv", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo",
      "Asia/Beirut",
    ].map { Decade(zone: $0, year: 2024) }
    + [
      // A day that did not exist; clocks that changed at midnight; a year that is divisible by four but not a leap year.
      Decade(zone: "Pacific/Apia", year: 2010), Decade(zone: "America/Sao_Paulo", year: 2010), Decade(zone: "UTC", year: 2096),
      Decade(zone: "Europe/Kyiv", year: 2096),
    ]

  @Test(arguments: decades, [28, 29, 30, 31] as [Int64])
  func aRunAMonthForTenYears(_ decade: Decade, _ day: Int64) throws {
    let zone = try Self.zone(decade.zone)
    let start = try #require(Instant(year: decade.year, month: 1, day: 2))
    let runs = try Self.runs([version(1, "1970-01-01", day, zone)], bound: start, months: 120)
    let expected = try (0..<120).map { try Self.secondOpinion(decade.zone, decade.year + $0 / 12, $0 % 12 + 1, Int(day)) }
    #expect(runs == expected)
  }

  /// Days that begin late, twice or not at all, computed by hand.
  @Test(arguments: [
    // Clocks went from 24:00 of the 29th to 01:00 of the 30th: the day began at 01:00 +3.
    ("Africa/Cairo", 30, "2027-04", "2027-04-29T22:00:00Z"), ("Africa/Cairo", 28, "2028-04", "2028-04-27T22:00:00Z"),
    ("Asia/Beirut", 31, "2024-03", "2024-03-30T22:00:00Z"), ("Asia/Beirut", 28, "2027-03", "2027-03-27T22:00:00Z"),
    // Clocks go from 24:00 of the 27th back to 23:00: the 28th begins an hour later, at 00:00 +2.
    ("Asia/Beirut", 28, "2029-10", "2029-10-27T22:00:00Z"),
    // There was no 30 December 2011 in Samoa. The run is where the day would have begun, and belongs to December.
    ("Pacific/Apia", 30, "2011-12", "2011-12-30T10:00:00Z"), ("Pacific/Apia", 31, "2011-12", "2011-12-30T10:00:00Z"),
    ("Pacific/Apia", 29, "2011-12", "2011-12-29T10:00:00Z"),
    ("Asia/Kathmandu", 28, "2026-01", "2026-01-27T18:15:00Z"), ("America/New_York", 28, "2026-03", "2026-03-28T04:00:00Z"),
    ("UTC", 31, "2100-02", "2100-02-28T00:00:00Z"), ("UTC", 31, "2024-02", "2024-02-29T00:00:00Z"),
  ])
  func oddDays(_ zone: String, _ day: Int64, _ period: String, _ asOf: String) throws {
    let year = try #require(Int(period.prefix(4)))
    let start = try #require(Instant(year: year, month: 1, day: 2))
    let runs = try Self.runs([version(1, "1970-01-01", day, try Self.zone(zone))], bound: start, months: 12)
    #expect(runs.filter { $0.period == period } == [Run(period: period, asOf: try #require(Instant(rfc3339: asOf)))])
  }

  /// Terms that change around a run.
  @Test(arguments: [
    // Each version: from, day, zone. Expected runs: period and instant.
    (
      [("2020-01-01T00:00:00Z", 28, "UTC"), ("2026-02-28T00:00:00Z", 28, "America/New_York")],
      ["2026-01 2026-01-28T00:00:00Z", "2026-02 2026-02-28T05:00:00Z", "2026-03 2026-03-28T04:00:00Z"]
    ),
    // A millisecond later: February has had its run, so New York's own 28th gives no second one.
    (
      [("2020-01-01T00:00:00Z", 28, "UTC"), ("2026-02-28T00:00:00.001Z", 28, "America/New_York")],
      ["2026-01 2026-01-28T00:00:00Z", "2026-02 2026-02-28T00:00:00Z", "2026-03 2026-03-28T04:00:00Z"]
    ),
    // The new version's February run lies before its first instant, the old version's after it, so neither takes place.
    (
      [("2020-01-01T00:00:00Z", 28, "America/New_York"), ("2026-02-28T00:00:00Z", 28, "Europe/Kyiv")],
      ["2026-01 2026-01-28T05:00:00Z", "2026-03 2026-03-27T22:00:00Z"]
    ),
    (
      [("2020-01-01T00:00:00Z", 28, "UTC"), ("2026-02-10T00:00:00Z", 5, "UTC")],
      ["2026-01 2026-01-28T00:00:00Z", "2026-03 2026-03-05T00:00:00Z"]
    ),
    (
      [("2020-01-01T00:00:00Z", 31, "UTC"), ("2026-02-01T00:00:00Z", 30, "Asia/Kathmandu"), ("2026-03-15T00:00:00Z", 1, "UTC")],
      ["2026-01 2026-01-31T00:00:00Z", "2026-02 2026-02-27T18:15:00Z"]
    ),
  ])
  func termsThatChangeAroundARun(_ versions: [(String, Int64, String)], _ expected: [String]) throws {
    let terms = try versions.enumerated().map { index, version in
      self.version(index + 1, version.0, version.1, try Self.zone(version.2))
    }
    let start = try #require(Instant(year: 2026, month: 1, day: 2))
    let runs = try Self.runs(terms, bound: start, until: try #require(Instant(rfc3339: "2026-03-30T00:00:00Z")))
    #expect(runs.map { "\($0.period) \(short($0.asOf))" } == expected)
  }

  private func short(_ instant: Instant) -> String { "\(instant)".replacing(".000Z", with: "Z") }

  /// A service that was stopped for a year has the same runs, with the same figures, as one that was not.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func caughtUpRunsAreTheRunsThatWereMissed(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var facts: [(at: Instant, referee: String, status: SubscriptionStatus)] = []
    let begin = try #require(Instant(rfc3339: "2026-01-10T00:00:00Z"))
    for _ in 0..<40 {
      let at = begin + .hours(Int64(1 + random.upTo(365 * 24)))
      facts.append((at, "r\(1 + random.upTo(5))", random.pick([.active, .active, .pastDue, .canceled])))
    }
    facts.sort { $0.at < $1.at }
    func said(late: Bool) throws -> [String] {
      let scenario = try DiscountsScenario()
      try scenario.subscription("a-s", .active, "2026-01-05")
      try scenario.activeReferees(6, "2026-01-09")
      for (number, fact) in facts.enumerated() {
        let arriving = late ? "2026-01-10" : nil
        try scenario.take(
          SubscriptionChanged(
            subscription: SubscriptionID(derivedFrom: ["\(fact.referee)-s"]), account: AccountID(derivedFrom: [fact.referee]),
            company: CompanyID(derivedFrom: ["\(number)"]), plan: "Pro", changedAt: fact.at, status: fact.status),
          arriving: arriving)
      }
      try scenario.advance(to: "2027-02-01")
      return scenario.said().filter { !$0.contains(" active at") && !$0.contains("inactive at") }
    }
    let onTime = try said(late: false)
    #expect(onTime.count { $0.contains(" skipped: ") || $0.contains("% for ") } == 13)
    #expect(try said(late: true) == onTime)
  }

  /// A crash in the middle of a run, a restart and repeated ticks give one run with the same ids.
  @Test func twoTriggersAreOneRun() throws {
    let program = DiscountsScenario.tiers()
    let store = MemoryStore()
    func task() throws -> StageTask {
      try StageTask(
        service: .discounts, stages: DiscountsService.service(Programs([program])).stages, programs: [program.id], store: store)
    }
    let run = try #require(Instant(rfc3339: "2026-01-28T00:00:00Z"))
    let first = try task()
    var records = [try Self.attribution(at: try #require(Instant(rfc3339: "2026-01-10T00:00:00Z")))]
    while let record = records.popLast() {
      first.run(first.admit(record))
      let written = try first.takeBatch().outbox
      records += (0..<written.count).map { InputRecord(copying: written[$0]) }
      try first.commit()
    }
    first.advance(to: run)
    let lost = try first.takeBatch().outbox.kept()
    try #require(lost.map(\.envelope.type) == [DiscountSkipped.type])
    // None of it was written. The next owner has the run once, whatever triggers it, however often.
    let second = try task()
    second.advance(to: run)
    second.advance(to: run)
    let again = try second.takeBatch().outbox.kept()
    #expect(again.map(\.envelope.id) == lost.map(\.envelope.id))
    #expect(again.map(\.data) == lost.map(\.data))
    try second.commit()
    second.advance(to: run)
    #expect(try second.takeBatch().outbox.isEmpty)
    let third = try task()
    third.advance(to: run + .days(20))
    #expect(try third.takeBatch().outbox.isEmpty)
  }

  // MARK: Runs in the simulation

  private func version(_ number: Int, _ from: String, _ day: Int64, _ zone: Zone) -> TermsVersion {
    TermsVersion(
      program: "tiers", version: number, effectiveFrom: DiscountsScenario.instant(from),
      attribution: AttributionTerms(link: "https://app.example/?ref={code}", parameter: "ref"),
      discounts: DiscountTerms(
        tiers: [.init(from: 5, percent: 5)], maxPerCompany: 20, schedule: MonthlySchedule(day: day, zone: zone)))
  }

  private static func attribution(at instant: Instant) throws -> InputRecord {
    let message = ReferralAttributed(
      referral: "r", referrer: "own", referee: "r", code: "OWN", registeredAt: instant, attributedAt: instant, terms: "t@1",
      because: [])
    let envelope = Envelope(id: "e1", source: "/test", type: ReferralAttributed.type, time: instant, program: "tiers")
    return InputRecord(envelope, topic: ReferralAttributed.topic, data: message.jsonBytes(), number: 1)
  }

  /// The first runs of an account whose first referee is attributed at an instant.
  private static func runs(_ versions: [TermsVersion], bound: Instant, months: Int) throws -> [Run] {
    Array(try runs(versions, bound: bound, until: bound + .days(Int64(months * 31 + 31))).prefix(months))
  }

  private static func runs(_ versions: [TermsVersion], bound: Instant, until: Instant) throws -> [Run] {
    final class Heard { var runs: [Run] = [] }
    let heard = Heard()
    let parser = JSONParser()
    let program = Program(id: "tiers", versions: versions)
    let simulation = try Simulation(
      services: [DiscountsService.service(Programs([program]))], programs: [program.id],
      notice: { record in
        guard let data = try? record.event().data, let skipped = try? parser.decode(DiscountSkipped.self, from: data) else {
          return
        }
        heard.runs.append(Run(period: skipped.period, asOf: skipped.asOf))
      }, rejected: { Issue.record("\($0.rejection)") })
    try simulation.take(attribution(at: bound))
    try simulation.advance(to: until)
    return heard.runs
  }

  // MARK: A second opinion

  /// The run of a month, computed with Foundation's calendar.
  private static func secondOpinion(_ zone: String, _ year: Int, _ month: Int, _ day: Int) throws -> Run {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: zone == "UTC" ? "GMT" : zone))
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let last = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    let period = "\(year)-\(month < 10 ? "0" : "")\(month)"
    // No calendar has this day.
    if zone == "Pacific/Apia", period == "2011-12", day == 30 {
      return Run(period: period, asOf: try #require(Instant(rfc3339: "2011-12-30T10:00:00Z")))
    }
    let noon = try #require(calendar.date(from: DateComponents(year: year, month: month, day: min(day, last), hour: 12)))
    let start = calendar.startOfDay(for: noon)
    return Run(period: period, asOf: Instant(milliseconds: Int64((start.timeIntervalSince1970 * 1000).rounded())))
  }

  private static let zones: [String: Result<Zone, any Error>] = Dictionary(
    uniqueKeysWithValues: Set(decades.map(\.zone)).map { name in
      (
        name,
        Result {
          let text = try String(contentsOf: Examples.terms.appending(path: "tiers.yaml"), encoding: .utf8)
          let program = try TermsFiles.parse(text.replacing("zone: UTC", with: "zone: \(name)"), file: "tiers.yaml")
          return try #require(program.versions[0].discounts?.schedule.zone)
        }
      )
    })

  private static func zone(_ name: String) throws -> Zone { try #require(zones[name]).get() }
}
