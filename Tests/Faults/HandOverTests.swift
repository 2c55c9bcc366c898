import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Internal messages run once, in the transaction of the event that they come from, and do not go through their topic.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct HandOverTests {
  @Test func internalMessagesRunInTheTransactionOfTheirEvent() throws {
    try Installation.run { installation in
      let load = Payments(referees: 12, count: 36)
      let publisher = try Publisher(installation)
      try publisher.tick(Payments.start)
      let attribution = try installation.start(.attribution, extra: ["--clock", "bus"])
      let accrual = try installation.start(.accrual, extra: ["--clock", "bus"])
      let referrals = try installation.reader([.referrals])
      func waitFor(_ type: String, _ count: Int, _ reader: TopicReader) throws {
        let come = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == type } >= count }
        try #require(come, "\(type)")
      }
      try load.publishCodes(publisher)
      try publisher.flush()
      try waitFor(CodeIssued.type, load.referees, referrals)
      try load.publishRegistrations(0..<load.referees, publisher)
      try publisher.flush()
      try waitFor(ReferralAttributed.type, load.referees, referrals)
      let rewards = try installation.reader([.rewards])
      // One by one, so that the inputs have nothing more when a payment has run.
      for number in 0..<load.count {
        try load.publish(number..<(number + 1), publisher)
        try publisher.flush()
        try waitFor(RewardAccrued.type, number + 1, rewards)
      }
      for service in [attribution, accrual] {
        let handedOver = waitUntil(.seconds(10)) { (service.metric("laurel_handed_over_total") ?? 0) > 0 }
        try #require(handedOver, "\(service.page("/metrics")?.body ?? "")")
      }
      // All of accrual's partitions are in one session. On a stalled machine a batch can end before its messages are handed over.
      #expect(accrual.metric("laurel_handed_over_total") ?? 0 > Double(load.count / 2))
      #expect(accrual.metric("laurel_repeated_events_total") == 0)
      #expect(try installation.records([.earnings]).count < load.count / 2)
      try publisher.tick(Payments.end)
      try waitFor(RewardCredited.type, load.count, rewards)
      // The state, the positions and the topics agree.
      let checked = try installation.laurel("verify")
      #expect(checked.status == 0, "\(checked.text)")
      try installation.stopAll()
      let audit = try Audit(installation)
      let accrued = try audit.notices(RewardAccrued.self).map(\.payment.value)
      #expect(accrued.count == load.count && Set(accrued).count == load.count)
    }
  }
}
