import Contracts
import Deployment
import FaultBench
import Foundation
import Kafka
import ServiceKit
import Terms
import TestSupport
import Testing

@testable import Streaming
@testable import Worker

/// An instance dies for good in the middle of a transaction.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct TakeoverTests {
  /// Looks for transactions whose time is over once in an hour: what ends is ended by somebody else.
  private static func patientBroker() throws -> KafkaBroker {
    try KafkaBroker.start(
      home: try #require(KafkaBroker.home),
      settings: ["transaction.abort.timed.out.transaction.cleanup.interval.ms": "3600000"])
  }

  @Test func whatADeadOwnerHasLeftOpenIsEndedByItsSuccessor() throws {
    let broker = try Self.patientBroker()
    defer { broker.stop() }
    try Installation.run(bootstrap: broker.bootstrap) { installation in
      try installation.createTopics()
      let load = try Disturbance(installation, cycles: 2, payments: 120, referees: 40)
      for service in ServiceName.allCases { try installation.start(service) }
      let successor = try installation.start(.accrual, 2)
      try load.run { cycle in
        try installation.end(.accrual, 1, gracefully: true)
        let faulty = try installation.start(.accrual, 1, fault: "crash:\(cycle == 0 ? "afterOffsets" : "afterFlush"):2")
        // All of the load may be worked off already: ticks of the clock make transactions, too.
        let publisher = try Publisher(installation)
        let crashed = waitUntil(.seconds(60)) {
          try? publisher.tick(Payments.start)
          return !faulty.isRunning
        }
        try #require(crashed)
        try installation.end(.accrual, 1, gracefully: false)
        #expect(try installation.hasOpenTransaction(in: [.rewards, .changelog(.accrual)]))
        let isServed = waitUntil(.seconds(30)) {
          successor.metric("laurel_assigned_partitions") == Double(installation.partitions) && successor.isReady
        }
        #expect(isServed, "cycle \(cycle)")
        try installation.start(.accrual, 1)
      }
      try load.finish()
      #expect(successor.log.contains("ended the transaction that a former owner has left open"))
      #expect(!successor.log.contains("starting over"))
    }
  }

  @Test func nobodyElsesTransactionIsEnded() throws {
    let broker = try Self.patientBroker()
    defer { broker.stop() }
    try Installation.run(bootstrap: broker.bootstrap) { installation in
      try installation.createTopics()
      // Its time is over, and its member is in the group: its other partitions may be alive.
      let member = try Consumer(installation.configuration, group: installation.group(.accrual), instance: "alive")
      try member.subscribe([installation.name(.clock)])
      let hasJoined = waitUntil(.seconds(30)) {
        if case .assigned = member.poll(timeoutMilliseconds: 100) { true } else { false }
      }
      try #require(hasJoined)
      try member.unassign()
      let alive = try OpenTransaction(installation, "alive", timeoutMilliseconds: 1_000)
      #expect(try !alive.isEndedBySuccessor(within: .seconds(4)))
      try alive.commit()
      member.close()
      // Its member is not in the group, and its time is not over: it may have just been started.
      let starting = try OpenTransaction(installation, "starting", timeoutMilliseconds: 60_000)
      #expect(try !starting.isEndedBySuccessor(within: .seconds(4)))
      try starting.commit()
      let dead = try OpenTransaction(installation, "dead", timeoutMilliseconds: 1_000)
      #expect(try dead.isEndedBySuccessor(within: .seconds(30)))
      #expect(throws: TransactionFailure.self) { try dead.commit() }
    }
  }
}

/// A transaction of an instance of accrual that has written the progress of partition 0.
private struct OpenTransaction {
  private let producer: TransactionalProducer
  private let installation: Installation
  private let changelog: TopicPartition

  init(_ installation: Installation, _ instance: String, timeoutMilliseconds: Int) throws {
    self.installation = installation
    changelog = TopicPartition(topic: installation.name(.changelog(.accrual)), partition: 0)
    let id = ServiceName.accrual.transactionalIDs(prefix: installation.prefix) + instance
    producer = try TransactionalProducer(
      installation.configuration, transactionalID: id, transactionTimeoutMilliseconds: timeoutMilliseconds,
      topics: [changelog.topic])
    try producer.initialise(timeoutMilliseconds: 10_000)
    try producer.begin()
    var progress = Progress()
    progress.producer = id
    try producer.produce(topic: changelog.topic, partition: 0, key: RowKey.progress, value: progress.jsonBytes())
    try producer.flush(timeoutMilliseconds: 10_000)
  }

  func commit() throws(TransactionFailure) { try producer.commit(timeoutMilliseconds: 10_000) }

  /// Whether the new owner of the partition ends it, which asks again and again for so long.
  func isEndedBySuccessor(within limit: Duration) throws -> Bool {
    let service = try #require(Deployment.services(Programs([])).first { $0.name == .accrual })
    let topics = TopicNames(prefix: installation.prefix, service: service, partitions: installation.partitions)
    let group = installation.group(.accrual)
    let owners = FormerOwners(
      service: .accrual, transactionalID: "\(installation.prefix)accrual.successor", configuration: installation.configuration,
      group: group, topics: topics, log: Log(service: "accrual", instance: "successor", level: .error, format: .json))
    owners.partitions = [0]
    let consumer = try Consumer(installation.configuration, group: group, readCommitted: true)
    defer { consumer.close() }
    return try waitUntil(limit) {
      let end = try consumer.bounds(of: [changelog], at: Offset.end, timeoutMilliseconds: 5_000)
      let stable = try consumer.stableEnds(of: [changelog], timeoutMilliseconds: 5_000)
      if stable == end { return true }
      try owners.endOverdue(holding: end, consumer)
      return false
    }
  }
}
