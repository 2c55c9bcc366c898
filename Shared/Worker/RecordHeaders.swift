import Contracts
import Kafka
import Streaming

extension InputRecord {
  /// Its own headers and the place it was found at. A record that has moved before keeps its first place; on any other topic a header
  /// of that name is a claim of whoever wrote it, and the last one counts. The mark of a repair is dropped there: on the repartition topic
  /// it would count as Laurel's own.
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
  /// What of the record fits into one that every broker takes (1,048,588 bytes with its framing, by default).
  struct Kept {
    let key: [UInt8]?
    let value: [UInt8]?
    /// The record's headers, its place and why it is here.
    let headers: [Header]
  }

  private static let bytesMax = 900_000
  private static let keyBytesMax = 100_000
  private static let headerBytesMax = 300_000

  /// The record as it came. One that is too large for the broker in all is cut, and stays whole at its place: a letter that is refused
  /// would hold its partition up for ever.
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
    // From the last one on: the place comes after the record's own.
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

  /// With what the framing of a header takes at most.
  private static func bytes(of headers: [Header]) -> Int {
    headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) + 10 }
  }
}

/// Headers that say where a dead letter or a re-keyed record comes from, and why, and what has become of it.
public enum PlaceHeader {
  public static let topic = "laurel_topic"
  public static let partition = "laurel_partition"
  public static let offset = "laurel_offset"
  /// A `DeadLetterReason`.
  public static let reason = "laurel_reason"
  public static let detail = "laurel_detail"
  /// The bytes of the original body, where something of the record had to be left out here.
  public static let size = "laurel_size"
  /// On a record that an operator has sent to its service again: the dead letter that it had become, such as `accrual/2/17`.
  public static let replayOf = "laurel_replay_of"
  /// On the dead-letter topic, alone and on a record without a body: the letter that has been replayed.
  public static let replayed = "laurel_replayed"
  /// The same for a letter that an operator has closed without a replay.
  public static let closed = "laurel_closed"
  /// Beside `closed`: why.
  public static let note = "laurel_note"
}

extension KafkaError {
  /// A refused property: no other attempt would be better.
  var isConfigurationMistake: Bool { code == -186 }
  /// Another member has the same instance name: `FENCED_INSTANCE_ID`.
  var meansNamesake: Bool { code == 82 }
  /// No broker answers: `_ALL_BROKERS_DOWN`, `_TRANSPORT`.
  var meansNoBroker: Bool { code == -187 || code == -195 }
}
