import Contracts
import Deployment
import JSON
import Kafka
import Streaming
import Terms
import Worker

/// A dead letter as an operator sees it, without its body.
struct Letter {
  /// Its place: `accrual/2/17` is offset 17 of partition 2 of accrual's dead letters.
  struct ID: Hashable, Comparable, CustomStringConvertible {
    let service: ServiceName
    let partition: Int32
    let offset: Int64

    var description: String { "\(service.rawValue)/\(partition)/\(offset)" }

    static func < (a: ID, b: ID) -> Bool {
      (a.service.rawValue, a.partition, a.offset) < (b.service.rawValue, b.partition, b.offset)
    }
  }

  /// The place where the rejected record was found, from the letter's headers.
  struct Place: Hashable, CustomStringConvertible {
    /// Without the deployment's prefix.
    let topic: String
    let partition: Int32
    let offset: Int64

    var description: String { "\(topic)/\(partition)/\(offset)" }
  }

  /// What was rejected, and where it came from.
  enum Origin {
    case record(Place)
    /// A timer in the service's state.
    case timer
    /// An event that the service had accepted and stored, and rejected later. The letter was rebuilt from its state.
    case kept
    case unknown
  }

  let id: ID
  /// When it was written.
  let time: Instant
  /// A `DeadLetterReason`, or a reason that only a later version knows.
  let reason: String
  let detail: String
  let origin: Origin
  let key: String?
  /// The CloudEvents type, or `nil` if it cannot be read.
  let type: String?
  /// The earlier letter, if this is the rejection of its replay.
  let replayOf: ID?
  /// The size of the record's whole body in bytes, if the letter has only a part of the record.
  let wholeSize: String?
  /// Why it cannot be replayed, or `nil` if it can.
  let obstacle: String?

  /// The place of the rejected record. `nil` if it was not a record or its place is unknown.
  var place: Place? {
    if case .record(let place) = origin { place } else { nil }
  }
}

extension Letter.ID {
  /// `accrual/2/17`
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let service = ServiceName(rawValue: String(parts[0])), let partition = Int32(parts[1]),
      let offset = Int64(parts[2]), partition >= 0, offset >= 0
    else { return nil }
    self.init(service: service, partition: partition, offset: offset)
  }
}

/// What an operator did with a letter.
enum LetterSettlementKind: Equatable {
  /// It was sent to its service again.
  case replayed
  /// It was dealt with in another way, which the note describes.
  case closed(note: String)
}

/// A record on the dead-letter topic that marks a letter as replayed or closed. It has the letter's key, no body, and the letter's
/// id in a header.
struct LetterMark: Equatable {
  let letter: Letter.ID
  let kind: LetterSettlementKind

  var headers: [Header] {
    let id = Array("\(letter)".utf8)
    switch kind {
    case .replayed: return [Header(name: PlaceHeader.replayed, value: id)]
    case .closed(let note):
      return [Header(name: PlaceHeader.closed, value: id), Header(name: PlaceHeader.note, value: Array(note.utf8))]
    }
  }
}

extension LetterMark {
  /// `nil` if the record is not a mark.
  init?(_ record: Kafka.Record) {
    // A record with a reason is a letter. Its other headers may have come from outside.
    guard record.value == nil, record.lastText(PlaceHeader.reason) == nil else { return nil }
    if let letter = record.lastText(PlaceHeader.replayed).flatMap(Letter.ID.init) {
      self.init(letter: letter, kind: .replayed)
    } else if let letter = record.lastText(PlaceHeader.closed).flatMap(Letter.ID.init) {
      self.init(letter: letter, kind: .closed(note: record.lastText(PlaceHeader.note) ?? ""))
    } else {
      return nil
    }
  }
}

extension Kafka.Record {
  /// The value of the last header with this name. Laurel appends its headers after those that came with the record.
  func lastText(_ name: String) -> String? {
    headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The headers with which a dead letter goes back to its service: the record's own, its first place, and the letter's id. If the
  /// service rejects it again, the new letter has this id too.
  func headersForReplay(of letter: Letter.ID) -> [Header] {
    let dropped: Set<String> = [
      PlaceHeader.reason, PlaceHeader.detail, PlaceHeader.size, PlaceHeader.replayOf, RepairMark.header,
    ]
    return headers.filter { !dropped.contains($0.name) }
      + [Header(name: PlaceHeader.replayOf, value: Array("\(letter)".utf8))]
  }
}

/// Reads dead letters, and decides whether they can be replayed.
struct LetterParser {
  private let parser = JSONParser()
  /// The topics from which each service reads each type.
  private let reads: [ServiceName: [String: Set<String>]]

  init() {
    // No terms are needed, because what a service reads does not depend on them.
    reads = Dictionary(
      uniqueKeysWithValues: Deployment.services(Programs([])).map { service in
        let reads = service.stages.flatMap(\.reads)
        return (service.name, Dictionary(reads.map { ($0.type, [$0.topic.name]) }, uniquingKeysWith: { $0.union($1) }))
      })
  }

  /// `nil` if the record is a mark, or Laurel did not write it.
  func letter(_ record: Kafka.Record, of service: ServiceName) -> Letter? {
    guard let reason = record.lastText(PlaceHeader.reason) else { return nil }
    let envelope = try? Envelope.record(record, parser: parser).envelope
    let id = Letter.ID(service: service, partition: record.partition, offset: record.offset)
    let origin = origin(of: record, service, envelope)
    // Laurel writes this header right before the reason and the detail. Anywhere else it came with the record from outside.
    let isCut = record.headers.suffix(3).first?.name == PlaceHeader.size
    return Letter(
      id: id, time: Instant(milliseconds: record.timestamp), reason: reason,
      detail: record.lastText(PlaceHeader.detail) ?? "", origin: origin,
      key: record.key.map { String(decoding: $0, as: UTF8.self) }, type: envelope?.type ?? record.lastText("ce_type"),
      replayOf: record.lastText(PlaceHeader.replayOf).flatMap(Letter.ID.init),
      wholeSize: isCut ? record.lastText(PlaceHeader.size) : nil,
      obstacle: obstacle(record, id, origin, envelope, isCut: isCut))
  }

  private func origin(of record: Kafka.Record, _ service: ServiceName, _ envelope: Envelope?) -> Letter.Origin {
    guard let topic = record.lastText(PlaceHeader.topic),
      let partition = record.lastText(PlaceHeader.partition).flatMap({ Int32($0) }),
      let offset = record.lastText(PlaceHeader.offset).flatMap({ Int64($0) })
    else { return .unknown }
    if topic == Topic.deadLetters(service).name { return .timer }
    // A service that rebuilds an event from its state is the event's source and does not know its place, so it writes 0.
    if Topic.named(topic)?.kind == .input, envelope?.source == "/laurel/\(service.rawValue)", partition == 0, offset == 0 {
      return .kept
    }
    return .record(Letter.Place(topic: topic, partition: partition, offset: offset))
  }

  /// Why the record must not be replayed: the service would reject it again, ignore it, or accept it although it must not.
  private func obstacle(
    _ record: Kafka.Record, _ id: Letter.ID, _ origin: Letter.Origin, _ envelope: Envelope?, isCut: Bool
  ) -> String? {
    let service = id.service
    let topic: String
    switch origin {
    case .timer: return "it was a timer of \(service.rawValue)'s state, not a record, so there is nothing to send again"
    case .kept:
      return """
        \(service.rawValue) had accepted it before and rejected it later, so now it would be a repeat without effect. If it is \
        still needed, publish a new event
        """
    case .unknown: return "its headers do not say where it was found"
    case .record(let place): topic = place.topic
    }
    guard let value = record.value else { return "it has no body" }
    if topic == Topic.clock.name { return "it was a tick of the clock; to move the clock, use 'laurel clock'" }
    if isCut { return "only a part of it was kept, and the whole record would be rejected again as oversized" }
    let bytes = record.headersForReplay(of: id).reduce(value.count) { $0 + ($1.value?.count ?? 0) }
    guard bytes <= Envelope.maximumBodyBytes else {
      return
        "it would be rejected again as oversized: it has \(bytes) bytes with its headers; the limit is \(Envelope.maximumBodyBytes)"
    }
    // The service decides about records that cannot be read here.
    guard let envelope else { return nil }
    guard let topics = reads[service]?[envelope.type] else {
      return "\(service.rawValue) reads no \(envelope.type), so it would ignore the record"
    }
    guard topics.contains(topic) else {
      // On its repartition topic a service accepts every type that it reads, whichever topic the type belongs on.
      return "\(envelope.type) does not belong on \(topic), where it was found, and after a replay the service would accept it"
    }
    return nil
  }
}
