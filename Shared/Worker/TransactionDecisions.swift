import Kafka

/// Reads the outcomes of a producer's transactions from the coordinator's own log. The coordinator writes each outcome there before
/// it notifies anyone, so the log has it even if no partition does.
struct TransactionDecisions {
  private static let timeoutMilliseconds: Int32 = 2_000
  /// How much of the log to read. Each read goes further back, until every partition is found.
  private static let lengths: [Int64] = [2_000, 16_000, 128_000]

  private let transactionalID: String
  private let configuration: Kafka.Configuration
  private let group: String

  /// - Parameter group: a group that the client has a right to; see `PartitionScan`.
  init(_ transactionalID: String, _ configuration: Kafka.Configuration, group: String) {
    self.transactionalID = transactionalID
    self.configuration = configuration
    self.group = group
  }

  /// The outcome of the producer's last transaction on each of these partitions. A partition is left out if no outcome is found.
  ///
  /// - Throws: `KafkaError`, also for a record in an unknown format.
  func read(of partitions: Set<TopicPartition>, _ consumer: Consumer) throws -> [TopicPartition: TransactionRecord.Outcome] {
    var outcomes: [TopicPartition: TransactionRecord.Outcome] = [:]
    try read(consumer) { record in
      guard let outcome = record.outcome else { return }
      for partition in record.partitions where partitions.contains(partition) { outcomes[partition] = outcome }
    } until: {
      outcomes.count == partitions.count
    }
    return outcomes
  }

  /// The producer's last record in the log; `nil` if there is none.
  ///
  /// - Throws: as `read(of:_:)`.
  func last(_ consumer: Consumer) throws -> TransactionRecord? {
    var last: TransactionRecord?
    try read(consumer) {
      last = $0
    } until: {
      last != nil
    }
    return last
  }

  private func read(_ consumer: Consumer, _ take: (TransactionRecord) -> Void, until isDone: () -> Bool) throws {
    let topic = TransactionRecord.topic
    let counts = try Admin(configuration).partitionCounts(of: [topic], timeoutMilliseconds: Self.timeoutMilliseconds)
    guard let count = counts[topic] else {
      throw KafkaError.timedOut("no right to read \(topic): 'laurel topics acls' prints the command that grants it")
    }
    let log = TopicPartition(topic: topic, partition: coordinatorPartition(of: transactionalID, count: count))
    let bounds = try consumer.watermarks(log, timeoutMilliseconds: Self.timeoutMilliseconds)
    for length in Self.lengths where !isDone() {
      let range = max(bounds.low, bounds.high - length)..<bounds.high
      try PartitionScan(configuration, group: group, readCommitted: false, Self.timeoutMilliseconds).read([log: range]) {
        record in
        guard let key = record.key, let value = record.value,
          try TransactionRecord.transactionalID(ofKey: key) == transactionalID
        else { return }
        take(try TransactionRecord(value: value))
      }
      if range.lowerBound == bounds.low { break }
    }
  }
}
