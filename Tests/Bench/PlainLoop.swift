import Kafka
import ServiceKit
import TestSupport

/// The limit of Kafka alone: reads as many records, writes as many records of the same size, commits. No decoding, no logic, no state.
enum PlainLoop {
  static let output = "plain.output"
  static let changelog = "plain.changelog"
  private static let batchRecordsMax = 10_000
  private static let batchTime = Duration.milliseconds(100)
  private static let timeoutMilliseconds: Int32 = 30_000

  /// What a service writes for one payment, to its own and other topics.
  struct Load {
    let reads: Int
    let writes: Int
    /// The bytes of one written record: key, value and headers.
    let bytes: Int
  }

  /// Payments per second, from the end of the first batch to the end of the last. Additional reads come from the same topic: every
  /// payment's record is read once for each of the load's reads.
  static func perSecond(_ ground: Ground, payments: Int, _ load: Load) throws -> Double {
    let rounds = try (0..<load.reads).map { try records(ground, round: $0, total: payments, load) }
    return 1 / rounds.reduce(0) { $0 + 1 / $1 }
  }

  /// Records per second of one round; the writes are spread over the rounds.
  private static func records(_ ground: Ground, round: Int, total: Int, _ load: Load) throws -> Double {
    let writes = load.writes * (round + 1) / load.reads - load.writes * round / load.reads
    let topics = [output, changelog].map { ground.prefix + $0 }
    let producer = try TransactionalProducer(
      ground.configuration, transactionalID: "\(ground.prefix)plain-\(round)", topics: topics)
    try producer.initialise(timeoutMilliseconds: timeoutMilliseconds)
    let consumer = try Consumer(ground.configuration, group: "\(ground.prefix)plain-\(round)")
    defer { consumer.close() }
    try consumer.subscribe([ground.name(.billing)])

    let deadline = ContinuousClock.now + .seconds(600)
    var done = 0
    var first: (count: Int, at: ContinuousClock.Instant)?
    while done < total {
      guard .now < deadline else { throw BrokerFailure("the plain loop timed out after \(done) of \(total)") }
      let batch = try gather(consumer)
      guard !batch.isEmpty else { continue }
      try write(batch, producer, consumer, topics, writes: writes, bytes: load.bytes)
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
    _ batch: [Record], _ producer: TransactionalProducer, _ consumer: Consumer, _ topics: [String], writes: Int, bytes: Int
  ) throws {
    try producer.begin()
    let topics = try topics.map { try producer.topic($0) }
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
    var offsets: [TopicPartition: Int64] = [:]
    var writer = producer.writer()
    for record in batch {
      for number in 0..<writes {
        try value.withUnsafeBytes {
          try writer.produce(topics[number % topics.count], partition: record.partition, key: nil, value: $0)
        }
      }
      offsets[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
    }
    try producer.flush(timeoutMilliseconds: timeoutMilliseconds)
    let metadata = try consumer.groupMetadata()
    try producer.send(offsets: offsets, metadata, timeoutMilliseconds: timeoutMilliseconds)
    try producer.commit(timeoutMilliseconds: timeoutMilliseconds)
  }
}
