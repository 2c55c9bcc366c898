import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// What a takeover has to restore, without `--standby` and with it. The numbers of ops/docs/PERFORMANCE.md are of this test, with
/// LAUREL_TAKEOVER_ROWS.
@Suite(.serialized, .enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct StandbyTests {
  private static let rows = ProcessInfo.processInfo.environment["LAUREL_TAKEOVER_ROWS"].flatMap { Int($0) } ?? 40_000

  @Test(arguments: [false, true])
  func aStandbyRestoresOnlyWhatIsNew(_ isStandby: Bool) throws {
    try Installation.run { installation in
      try Self.fillChangelog(installation)
      installation.extra = isStandby ? ["--standby"] : []
      let publisher = try Publisher(installation)
      try publisher.tick(Payments.start)
      try installation.start(.attribution)
      // Alone at first, so that the successor has never restored the rows of the partitions that it takes over.
      let dying = try installation.start(.accrual, 1)
      try installation.waitReady()
      let successor = try installation.start(.accrual, 2)
      try installation.waitReady()
      let load = Payments(referees: 8, count: 80)
      let reader = try installation.reader([.referrals, .rewards])
      func wait(for count: Int, _ type: String) throws {
        let all = try reader.read(for: .seconds(90)) { $0.count { $0.header("ce_type") == type } == count }
        try #require(all, "\(count) \(type)")
      }
      try load.publishCodes(publisher)
      try publisher.flush()
      try wait(for: load.referees, CodeIssued.type)
      try load.publishRegistrations(0..<load.referees, publisher)
      try load.publish(0..<40, publisher)
      try publisher.flush()
      try wait(for: 40, RewardAccrued.type)
      let half = Double(installation.partitions / 2)
      let isShared = waitUntil(.seconds(60)) {
        successor.metric("laurel_assigned_partitions") == half && dying.metric("laurel_assigned_partitions") == half
      }
      try #require(isShared)
      if isStandby {
        let isThere = waitUntil(.seconds(300)) {
          successor.metric("laurel_standby_partitions") == half && successor.metric("laurel_standby_lag_records") == 0
        }
        try #require(isThere, "\(successor.log)")
      }

      let restoredBefore = successor.metric("laurel_restored_rows_total") ?? 0
      try installation.end(.accrual, 1, gracefully: false)
      let killed = ContinuousClock.now
      try load.publish(40..<80, publisher)
      try publisher.flush()
      let all = try reader.read(for: .seconds(300)) { $0.count { $0.header("ce_type") == RewardAccrued.type } == 80 }
      try #require(all)
      let seconds = (ContinuousClock.now - killed).asSeconds
      let restored = Int((successor.metric("laurel_restored_rows_total") ?? 0) - restoredBefore)
      print(
        "takeover of \(Self.rows / 2) rows, standby \(isStandby): \(String(format: "%.1f", seconds)) s, \(restored) rows restored"
      )
      if isStandby { #expect(restored < 2_000) } else { #expect(restored >= Self.rows / 2) }
      try installation.stopAll()
      try Audit(installation).checkIDsAndSequences()
    }
  }

  /// With rows as the memory of repeats has them.
  private static func fillChangelog(_ installation: Installation) throws {
    let topic = installation.name(.changelog(.accrual))
    let producer = try Producer(installation.configuration, topics: [topic])
    var random = SplitMix64(seed: 1)
    for number in 0..<rows {
      let key = (0..<2).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
      try producer.produce(
        topic: topic, partition: Int32(number) % installation.partitions, key: [UInt8(ascii: "d")] + key,
        value: Array(#"{"hash":"4c1d9e0a77b2f3d8"}"#.utf8), headers: [])
    }
    try producer.flush(timeoutMilliseconds: 120_000)
  }
}
