import Contracts
import Kafka
import Streaming

extension InputRecord {
  /// The record's own headers and its place. A record on the repartition topic keeps its first place. On other topics, the record's
  /// writer may have added such headers, so the place is appended: the last header of a name counts. The mark of a repair is
  /// dropped there, because on the repartition topic it would look like Laurel's own.
  var headersWithPlace: [Header] {
    let own = headers.filter { topic.isRepartitioned || $0.name != RepairMark.header }.map {
      Header(name: $0.name, value: $0.value)
    }
    guard !topic.isRepartitioned || !headers.contains(where: { $0.name == PlaceHeader.topic }) else { return own }
    return own + [
      Header(name: PlaceHeader.topic, value: Array(topic.name.utf8)),
      Header(name: PlaceHeader.partition, value: Array(String(partition).utf8)),
      Header(name: PlaceHeader.offset, value: Array(String(offset).utf8)),
    ]
  }
}

extension DeadLetter {
  /// The parts of the record that fit into a record that every broker accepts (by default 1,048,588 bytes with framing).
  struct Kept {
    let key: [UInt8]?
    let value: [UInt8]?
    /// The record's headers, its place and the reason for rejection.
    let headers: [Header]
  }

  private static let bytesMax = 900_000
  private static let keyBytesMax = 100_000
  private static let headerBytesMax = 300_000

  /// The whole record, or a shortened one if the whole would be too large for the broker. A dead letter that the broker rejects
  /// would block its partition forever. The original record stays at its place.
  var kept: Kept {
    let place = record.headersWithPlace
    let reason = [
      Header(name: PlaceHeader.reason, value: Array(rejection.reason.rawValue.utf8)),
      Header(name: PlaceHeader.detail, value: Array(rejection.detail.utf8)),
    ]
    let size = (record.key?.count ?? 0) + (record.value?.count ?? 0) + Self.bytes(of: place)
    guard size > Self.bytesMax else { return Kept(key: record.key, value: record.value, headers: place + reason) }

    let key = record.key.map { Array($0.prefix(Self.keyBytesMax)) }
    var room = Self.headerBytesMax
    // Start with the last headers, because the place follows the record's own headers.
    let headers = Array(
      place.reversed().filter { header in
        let bytes = Self.bytes(of: [header])
        guard bytes <= room else { return false }
        room -= bytes
        return true
      }.reversed())
    let value = record.value.map { Array($0.prefix(Self.bytesMax - (key?.count ?? 0) - Self.bytes(of: headers))) }
    let whole = Header(name: PlaceHeader.size, value: Array(String(record.value?.count ?? 0).utf8))
    return Kept(key: key, value: value, headers: headers + [whole] + reason)
  }

  /// The maximum size of the headers, with framing.
  private static func bytes(of headers: [Header]) -> Int {
    headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) + 10 }
  }
}

/// Headers with the origin of a dead letter or repartitioned record, the reason, and what happened to it.
public enum PlaceHeader {
  public static let topic = "laurel_topic"
  public static let partition = "laurel_partition"
  public static let offset = "laurel_offset"
  /// A `DeadLetterReason`.
  public static let reason = "laurel_reason"
  public static let detail = "laurel_detail"
  /// The size of the original body in bytes, if the record was shortened.
  public static let size = "laurel_size"
  /// On a record that an operator has replayed: the place of its dead letter, such as `accrual/2/17`.
  public static let replayOf = "laurel_replay_of"
  /// On a record without a body in the dead-letter topic: the letter that was replayed.
  public static let replayed = "laurel_replayed"
  /// Likewise, a letter that an operator closed without a replay.
  public static let closed = "laurel_closed"
  /// The operator's reason, next to `closed`.
  public static let note = "laurel_note"
}

extension KafkaError {
  /// Whether a property is invalid, so that retrying does not help.
  var isConfigurationMistake: Bool { code == -186 }
  /// Whether another member has the same instance name: `FENCED_INSTANCE_ID`.
  var meansNamesake: Bool { code == 82 }
  /// Whether no broker answers: `_ALL_BROKERS_DOWN`, `_TRANSPORT`.
  var meansNoBroker: Bool { code == -187 || code == -195 }
}
