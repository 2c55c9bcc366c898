import Contracts
import Terms
import Testing

/// Rows B3–B10: the notices of the monthly runs.
@Suite struct DiscountsRunTests {
  private func scenario(active: Int, companies: [String] = ["a"], _ program: Program = DiscountsScenario.tiers()) throws
    -> DiscountsScenario
  {
    let scenario = try DiscountsScenario(program)
    for (index, company) in companies.enumerated() {
      try scenario.subscription("\(company)-s", company: company, .active, "2026-01-05T0\(index):00:00Z")
    }
    try scenario.activeReferees(active, "2026-01-10")
    return scenario
  }

  @Test(arguments: [
    (4, ["2026-01 skipped: below-minimum"]),
    (15, ["2026-01 a: 20% for 15 of 15"]),
    (23, ["2026-01 a: 40% for 20 of 23"]),
    (25, ["2026-01 a: 40% for 20 of 25", "2026-01 b: 5% for 5 of 25"]),
    (45, ["2026-01 a: 40% for 20 of 45", "2026-01 b: 40% for 20 of 45", "2026-01 c: 5% for 5 of 45"]),
  ]) func `Company by company, twenty each`(active: Int, expected: [String]) throws {
    let scenario = try scenario(active: active, companies: ["a", "b", "c"])
    try scenario.advance(to: "2026-01-27")
    #expect(scenario.said() == [])
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == expected)
  }

  @Test func `The user's order goes first, as it was before the run`() throws {
    let scenario = try scenario(active: 25, companies: ["a", "b", "c"])
    try scenario.take(
      CompanyOrderSet(request: "o1", account: "own", requestedAt: at("2026-01-20"), companies: ["nobody", "c", "c", "a"]))
    try scenario.take(
      CompanyOrderSet(request: "o2", account: "own", requestedAt: at("2026-01-28"), companies: ["b"]), arriving: "2026-01-21")
    try scenario.advance(to: "2026-02-28")
    #expect(
      scenario.said() == [
        "companyOrder.recorded.v1", "companyOrder.recorded.v1", "2026-01 c: 40% for 20 of 25", "2026-01 a: 5% for 5 of 25",
        "2026-01 a: superseded at 02-28",
        "2026-01 c: superseded at 02-28", "2026-02 b: 40% for 20 of 25", "2026-02 a: 5% for 5 of 25",
      ])
  }

  @Test func `An overdue invoice skips the month, and nothing is carried over`() throws {
    let scenario = try scenario(active: 5)
    try scenario.invoice("i", "2026-01-11", due: "2026-01-27T23:59:59Z")
    try scenario.invoice("j", "2026-01-11", due: "2026-01-28")
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 skipped: pending-payments"])
    try scenario.take(InvoiceSettled(invoice: "i", account: "own", company: "a", settledAt: at("2026-01-29")))
    try scenario.take(InvoiceVoided(invoice: "j", account: "own", company: "a", voidedAt: at("2026-02-27")))
    try scenario.advance(to: "2026-02-28")
    #expect(scenario.said() == ["2026-02 a: 5% for 5 of 5"])
  }

  @Test func `Terms that are added later have their runs, even after a time without discounts`() throws {
    let scenario = try scenario(active: 5)
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 a: 5% for 5 of 5"])
    // An earlier day, from the next month on.
    try scenario.restart(DiscountsScenario.tiers([("2020-01-01", 28), ("2026-02-01", 15)]))
    try scenario.invoice("i", "2026-02-10", due: "2026-06-01")
    try scenario.advance(to: "2026-02-15")
    #expect(scenario.said() == ["2026-01 a: 5% on i at 02-10", "2026-02 a: 5% for 5 of 5"])
    let pause = [(from: "2020-01-01", day: Int64(28)), ("2026-02-01", 15), ("2026-03-01", 0)]
    try scenario.restart(DiscountsScenario.tiers(pause))
    try scenario.advance(to: "2026-04-20")
    #expect(scenario.said() == [])
    try scenario.restart(DiscountsScenario.tiers(pause + [("2026-05-01", 10)]))
    try scenario.subscription("other", company: "b", .active, "2026-04-21")
    try scenario.advance(to: "2026-05-10")
    #expect(scenario.said() == ["2026-02 a: superseded at 05-10", "2026-05 a: 5% for 5 of 5"])
  }

  @Test func `Settled at the run's instant is not settled before it`() throws {
    let scenario = try scenario(active: 5)
    try scenario.invoice("i", "2026-01-11", due: "2026-01-20")
    try scenario.take(
      InvoiceSettled(invoice: "i", account: "own", company: "a", settledAt: at("2026-01-28")), arriving: "2026-01-27")
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 skipped: pending-payments"])
  }

  @Test func `The first invoice from the run on uses the discount, and voiding it gives the discount to one that comes later`()
    throws
  {
    let scenario = try scenario(active: 5)
    try scenario.invoice("before", "2026-01-27T23:59:59.999Z", due: "2026-05-01")
    try scenario.invoice("first", "2026-01-28", due: "2026-05-01")
    try scenario.invoice("known", "2026-01-28", due: "2026-05-01")
    try scenario.void("first", "2026-01-29")
    try scenario.void("first", "2026-01-29T01:00:00Z")
    try scenario.void("second", "2026-01-30", arriving: "2026-01-29T02:00:00Z")
    try scenario.invoice("second", "2026-01-30", due: "2026-05-01")
    try scenario.invoice("nothing", amount: 0, "2026-01-30", due: "2026-01-31")
    try scenario.invoice("credit", amount: -1, "2026-01-30", due: "2026-01-31")
    #expect(
      scenario.said() == [
        "2026-01 a: 5% for 5 of 5", "2026-01 a: 5% on first at 01-28", "2026-01 a: first gives it back at 01-29",
      ])
    try scenario.advance(to: "2026-02-28")
    #expect(scenario.said() == ["2026-01 a: superseded at 02-28", "2026-02 a: 5% for 5 of 5"])
    try scenario.invoice("third", "2026-03-01", due: "2026-05-01")
    try scenario.advance(to: "2026-03-28")
    scenario.clear()
    // The next run has made it final.
    try scenario.void("third", "2026-03-27", arriving: "2026-03-28")
    #expect(scenario.said() == [])
  }

  @Test func `A voided invoice gives nothing back to a canceled company, nor after the next run`() throws {
    let scenario = try scenario(active: 25, companies: ["a", "b"])
    try scenario.invoice("i", "2026-01-28", due: "2026-05-01")
    try scenario.invoice("j", company: "b", "2026-01-28", due: "2026-05-01")
    scenario.clear()
    try scenario.take(CompanyClosed(company: "a", account: "own", closedAt: at("2026-01-29")))
    try scenario.void("i", "2026-01-30")
    try scenario.void("j", company: "b", "2026-02-28", arriving: "2026-01-31")
    #expect(scenario.said() == [])
    // Voided before the company was closed, but arrives after. Both are reported.
    try scenario.advance(to: "2026-02-28")
    try scenario.invoice("k", company: "b", "2026-03-01", due: "2026-05-01")
    try scenario.take(CompanyClosed(company: "b", account: "own", closedAt: at("2026-03-05")))
    scenario.clear()
    try scenario.void("k", company: "b", "2026-03-04", arriving: "2026-03-06")
    #expect(scenario.said() == ["2026-02 b: k gives it back at 03-04", "2026-02 b: company-canceled at 03-05"])
  }

  @Test func `An invoice that is charged again uses no discount and stays overdue`() throws {
    let scenario = try scenario(active: 5)
    try scenario.invoice("i", "2026-01-28", due: "2026-05-01")
    try scenario.advance(to: "2026-02-28")
    scenario.clear()
    try scenario.invoice("i", "2026-03-01", due: "2026-09-01")
    try scenario.invoice("j", "2026-03-02", due: "2026-09-01")
    #expect(scenario.said() == ["2026-02 a: 5% on j at 03-02"])
    try scenario.advance(to: "2026-05-28")
    #expect(scenario.said().last == "2026-05 skipped: pending-payments")
  }

  @Test func `A discount that comes back after the company's cancellation is over stays open`() throws {
    let scenario = try scenario(active: 5)
    try scenario.invoice("i", "2026-01-28", due: "2026-05-01")
    try scenario.take(CompanyClosed(company: "a", account: "own", closedAt: at("2026-01-29")))
    try scenario.subscription("again", .active, "2026-01-30")
    scenario.clear()
    try scenario.void("i", "2026-02-01")
    try scenario.invoice("j", "2026-02-02", due: "2026-05-01")
    #expect(scenario.said() == ["2026-01 a: i gives it back at 02-01", "2026-01 a: 5% on j at 02-02"])
  }

  /// DECISIONS T8.
  @Test func `An event without a time does not move the clock`() throws {
    let scenario = try scenario(active: 5)
    scenario.clear()
    try scenario.takeWithoutTime(CompanyClosed(company: "other", account: "own", closedAt: at("2026-03-01")))
    #expect(scenario.said() == [])
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 a: 5% for 5 of 5"])
  }

  @Test func `Invoices of nothing are never overdue`() throws {
    let scenario = try scenario(active: 5)
    try scenario.invoice("nothing", amount: 0, "2026-01-11", due: "2026-01-12")
    try scenario.invoice("credit", amount: -500, "2026-01-11", due: "2026-01-12")
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 a: 5% for 5 of 5"])
  }

  @Test func `A closed company is open again when a subscription of it becomes active`() throws {
    let scenario = try scenario(active: 5)
    try scenario.take(CompanyClosed(company: "a", account: "own", closedAt: at("2026-01-20")))
    try scenario.advance(to: "2026-01-28")
    #expect(scenario.said() == ["2026-01 skipped: no-active-company"])
    try scenario.subscription("a-s", company: "a", .active, "2026-02-01")
    try scenario.advance(to: "2026-02-28")
    #expect(scenario.said() == ["2026-02 a: 5% for 5 of 5"])
    try scenario.take(CompanyClosed(company: "a", account: "own", closedAt: at("2026-03-01")))
    #expect(scenario.said() == ["2026-02 a: company-canceled at 03-01"])
  }

  @Test func `A closed account has no runs until it is opened again, and its discounts lapse`() throws {
    let scenario = try scenario(active: 25, companies: ["a", "b"])
    try scenario.invoice("i", "2026-01-28", due: "2026-05-01")
    scenario.clear()
    try scenario.take(AccountClosed(account: "own", closedAt: at("2026-02-10")))
    try scenario.take(AccountClosed(account: "own", closedAt: at("2026-02-12"), reason: .banned))
    try scenario.advance(to: "2026-02-28")
    // The assignment of a was used and is now final.
    #expect(scenario.said() == ["2026-01 b: superseded at 02-28"])
    try scenario.void("i", "2026-03-01")
    try scenario.advance(to: "2026-04-27")
    #expect(scenario.said() == [])
    try scenario.take(AccountReopened(account: "own", reopenedAt: at("2026-04-28")))
    #expect(scenario.said() == [])
    try scenario.advance(to: "2026-05-28")
    #expect(scenario.said() == ["2026-05 a: 40% for 20 of 25", "2026-05 b: 5% for 5 of 25"])
  }

  @Test func `An ended referral is no active one at later runs, and may begin again`() throws {
    let scenario = try scenario(active: 5)
    try scenario.end("r1", "2026-01-28")
    #expect(scenario.said() == ["2026-01 a: 5% for 5 of 5", "r1 inactive at 01-28"])
    try scenario.assign("r1", "2026-02-28")
    // It is known to be active, so it counts at once, for the runs after that.
    #expect(scenario.said() == ["2026-01 a: superseded at 02-28", "2026-02 skipped: below-minimum", "r1 active at 02-28"])
    try scenario.advance(to: "2026-03-28")
    #expect(scenario.said() == ["2026-03 a: 5% for 5 of 5"])
  }

  @Test func `A run caught up after a move still sees the referral that was ended`() throws {
    let scenario = try scenario(active: 5)
    // All of it arrives before the first run.
    try scenario.end("r1", "2026-02-01", arriving: "2026-01-11")
    try scenario.assign("r1", "2026-03-01", arriving: "2026-01-11")
    scenario.clear()
    try scenario.advance(to: "2026-03-28")
    #expect(
      scenario.said() == [
        "2026-01 a: 5% for 5 of 5", "2026-01 a: superseded at 02-28", "2026-02 skipped: below-minimum",
        "2026-03 a: 5% for 5 of 5",
      ])
  }

  @Test func `A canceled company loses its discount, and is passed over by the next run`() throws {
    let scenario = try scenario(active: 25, companies: ["a", "b"])
    try scenario.subscription("a-s2", company: "a", .active, "2026-01-11")
    try scenario.advance(to: "2026-01-28")
    scenario.clear()
    try scenario.subscription("a-s", company: "a", .canceled, "2026-02-01")
    #expect(scenario.said() == [])
    try scenario.subscription("a-s2", company: "a", .expired, "2026-02-02")
    #expect(scenario.said() == ["2026-01 a: company-canceled at 02-02"])
    try scenario.take(CompanyClosed(company: "b", account: "own", closedAt: at("2026-02-28")), arriving: "2026-02-27")
    #expect(scenario.said() == [])
    try scenario.advance(to: "2026-02-28")
    #expect(
      scenario.said() == [
        "2026-01 b: superseded at 02-28", "2026-02 b: 40% for 20 of 25", "2026-02 b: company-canceled at 02-28",
      ])
    try scenario.advance(to: "2026-03-28")
    #expect(scenario.said() == ["2026-03 skipped: no-active-company"])
  }

  @Test func `No runs after the account's closing`() throws {
    let scenario = try scenario(active: 5)
    try scenario.take(AccountClosed(account: "own", closedAt: at("2026-02-27")))
    #expect(scenario.said() == ["2026-01 a: 5% for 5 of 5"])
    try scenario.advance(to: "2026-06-01")
    #expect(scenario.said() == ["2026-01 a: superseded at 02-28"])
  }

  @Test func `A late run sees what is dated before its instant`() throws {
    let scenario = try scenario(active: 4)
    // All of it arrives before the clock has passed the run, but half is dated after it.
    try scenario.bind("x", "2026-01-10", arriving: "2026-01-11")
    try scenario.subscription("x-s", of: "x", .active, "2026-01-20", arriving: "2026-01-12")
    try scenario.payment("x-p", of: "x", subscription: "x-s", "2026-01-20", arriving: "2026-01-12")
    try scenario.subscription("x-s", of: "x", .canceled, "2026-01-28", arriving: "2026-01-13")
    try scenario.invoice("ahead", "2026-01-29", due: "2026-05-01", arriving: "2026-01-14")
    try scenario.invoice("far", "2026-03-01", due: "2026-05-01", arriving: "2026-01-14")
    scenario.clear()
    try scenario.advance(to: "2026-02-28")
    #expect(
      scenario.said() == [
        "2026-01 a: 5% for 5 of 5", "2026-01 a: 5% on ahead at 01-29", "2026-02 skipped: below-minimum",
      ])
  }

  @Test func `A registration that comes late has its missed runs caught up`() throws {
    let scenario = try DiscountsScenario()
    try scenario.subscription("a-s", .active, "2025-10-01")
    try scenario.bind("r", "2026-01-30")
    try scenario.advance(to: "2026-02-28")
    #expect(scenario.said() == ["2026-02 skipped: below-minimum"])
    try scenario.bind("late", "2025-12-20", arriving: "2026-03-05")
    #expect(scenario.said() == ["2025-12 skipped: below-minimum", "2026-01 skipped: below-minimum"])
    try scenario.advance(to: "2026-04-28")
    #expect(scenario.said() == ["2026-03 skipped: below-minimum", "2026-04 skipped: below-minimum"])
  }

  @Test func `A run caught up before held ones leaves their discounts alone`() throws {
    let scenario = try DiscountsScenario()
    try scenario.subscription("a-s", .active, "2025-10-01")
    for index in 1...5 {
      let referee = "r\(index)"
      try scenario.bind(referee, "2026-02-01")
      // Known before its referral's date, and active from then on.
      try scenario.subscription("\(referee)-s", of: referee, .active, "2026-02-01")
      try scenario.payment("\(referee)-p", of: referee, subscription: "\(referee)-s", "2026-02-01")
    }
    try scenario.advance(to: "2026-03-01")
    scenario.clear()
    // Registered long ago, but arrives only now.
    for index in 6...10 {
      let referee = "r\(index)"
      try scenario.subscription("\(referee)-s", of: referee, .active, "2026-01-10", arriving: "2026-03-02")
      try scenario.payment("\(referee)-p", of: referee, subscription: "\(referee)-s", "2026-01-10", arriving: "2026-03-02")
    }
    for index in 6...10 { try scenario.bind("r\(index)", "2026-01-10", arriving: "2026-03-02") }
    #expect(scenario.said().first == "2026-01 skipped: below-minimum")
    scenario.clear()
    try scenario.invoice("i", "2026-03-03", due: "2026-05-01")
    #expect(scenario.said() == ["2026-02 a: 5% on i at 03-03"])
    try scenario.advance(to: "2026-03-28")
    #expect(scenario.said() == ["2026-03 a: 10% for 10 of 10"])
  }

  @Test func `A missed run sees what was kept of a late registration`() throws {
    let scenario = try DiscountsScenario(fromTheFirst)
    try scenario.subscription("a-s", .active, "2025-10-01")
    try scenario.invoice("i", "2026-02-03", due: "2026-05-01")
    try scenario.subscription("r-s", of: "r", .active, "2026-01-10")
    try scenario.payment("r-p", of: "r", subscription: "r-s", "2026-01-10")
    try scenario.bind("r", "2026-01-09", arriving: "2026-03-02")
    #expect(
      scenario.said().filter { !$0.hasPrefix("r ") } == [
        "2026-01 a: 7% for 1 of 1", "2026-01 a: 7% on i at 02-03", "2026-02 a: 7% for 1 of 1",
      ])
  }

  @Test func `What a run caught up gives is superseded by the held run after it`() throws {
    let scenario = try DiscountsScenario(fromTheFirst)
    try scenario.subscription("a-s", .active, "2025-10-01")
    try scenario.activeReferees(1, "2026-02-01")
    try scenario.advance(to: "2026-03-01")
    #expect(scenario.said() == ["2026-02 a: 7% for 1 of 1"])
    try scenario.subscription("late-s", of: "late", .active, "2025-12-01", arriving: "2026-03-02")
    try scenario.payment("late-p", of: "late", subscription: "late-s", "2025-12-01", arriving: "2026-03-02")
    try scenario.bind("late", "2025-12-01", arriving: "2026-03-02")
    #expect(
      scenario.said().filter { !$0.hasPrefix("late ") } == [
        "2025-12 a: 7% for 1 of 1", "2025-12 a: superseded at 01-28", "2026-01 a: 7% for 1 of 1",
        "2026-01 a: superseded at 02-28",
      ])
    try scenario.invoice("i", "2026-03-03", due: "2026-05-01")
    #expect(scenario.said() == ["2026-02 a: 7% on i at 03-03"])
  }

  /// One active referral is enough.
  private var fromTheFirst: Program {
    Program(
      id: "tiers",
      versions: DiscountsScenario.tiers().versions.map { version in
        var version = version
        version.discounts?.tiers = [.init(from: 1, percent: 7)]
        return version
      })
  }

  struct Change: Sendable {
    let versions: [(from: String, day: Int64)]
    let periods: [String]
    let until: String
  }

  @Test(arguments: [
    // Later in the month: February had its run on the 5th.
    Change(versions: [("2020-01-01", 5), ("2026-02-10", 28)], periods: ["2026-02", "2026-03"], until: "2026-03-28"),
    Change(versions: [("2020-01-01", 28), ("2026-02-01", 5)], periods: ["2026-01", "2026-02", "2026-03"], until: "2026-03-05"),
    Change(versions: [("2020-01-01", 31)], periods: ["2026-01", "2026-02", "2026-03"], until: "2026-03-31"),
  ]) func `The run follows the terms in force, once a month`(_ change: Change) throws {
    let scenario = try DiscountsScenario(DiscountsScenario.tiers(change.versions))
    try scenario.bind("r", "2026-01-10")
    try scenario.advance(to: change.until)
    #expect(scenario.said() == change.periods.map { "\($0) skipped: no-active-company, below-minimum" })
    try scenario.advance(to: change.until)
    #expect(scenario.said() == [])
  }
}

private func at(_ text: String) -> Instant { DiscountsScenario.instant(text) }
