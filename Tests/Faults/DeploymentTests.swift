import Contracts
import FaultBench
import Foundation
import Kafka
import Streaming
import TestSupport
import Testing

/// Configuration and topics that do not belong together are rejected at the start, before anything is processed.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct DeploymentTests {
  /// Processes codes for eight accounts with an instance that then ends.
  private func prepare(_ installation: Installation) throws -> Publisher {
    let publisher = try Publisher(installation)
    try publisher.tick(Payments.start)
    let attribution = try installation.start(.attribution, extra: ["--clock", "bus"])
    try Payments(referees: 8, count: 0).publishCodes(publisher)
    try publisher.flush()
    let processed = waitUntil(.seconds(60)) { attribution.metric("laurel_outputs_total") ?? 0 >= 8 }
    try #require(processed)
    try installation.end(.attribution, 1, gracefully: true)
    return publisher
  }

  /// Starts an instance, which must end by itself, and returns its log.
  private func rejection(_ installation: Installation, number: Int = 1, extra: [String] = []) throws -> String {
    let process = try installation.start(.attribution, number, extra: ["--clock", "bus"] + extra)
    let ending = process.ending(within: .seconds(60))
    try #require(ending == .status(1), "\(ending) \(process.log)")
    return process.log
  }

  @Test func aSecondGroupIsRejected() throws {
    try Installation.run { installation in
      _ = try prepare(installation)
      let before = try installation.records([.referrals, .claims]).count
      for number in [1, 2] {
        let log = try rejection(installation, number: number, extra: ["--group", "\(installation.prefix)another"])
        #expect(log.contains("it belongs to the group '\(installation.group(.attribution))'"))
        #expect(log.contains("\(installation.prefix)another"))
      }
      #expect(try installation.records([.referrals, .claims]).count == before)
    }
  }

  @Test func morePartitionsAreRejected() throws {
    let home = try #require(KafkaBroker.home)
    try Installation.run { installation in
      _ = try prepare(installation)
      for topic in Topic.catalogue where topic.writtenBy == "attribution" || topic.kind == .input || topic.kind == .clock {
        try runScript(
          #""$1/bin/kafka-topics.sh" --bootstrap-server "$2" --alter --topic "$3" --partitions 8 >>out 2>&1 || { cat out >&2; exit 1; }"#,
          [home.path, installation.configuration.bootstrap, installation.name(topic)], in: installation.folder)
      }
      for number in [1, 2] {
        #expect(
          try rejection(installation, number: number).contains(
            "it was written with 4 partitions per topic, but now there are 8"))
      }
    }
  }

  @Test func anInputThatWasCreatedAgainIsRejected() throws {
    try Installation.run { installation in
      let publisher = try prepare(installation)
      try recreate(.requests, installation)
      // As many records as before, so that the positions still fit.
      try Payments(referees: 8, count: 0).publishCodes(publisher)
      try publisher.flush()
      let log = try rejection(installation)
      #expect(log.contains("\(installation.name(.requests))/"))
      #expect(log.contains("is not the topic that the state"))
      // Fewer records than before.
      try recreate(.requests, installation)
      #expect(try rejection(installation).contains("is not the topic that the state"))
    }
  }

  @Test func aChangelogThatWasCreatedAgainIsRejected() throws {
    try Installation.run { installation in
      _ = try prepare(installation)
      try recreate(.changelog(.attribution), installation)
      #expect(try rejection(installation).contains("lost records"))
      // Not without the state folder either.
      try FileManager.default.removeItem(at: installation.stateFolder("attribution-1"))
      #expect(try rejection(installation).contains("lost records"))
    }
  }

  /// Whatever else is lost with a changelog: the folders are the only copy of its records, and a service manager starts a service again and
  /// again.
  @Test(arguments: [[], ["--standby"]]) func foldersThatHoldMoreThanTheChangelogStay(_ extra: [String]) throws {
    try Installation.run { installation in
      _ = try prepare(installation)
      try recreate(.changelog(.attribution), installation)
      try deleteGroup(installation)
      for _ in 1...3 {
        let log = try rejection(installation, extra: extra)
        #expect(log.contains("has lost records: the state has read") && !log.contains("is rebuilt"), "\(log)")
      }
    }
  }

  /// As when the last member left a week ago.
  private func deleteGroup(_ installation: Installation) throws {
    try runScript(
      #""$1/bin/kafka-consumer-groups.sh" --bootstrap-server "$2" --delete --group "$3" >out 2>&1 || { cat out >&2; exit 1; }"#,
      [try #require(KafkaBroker.home).path, installation.configuration.bootstrap, installation.group(.attribution)],
      in: installation.folder)
  }

  /// An upgrade that cannot be rolled: neither the changelog nor the store is touched, and the operator's commands misread nothing either.
  @Test func stateOfANewerReleaseIsLeftToIt() throws {
    try Installation.run { installation in
      _ = try prepare(installation)
      let changelog = installation.name(.changelog(.attribution))
      let producer = try Producer(installation.configuration, topics: [changelog])
      for partition in 0..<installation.partitions {
        try producer.produce(
          topic: changelog, partition: partition, key: RowKey.progress, value: Array(#"{"form":99,"else":1}"#.utf8), headers: [])
      }
      try producer.flush(timeoutMilliseconds: 30_000)
      let words = "the state has format 99, but this version only reads format"
      for _ in 1...2 {
        let log = try rejection(installation)
        #expect(log.contains("\(changelog) was written by another release: \(words)"))
        #expect(!log.contains("is rebuilt"), "\(log)")
      }
      for command in ["verify", "repair"] {
        let reported = try installation.laurel(command)
        #expect(reported.status == 1 && reported.text.contains(words), "\(reported)")
      }
    }
  }

  /// A group's offsets expire a week after its last member has left: the records themselves tell that all is as it was.
  @Test func expiredOffsetsAreNoObstacle() throws {
    try Installation.run { installation in
      let publisher = try prepare(installation)
      try deleteGroup(installation)
      try installation.start(.attribution, extra: ["--clock", "bus"])
      try installation.waitReady()
      try Payments(referees: 12, count: 0).publishCodes(publisher)
      try publisher.flush()
      let reader = try installation.reader([.referrals])
      let come = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == CodeIssued.type } == 12 }
      #expect(come)
      try installation.stopAll()
    }
  }

  /// A member of the group without a partition waits. It has nothing to compare.
  @Test func moreInstancesThanPartitionsAreNoObstacle() throws {
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      try publisher.tick(Payments.start)
      let instances = try (1...5).map { try installation.start(.attribution, $0, extra: ["--clock", "bus", "--threads", "6"]) }
      try installation.waitReady()
      let everyOneHasJoined = waitUntil(.seconds(60)) {
        instances.map { $0.metric("laurel_assigned_partitions") ?? 0 }.sorted() == [0, 1, 1, 1, 1]
      }
      try #require(everyOneHasJoined)
      try Payments(referees: 8, count: 0).publishCodes(publisher)
      try publisher.flush()
      let reader = try installation.reader([.referrals])
      let come = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == CodeIssued.type } == 8 }
      #expect(come)
      // Fails if it has ended by itself.
      try installation.stopAll()
    }
  }

  private func recreate(_ topic: Topic, _ installation: Installation) throws {
    let admin = try Admin(installation.configuration)
    let name = installation.name(topic)
    _ = try admin.deleteTopics([name])
    let config = topic.compacted ? ["cleanup.policy": "compact"] : [:]
    let isThere = waitUntil(.seconds(30)) {
      (try? admin.createTopics([Admin.NewTopic(name: name, partitions: installation.partitions, config: config)])[name]) == .done
    }
    try #require(isThere)
  }
}
