import Contracts
import Testing

/// Rows A5 and B2, notice by notice.
@Suite struct DiscountsActivityTests {
  @Test func `A referee counts with an active subscription that is paid after its trial`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .trialing, "2026-01-07", trialEnds: "2026-01-14")
    try scenario.payment("early", of: "r", subscription: "s", "2026-01-08")
    // Once named, the end of the trial stays fixed until the subscription becomes active.
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

  @Test func `A dispute that is lost at the instant of its opening takes the amount of the opening`() throws {
    for amount in [0, 100, 1000] as [Int64] {
      let scenario = try DiscountsScenario()
      try scenario.bind("r", "2026-01-06")
      try scenario.subscription("s", of: "r", .active, "2026-01-07")
      try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
      try scenario.take(PaymentDisputed(payment: "p", account: "r", disputedAt: at("2026-01-09"), amount: amount))
      try scenario.take(DisputeClosed(payment: "p", account: "r", closedAt: at("2026-01-09"), outcome: .lost))
      #expect(scenario.said() == ["r active at 01-08"] + (amount == 1000 ? ["r inactive at 01-09"] : []), "\(amount)")
    }
  }

  /// One event must not take minutes, whatever a sender makes up.
  @Test(.timeLimit(.minutes(1))) func `A long chain of replaced subscriptions is judged in time`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-01")
    for number in 0..<120 {
      let instant = "\(at("2026-01-02") + .hours(Int64(number)))"
      if number > 0 { try scenario.subscription("s\(number - 1)", of: "r", .canceled, instant) }
      try scenario.subscription(
        "s\(number)", of: "r", .active, instant, replaces: number > 0 ? "s\(number - 1)" : nil)
      try scenario.payment("p\(number)", of: "r", subscription: "s\(number)", instant)
    }
    #expect(scenario.said().last?.hasPrefix("r active") ?? false)
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
    // Paid in time, but arrived too late (DECISIONS T5).
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

  @Test(arguments: [("2026-01-10T08:30:00Z", true), ("2026-01-10T08:29:59.999Z", false)])
  func `The first change to active ends a trial, and the charge comes up to an hour before`(paidAt: String, counts: Bool) throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .trialing, "2026-01-07", trialEnds: "2026-01-20")
    try scenario.payment("p", of: "r", subscription: "s", paidAt)
    try scenario.subscription("s", of: "r", .active, "2026-01-10T09:30:00Z")
    #expect(scenario.said() == (counts ? ["r active at 01-10T09:30"] : []))
  }

  @Test func `A subscription takes over what was paid for those that it replaces, not their status`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s1", of: "r", .trialing, "2026-01-06", trialEnds: "2026-01-20")
    try scenario.subscription("s1", of: "r", .active, "2026-01-08")
    try scenario.payment("p", of: "r", subscription: "s1", "2026-01-08")
    #expect(scenario.said() == ["r active at 01-08"])
    try scenario.subscription("s2", of: "r", .pastDue, "2026-01-09", replaces: "s1")
    try scenario.subscription("s1", of: "r", .canceled, "2026-01-09")
    #expect(scenario.said() == ["r inactive at 01-09"])
    try scenario.subscription("s3", of: "r", .active, "2026-01-10", replaces: "s2")
    #expect(scenario.said() == ["r active at 01-10"])
    try scenario.refund("f", of: "p", by: "r", 1000, "2026-01-11")
    #expect(scenario.said() == ["r inactive at 01-11"])
    // They replace each other in a cycle, which must end.
    try scenario.subscription("s1", of: "r", .active, "2026-01-12", replaces: "s3")
    try scenario.payment("q", of: "r", subscription: "s1", "2026-01-13")
    #expect(scenario.said() == ["r active at 01-13"])
  }

  @Test func `A refund that failed has never been`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    try scenario.refund("f", of: "p", by: "r", 1000, "2026-01-09")
    try scenario.take(RefundFailed(refund: "f", payment: "p", account: "r", failedAt: at("2026-01-16")))
    #expect(scenario.said() == ["r active at 01-08", "r inactive at 01-09", "r active at 01-16"])
    // Arrives before its refund, and both before their payment.
    try scenario.take(RefundFailed(refund: "g", payment: "p", account: "r", failedAt: at("2026-01-18")), arriving: "2026-01-17")
    try scenario.refund("g", of: "p", by: "r", 1000, "2026-01-18", arriving: "2026-01-18")
    #expect(scenario.said() == [])
    try scenario.refund("h", of: "p", by: "r", 1000, "2026-01-19")
    try scenario.refund("k", of: "q", by: "r", 1000, "2026-01-21")
    try scenario.take(RefundFailed(refund: "k", payment: "q", account: "r", failedAt: at("2026-01-22")))
    try scenario.payment("q", of: "r", subscription: "s", "2026-01-20", arriving: "2026-01-23")
    #expect(
      scenario.said() == ["r inactive at 01-19", "r active at 01-20", "r inactive at 01-21", "r active at 01-22"])
  }

  @Test func `A lost dispute takes its amount until it is won, each by its id`() throws {
    let scenario = try DiscountsScenario()
    func close(_ dispute: DisputeID?, _ day: String, _ outcome: DisputeOutcome) throws {
      try scenario.take(
        DisputeClosed(payment: "p", account: "r", closedAt: at("2026-01-\(day)"), outcome: outcome, dispute: dispute))
    }
    func open(_ dispute: DisputeID?, _ day: String, _ amount: Int64?, arriving: String? = nil) throws {
      try scenario.take(
        PaymentDisputed(payment: "p", account: "r", disputedAt: at("2026-01-\(day)"), dispute: dispute, amount: amount),
        arriving: arriving)
    }
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    scenario.clear()
    try open("d1", "09", 600)
    try open("d2", "09", 400)
    try open(nil, "09", 0)
    try close(nil, "10", .lost)
    try close("d1", "10", .lost)
    try close("d2", "11", .withdrawn)
    #expect(scenario.said() == [])
    try close("d2", "12", .lost)
    #expect(scenario.said() == ["r inactive at 01-12"])
    try close("d1", "13", .won)
    #expect(scenario.said() == ["r active at 01-13"])
    // For one dispute the latest instant counts, whatever arrives last.
    try close("d1", "12", .lost)
    #expect(scenario.said() == [])
    // The whole payment, as long as the amount is unknown.
    try close("d3", "15", .lost)
    #expect(scenario.said() == ["r inactive at 01-15"])
    try open("d3", "14", 1, arriving: "2026-01-16")
    #expect(scenario.said() == ["r active at 01-13"])
  }

  @Test func `A payment that brought nothing, or comes from long before, uses no offer`() throws {
    let scenario = try DiscountsScenario(DiscountsScenario.bonus)
    try scenario.payment("before", of: "r", subscription: nil, plan: "Business", "2026-01-04T08:59:59.999Z")
    try scenario.bind("r", "2026-01-05T09:00:00Z")
    try scenario.payment("nothing", of: "r", subscription: nil, amount: 0, plan: "Business", "2026-01-06")
    try scenario.payment("credit", of: "r", subscription: nil, amount: -500, plan: "Business", "2026-01-06")
    try scenario.take(
      PaymentSettled(
        payment: "bonus", account: "r", paidAt: at("2026-01-06"), currency: "KZT",
        lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Business", amount: 1000)], paidWithBonus: 1000))
    try scenario.take(
      PaymentSettled(
        payment: "huge", account: "r", paidAt: at("2026-01-06"), currency: "KZT",
        lines: [
          PaymentLine(sku: "a", kind: .plan, plan: "Business", amount: .max), PaymentLine(sku: "b", kind: .plan, amount: 1),
        ]))
    #expect(scenario.said() == ["r 10% until 01-26T09:00"])
    #expect(scenario.rejections == [])
    try scenario.payment("leeway", of: "r", subscription: nil, plan: "Business", "2026-01-04T09:00:00Z", arriving: "2026-01-07")
    #expect(scenario.said() == ["r used by leeway at 01-04T09:00"])
  }

  @Test func `What arrived before an operator's assignment is not judged again`() throws {
    let scenario = try DiscountsScenario()
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    // The registration may arrive before or after.
    try scenario.assign("r", "2026-01-09")
    try scenario.take(AccountRegistered(account: "r", registeredAt: at("2026-01-06")), arriving: "2026-01-09")
    #expect(scenario.said() == [])
    try scenario.subscription("s", of: "r", .active, "2026-01-10")
    try scenario.payment("q", of: "r", subscription: "s", "2026-01-11")
    #expect(scenario.said() == ["r active at 01-11"])
  }

  @Test func `A referral that has ended is active no more, whatever its referee does`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.subscription("s", of: "r", .active, "2026-01-07")
    try scenario.payment("p", of: "r", subscription: "s", "2026-01-08")
    try scenario.end("r", "2026-01-12")
    #expect(scenario.said() == ["r active at 01-08", "r inactive at 01-12"])
    try scenario.subscription("s", of: "r", .pastDue, "2026-01-13")
    try scenario.subscription("s", of: "r", .active, "2026-01-14")
    // A second registration attributes nobody, and a second end ends nothing.
    try scenario.take(AccountRegistered(account: "r", registeredAt: at("2026-01-14")))
    try scenario.end("r", "2026-01-15")
    #expect(scenario.said() == [])
    try scenario.assign("r", to: "other", "2026-01-16")
    #expect(scenario.said() == ["r active at 01-16"])
  }

  @Test func `A move opens no second offer, and the first stays`() throws {
    let scenario = try DiscountsScenario(DiscountsScenario.bonus)
    try scenario.bind("r", "2026-01-05")
    try scenario.end("r", "2026-01-06")
    try scenario.assign("r", to: "other", "2026-01-07")
    #expect(scenario.said() == ["r 10% until 01-26"])
    try scenario.payment("p", of: "r", subscription: nil, plan: "Business", "2026-01-08")
    #expect(scenario.said() == ["r used by p at 01-08"])
    try scenario.end("r", of: "other", "2026-01-09")
    try scenario.assign("r", "2026-01-10")
    try scenario.payment("q", of: "r", subscription: nil, plan: "Business", "2026-01-11")
    #expect(scenario.said() == [])
    try scenario.take(AccountRegistered(account: "x", registeredAt: at("2026-01-11")))
    try scenario.assign("x", "2026-01-12")
    #expect(scenario.said() == ["x 10% until 02-02"])
  }

  @Test func `An amount beyond Int64 is rejected`() throws {
    let scenario = try DiscountsScenario()
    try scenario.bind("r", "2026-01-06")
    try scenario.take(
      PaymentSettled(
        payment: "p", account: "r", subscription: "s", paidAt: at("2026-01-07"), currency: "USD",
        lines: [PaymentLine(sku: "a", kind: .plan, amount: .max), PaymentLine(sku: "b", kind: .plan, amount: 1)]))
    #expect(scenario.rejections == [.overflow])
  }

  @Test func `A refund in another currency is rejected, and the right one counts`() throws {
    let scenario = try DiscountsScenario()
    try scenario.activeReferees(2, "2026-01-05")
    try scenario.refund("f", of: "r1-p", by: "r1", 1000, "2026-01-06", currency: "EUR")
    #expect(scenario.rejections == [.malformed])
    try scenario.refund("f", of: "r1-p", by: "r1", 1000, "2026-01-06")
    #expect(scenario.said() == ["r1 inactive at 01-06"])
    // It arrives before its payment.
    try scenario.refund("g", of: "later", by: "r2", 1000, "2026-01-07", currency: "EUR")
    try scenario.payment("later", of: "r2", subscription: "r2-s", "2026-01-08")
    #expect(scenario.rejections == [.malformed, .malformed])
  }

  @Test func `A program without discounts remembers no refund`() throws {
    let scenario = try DiscountsScenario(DiscountsScenario.bonus)
    try scenario.refund("f", of: "p", by: "r1", 1000, "2026-01-06", currency: "EUR")
    try scenario.refund("f", of: "p", by: "r1", 1000, "2026-01-06")
    #expect(scenario.rejections == [])
  }
}

private func at(_ text: String) -> Instant { DiscountsScenario.instant(text) }
