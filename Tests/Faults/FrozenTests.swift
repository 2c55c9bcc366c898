import Contracts
import FaultBench
import Foundation
import TestSupport
import Testing

/// The system's clock, which the bench's row `frozen` does not cover.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct FrozenTests {
  /// Timers move no position. If such a transaction did not carry one, a thawed instance would fire timers that the new owner has already
  /// fired.
  @Test func whatFallsDueWhileAnInstanceIsFrozenIsCreditedOnce() throws {
    try Installation.run { installation in
      let count = 160
      let publisher = try Publisher(installation)
      for service in [ServiceName.attribution, .accrual] { try installation.start(service, extra: ["--clock", "system"]) }
      let second = try installation.start(.accrual, 2, extra: ["--clock", "system"])
      try installation.waitReady()
      // Credited 14 days after the payment, which is in 40 seconds by the system's clock.
      let due = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) + .seconds(40)
      let payments = DuePayments(paidAt: due - .days(14), count: count)
      try payments.publish(publisher, installation)
      let reader = try installation.reader([.rewards])
      func number(_ type: String) -> Int { reader.records.count { $0.header("ce_type") == type } }
      let accrued = try reader.read(for: .seconds(30)) { _ in number(RewardAccrued.type) == count }
      try #require(accrued, "\(number(RewardAccrued.type)) of \(count) accrued")

      let frozen = try installation.service(.accrual, 1)
      frozen.freeze()
      let fired = try reader.read(for: .seconds(90)) { _ in number(RewardCredited.type) == count }
      try #require(fired, "\(number(RewardCredited.type)) of \(count) credited by \(second.name)")
      frozen.thaw()
      let back = waitUntil(.seconds(60)) { second.metric("laurel_assigned_partitions") == Double(installation.partitions / 2) }
      try #require(back, "the thawed instance did not rejoin")
      try installation.stopAll()
      let audit = try Audit(installation)
      try audit.checkIDsAndSequences()
      let credited = try audit.notices(RewardCredited.self)
      #expect(credited.count == count)
      #expect(Set(credited.map(\.reward)).count == count)
      #expect(credited.allSatisfy { $0.creditedAt == due })
    }
  }
}

/// Payments of one instant by one referee per partition, each with its own referrer.
private struct DuePayments {
  let paidAt: Instant
  let count: Int

  func publish(_ publisher: Publisher, _ installation: Installation) throws {
    let load = Payments(referees: 8, count: count)
    try load.publishCodes(publisher)
    try publisher.flush()
    let reader = try installation.reader([.referrals])
    let issued = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == CodeIssued.type } == 8 }
    try #require(issued)
    try load.publishRegistrations(0..<8, publisher)
    for number in 0..<count {
      let payment = try #require(PaymentID(load.payment(number)))
      let account = try #require(AccountID("e\(load.referee(number))"))
      try publisher.publish(
        PaymentSettled(
          payment: payment, account: account, paidAt: paidAt, currency: "KZT",
          lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Basic", amount: load.amount(number))]))
    }
    try publisher.flush()
  }
}
