import Kafka
import TestSupport

/// What Kafka alone allows: read, write one output and one changelog record each, commit; no decoding, no logic, no state.
enum PlainLoop {
  static let output = "plain.output"
  static let changelog = "plain.changelog"
  private static let batchRecordsMax = 10_000
  private static let batchTime = Duration.milliseconds(100)
  private static let timeoutMilliseconds: Int32 = 30_000

  /// Records per second, from the end of the first batch to the end of the last.
  static func perSecond(_ ground: Ground, records total: Int) throws -> Double {
    let topics = [output, changelog].map { ground.prefix + $0 }
    let producer = try TransactionalProducer(
      ground.configuration, transactionalID: "\(ground.prefix)plain", topics: topics)
    try producer.initialise(timeoutMilliseconds: timeoutMilliseconds)
    let consumer = try Consumer(ground.configuration, group: "\(ground.prefix)plain")
    defer { consumer.close() }
    try consumer.subscribe([ground.name(.billing)])

    let deadline = ContinuousClock.now + .seconds(600)
    var done = 0
    var first: (count: Int, at: ContinuousClock.Instant)?
    while done < total {
      guard .now < deadline else { throw BrokerFailure("the plain loop has done \(done) of \(total)") }
      let batch = try gather(consumer)
      guard !batch.isEmpty else { continue }
      try write(batch, producer, consumer, topics)
      done += batch.count
      if first == nil { first = (done, .now) }
    }
    guard let first, first.count < total else { throw BrokerFailure("too few records to measure") }
    return Double(total - first.count) / (ContinuousClock.now - first.at).seconds
  }

  private static func gather(_ consumer: Consumer) throws -> [Record] {
    var batch: [Record] = []
    var end: ContinuousClock.Instant?
    while batch.count < batchRecordsMax {
      switch consumer.poll(timeoutMilliseconds: end == nil ? 100 : 10) {
      case .record(let record):
        batch.append(record)
        if end == nil { end = .now + batchTime }
      case .assigned(let partitions): try consumer.assign(partitions.map { ($0, offset: Offset.beginning) })
      case .revoked, .lost: try consumer.unassign()
      case .error(let error): if error.isFatal { throw error }
      case .end: break
      case .nothing: return batch
      }
      if let end, .now >= end { return batch }
    }
    return batch
  }

  private static func write(
    _ batch: [Record], _ producer: TransactionalProducer, _ consumer: Consumer, _ topics: [String]
  ) throws {
    try producer.begin()
    var offsets: [TopicPartition: Int64] = [:]
    for record in batch {
      for topic in topics {
        try producer.produce(topic: topic, partition: record.partition, key: record.key, value: record.value)
      }
      offsets[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
    }
    try producer.flush(timeoutMilliseconds: timeoutMilliseconds)
    let metadata = try consumer.groupMetadata()
    try producer.send(offsets: offsets, metadata, timeoutMilliseconds: timeoutMilliseconds)
    try producer.commit(timeoutMilliseconds: timeoutMilliseconds)
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
