import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Publishes a load in portions, disturbs the services during each, and checks that all of it took effect once.
struct Disturbance {
  let installation: Installation
  let load: Payments
  /// The number of portions. LAUREL_FAULT_CYCLES raises it.
  let cycles: Int
  let publisher: Publisher
  private let reader: TopicReader

  /// - Parameters:
  ///   - payments: the number per cycle.
  ///   - referees: the number in all cycles.
  init(_ installation: Installation, cycles: Int, payments: Int = 600, referees: Int = 200) throws {
    self.installation = installation
    let wanted = ProcessInfo.processInfo.environment["LAUREL_FAULT_CYCLES"].flatMap { Int($0) } ?? cycles
    self.cycles = max(wanted, cycles)
    load = Payments(referees: referees, count: payments * self.cycles)
    publisher = try Publisher(installation)
    reader = try installation.reader([.rewards, .referrals, .discounts, .payouts])
    // Before the services start, so that none of them fires a timer by the system's clock.
    try publisher.tick(Payments.start)
  }

  /// Publishes, and calls `disturb` when a part of each portion has been processed.
  func run(_ disturb: (_ cycle: Int) throws -> Void) throws {
    try load.publishCodes(publisher)
    try wait(for: load.referees, CodeIssued.type)
    for cycle in 0..<cycles {
      // A restarted service must take part, or nothing would happen during the next disturbance.
      try installation.waitReady()
      let before = reader.records.count
      try load.publishRegistrations(part(cycle, of: load.referees), publisher)
      try load.publish(part(cycle, of: load.count), publisher)
      try load.publishWithdrawals(part(cycle, of: load.referees), publisher)
      let moment = Int.random(in: 1...(load.count / cycles))
      _ = try reader.read(for: .seconds(5)) { $0.count >= before + moment }
      try disturb(cycle)
      try publisher.flush()
    }
  }

  /// Lets the services work for a while.
  func read(for time: Duration) throws { _ = try reader.read(for: time) { _ in false } }

  private func part(_ cycle: Int, of count: Int) -> Range<Int> { count * cycle / cycles..<count * (cycle + 1) / cycles }

  /// Waits for all notices, moves the clock forward until everything is credited, with `disturb` during that, stops the services and
  /// audits their notices.
  func finish(_ disturb: () throws -> Void = {}) throws {
    try wait(for: load.count, RewardAccrued.type)
    try wait(for: load.referees, ReferralAttributed.type, WithdrawalDeclined.type, OfferOpened.type)
    try publisher.tick(Payments.end)
    _ = try reader.read(for: .seconds(5)) { $0.contains { $0.header("ce_type") == RewardCredited.type } }
    try disturb()
    try wait(for: load.count, RewardCredited.type)
    try wait(for: load.referees, OfferExpired.type)
    try installation.waitReady()
    try installation.stopAll()
    try Audit(installation).check(load)
  }

  private func wait(for count: Int, _ types: String...) throws {
    for type in types {
      let all = try reader.read(for: .seconds(90)) { records in records.count { $0.header("ce_type") == type } >= count }
      guard all else {
        throw BrokerFailure("\(reader.records.count { $0.header("ce_type") == type }) of \(count) \(type) have arrived")
      }
    }
  }
}
