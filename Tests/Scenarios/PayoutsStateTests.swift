import Contracts
import Terms
import Testing

@testable import Payouts

/// The way of one withdrawal, without a stage around it (row C10).
@Suite struct PayoutsStateTests {
  static let terms = WithdrawalTerms(approvalAbove: ["USD": 50_000], dueSoonAfter: .days(7), dueAfter: .days(10))

  static func withdrawal(_ amount: Int64 = 400, currency: Currency = "USD", at instant: Instant = PayoutsEvent.noon(1))
    -> Withdrawal
  {
    Withdrawal(
      WithdrawalRequested(
        request: "w1", account: "own", requestedAt: instant, amount: amount, currency: currency, destination: "card:1111"),
      under: PayoutsScenario.version(3, from: "2020-01-01T00:00:00Z", terms), terms)
  }

  /// Something that can be heard about a withdrawal.
  enum Fact: CaseIterable, Sendable {
    case reserved, refused, approved, rejected, canceled, settled, failed

    func tell(_ facts: inout WithdrawalFacts) {
      switch self {
      case .reserved: facts.learn(.reserved)
      case .refused: facts.learn(.refused(reasons: [.insufficientBalance], because: [Because("withdrawal")]))
      case .approved: facts.learn(.approved(at: PayoutsEvent.noon(2), operator: "olga", note: nil))
      case .rejected: facts.learn(.rejected(at: PayoutsEvent.noon(2), operator: "olga", note: nil))
      case .canceled: facts.learn(canceledAt: PayoutsEvent.noon(3))
      case .settled: facts.learn(.settled(at: PayoutsEvent.noon(4), reference: nil))
      case .failed: facts.learn(.failed(at: PayoutsEvent.noon(4), reason: nil))
      }
    }
  }

  /// Where a withdrawal stands after facts that were heard one after the other.
  static func standing(_ amount: Int64, after facts: [Fact]) -> Withdrawal.Standing {
    var withdrawal = withdrawal(amount)
    var known = WithdrawalFacts()
    for fact in facts {
      fact.tell(&known)
      _ = withdrawal.advance(by: known)
    }
    return withdrawal.standing
  }

  @Test(
    arguments: [
      (400, [], .opened),
      (400, [.approved], .opened), (400, [.rejected], .opened), (400, [.settled], .opened),
      (400, [.reserved], .instructed),
      (400, [.refused], .declined),
      (400, [.canceled], .declined), (400, [.canceled, .reserved], .declined), (400, [.canceled, .refused], .declined),
      (400, [.reserved, .canceled], .instructed),
      (400, [.rejected, .reserved], .instructed),
      (400, [.reserved, .refused], .instructed),
      (400, [.reserved, .settled], .paid), (400, [.reserved, .failed], .failed),
      (400, [.settled, .reserved], .paid),
      (400, [.settled, .failed, .reserved], .paid), (400, [.failed, .settled, .reserved], .failed),
      (50_001, [.approved, .rejected, .reserved], .instructed), (50_001, [.rejected, .approved, .reserved], .declined),
      (400, [.reserved, .settled, .failed], .paid), (400, [.reserved, .failed, .settled], .failed),
      (50_001, [.reserved], .awaitingApproval),
      (50_001, [.reserved, .settled], .awaitingApproval),
      (50_001, [.reserved, .approved], .instructed), (50_001, [.approved, .reserved], .instructed),
      (50_001, [.reserved, .rejected], .declined), (50_001, [.rejected, .reserved], .declined),
      (50_001, [.reserved, .canceled], .declined),
      (50_001, [.reserved, .approved, .canceled], .instructed), (50_001, [.reserved, .canceled, .approved], .declined),
      (50_001, [.reserved, .approved, .rejected], .instructed), (50_001, [.reserved, .rejected, .approved], .declined),
      (50_001, [.reserved, .approved, .settled], .paid), (50_001, [.settled, .approved, .reserved], .paid),
    ] as [(Int64, [Fact], Withdrawal.Standing)])
  func standsWhereTheFactsLead(amount: Int64, facts: [Fact], standing: Withdrawal.Standing) {
    #expect(Self.standing(amount, after: facts) == standing)
  }

  @Test(arguments: [(50_000, "USD", false), (50_001, "USD", true), (90_000_000, "EUR", false)] as [(Int64, Currency, Bool)])
  func onlyAmountsAboveTheLimitOfTheirCurrencyNeedApproval(amount: Int64, currency: Currency, needs: Bool) {
    #expect(Self.withdrawal(amount, currency: currency).needsApproval == needs)
  }

  /// From the request on, up to the end and not at it.
  @Test(arguments: [(1, false), (2, true), (3, true), (4, false), (5, false)])
  func wasOpenBetweenItsRequestAndItsEnd(day: Int, wasOpen: Bool) {
    var facts = WithdrawalFacts()
    for fact in [Fact.reserved, .settled] { fact.tell(&facts) }
    var withdrawal = Self.withdrawal(at: PayoutsEvent.noon(2))
    #expect(withdrawal.isOpen(at: PayoutsEvent.noon(day)))
    _ = withdrawal.advance(by: facts)
    #expect(withdrawal.isOpen(at: PayoutsEvent.noon(day)) == wasOpen)
  }

  /// Every step is stamped with the instant of the fact that allowed it.
  @Test func stepsCarryTheInstantsOfTheirFacts() {
    var facts = WithdrawalFacts()
    for fact in [Fact.settled, .approved, .reserved] { fact.tell(&facts) }
    var withdrawal = Self.withdrawal(50_001)
    let steps = withdrawal.advance(by: facts)
    #expect(
      steps == [
        .awaitApproval(at: PayoutsEvent.noon(1), because: Because("above-limit", ["amount": 50_001, "approvalAbove": 50_000])),
        .instruct(at: PayoutsEvent.noon(2), because: Because("approved", ["operator": "olga"])),
        .pay(at: PayoutsEvent.noon(4), because: Because("payout-settled", ["payout": "w1#1"])),
      ])
    #expect(withdrawal.advance(by: facts).isEmpty)
  }

  /// Whatever is heard, in whatever order and however often: told to pay at most once, ended at most once, and nothing after the end.
  @Test(arguments: [400, 50_001] as [Int64])
  func neverInstructsTwiceAndEndsOnce(amount: Int64) {
    var order = SplitMix(state: UInt64(amount))
    for _ in 0..<2000 {
      var withdrawal = Self.withdrawal(amount)
      var facts = WithdrawalFacts()
      var steps: [WithdrawalStep] = []
      for _ in 0..<12 {
        Fact.allCases[Int(order.next() % UInt64(Fact.allCases.count))].tell(&facts)
        steps += withdrawal.advance(by: facts)
      }
      let instructions = steps.count { if case .instruct = $0 { true } else { false } }
      let ends = steps.enumerated().filter { _, step in
        switch step {
        case .pay, .fail, .decline: true
        case .awaitApproval, .instruct: false
        }
      }
      #expect(instructions <= 1)
      #expect(ends.count <= 1)
      if let end = ends.first { #expect(end.offset == steps.count - 1) }
      #expect(withdrawal.isOpen == ends.isEmpty)
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

  /// The ledger must be able to read the notice, whatever somebody wrote.
  @Test func longWordsAreCut() {
    let because = Because("approved", ["operator": "olga"], quoting: String(repeating: "é", count: 100_000), as: "note")
    #expect(because["note"] == .text(String(repeating: "é", count: 200)))
    #expect(Because("approved", ["operator": "olga"], quoting: nil, as: "note") == Because("approved", ["operator": "olga"]))
  }
}

/// Seeded, so that a failure comes again.
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
