import Contracts
import JSON
import Kafka
import Streaming

extension InputRecord {
  init(_ record: Kafka.Record, topic: Topic) {
    self.init(
      topic: topic, partition: record.partition, offset: record.offset, key: record.key, value: record.value,
      headers: record.headers.compactMap { header in header.value.map { (name: header.name, value: $0) } })
  }

  /// Its own headers and the place it was found at. A record that has moved before keeps its first place.
  var headersWithPlace: [Header] {
    let own = headers.map { Header(name: $0.name, value: $0.value) }
    guard !headers.contains(where: { $0.name == PlaceHeader.topic }) else { return own }
    return own + [
      Header(name: PlaceHeader.topic, value: Array(topic.name.utf8)),
      Header(name: PlaceHeader.partition, value: Array(String(partition).utf8)),
      Header(name: PlaceHeader.offset, value: Array(String(offset).utf8)),
    ]
  }
}

extension DeadLetter {
  /// The most bytes of a body that every broker takes beside its headers; a longer one is cut, and stays whole at its place.
  private static let bytesMax = 900_000

  /// The record's bytes.
  var bytes: [UInt8]? { record.value.map { $0.count > Self.bytesMax ? Array($0.prefix(Self.bytesMax)) : $0 } }

  /// The record's headers, its place and why it is here.
  var headers: [Header] {
    let size = record.value?.count ?? 0
    let cut = size > Self.bytesMax ? [Header(name: PlaceHeader.size, value: Array(String(size).utf8))] : []
    return record.headersWithPlace + cut + [
      Header(name: PlaceHeader.reason, value: Array(refusal.reason.rawValue.utf8)),
      Header(name: PlaceHeader.detail, value: Array(refusal.detail.utf8)),
    ]
  }
}

/// Headers that say where a dead letter or a re-keyed record comes from, and why.
public enum PlaceHeader {
  public static let topic = "laurel_topic"
  public static let partition = "laurel_partition"
  public static let offset = "laurel_offset"
  /// A `DeadLetterReason`.
  public static let reason = "laurel_reason"
  public static let detail = "laurel_detail"
  /// The bytes of the original body, where only its beginning is here.
  public static let size = "laurel_size"
}

/// Ticks of the virtual clock.
enum ClockTick {
  /// The instant that a record moves the clock to; nil: not a tick.
  static func read(_ record: InputRecord) throws -> Instant? {
    guard let value = record.value else { return nil }
    let parser = JSONParser()
    let (envelope, data) = try Envelope.record(headers: record.headers, value: value, parser: parser)
    guard envelope.type == ClockMoved.type else { return nil }
    do { return try parser.decode(ClockMoved.self, from: data).at } catch { throw Refusal(error) }
  }
}

extension KafkaError {
  /// A refused property: no other attempt would be better.
  var isConfigurationMistake: Bool { code == -186 }
  /// No broker answers: `_ALL_BROKERS_DOWN`, `_TRANSPORT`.
  var meansNoBroker: Bool { code == -187 || code == -195 }
}
