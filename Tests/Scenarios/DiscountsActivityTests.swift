import Contracts
import Testing

/// Rows A5 and B2: notice by notice.
@Suite struct DiscountsActivityTests {
  @Test func `A referee counts with an active subscription that is paid after its trial`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .trialing, "2026-01-07", trialEnds: "2026-01-14")
    try scenario.payment("early", of: "r", subscription: "s", "2026-01-08")
    // Once named, the end of the trial holds.
    try scenario.subscription("s", of: "r", .active, "2026-01-13")
    #expect(scenario.said() == [])
    try scenario.payment("nothing", of: "r", subscription: "s", amount: 0, "2026-01-14")
    try scenario.payment("elsewhere", of: "r", subscription: nil, "2026-01-14")
    #expect(scenario.said() == [])
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-14")
    #expect(scenario.said() == ["r active at 01-14"])
    try scenario.subscription("s", of: "r", .pastDue, "2026-01-20")
    try scenario.subscription("s", of: "r", .active, "2026-01-21")
    #expect(scenario.said() == ["r inactive at 01-20", "r active at 01-21"])
  }

  @Test func `Refunds count when together they take all, whatever their order`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.refund("late", of: "p", by: "r", 600, "2026-01-12", arriving: "2026-01-08")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    #expect(scenario.said() == ["r active at 01-08"])
    try scenario.refund("first", of: "p", by: "r", 400, "2026-01-10", arriving: "2026-01-13")
    #expect(scenario.said() == ["r inactive at 01-12"])
    try scenario.payment("p2", of: "r", subscription: "s", "2026-01-14")
    try scenario.take(DisputeClosed(payment: "p2", account: "r", closedAt: at("2026-01-15"), outcome: .won))
    try scenario.take(DisputeClosed(payment: "p2", account: "r", closedAt: at("2026-01-16"), outcome: .lost))
    #expect(scenario.said() == ["r active at 01-14", "r inactive at 01-16"])
  }

  @Test func `A full refund before its payment gives both notices in order`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.refund("f", of: "p", by: "r", 1000, "2026-01-09")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08", arriving: "2026-01-10")
    #expect(scenario.said() == ["r active at 01-08", "r inactive at 01-09"])
  }

  @Test func `What comes before the attribution is replayed in order of arrival`() throws {
    let scenario = try DiscountsScenario()
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    try scenario.subscription("s", of: "r", .active, "2026-01-07", arriving: "2026-01-09")
    try scenario.subscription("s", of: "r", .canceled, "2026-01-10")
    #expect(scenario.said() == [])
    try scenario.bind("r", "2026-01-06", arriving: "2026-01-11")
    #expect(scenario.said() == ["r active at 01-08", "r inactive at 01-10"])
  }

  @Test func `What an account bound to nobody did is dropped`() throws {
    let scenario = try DiscountsScenario(DiscountsScenario.bonus)
    try scenario.payment("p", of: "r", subscription: nil, plan: "Business", "2026-01-08")
    try scenario.take(
      ReferralRejected(referee: "r", at: at("2026-01-06"), reasons: [.alreadyAttributed], terms: "t@1", because: []),
      arriving: "2026-01-09")
    try scenario.bind("r", "2026-01-06", arriving: "2026-01-09")
    #expect(scenario.said() == ["r 10% until 01-27", "r used by p at 01-08"])
    try scenario.payment("q", of: "x", subscription: nil, plan: "Business", "2026-01-10")
    try scenario.take(AccountRegistered(account: "x", registeredAt: at("2026-01-11")))
    try scenario.bind("x", "2026-01-11", arriving: "2026-01-12")
    #expect(scenario.said() == ["x 10% until 02-01"])
  }

  @Test func `A welcome offer is used once, strictly before it expires`() throws {
    let scenario = try DiscountsScenario(DiscountsScenario.bonus)
    for referee in ["one", "two", "three"] { try scenario.bind(referee, "2026-01-05T09:00:00Z") }
    scenario.clear()
    try scenario.payment("basic", of: "one", subscription: nil, plan: "Basic", "2026-01-06")
    try scenario.payment("business", of: "one", subscription: nil, plan: "Business", "2026-01-07")
    try scenario.payment("again", of: "one", subscription: nil, plan: "Start+", "2026-01-08")
    #expect(scenario.said() == ["one used by business at 01-07"])
    try scenario.payment("late", of: "two", subscription: nil, plan: "Start+", "2026-01-26T09:00:00Z")
    #expect(scenario.said() == ["two expired at 01-26T09:00", "three expired at 01-26T09:00"])
    // Paid in time, but known too late (DECISIONS T5).
    try scenario.payment("slow", of: "three", subscription: nil, plan: "Start+", "2026-01-20", arriving: "2026-01-27")
    #expect(scenario.said() == [])
  }

  @Test func `A second subscription keeps a referee active, and the last to end says when`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    for (subscription, day) in [("s1", "07"), ("s2", "08")] {
      try scenario.subscription(subscription, of: "r", .active, "2026-01-\(day)")
      try scenario.payment("p-\(subscription)", of: "r", subscription: subscription, "2026-01-\(day)")
    }
    #expect(scenario.said() == ["r active at 01-07"])
    try scenario.subscription("s1", of: "r", .canceled, "2026-01-20")
    #expect(scenario.said() == [])
    try scenario.subscription("s2", of: "r", .expired, "2026-01-15", arriving: "2026-01-21")
    #expect(scenario.said() == ["r inactive at 01-20"])
  }

  @Test func `An amount beyond Int64 is refused`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.take(
      PaymentSettled(
        payment: "p", account: "r", subscription: "s", paidAt: at("2026-01-07"), currency: "USD",
        lines: [PaymentLine(sku: "a", kind: .plan, amount: .max), PaymentLine(sku: "b", kind: .plan, amount: 1)]))
    #expect(scenario.rejections == [.overflow])
  }
}

private func at(_ text: String) -> Instant { DiscountsScenario.instant(text) }
