import Contracts
import Terms
import Testing

@testable import Payouts

/// The states of one withdrawal, without its stage (row C10).
@Suite struct PayoutsStateTests {
  static let terms = WithdrawalTerms(approvalAbove: .above(["USD": 50_000]), dueSoonAfter: .days(7), dueAfter: .days(10))

  static func withdrawal(
    _ amount: Int64 = 400, currency: Currency = "USD", at instant: Instant = PayoutsEvent.noon(1),
    under terms: WithdrawalTerms = terms
  ) -> Withdrawal {
    Withdrawal(
      WithdrawalRequested(
        request: "w1", account: "own", requestedAt: instant, amount: amount, currency: currency, destination: "card:1111"),
      under: PayoutsScenario.version(3, from: "2020-01-01T00:00:00Z", terms), terms)
  }

  /// A fact about a withdrawal.
  enum Fact: CaseIterable, Sendable {
    case reserved, notReserved, approved, rejected, canceled, settled, failed, returned, banned

    func tell(_ known: inout Known) {
      switch self {
      case .reserved: known.facts.learn(.reserved)
      case .notReserved: known.facts.learn(.rejected(reasons: [.insufficientBalance], because: [Because("withdrawal")]))
      case .approved: known.facts.learn(.approved(at: PayoutsEvent.noon(2), operator: "olga", note: nil))
      case .rejected: known.facts.learn(.rejected(at: PayoutsEvent.noon(2), operator: "olga", note: nil))
      case .canceled: known.facts.learn(canceledAt: PayoutsEvent.noon(3))
      case .settled: try? known.results.settle(Self.result, of: "w1#1")
      case .failed: try? known.results.fail(Self.result, of: "w1#1")
      case .returned: known.results.return(Self.result)
      case .banned: known.bannedAt = PayoutsEvent.noon(3)
      }
    }

    static let result = PayoutResult(at: PayoutsEvent.noon(4), reason: nil)
  }

  struct Known {
    var facts = WithdrawalFacts()
    var results = PayoutResults()
    var bannedAt: Instant?
  }

  static func steps(of withdrawal: inout Withdrawal, after facts: [Fact]) -> [WithdrawalStep] {
    var known = Known()
    return facts.flatMap { fact in
      fact.tell(&known)
      return withdrawal.advance(by: known.facts, known.results, bannedAt: known.bannedAt)
    }
  }

  /// The state of a withdrawal after these facts in this order.
  static func standing(_ amount: Int64, after facts: [Fact]) -> WithdrawalStatus {
    var withdrawal = withdrawal(amount)
    _ = steps(of: &withdrawal, after: facts)
    return withdrawal.standing
  }

  @Test(
    arguments: [
      (400, [], .opened),
      (400, [.approved], .opened), (400, [.rejected], .opened), (400, [.settled], .opened),
      (400, [.reserved], .instructed),
      (400, [.notReserved], .declined),
      (400, [.canceled], .declined), (400, [.canceled, .reserved], .declined), (400, [.canceled, .notReserved], .declined),
      (400, [.reserved, .canceled], .instructed),
      (400, [.rejected, .reserved], .instructed),
      (400, [.reserved, .notReserved], .instructed),
      (400, [.reserved, .settled], .paid), (400, [.reserved, .failed], .failed),
      (400, [.settled, .reserved], .paid),
      (400, [.settled, .failed, .reserved], .paid), (400, [.failed, .settled, .reserved], .paid),
      (50_001, [.approved, .rejected, .reserved], .instructed), (50_001, [.rejected, .approved, .reserved], .declined),
      (400, [.reserved, .settled, .failed], .paid), (400, [.reserved, .failed, .settled], .paid),
      (400, [.reserved, .returned], .returned), (400, [.reserved, .settled, .returned], .returned),
      (400, [.reserved, .returned, .settled], .returned), (400, [.reserved, .failed, .returned, .settled], .failed),
      (400, [.returned, .reserved], .returned), (400, [.returned, .settled, .failed, .reserved], .returned),
      (400, [.banned, .reserved], .declined), (400, [.reserved, .banned], .instructed),
      (400, [.banned, .notReserved], .declined),
      (50_001, [.reserved, .banned], .declined), (50_001, [.reserved, .banned, .approved], .declined),
      (50_001, [.approved, .banned, .reserved], .declined), (50_001, [.reserved, .approved, .banned], .instructed),
      (50_001, [.reserved, .returned], .awaitingApproval), (50_001, [.reserved, .returned, .approved], .returned),
      (50_001, [.reserved, .settled, .rejected], .declined),
      (50_001, [.reserved], .awaitingApproval),
      (50_001, [.reserved, .settled], .awaitingApproval),
      (50_001, [.reserved, .approved], .instructed), (50_001, [.approved, .reserved], .instructed),
      (50_001, [.reserved, .rejected], .declined), (50_001, [.rejected, .reserved], .declined),
      (50_001, [.reserved, .canceled], .declined),
      (50_001, [.reserved, .approved, .canceled], .instructed), (50_001, [.reserved, .canceled, .approved], .declined),
      (50_001, [.reserved, .approved, .rejected], .instructed), (50_001, [.reserved, .rejected, .approved], .declined),
      (50_001, [.reserved, .approved, .settled], .paid), (50_001, [.settled, .approved, .reserved], .paid),
    ] as [(Int64, [Fact], WithdrawalStatus)])
  func standsWhereTheFactsLead(amount: Int64, facts: [Fact], standing: WithdrawalStatus) {
    #expect(Self.standing(amount, after: facts) == standing)
  }

  @Test(
    arguments: [
      (.above(["USD": 50_000]), 50_000, "USD", false), (.above(["USD": 50_000]), 50_001, "USD", true),
      (.above(["USD": 50_000]), 1, "EUR", true), (.above([:]), 1, "USD", true), (.never, 90_000_000, "USD", false),
    ] as [(ApprovalLimits, Int64, Currency, Bool)])
  func whatIsNotWithinALimitNeedsApproval(limits: ApprovalLimits, amount: Int64, currency: Currency, needs: Bool) {
    let terms = WithdrawalTerms(approvalAbove: limits, dueSoonAfter: .days(7), dueAfter: .days(10))
    #expect(Self.withdrawal(amount, currency: currency, under: terms).needsApproval == needs)
  }

  /// From the request on, until the end but excluding it.
  @Test(arguments: [(1, false), (2, true), (3, true), (4, false), (5, false)])
  func wasOpenBetweenItsRequestAndItsEnd(day: Int, wasOpen: Bool) {
    var withdrawal = Self.withdrawal(at: PayoutsEvent.noon(2))
    #expect(withdrawal.isOpen(at: PayoutsEvent.noon(day)))
    _ = Self.steps(of: &withdrawal, after: [.reserved, .settled])
    #expect(withdrawal.isOpen(at: PayoutsEvent.noon(day)) == wasOpen)
  }

  /// It stays closed even if its money moves later.
  @Test func endsOnce() throws {
    var withdrawal = Self.withdrawal()
    var results = PayoutResults()
    var facts = WithdrawalFacts()
    facts.learn(.reserved)
    try results.fail(PayoutResult(at: PayoutsEvent.noon(3), reason: nil), of: "w1#1")
    _ = withdrawal.advance(by: facts, results, bannedAt: nil)
    try results.settle(PayoutResult(at: PayoutsEvent.noon(9), reason: nil), of: "w1#1")
    _ = withdrawal.advance(by: WithdrawalFacts(), results, bannedAt: nil)
    #expect(withdrawal.standing == .paid && withdrawal.endedAt == PayoutsEvent.noon(3))
    #expect(!withdrawal.isOpen(at: PayoutsEvent.noon(5)))
  }

  /// Every step carries the instant of the fact that allowed it.
  @Test func stepsCarryTheInstantsOfTheirFacts() {
    var withdrawal = Self.withdrawal(50_001)
    let steps = Self.steps(of: &withdrawal, after: [.approved, .reserved, .settled])
    #expect(
      steps == [
        .init(
          to: .awaitingApproval, at: PayoutsEvent.noon(1),
          because: [Because("above-limit", ["amount": 50_001, "approvalAbove": 50_000])]),
        .init(to: .instructed, at: PayoutsEvent.noon(2), because: [Because("approved", ["operator": "olga"])]),
        .init(to: .paid, at: PayoutsEvent.noon(4), because: [Because("payout-settled", ["payout": "w1#1"])]),
      ])
  }

  /// A result that waits for the instruction: settled and returned replace the instruction, failed follows it (DECISIONS C10c).
  @Test(
    arguments: [
      ([.settled], [.paid]), ([.failed], [.instructed, .failed]), ([.returned], [.returned]), ([.failed, .settled], [.paid]),
      ([.settled, .returned], [.returned]), ([.failed, .returned], [.returned]), ([], [.instructed]),
    ] as [([Fact], [WithdrawalStatus])])
  func resultsMayComeBeforeTheirInstruction(results: [Fact], expected: [WithdrawalStatus]) {
    for (amount, others) in [(400, [.reserved]), (50_001, [.reserved, .approved])] as [(Int64, [Fact])] {
      var withdrawal = Self.withdrawal(amount)
      let steps = Self.steps(of: &withdrawal, after: results + others)
      #expect(steps.map(\.to).filter { $0 != .awaitingApproval } == expected)
    }
  }

  // MARK: Results in every order (DECISIONS C10c)

  /// Where the reserved money is after these steps, as the ledger moves it.
  private static func money(after steps: [WithdrawalStep]) -> String {
    steps.reduce("reserved") { place, step in
      switch (step.to, place) {
      case (.opened, _), (.awaitingApproval, _), (.instructed, _): place
      case (.paid, "reserved"), (.paid, "available"): "paid"
      case (.failed, "reserved"), (.declined, "reserved"), (.returned, "reserved"), (.returned, "paid"): "available"
      case (.paid, _), (.failed, _), (.declined, _), (.returned, _): "moved from \(place) by \(step.to)"
      }
    }
  }

  /// The end is the same in every order, whenever the reservation and the approval arrive.
  @Test(
    arguments: [
      ([], "reserved"), ([.settled], "paid"), ([.failed], "available"), ([.returned], "available"),
      ([.settled, .failed], "paid"),
      ([.settled, .returned], "available"), ([.failed, .returned], "available"), ([.settled, .failed, .returned], "available"),
    ] as [([Fact], String)])
  func theStrongestResultHolds(results: [Fact], place: String) {
    for order in permutations(of: results + [.reserved, .approved]) {
      var withdrawal = Self.withdrawal(50_001)
      #expect(Self.money(after: Self.steps(of: &withdrawal, after: order)) == place, "\(order)")
    }
  }

  @Test func whatContradictsIsRejected() throws {
    func result(_ day: Int, _ reference: String?) -> PayoutResult {
      PayoutResult(at: PayoutsEvent.noon(day), reference: reference, reason: nil)
    }
    var results = PayoutResults()
    try results.settle(result(2, nil), of: "w1#1")
    try results.settle(result(3, "a"), of: "w1#1")
    try results.settle(result(4, "a"), of: "w1#1")
    try results.settle(result(5, nil), of: "w1#1")
    #expect(results.settled == result(2, "a"))
    #expect(throws: Rejection.self) { try results.settle(result(6, "b"), of: "w1#1") }
    #expect(throws: Rejection.self) { try results.fail(result(6, nil), of: "w1#1") }
    results.return(result(7, nil))
    try results.fail(result(8, nil), of: "w1#1")
    #expect(throws: Rejection.self) { try results.settle(result(8, "b"), of: "w1#1") }
    #expect(results.failed == nil && results.returned == result(7, nil))
  }

  /// For any facts in any order, however often: every step happens at most once, none follows a decline, and the money is always where
  /// the next step takes it from.
  @Test(arguments: [400, 50_001] as [Int64])
  func takesNoStepTwice(amount: Int64) {
    var order = SplitMix(state: UInt64(amount))
    for _ in 0..<2000 {
      let facts = (0..<12).map { _ in Fact.allCases[Int(order.next() % UInt64(Fact.allCases.count))] }
      var withdrawal = Self.withdrawal(amount)
      let steps = Self.steps(of: &withdrawal, after: facts)
      let names = steps.map(\.to)
      #expect(Set(names).count == names.count, "\(facts)")
      #expect(names.firstIndex(of: .declined).map { $0 == names.count - 1 } ?? true, "\(facts)")
      if facts.contains(.reserved), names != [.declined] {
        #expect(["reserved", "paid", "available"].contains(Self.money(after: steps)), "\(facts)")
      }
      let isOver = [.paid, .failed, .returned, .declined].contains { names.contains($0) }
      #expect(withdrawal.isOpen == !isOver)
    }
  }

  // MARK: The payout's id (DECISIONS C10b)

  @Test(arguments: ["w1", "a/b%c", "w#1", String(repeating: "r", count: 126)])
  func aPayoutIsItsRequestAndItsAttempt(request: String) throws {
    #expect(payoutID(of: try #require(RequestID(request)), attempt: 1).value == request + "#1")
  }

  @Test func aPayoutOfALongRequestHasAnIDToo() throws {
    let stem = String(repeating: "r", count: 126)
    let long = try ["a", "b", "ab", "ac"].map { payoutID(of: try #require(RequestID(stem + $0)), attempt: 1) }
    #expect(Set(long).count == 4)
    #expect(long.allSatisfy { $0.value.utf8.count <= 128 && !$0.value.hasSuffix("#1") })
    #expect(payoutID(of: try #require(RequestID(stem + "a")), attempt: 1) == long[0])
  }

  /// An instant that no message may carry could not be read back.
  @Test func dueDatesStayInTheRangeOfInstants() {
    let last = Self.withdrawal(at: Instant.range.upperBound)
    #expect(last.dueAt == Instant.range.upperBound && last.dueSoonAt == Instant.range.upperBound)
  }

  /// The ledger must be able to read the notice, however long somebody's text is.
  @Test func longWordsAreCut() {
    #expect(Because.Fact.quote(String(repeating: "é", count: 100_000)) == .text(String(repeating: "é", count: 200)))
  }
}

/// Seeded, so that a failure can be repeated.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
