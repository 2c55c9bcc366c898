import Contracts
import Kafka
import Streaming
import Worker

/// A dead letter as an operator sees it, without its body.
struct Letter {
  /// Where it lies: `accrual/2/17` is offset 17 of partition 2 of accrual's dead letters.
  struct ID: Hashable, Comparable, CustomStringConvertible {
    let service: ServiceName
    let partition: Int32
    let offset: Int64

    var description: String { "\(service.rawValue)/\(partition)/\(offset)" }

    static func < (a: ID, b: ID) -> Bool {
      (a.service.rawValue, a.partition, a.offset) < (b.service.rawValue, b.partition, b.offset)
    }
  }

  /// Where the rejected record was found, as its headers say.
  struct Place: Hashable, CustomStringConvertible {
    /// Without a deployment's prefix.
    let topic: String
    let partition: Int32
    let offset: Int64

    var description: String { "\(topic)/\(partition)/\(offset)" }
  }

  /// Where what was rejected comes from.
  enum Origin {
    case record(Place)
    /// A timer of the service's state.
    case timer
    /// An event that the service had taken and kept, and rejected later: rebuilt from its state.
    case kept
    case unknown
  }

  let id: ID
  /// When it was written.
  let time: Instant
  /// A `DeadLetterReason`, or what a later version says.
  let reason: String
  let detail: String
  let origin: Origin
  let key: String?
  /// The CloudEvents type, where it can be found.
  let type: String?
  /// The letter whose replay was rejected with this one.
  let replayOf: ID?
  /// The bytes of the body at its place, where only a part of the record is here.
  let wholeSize: String?
  /// Why it cannot be replayed; nil: it can.
  let obstacle: String?
}

extension Letter {
  /// Where the rejected record lies; nil if it was no record, or nobody knows.
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
  /// It was dealt with in another way, as the note says.
  case closed(note: String)
}

/// A record on the dead-letter topic that says what became of a letter. It has the letter's key, no body, and the letter's id in a header.
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
  /// nil if the record is not a mark.
  init?(_ record: Kafka.Record) {
    // A letter always has a reason, whatever headers came with it from outside.
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
  /// The last header of that name: what a record brought with it stands before what Laurel has added.
  func lastText(_ name: String) -> String? {
    headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }

  /// A dead letter's record as it goes back to its service: as it was found, its first place, and which letter it has been. A second
  /// rejection of it says so.
  func headersForReplay(of letter: Letter.ID) -> [Header] {
    let dropped: Set<String> = [
      PlaceHeader.reason, PlaceHeader.detail, PlaceHeader.size, PlaceHeader.replayOf, RepairMark.header,
    ]
    return headers.filter { !dropped.contains($0.name) }
      + [Header(name: PlaceHeader.replayOf, value: Array("\(letter)".utf8))]
  }
}
