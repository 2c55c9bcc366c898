import CRDKafka
import Glibc

/// A record's header. Kafka allows a header without a value, and several headers with one name.
public struct Header: Sendable, Equatable {
  public let name: String
  public let value: [UInt8]?

  public init(name: String, value: [UInt8]?) {
    self.name = name
    self.value = value
  }
}

/// A record in librdkafka's memory. The bytes it returns are valid only while the record is held. For use by one thread at a time.
public final class Record {
  private let message: UnsafeMutablePointer<rd_kafka_message_t>
  /// librdkafka's client must outlive its messages.
  private let owner: AnyObject
  public let topic: String

  init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, topic: String, owner: AnyObject) {
    self.message = message
    self.topic = topic
    self.owner = owner
  }

  deinit { rd_kafka_message_destroy(message) }

  public var partition: Int32 { message.pointee.partition }
  public var offset: Int64 { message.pointee.offset }
  /// Milliseconds since 1970, as the topic stores it (the producer's or the broker's time); -1 if there is none.
  public var timestamp: Int64 { rd_kafka_message_timestamp(message, nil) }

  public var keyBytes: UnsafeRawBufferPointer? {
    message.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len) }
  }

  /// `nil` is a tombstone.
  public var valueBytes: UnsafeRawBufferPointer? {
    message.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.len) }
  }

  public func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void) {
    // The headers belong to librdkafka and are freed with the message.
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
    for index in 0..<rd_kafka_header_cnt(list) {
      var name: UnsafePointer<CChar>?
      var value: UnsafeRawPointer?
      var size = 0
      guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name else { break }
      body(
        UnsafeRawBufferPointer(start: name, count: strlen(name)),
        value.map { UnsafeRawBufferPointer(start: $0, count: size) })
    }
  }

  // MARK: Copies

  public var key: [UInt8]? { keyBytes.map { [UInt8]($0) } }
  public var value: [UInt8]? { valueBytes.map { [UInt8]($0) } }

  public var headers: [Header] {
    var headers: [Header] = []
    forEachHeader { headers.append(Header(name: String(decoding: $0, as: UTF8.self), value: $1.map { [UInt8]($0) })) }
    return headers
  }

  /// The size of key and value.
  public var byteCount: Int { message.pointee.key_len + message.pointee.len }
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
  /// The next record to be written.
  public static let end = Int64(RD_KAFKA_OFFSET_END)
}

/// The position of a record that was produced with a token.
public typealias Delivery = (token: Int, partition: Int32, offset: Int64)
