import Contracts
import Kafka
import Streaming

extension InputRecord {
  /// The record's own headers and the place where it was found. A record that was moved before keeps its first place. On any other topic
  /// such a header is only a claim by the record's writer, and the last header of a name counts. The mark of a repair is dropped there,
  /// because on the repartition topic it would count as Laurel's own.
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
  /// The parts of the record that fit into one that every broker accepts (by default 1,048,588 bytes with framing).
  struct Kept {
    let key: [UInt8]?
    let value: [UInt8]?
    /// The record's headers, its place and the reason for rejection.
    let headers: [Header]
  }

  private static let bytesMax = 900_000
  private static let keyBytesMax = 100_000
  private static let headerBytesMax = 300_000

  /// The record as it came. If the whole record would be too large for the broker, it is cut; the original stays whole at its place. A dead
  /// letter that the broker rejects would block its partition forever.
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
    // From the last header backwards, because the place follows the record's own headers.
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

  /// Includes the most that a header's framing can take.
  private static func bytes(of headers: [Header]) -> Int {
    headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) + 10 }
  }
}

/// Headers that say where a dead letter or a repartitioned record comes from, why, and what happened to it.
public enum PlaceHeader {
  public static let topic = "laurel_topic"
  public static let partition = "laurel_partition"
  public static let offset = "laurel_offset"
  /// A `DeadLetterReason`.
  public static let reason = "laurel_reason"
  public static let detail = "laurel_detail"
  /// The size of the original body in bytes, if some part of the record had to be left out.
  public static let size = "laurel_size"
  /// On a record that an operator has sent to its service again: the place of its dead letter, such as `accrual/2/17`.
  public static let replayOf = "laurel_replay_of"
  /// On the dead-letter topic, alone and on a record without a body: the letter that was replayed.
  public static let replayed = "laurel_replayed"
  /// The same for a letter that an operator closed without a replay.
  public static let closed = "laurel_closed"
  /// Beside `closed`: the reason.
  public static let note = "laurel_note"
}

extension KafkaError {
  /// An invalid property: retrying does not help.
  var isConfigurationMistake: Bool { code == -186 }
  /// Another member has the same instance name: `FENCED_INSTANCE_ID`.
  var meansNamesake: Bool { code == 82 }
  /// No broker answers: `_ALL_BROKERS_DOWN`, `_TRANSPORT`.
  var meansNoBroker: Bool { code == -187 || code == -195 }
}
