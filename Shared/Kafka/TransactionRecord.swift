import CRDKafka

/// A record of the topic in which Kafka's coordinator keeps the state of each producer's transaction (TransactionLogKey and
/// TransactionLogValue in Kafka's source, versions 0 and 1).
public struct TransactionRecord {
  public static let topic = "__transaction_state"

  public enum Outcome: Sendable {
    case committed, aborted
  }

  /// The outcome; `nil` if there is none yet or an earlier record has it. The coordinator writes it here before it notifies anyone.
  public let outcome: Outcome?
  /// The partitions that the transaction has written to; empty in the records after the outcome.
  public let partitions: [TopicPartition]
  /// When the broker may abort the transaction, in milliseconds since 1970 by the coordinator's clock; `nil` if none is open.
  public let dueMilliseconds: Int64?

  /// The producer's transactional id.
  /// - Throws: `KafkaError` if the key has another format.
  public static func transactionalID(ofKey key: [UInt8]) throws(KafkaError) -> String {
    var bytes = Bytes(key)
    guard try bytes.integer(Int16.self) == 0 else { throw Bytes.unknown }
    return try bytes.text(Int(bytes.integer(Int16.self)))
  }

  /// - Throws: `KafkaError` if the value has another format, because nothing may be decided from an unknown format.
  public init(value: [UInt8]) throws(KafkaError) {
    var bytes = Bytes(value)
    let version = try bytes.integer(Int16.self)
    guard 0...1 ~= version else { throw Bytes.unknown }
    // The producer's id and epoch.
    try bytes.skip(8 + 2)
    let timeout = Int64(try bytes.integer(Int32.self))
    let status = try bytes.integer(Int8.self)
    switch status {
    case 2: outcome = .committed
    case 3: outcome = .aborted
    case 0, 1, 4...7: outcome = nil
    default: throw Bytes.unknown
    }
    let isCompact = version == 1
    var partitions: [TopicPartition] = []
    for _ in 0..<(try bytes.count(isCompact)) {
      let topic = try bytes.text(isCompact ? bytes.variable() - 1 : Int(bytes.integer(Int16.self)))
      for _ in 0..<(try bytes.count(isCompact)) {
        partitions.append(TopicPartition(topic: topic, partition: try bytes.integer(Int32.self)))
      }
      // Tagged fields of a topic: Kafka defines none yet.
      if isCompact, try bytes.variable() != 0 { throw Bytes.unknown }
    }
    self.partitions = partitions
    // When the record was written.
    try bytes.skip(8)
    let start = try bytes.integer(Int64.self)
    dueMilliseconds = status == 1 ? start + timeout : nil
  }

  /// Reads big-endian numbers and Kafka's strings in sequence.
  private struct Bytes {
    static let unknown = KafkaError(
      RD_KAFKA_RESP_ERR__BAD_MSG, reason: "\(TransactionRecord.topic) has a record in an unknown format")

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func skip(_ count: Int) throws(KafkaError) {
      guard rest.count >= count else { throw Self.unknown }
      rest = rest.dropFirst(count)
    }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws(KafkaError) -> Number {
      let start = rest
      try skip(MemoryLayout<Number>.size)
      return start.prefix(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func variable() throws(KafkaError) -> Int {
      var value = 0
      for shift in stride(from: 0, to: 32, by: 7) {
        let byte = try integer(UInt8.self)
        value |= Int(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      throw Self.unknown
    }

    /// The length of an array; 0 for an absent one.
    mutating func count(_ isCompact: Bool) throws(KafkaError) -> Int {
      max(0, isCompact ? try variable() - 1 : Int(try integer(Int32.self)))
    }

    mutating func text(_ count: Int) throws(KafkaError) -> String {
      let start = rest
      guard count >= 0 else { throw Self.unknown }
      try skip(count)
      return String(decoding: start.prefix(count), as: UTF8.self)
    }
  }
}
