import BusCommands
import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Messages that Kafka hides are detected, stop their reader, and are repaired exactly once.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct RepairTests {
  @Test func hiddenMessagesStopTheirReaderAndAreRepairedOnce() throws {
    try Installation.run { installation in
      let load = Payments(referees: 12, count: 48)
      let publisher = try Publisher(installation)
      try publisher.tick(Payments.start)
      try installation.start(.attribution, extra: ["--clock", "bus"])
      try load.publishCodes(publisher)
      try publisher.flush()
      let reader = try installation.reader([.referrals])
      func waitFor(_ type: String) throws {
        let come = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == type } == load.referees }
        try #require(come, "\(type)")
      }
      try waitFor(CodeIssued.type)
      try load.publishRegistrations(0..<load.referees, publisher)
      try publisher.flush()
      try waitFor(ReferralAttributed.type)
      try installation.stopAll()

      let hidden = try hideSome(of: .referrals, installation)
      // Including the last message of a partition, which no later message reveals.
      let stopped = Set(hidden.filter { !$0.isLast }.map(\.partition))
      try installation.start(.attribution, extra: ["--clock", "bus"])
      let accrual = try installation.start(.accrual, extra: ["--clock", "bus"])
      let hasStopped = waitUntil(.seconds(60)) { (accrual.page("/metrics")?.body ?? "").contains(stopMetrics(stopped)) }
      try #require(hasStopped, "\(accrual.page("/metrics")?.body.split(separator: "\n").filter { $0.contains("stopped") } ?? [])")
      try #require(accrual.log.contains("is stopped: Kafka has hidden or lost records. Run 'laurel repair'"))
      let isNotReady = waitUntil(.seconds(10)) { accrual.page("/readyz")?.body.contains("is stopped") ?? false }
      try #require(isNotReady, "\(accrual.page("/readyz")?.body ?? "")")
      try load.publish(0..<load.count, publisher)
      try publisher.flush()

      let differences = try check(installation).differences.filter { $0.contains("sent and not received") }
      for message in hidden {
        try #require(differences.contains { $0.hasPrefix("accrual/\(message.partition):") }, "\(message): \(differences)")
      }
      let rehearsal = try repair(installation, "--dry-run")
      try #require(rehearsal.status == 1 && rehearsal.text.contains("\(2 * hidden.count) messages missing"), "\(rehearsal.text)")
      for message in hidden { try #require(rehearsal.text.contains(message.id), "\(message.id) is missing in the list") }
      let repaired = try repair(installation)
      try #require(repaired.status == 0 && repaired.text.contains("\(2 * hidden.count) repaired"), "\(repaired.text)")
      let again = try repair(installation)
      try #require(again.status == 0 && again.text.contains("0 messages missing"), "\(again.text)")

      let goesOn = waitUntil(.seconds(60)) { accrual.isReady }
      try #require(goesOn, "\(accrual.page("/readyz")?.body ?? "")")
      try publisher.tick(Payments.end)
      let rewards = try installation.reader([.rewards])
      let credited = try rewards.read(for: .seconds(60)) {
        $0.count { $0.header("ce_type") == RewardCredited.type } >= load.count
      }
      try #require(credited, "\(rewards.records.count) notices")
      let left = try check(installation).differences
      try #require(left.isEmpty, "\(left)")
      try installation.stopAll()
      let audit = try Audit(installation)
      // The hidden notices arrive late, and once.
      let attributed = try audit.notices(ReferralAttributed.self).map(\.referee)
      #expect(attributed.count == load.referees && Set(attributed).count == load.referees)
      #expect(Set(try audit.notices(RewardAccrued.self).map(\.payment.value)).count == load.count)
    }
  }

  /// A message that is no longer in its topic cannot be repaired. Somebody has to accept the loss.
  @Test func lostMessagesAreMissingUntilSomebodyAcceptsIt() throws {
    try Installation.run { installation in
      let load = Payments(referees: 60, count: 0)
      let publisher = try Publisher(installation)
      try publisher.tick(Payments.start)
      let attribution = try installation.start(.attribution, extra: ["--clock", "bus"], fault: "bug:lostNotice")
      let accrual = try installation.start(.accrual, extra: ["--clock", "bus"])
      try load.publishCodes(publisher)
      try publisher.flush()
      let stops = waitUntil(.seconds(60)) { accrual.log.contains("is stopped") }
      try #require(stops, "\(attribution.log)")
      let report = try repair(installation)
      try #require(report.status == 1 && report.text.contains("lost"), "\(report.text)")
      try #require(!accrual.isReady)
      let accepted = try repair(installation, "--accept-lost")
      try #require(accepted.status == 0, "\(accepted.text)")
      let goesOn = waitUntil(.seconds(60)) { accrual.isReady }
      try #require(goesOn)
      try installation.stopAll()
    }
  }

  // MARK: Hiding

  private struct Hidden {
    let partition: Int32
    let id: String
    let isLast: Bool
  }

  /// Recreates the topic with the same records, some of them in an aborted transaction, as if Kafka had ended theirs wrongly.
  private func hideSome(of topic: Topic, _ installation: Installation) throws -> [Hidden] {
    let records = try installation.records([topic])
    let admin = try Admin(installation.configuration)
    let name = installation.name(topic)
    _ = try admin.deleteTopics([name])
    let isThere = waitUntil(.seconds(30)) {
      (try? admin.createTopics([Admin.NewTopic(name: name, partitions: installation.partitions)])[name]) == .done
    }
    try #require(isThere)
    let producer = try TransactionalProducer(installation.configuration, transactionalID: uniqueName("hide"), topics: [name])
    try producer.initialise(timeoutMilliseconds: 30_000)
    func write(_ records: [Record], commits: Bool) throws {
      try producer.begin()
      for record in records {
        try producer.produce(
          topic: name, partition: record.partition, key: record.key, value: record.value, headers: record.headers)
      }
      try producer.flush(timeoutMilliseconds: 30_000)
      if commits { try producer.commit(timeoutMilliseconds: 30_000) } else { try producer.abort(timeoutMilliseconds: 30_000) }
    }
    var hidden: [Hidden] = []
    var (first, others): ([Record], [Record]) = ([], [])
    for (partition, all) in Dictionary(grouping: records, by: \.partition).sorted(by: { $0.key < $1.key }) where all.count > 1 {
      let index = partition == 0 ? all.count - 1 : all.count / 2
      for (number, record) in all.enumerated() {
        guard number == index else {
          others.append(record)
          continue
        }
        first.append(record)
        hidden.append(Hidden(partition: partition, id: record.header("ce_id") ?? "", isLast: number == all.count - 1))
      }
    }
    try #require(hidden.contains { !$0.isLast } && hidden.contains { $0.isLast })
    try write(first, commits: false)
    try write(
      others + records.filter { record in !first.contains { $0 === record } && !others.contains { $0 === record } }, commits: true
    )
    return hidden
  }

  private func stopMetrics(_ partitions: Set<Int32>) -> String {
    "laurel_partition_stopped{partition=\"\(partitions.min() ?? -1)\"} 1"
  }

  // MARK: Asking

  private func check(_ installation: Installation) throws -> VerifyReport {
    try Verify.check(
      bus: installation.bus, services: [.attribution, .accrual],
      groups: Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, installation.group($0)) }), patience: .seconds(3))
  }

  private func repair(_ installation: Installation, _ options: String...) throws -> (status: Int32, text: String) {
    try installation.laurel("repair", options)
  }
}
