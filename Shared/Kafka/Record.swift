import CRDKafka

/// A record's header; Kafka allows a header without a value, and the same name more than once.
public struct Header: Sendable, Equatable {
  public let name: String
  public let value: [UInt8]?

  public init(name: String, value: [UInt8]?) {
    self.name = name
    self.value = value
  }
}

/// A record as it was read, copied out of librdkafka's memory.
public struct Record: Sendable, Equatable {
  public let topic: String
  public let partition: Int32
  public let offset: Int64
  /// Milliseconds since 1970, as the topic keeps it (the producer's or the broker's time); -1 if there is none.
  public let timestamp: Int64
  public let key: [UInt8]?
  /// `nil` is a tombstone.
  public let value: [UInt8]?
  public let headers: [Header]

  public init(
    topic: String, partition: Int32, offset: Int64, timestamp: Int64, key: [UInt8]?, value: [UInt8]?, headers: [Header] = []
  ) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }

  /// Of key, value and headers, without what keeps them in order.
  public var byteCount: Int {
    headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
  }

  init(_ message: UnsafePointer<rd_kafka_message_t>, topic: String) {
    self.topic = topic
    partition = message.pointee.partition
    offset = message.pointee.offset
    timestamp = rd_kafka_message_timestamp(message, nil)
    key = Self.bytes(message.pointee.key, message.pointee.key_len)
    value = Self.bytes(message.pointee.payload, message.pointee.len)
    headers = Self.headers(of: message)
  }

  static func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    start.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) }
  }

  private static func headers(of message: UnsafePointer<rd_kafka_message_t>) -> [Header] {
    // The headers stay librdkafka's: they go with the message.
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    let count = rd_kafka_header_cnt(list)
    var headers: [Header] = []
    headers.reserveCapacity(count)
    for index in 0..<count {
      var name: UnsafePointer<CChar>?
      var value: UnsafeRawPointer?
      var size = 0
      guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name else { break }
      headers.append(Header(name: String(cString: name), value: bytes(value, size)))
    }
    return headers
  }
}

/// One partition of one topic.
public struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
  public let topic: String
  public let partition: Int32

  public init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  public var description: String { "\(topic)/\(partition)" }
}

/// Offsets that name a place instead of a record.
public enum Offset {
  /// The oldest record that the partition still has.
  public static let beginning = Int64(RD_KAFKA_OFFSET_BEGINNING)
  /// Whatever comes next.
  public static let end = Int64(RD_KAFKA_OFFSET_END)
}

/// Where a record that was produced with a token came to lie.
public typealias Delivery = (token: Int, partition: Int32, offset: Int64)
