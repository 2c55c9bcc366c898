import Contracts
import Kafka
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

  /// Where the refused record was found, as its headers say.
  struct Place: CustomStringConvertible {
    /// Without a deployment's prefix.
    let topic: String
    let partition: Int32
    let offset: Int64

    var description: String { "\(topic)/\(partition)/\(offset)" }
  }

  /// Where what was refused comes from.
  enum Origin {
    case record(Place)
    /// A timer of the service's state.
    case timer
    /// An event that the service had taken and kept, and refused later: rebuilt from its state.
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
  /// The letter whose replay was refused with this one.
  let replayOf: ID?
  /// The bytes of the body at its place, where only a part of the record is here.
  let wholeSize: String?
  /// Why it cannot be replayed; nil: it can.
  let obstacle: String?
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

/// The mark of a replay: a record on the dead-letter topic, in the same transaction as the record that goes back to the service. It has
/// the letter's key, no body and one header, the letter's id.
enum ReplayMark {
  static func header(_ letter: Letter.ID) -> Header { Header(name: PlaceHeader.replayed, value: Array("\(letter)".utf8)) }

  /// The letter that a mark says has been replayed; nil: the record is no mark.
  static func letter(_ record: Kafka.Record) -> Letter.ID? {
    // A letter always has a reason, whatever headers came with it from outside.
    guard record.value == nil, record.lastText(PlaceHeader.reason) == nil else { return nil }
    return record.lastText(PlaceHeader.replayed).flatMap(Letter.ID.init)
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
    let dropped: Set<String> = [PlaceHeader.reason, PlaceHeader.detail, PlaceHeader.size, PlaceHeader.replayOf]
    return headers.filter { !dropped.contains($0.name) }
      + [Header(name: PlaceHeader.replayOf, value: Array("\(letter)".utf8))]
  }
}
