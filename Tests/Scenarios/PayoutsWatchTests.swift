import Contracts
import Payouts
import Streaming
import Terms
import TestSupport
import Testing

/// The figures that operators see: the number of open withdrawals, and how many of them are overdue.
@Suite struct PayoutsWatchTests {
  private let task: StageTask

  init() throws {
    task = try StageTask(
      service: .payouts, stages: PayoutsService.service(Programs([PayoutsScenario.cash])).stages,
      programs: [PayoutsScenario.cash.id], store: MemoryStore())
  }

  /// Advances to noon of a day, then processes the event.
  private func on(_ day: Int, _ message: (some Message)? = WithdrawalRequested?.none) throws -> [Int64] {
    task.advance(to: PayoutsEvent.noon(day))
    if let message {
      let type = type(of: message)
      let envelope = Envelope(id: "\(type.type) \(day)", source: "/test", type: type.type, time: message.instant)
      task.run(task.admit(InputRecord(envelope, topic: type.topic, data: message.jsonBytes(), number: Int64(day))))
    }
    return ["open-withdrawals", "overdue-withdrawals"].map { task.watchedRows[$0] ?? 0 }
  }

  @Test func anInstructedOneIsOverdueFromTheDayOfTheTermsUntilItIsPaid() throws {
    #expect(try on(1, PayoutsEvent.requested("w1")) == [1, 0])
    #expect(try on(1, PayoutsEvent.reserved("w1")) == [1, 0])
    #expect(try on(10) == [1, 0])
    #expect(try on(11) == [1, 1])
    #expect(try on(12, PayoutsEvent.settled("w1#1", day: 12)) == [0, 0])
    // A later return opens nothing.
    #expect(try on(13, PayoutsEvent.returned("w1#1", day: 13)) == [0, 0])
  }

  @Test func oneThatWaitsForAnOperatorIsOverdueToo() throws {
    #expect(try on(1, PayoutsEvent.requested("w1", 60_000)) == [1, 0])
    #expect(try on(1, PayoutsEvent.reserved("w1", 60_000)) == [1, 0])
    #expect(try on(11) == [1, 1])
    #expect(try on(12, PayoutsEvent.rejected("w1", day: 12)) == [0, 0])
  }

  /// The owner must not see how long the ledger takes, so nothing is promised before its answer.
  @Test func oneThatTheLedgerHasNotAnsweredIsOpenAndNotOverdue() throws {
    #expect(try on(1, PayoutsEvent.requested("w1")) == [1, 0])
    #expect(try on(20) == [1, 0])
    #expect(try on(20, PayoutsEvent.notReserved("w1", day: 20)) == [0, 0])
  }
}
