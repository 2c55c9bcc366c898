import Contracts
import Terms
import TestSupport
import Testing

@testable import Discounts

/// The pure functions behind rows B2–B9.
@Suite struct DiscountsRulesTests {
  private func day(_ number: Int64) -> Instant { Instant(milliseconds: number * 86_400_000) }

  private func status(
    _ subscription: SubscriptionID, _ status: SubscriptionStatus, _ at: Instant, trialEnds: Instant? = nil,
    replaces: SubscriptionID? = nil
  ) -> SubscriptionStatusFact {
    SubscriptionStatusFact(
      SubscriptionChanged(
        subscription: subscription, account: "r", company: "c", plan: "Pro", changedAt: at, status: status,
        trialEndsAt: trialEnds,
        replaces: replaces))
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `Turns do not depend on the order of arrival, and say what held at every instant`(seed: UInt64) {
    var random = Seeded(state: seed)
    enum Fact {
      case status(SubscriptionStatusFact)
      case payment(SubscriptionID, PaymentID, Instant, gap: RefereePayment.Gap?)
    }
    let subscriptions: [SubscriptionID] = ["s1", "s2"]
    var facts: [Fact] = []
    var days = [Int64](1...60).shuffled(using: &random)
    for number in 0..<Int.random(in: 2...14, using: &random) {
      let subscription = subscriptions[Int.random(in: 0...1, using: &random)]
      let at = day(days.removeLast())
      if Bool.random(using: &random) {
        let value = [SubscriptionStatus.trialing, .active, .active, .active, .pastDue, .canceled].randomElement(using: &random)
        let trial = Int.random(in: 0...3, using: &random) == 0 ? day(Int64.random(in: 1...40, using: &random)) : nil
        let replaces = subscription == "s2" && Bool.random(using: &random) ? "s1" as SubscriptionID : nil
        facts.append(.status(status(subscription, value ?? .active, at, trialEnds: trial, replaces: replaces)))
      } else {
        var gap: RefereePayment.Gap?
        if Bool.random(using: &random) {
          let from = at + .days(Int64.random(in: 1...20, using: &random))
          gap = .init(from: from, to: Bool.random(using: &random) ? from + .days(Int64.random(in: 1...9, using: &random)) : nil)
        }
        facts.append(.payment(subscription, PaymentID(derivedFrom: ["p\(number)"]), at, gap: gap))
      }
    }
    func known(_ facts: [Fact]) -> [RefereeSubscription] {
      var rows: [SubscriptionID: RefereeSubscription] = [:]
      for fact in facts {
        switch fact {
        case .status(let status): rows[status.subscription, default: RefereeSubscription(status.subscription)].change(status)
        case .payment(let subscription, let payment, let at, let gap):
          rows[subscription, default: RefereeSubscription(subscription)].pay(payment, at: at)
          if let gap { _ = rows[subscription]?.setGaps([gap], of: payment) }
        }
      }
      return rows.keys.sorted().compactMap { rows[$0] }
    }
    let attributedAt = day(5)
    let rows = known(facts)
    let turns = Activation.turns(rows, attributedAt: attributedAt)
    #expect(Activation.turns(known(facts.shuffled(using: &random)), attributedAt: attributedAt) == turns)
    #expect(turns == turns.sorted() && Set(turns).count == turns.count)
    #expect(Activation.isActive(turns) == (Activation.counting(rows, attributedAt: attributedAt) != nil))
    for number in 1...100 {
      let run = day(Int64(number)) + .hours(1)
      let counts =
        run > attributedAt
        && rows.contains {
          SubscriptionChain.counting(
            $0, among: SubscriptionChain.known(rows), asOf: run - .milliseconds(1), attributedAt: attributedAt) != nil
        }
      #expect(Activation.isActive(turns, before: run) == counts)
    }
  }

  @Test func `Years of renewals stay small and keep their referee active`() {
    var subscription = RefereeSubscription("s")
    for month in Int64(0)..<240 {
      subscription.change(status("s", .active, day(month * 30)))
      subscription.pay(PaymentID(derivedFrom: ["p\(month)"]), at: day(month * 30))
    }
    #expect(subscription.statuses.entries.count == 24)
    #expect(subscription.payments.count == 36)
    #expect(subscription.payments.first?.payment == "p0")
    let turns = Activation.turns([subscription], attributedAt: day(0))
    #expect(Activation.isActive(turns) && Activation.isActive(turns, before: day(240 * 30 - 400)))
  }

  @Test func `A change of subscription at one instant leaves no gap`() {
    var old = RefereeSubscription("old")
    old.change(status("old", .active, day(1)))
    old.pay("p", at: day(1))
    old.change(status("old", .canceled, day(9)))
    var new = RefereeSubscription("new")
    new.change(status("new", .active, day(9)))
    new.pay("q", at: day(9))
    #expect(Activation.turns([old, new], attributedAt: day(0)) == [day(1)])
  }

  @Test(arguments: [
    ([] as [CompanyID], ["a", "b", "c"] as [CompanyID]),
    (["c"], ["c", "a", "b"]),
    (["nobody", "b", "b"], ["b", "a", "c"]),
  ]) func `The order of dealing`(wished: [CompanyID], expected: [CompanyID]) {
    // b and c began at the same instant. b arrived first.
    let known = [
      Company(company: "c", first: .init(at: day(2), number: 3)), Company(company: "b", first: .init(at: day(2), number: 2)),
      Company(company: "a", first: .init(at: day(1), number: 4)),
    ]
    #expect(MonthlyRun.order(known, wished: wished).map(\.company) == expected)
  }

  @Test func `Since when a company is canceled`() {
    func standing(_ company: CompanyID, _ status: SubscriptionStatus) -> OwnSubscription.Ownership {
      .init(company: company, status: status)
    }
    var first = OwnSubscription(subscription: "s1")
    first.history.put(standing("a", .active), at: day(1))
    first.history.put(standing("a", .canceled), at: day(10))
    var second = OwnSubscription(subscription: "s2")
    second.history.put(standing("a", .unpaid), at: day(2))
    second.history.put(standing("a", .expired), at: day(8))
    second.history.put(standing("b", .active), at: day(20))
    var company = Company(company: "a", first: .init(at: day(1), number: 1))
    func since(_ start: Int64, _ end: Int64?) -> Instant? {
      Cancellation(of: company, [first, second]).since(from: day(start), to: end.map(day))?.at
    }
    #expect(since(5, 10) == nil)
    #expect(since(5, 11) == day(10))
    #expect(since(15, nil) == day(10))
    let cancellation = Cancellation(of: company, [first, second])
    #expect(cancellation.cause(before: day(10)) == nil && cancellation.cause(at: day(10)) == .subscriptionsEnded)
    company.isClosed.put(true, at: day(6))
    #expect(since(5, nil) == day(6))
    #expect(Cancellation(of: company, [first, second]).cause(at: day(6)) == .closed)
  }

  @Test func `A closed company is open again from a later change to active on, whatever arrives first`() {
    let running = OwnSubscription(
      subscription: "s1",
      history: .init(entries: [.init(at: day(1), value: .init(company: "a", status: .active))]))
    for opensFirst in [true, false] {
      var company = Company(company: "a", first: .init(at: day(1), number: 1))
      if opensFirst { company.open(at: day(9)) }
      company.isClosed.put(true, at: day(6))
      company.open(at: day(6))
      if !opensFirst { company.open(at: day(9)) }
      let cancellation = Cancellation(of: company, [running])
      #expect([5, 6, 8, 9].map { cancellation.cause(at: day($0)) } == [nil, .closed, .closed, nil])
    }
  }

  @Test func `Nothing is left of a payment while what was taken reaches all of it`() {
    func taking(_ from: Int64, _ to: Int64?, _ amount: Int64?) -> RefereePayment.Taking {
      .init(gap: .init(from: day(from), to: to.map(day)), amount: amount)
    }
    #expect(RefereePayment.gaps(received: 100, [taking(3, 5, 60), taking(1, nil, 30)]) == [])
    #expect(
      RefereePayment.gaps(received: 100, [taking(3, 5, 60), taking(1, nil, 40), taking(7, 8, nil)]) == [
        .init(from: day(3), to: day(5)), .init(from: day(7), to: day(8)),
      ])
    #expect(RefereePayment.gaps(received: 100, [taking(3, nil, 100), taking(4, 6, 100)]) == [.init(from: day(3))])
  }

  @Test(arguments: [
    (true, ["a"] as [CompanyID], Int64(5), [SkipReason.pendingPayments]), (false, [], 5, [.noActiveCompany]),
    (false, ["a"], 4, [.belowMinimum]), (true, [], 0, [.pendingPayments, .noActiveCompany, .belowMinimum]),
  ]) func `Every reason to skip`(pending: Bool, companies: [CompanyID], active: Int64, expected: [SkipReason]) {
    let terms = DiscountTerms(
      tiers: [.init(from: 5, percent: 5)], maxPerCompany: 20, schedule: MonthlySchedule(day: 28, zone: .utc))
    let reasons = MonthlyRun.reasonsToSkip(hasPendingPayments: pending, companies: companies, active: active, terms)
    #expect(reasons == expected)
  }
}

/// A repeatable random generator (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
