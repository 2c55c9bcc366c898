import Contracts
import Payouts
import Streaming
import Terms
import Testing

/// Withdrawals from the point of view of an account's owner (row C10), with the ledger's answers as late as possible.
@Suite struct PayoutsWithdrawalTests {
  typealias Event = PayoutsEvent

  @Test func aSmallWithdrawalIsPaid() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    #expect(try scenario.said() == ["opened w1 03-01T12:00"])
    try scenario.take(Event.reserved("w1"))
    let instructed = try #require(try scenario.notices(PayoutInstructed.self).first)
    #expect(instructed.amount == 400 && instructed.currency == "USD" && instructed.destination == "card:1111")
    #expect(instructed.attempt == 1 && instructed.terms == "cash@1" && !instructed.because.isEmpty)
    #expect(try scenario.said() == ["instructed w1 w1#1 03-01T12:00"])
    try scenario.take(Event.settled("w1#1", day: 4))
    #expect(try scenario.said() == ["paid w1 w1#1 03-04T12:00"])
  }

  @Test func aLargeWithdrawalWaitsForItsOperator() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", 50_001))
    try scenario.take(Event.reserved("w1", 50_001))
    #expect(try scenario.said() == ["opened w1 03-01T12:00", "awaitingApproval w1 03-01T12:00"])
    try scenario.take(Event.approved("w1", day: 3))
    #expect(
      try scenario.notices(PayoutInstructed.self).first?.because == [Because("approved", ["operator": "olga", "note": "known"])])
    #expect(try scenario.said() == ["instructed w1 w1#1 03-03T12:00"])
    try scenario.take(Event.rejected("w1", day: 4))
    try scenario.take(Event.canceled("w1", day: 4))
    #expect(try scenario.said() == [])
    try scenario.take(Event.failed("w1#1", day: 5))
    try scenario.take(Event.settled("w1#1", day: 6))
    try scenario.take(Event.returned("w1#1", day: 7))
    #expect(try scenario.said() == ["failed w1 w1#1 03-05T12:00", "paid w1 w1#1 03-06T12:00", "returned w1 w1#1 03-07T12:00"])
  }

  @Test func whatIsDeclinedIsDeclinedOnce() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", 50_001, day: 1))
    try scenario.take(Event.reserved("w1", 50_001, day: 1))
    try scenario.take(Event.rejected("w1", day: 2))
    try scenario.take(Event.approved("w1", day: 2))
    try scenario.take(Event.requested("w2", day: 3))
    try scenario.take(Event.canceled("w2", day: 4))
    try scenario.take(Event.reserved("w2", day: 3))
    try scenario.take(Event.requested("w3", day: 5))
    try scenario.take(Event.notReserved("w3", day: 5, [.referrerNotEligible, .insufficientBalance]))
    try scenario.take(Event.canceled("w3", day: 6))
    #expect(try scenario.notices(WithdrawalDeclined.self).last?.because == [Because("withdrawal", ["available": 3])])
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "awaitingApproval w1 03-01T12:00", "declined w1 declined-by-operator 03-02T12:00",
        "opened w2 03-03T12:00", "declined w2 canceled 03-04T12:00",
        "opened w3 03-05T12:00", "declined w3 referrer-not-eligible insufficient-balance 03-05T12:00",
      ])
  }

  @Test func anUnknownResultKeepsItOpen() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    _ = try scenario.said()
    try scenario.take(Event.unknown("w1#1", day: 2))
    try scenario.take(Event.requested("w2", day: 3))
    #expect(try scenario.said() == ["declined w2 already-open 03-03T12:00"])
    try scenario.take(Event.settled("w1#1", day: 4))
    #expect(try scenario.said() == ["paid w1 w1#1 03-04T12:00"])
  }

  // MARK: One at a time

  @Test func oneIsOpenAtATime() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.requested("w2", day: 2))
    #expect(try scenario.notices(WithdrawalDeclined.self).first?.because == [Because("already-open", ["openRequest": "w1"])])
    // Facts about a declined withdrawal have no effect.
    try scenario.take(Event.canceled("w2", day: 2))
    try scenario.take(Event.failed("w2#1", day: 2))
    try scenario.take(Event.settled("w1#1", day: 3))
    try scenario.take(Event.requested("w3", day: 4))
    #expect(scenario.rejections.isEmpty)
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "instructed w1 w1#1 03-01T12:00", "declined w2 already-open 03-02T12:00",
        "paid w1 w1#1 03-03T12:00", "opened w3 03-04T12:00",
      ])
  }

  /// With a slow ledger, an earlier request must not count as open if the ledger is about to decline it.
  @Test func theNextRequestWaitsForTheLedgersAnswer() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", day: 1))
    try scenario.take(Event.requested("w2", day: 2))
    try scenario.take(Event.requested("w3", day: 3))
    #expect(try scenario.said() == ["opened w1 03-01T12:00"])
    try scenario.take(Event.notReserved("w1", day: 1))
    #expect(try scenario.said() == ["declined w1 insufficient-balance 03-01T12:00", "opened w2 03-02T12:00"])
    try scenario.take(Event.reserved("w2", day: 2))
    #expect(try scenario.said() == ["instructed w2 w2#1 03-02T12:00", "declined w3 already-open 03-03T12:00"])
  }

  /// Whether another one is open is decided as of the request's instant, not as of its processing.
  @Test func whoeverAskedBeforeTheCancellationCameUponAnOpenOne() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", day: 1))
    try scenario.take(Event.requested("w2", day: 2))
    try scenario.take(Event.requested("w4", day: 4))
    try scenario.take(Event.canceled("w4", day: 5))
    try scenario.take(Event.canceled("w1", day: 3))
    try scenario.take(Event.requested("w3", day: 3))
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "declined w1 canceled 03-03T12:00", "declined w2 already-open 03-02T12:00",
        "opened w4 03-04T12:00", "declined w4 canceled 03-05T12:00", "opened w3 03-03T12:00",
      ])
  }

  // MARK: Order and repeats

  static let course: [any Message] = [
    Event.requested("w1", 50_001), Event.reserved("w1", 50_001), Event.approved("w1", day: 3), Event.settled("w1#1", day: 4),
  ]

  /// In every order, and with everything repeated, the end is the same. A payout that is paid already is not instructed (DECISIONS C10c).
  @Test(arguments: permutations(of: [0, 1, 2, 3]))
  func saysTheSameInEveryOrder(order: [Int]) throws {
    let scenario = try PayoutsScenario()
    for index in order + order { try scenario.take(Self.course[index], arriving: Event.noon(5)) }
    #expect(
      try scenario.said() == ["opened w1 03-01T12:00", "awaitingApproval w1 03-01T12:00"]
        + (order.last == 3 ? ["instructed w1 w1#1 03-03T12:00"] : []) + ["paid w1 w1#1 03-04T12:00"])
    #expect(scenario.rejections.isEmpty)
  }

  @Test func aCancellationMayComeBeforeItsRequest() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.canceled("w1", day: 2))
    #expect(try scenario.said() == [])
    try scenario.take(Event.requested("w1", day: 1))
    #expect(try scenario.said() == ["opened w1 03-01T12:00", "declined w1 canceled 03-02T12:00"])
  }

  /// An external clock that is wrong must not date the end before the opening. A result still keeps its own instant (DECISIONS C10c).
  @Test func nothingHappensBeforeTheRequest() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", day: 3))
    try scenario.take(Event.reserved("w1", day: 3))
    try scenario.take(Event.settled("w1#1", day: 2))
    try scenario.take(Event.requested("w2", day: 4))
    try scenario.take(Event.canceled("w2", day: 1))
    #expect(
      try scenario.said() == [
        "opened w1 03-03T12:00", "instructed w1 w1#1 03-03T12:00", "paid w1 w1#1 03-02T12:00", "opened w2 03-04T12:00",
        "declined w2 canceled 03-04T12:00",
      ])
  }

  @Test func anotherBodyOfARequestIsRejected() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", 400))
    try scenario.take(Event.requested("w1", 401))
    #expect(scenario.rejections == [.conflictingDuplicate])
    #expect(try scenario.said() == ["opened w1 03-01T12:00"])
  }

  @Test func theStrongerOfTwoEarlyResultsCounts() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.failed("w1#1", day: 3))
    try scenario.take(Event.settled("w1#1", day: 2))
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    #expect(try scenario.said() == ["opened w1 03-01T12:00", "paid w1 w1#1 03-02T12:00"])
  }

  // MARK: Results that contradict (DECISIONS C10c)

  @Test func aPayoutIsNotUndoneByAFailure() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.settled("w1#1", day: 2, reference: "a"))
    try scenario.take(Event.settled("w1#1", day: 3, reference: "a"))
    try scenario.take(Event.settled("w1#1", day: 3, reference: nil))
    #expect(scenario.rejections.isEmpty)
    try scenario.take(Event.failed("w1#1", day: 4))
    try scenario.take(Event.failed("w1#1", day: 4), isRepeat: true)
    try scenario.take(Event.settled("w1#1", day: 5, reference: "b"))
    try scenario.take(Event.settled("w1#1", day: 5, reference: "b"), isRepeat: true)
    #expect(scenario.rejections == [.contradictsResult, .contradictsResult])
    try scenario.take(Event.requested("w2", day: 6))
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "instructed w1 w1#1 03-01T12:00", "paid w1 w1#1 03-02T12:00", "opened w2 03-06T12:00",
      ])
  }

  /// Money moved for a request that was never instructed: before its end, after it, and where it was never opened.
  @Test(arguments: [[0, 1, 2, 3], [3, 0, 1, 2], [0, 3, 1, 2]])
  func aSettledResultOfADeclinedRequestIsRejected(order: [Int]) throws {
    let scenario = try PayoutsScenario()
    let events: [any Message] = [
      Event.requested("w1", 50_001), Event.reserved("w1", 50_001), Event.rejected("w1", day: 3), Event.settled("w1#1", day: 4),
    ]
    for index in order { try scenario.take(events[index], arriving: Event.noon(5)) }
    #expect(scenario.rejections == [.contradictsResult])
    try scenario.take(Event.failed("w1#1", day: 6))
    try scenario.take(Event.returned("w1#1", day: 6))
    #expect(scenario.rejections == [.contradictsResult])
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "awaitingApproval w1 03-01T12:00", "declined w1 declined-by-operator 03-03T12:00",
      ])
  }

  @Test(arguments: [true, false])
  func aSettledResultBehindAnOpenWithdrawalIsRejected(isEarly: Bool) throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    let events: [any Message] = [Event.requested("w2", day: 2), Event.settled("w2#1", day: 2)]
    for event in isEarly ? events.reversed() : events { try scenario.take(event) }
    #expect(scenario.rejections == [.contradictsResult])
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "instructed w1 w1#1 03-01T12:00", "declined w2 already-open 03-02T12:00",
      ])
  }

  /// A return is credited to the balance once, whatever is reported before or after it.
  @Test func whatComesBackIsReportedOnce() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.returned("w1#1", day: 2))
    #expect(try scenario.notices(WithdrawalReturned.self).map(\.amount) == [400])
    try scenario.take(Event.returned("w1#1", day: 3))
    try scenario.take(Event.settled("w1#1", day: 3))
    try scenario.take(Event.failed("w1#1", day: 4))
    try scenario.take(Event.requested("w2", day: 5))
    try scenario.take(Event.reserved("w2", day: 5))
    try scenario.take(Event.failed("w2#1", day: 6))
    try scenario.take(Event.returned("w2#1", day: 7))
    try scenario.take(Event.settled("w2#1", day: 8))
    #expect(scenario.rejections.isEmpty)
    #expect(
      try scenario.said() == [
        "opened w1 03-01T12:00", "instructed w1 w1#1 03-01T12:00", "returned w1 w1#1 03-02T12:00", "opened w2 03-05T12:00",
        "instructed w2 w2#1 03-05T12:00", "failed w2 w2#1 03-06T12:00",
      ])
  }

  /// Even if another withdrawal is the latest.
  @Test func moneyMayMoveLongAfterTheEnd() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.failed("w1#1", day: 2))
    try scenario.take(Event.requested("w2", 50_001, day: 3))
    try scenario.take(Event.reserved("w2", 50_001, day: 3))
    _ = try scenario.said()
    try scenario.take(Event.settled("w1#1", day: 4))
    let paid = try #require(try scenario.notices(WithdrawalPaid.self).first)
    #expect(paid.amount == 400 && paid.dueAt == Event.noon(11) && paid.terms == "cash@1")
    try scenario.take(Event.requested("w3", day: 5))
    #expect(try scenario.said() == ["paid w1 w1#1 03-04T12:00", "declined w3 already-open 03-05T12:00"])
  }

  /// By program, referrer and payout, so that a provider of several programs never gets the same key twice (DECISIONS R3b).
  @Test func anInstructionHasAKeyOfItsOwn() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w/1"))
    try scenario.take(Event.reserved("w/1"))
    #expect(try scenario.notices(PayoutInstructed.self).map(\.idempotencyKey) == ["cash/own/w%2F1#1"])
  }

  /// Shows an operator that the adapter answers payouts that were not instructed.
  @Test func resultsWithoutAnInstructionAreCounted() throws {
    let programs = Programs([PayoutsScenario.cash])
    let task = try StageTask(
      service: .payouts, stages: PayoutsService.service(programs).stages, programs: programs.ids, store: MemoryStore())
    let events: [any Message] = [
      Event.settled("w9#1", day: 1), Event.unknown("w9#1", day: 1), Event.requested("w1", 50_001), Event.canceled("w1", day: 2),
      Event.settled("w1#1", day: 3), Event.requested("w2", day: 4), Event.reserved("w2", day: 4), Event.settled("w2#1", day: 5),
    ]
    for (number, event) in events.enumerated() {
      let type = type(of: event)
      let envelope = Envelope(id: "e\(number)", source: "/test", type: type.type, time: event.instant, program: "cash")
      task.run(task.admit(InputRecord(envelope, topic: type.topic, data: event.jsonBytes(), number: Int64(number))))
    }
    #expect(task.counts.stageEvents == ["result-without-instruction": 3])
  }

  // MARK: Bans (DECISIONS "banned")

  @Test func aBanDeclinesWhatAwaitsApproval() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", 50_001, day: 2))
    try scenario.take(Event.reserved("w1", 50_001, day: 2))
    try scenario.take(Event.closed(nil, day: 3))
    #expect(try scenario.said() == ["opened w1 03-02T12:00", "awaitingApproval w1 03-02T12:00"])
    try scenario.take(Event.closed(.banned, day: 4))
    try scenario.take(Event.approved("w1", day: 5))
    #expect(try scenario.said() == ["declined w1 account-banned 03-04T12:00"])
  }

  /// The ban may be dated before the request and arrive after it.
  @Test func aBanThatComesLateDeclinesAtTheRequest() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", 50_001, day: 2))
    try scenario.take(Event.reserved("w1", 50_001, day: 2))
    try scenario.take(Event.closed(.banned, day: 1), arriving: Event.noon(3))
    #expect(
      try scenario.said() == [
        "opened w1 03-02T12:00", "awaitingApproval w1 03-02T12:00", "declined w1 account-banned 03-02T12:00",
      ])
  }

  @Test(arguments: [400, 50_001] as [Int64])
  func aRequestThatComesAfterTheBanIsDeclined(amount: Int64) throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.closed(.banned, day: 4))
    try scenario.take(Event.requested("w1", amount, day: 2), arriving: Event.noon(5))
    try scenario.take(Event.reserved("w1", amount, day: 2))
    #expect(try scenario.said() == ["opened w1 03-02T12:00", "declined w1 account-banned 03-04T12:00"])
    // A decline by the ledger has the ledger's reasons.
    try scenario.take(Event.requested("w2", amount, day: 6))
    try scenario.take(Event.notReserved("w2", day: 6, [.accountBanned, .belowMinimum]))
    #expect(try scenario.said() == ["opened w2 03-06T12:00", "declined w2 account-banned below-minimum 03-06T12:00"])
  }

  @Test func aBanLeavesWhatIsInstructed() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.closed(.banned, day: 2))
    try scenario.take(Event.settled("w1#1", day: 3))
    #expect(
      try scenario.said() == ["opened w1 03-01T12:00", "instructed w1 w1#1 03-01T12:00", "paid w1 w1#1 03-03T12:00"])
  }

  @Test func onlyAReopeningLiftsABan() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.reopened(day: 4))
    try scenario.take(Event.closed(.banned, day: 2))
    try scenario.take(Event.requested("w1", 50_001, day: 5))
    try scenario.take(Event.reserved("w1", 50_001, day: 5))
    try scenario.take(Event.closed(.banned, day: 6))
    try scenario.take(Event.closed(nil, day: 7))
    try scenario.take(Event.requested("w2", 400, day: 5))
    try scenario.take(Event.reserved("w2", 400, day: 5))
    #expect(
      try scenario.said() == [
        "opened w1 03-05T12:00", "awaitingApproval w1 03-05T12:00", "declined w1 account-banned 03-06T12:00",
        "declined w2 already-open 03-05T12:00",
      ])
  }

  @Test func aResultOfNobodysPayoutHarmsNothing() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.settled("w9#1", day: 1))
    try scenario.take(Event.settled("w1#2", day: 1))
    try scenario.take(Event.requested("w1", day: 2))
    try scenario.take(Event.reserved("w1", day: 2))
    #expect(try scenario.said() == ["opened w1 03-02T12:00", "instructed w1 w1#1 03-02T12:00"])
    #expect(scenario.rejections.isEmpty)
  }

  // MARK: Due dates

  @Test(arguments: [400, 50_001] as [Int64])
  func whatIsStillOpenIsWatched(amount: Int64) throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1", amount))
    try scenario.take(Event.reserved("w1", amount))
    _ = try scenario.said()
    try scenario.advance(to: Event.noon(30))
    let payout = amount == 400 ? " w1#1" : ""
    #expect(try scenario.notices(WithdrawalOverdue.self).first?.dueAt == Event.noon(11))
    #expect(try scenario.said() == ["dueSoon w1\(payout) 03-08T12:00", "overdue w1\(payout) 03-11T12:00"])
  }

  @Test func whatIsOverIsNotWatched() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    try scenario.take(Event.settled("w1#1", day: 9))
    try scenario.take(Event.requested("w2", day: 10))
    try scenario.take(Event.notReserved("w2", day: 10))
    _ = try scenario.said()
    try scenario.advance(to: Event.noon(30))
    #expect(try scenario.said() == [])
  }

  /// At the same instant the timer fires first (DECISIONS T1).
  @Test func aResultAtTheVeryDayIsTooLateForTheWatch() throws {
    let scenario = try PayoutsScenario()
    try scenario.take(Event.requested("w1"))
    try scenario.take(Event.reserved("w1"))
    _ = try scenario.said()
    try scenario.take(Event.settled("w1#1", day: 11))
    #expect(
      try scenario.said() == ["dueSoon w1 w1#1 03-08T12:00", "overdue w1 w1#1 03-11T12:00", "paid w1 w1#1 03-11T12:00"])
  }

  // MARK: Terms

  @Test func withoutWithdrawalTermsNothingIsOpened() throws {
    let scenario = try PayoutsScenario(
      Program(id: "cash", versions: [PayoutsScenario.version(1, from: "2020-01-01T00:00:00Z", nil)]))
    try scenario.take(Event.requested("w1"))
    try scenario.advance(to: Event.noon(30))
    #expect(try scenario.said() == [])
    #expect(scenario.rejections.isEmpty)
  }

  /// The version in force at the request applies to its end (row B10, for every program).
  @Test func laterTermsDoNotReachAnOpenWithdrawal() throws {
    let scenario = try PayoutsScenario(
      Program(
        id: "cash",
        versions: PayoutsScenario.cash.versions + [
          PayoutsScenario.version(
            2, from: "2026-03-02T00:00:00Z",
            WithdrawalTerms(approvalAbove: .above(["USD": 100]), dueSoonAfter: .days(1), dueAfter: .days(2)))
        ]))
    try scenario.take(Event.requested("w1", day: 1))
    try scenario.take(Event.reserved("w1"), arriving: Event.noon(3))
    #expect(try scenario.notices(PayoutInstructed.self).map(\.terms) == ["cash@1"])
    try scenario.take(Event.settled("w1#1", day: 4))
    try scenario.take(Event.requested("w2", day: 5))
    try scenario.take(Event.reserved("w2", day: 5))
    #expect(try scenario.notices(WithdrawalAwaitingApproval.self).map(\.terms) == ["cash@2"])
    _ = try scenario.said()
    try scenario.advance(to: Event.noon(30))
    #expect(try scenario.said() == ["dueSoon w2 03-06T12:00", "overdue w2 03-07T12:00"])
  }
}
