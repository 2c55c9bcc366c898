import Contracts
import Foundation
import JSON
import Kafka
import ServiceKit
import Streaming

/// Writes batches to the bus, one transaction per call, each batch on one of the session's threads.
final class BatchTransactions {
  private static let requestMilliseconds: Int32 = 10_000

  /// The longest that former owners' open transactions may delay the opening of partitions.
  private static let formerOwnersMax = Duration.seconds(2)

  let transactionalID: String
  private let producer: TransactionalProducer
  private let topics: TopicNames
  private let changelog: ProducedTopic
  /// The topics of the stages' messages: a short list, searched by comparing references.
  private let written: [(topic: Topic, produced: ProducedTopic)]
  private let hanging: HangingTransactions
  private let parser = JSONParser()
  private let log: Log
  private let hooks: FaultHooks

  /// Takes over the transactional id from an earlier run of the instance and aborts its open transaction.
  init(
    service: ServiceName, instance: String, group: String, configuration: Kafka.Configuration, topics: TopicNames, log: Log,
    hooks: FaultHooks
  ) throws {
    self.topics = topics
    self.log = log
    self.hooks = hooks
    transactionalID = service.transactionalIDs(prefix: topics.prefix) + instance
    let producer = try TransactionalProducer(configuration, transactionalID: transactionalID, topics: topics.written)
    try retrying { () throws(TransactionFailure) in try producer.initialise(timeoutMilliseconds: Self.requestMilliseconds) }
    self.producer = producer
    hanging = HangingTransactions(
      service: service, transactionalID: transactionalID, configuration: configuration, group: group, topics: topics,
      transactionTimeout: producer.transactionTimeout, log: log)
    changelog = try producer.topic(topics.changelog)
    written = try Topic.written(by: service).map { ($0, try producer.topic(topics.prefix + $0.name)) }
  }

  /// Waits a moment until the open transactions of these partitions' former owners have ended, because offsets and changelogs
  /// cannot be read before. Later steps wait for those that take longer.
  func takeOver(_ partitions: [Int32], _ consumer: Consumer, _ health: Health) throws {
    hanging.takeOver(partitions)
    let limit = ContinuousClock.now + Self.formerOwnersMax
    while try !canBegin(consumer), ContinuousClock.now < limit, !Shutdown.requested {
      health.beat()
      _ = Shutdown.wait(upTo: .milliseconds(20))
    }
  }

  /// Whether a transaction may begin. If not, ask again in a moment.
  /// - Throws: what ``HangingTransactions/areOver(_:_:)`` does.
  func canBegin(_ consumer: Consumer) throws -> Bool {
    try hanging.areOver(producer, consumer)
  }

  /// Whether the group's offsets may have fallen behind the positions since the last call.
  func takeDroppedOffsets() -> Bool { hanging.takeDroppedOffsets() }

  /// Writes the outputs, dead letters, changes and positions of all batches, or nothing.
  ///
  /// - Returns: the new end of each task's changelog, by partition.
  func write(_ batches: [(AssignedPartition, Batch)], for consumer: Consumer, on threads: Parallel) throws -> [Int32: Int64] {
    hooks.reached(.beforeBegin)
    try retrying { () throws(TransactionFailure) in try producer.begin() }
    hooks.reached(.afterBegin)
    _ = try threads.map(batches) { try produce($0.1, of: $0.0) }
    hooks.reached(.afterProduce)
    try producer.flush(timeoutMilliseconds: Self.requestMilliseconds)
    hooks.reached(.afterFlush)
    var changelogEnds: [Int32: Int64] = [:]
    for delivery in producer.takeDeliveries() {
      changelogEnds[delivery.partition] = max(changelogEnds[delivery.partition] ?? 0, delivery.offset + 1)
    }
    let offsets = positions(of: batches.map(\.0))
    let metadata = try consumer.groupMetadata()
    if hooks.fencesFormerOwners {
      try retrying { () throws(TransactionFailure) in
        try producer.send(offsets: offsets, metadata, timeoutMilliseconds: Self.requestMilliseconds)
      }
    }
    hooks.reached(.afterOffsets)
    try retrying { () throws(TransactionFailure) in try producer.commit(timeoutMilliseconds: Self.requestMilliseconds) }
    hooks.reached(.afterCommit)
    for (_, batch) in batches {
      for letter in batch.deadLetters { report(letter) }
    }
    return changelogEnds
  }

  func abort() throws {
    try retrying { () throws(TransactionFailure) in try producer.abort(timeoutMilliseconds: Self.requestMilliseconds) }
  }

  /// The positions that have moved since the last commit.
  private func positions(of tasks: [AssignedPartition]) -> [TopicPartition: Int64] {
    var moved: [TopicPartition: Int64] = [:]
    var all: [TopicPartition: Int64] = [:]
    for task in tasks {
      for (topic, offset) in task.stages.positions {
        let place = TopicPartition(topic: topics.prefix + topic, partition: task.number)
        all[place] = offset
        if offset != task.committedPositions[topic] { moved[place] = offset }
      }
    }
    // Timers alone move no position. But without offsets the broker would not check who owns the partition (KIP-447), and an instance that
    // was frozen during a rebalance could fire timers that the new owner has already fired.
    return moved.isEmpty ? all : moved
  }

  private func produce(_ batch: Batch, of task: AssignedPartition) throws {
    var writer = producer.writer()
    try batch.outbox.forEachToWrite { record in
      for _ in 0..<hooks.copies(record) { try produce(record, &writer) }
    }
    for letter in batch.deadLetters {
      let kept = letter.kept
      try producer.produce(
        topic: topics.deadLetters, partition: task.number, key: kept.key, value: kept.value, headers: kept.headers)
    }
    for (key, record) in batch.repartitioned {
      try producer.produce(
        topic: topics.repartitioned, partition: nil, key: Array(key.utf8), value: record.value,
        headers: record.headersWithPlace)
    }
    try batch.changes.visit { key, value throws(TransactionFailure) in
      guard hooks.keepsChange?(key) ?? true else { return }
      try writer.produce(changelog, partition: task.number, key: key, value: value, token: 1)
    }
    hooks.reached(.whileProducing)
  }

  private func report(_ letter: DeadLetter) {
    let record = letter.record
    var fields: LogFields = ["topic": record.topic.name, "partition": record.partition, "offset": record.offset]
    fields["trace_id"] = record.traceID(parser)
    log.limited(.warning, kind: "dead letter \(letter.rejection.reason)", "dead letter: \(letter.rejection)", fields)
  }

  private func produce(_ record: OutputRecord, _ writer: inout TransactionalProducer.RecordWriter) throws {
    guard let topic = written.first(where: { $0.topic === record.topic })?.produced else {
      throw Disagreement(description: "\(record.topic.name) is not among the topics that this service writes")
    }
    func produce(_ value: UnsafeRawBufferPointer?, _ writer: inout TransactionalProducer.RecordWriter) throws {
      try writer.produce(topic, partition: record.partition, key: record.keyBytes, value: value) { fields in
        record.forEachAttribute { fields.add($0.header, $1) }
      }
    }
    guard let planted = hooks.text(record) else { return try produce(record.valueBytes, &writer) }
    try planted.withUnsafeBytes { try produce($0, &writer) }
  }
}

/// Retries the call while the failure is retriable, but not for longer than this, and not after a request to stop.
package func retrying(upTo limit: Duration = .seconds(30), _ call: () throws(TransactionFailure) -> Void) throws {
  let end = ContinuousClock.now + limit
  while true {
    do { return try call() } catch TransactionFailure.retriable(let error) {
      guard ContinuousClock.now < end, !Shutdown.requested else { throw TransactionFailure.fatal(error) }
      _ = Shutdown.wait(upTo: .milliseconds(100))
    }
  }
}
