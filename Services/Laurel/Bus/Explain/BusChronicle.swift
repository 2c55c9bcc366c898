import CommandKit
import Contracts
import Foundation
import JSON
import Kafka
import Terms
import Worker

/// Reads everything on a bus about one id: inputs, notices and dead letters of every account that the id concerns.
struct BusChronicle {
  private let bus: Bus
  private let partitions: Int32
  private let parser = JSONParser()
  private let topics: [Topic]

  /// - Parameter topics: the topics to read. By default all inputs and all notices.
  init(_ bus: Bus, topics: [Topic] = Topic.catalogue.filter { [.input, .notices].contains($0.kind) }) throws {
    self.bus = bus
    self.topics = topics
    partitions = try bus.partitions()
  }

  /// Reads the topics twice: first to find the accounts that the id concerns, then to collect everything about them.
  func chronicle(naming id: String, _ programs: Programs) throws -> Chronicle {
    let quoted = Array("\"\(id)\"".utf8)
    var keys: Set<[UInt8]> = [Array(id.utf8)]
    var places: Set<Int32> = []
    try bus.read(topics, 0..<partitions) { record, _ in
      guard let key = record.key, Self.holds(record.value, quoted) else { return }
      keys.insert(key)
      // A producer that hashes differently may have put the record in another partition than Laurel would.
      places.insert(record.partition)
    }
    places.formUnion(keys.map { Kafka.partition(forKey: $0, count: partitions) })
    var found: [Found] = []
    try bus.read(topics, places.sorted()) { record, topic in
      let isNamed = Self.holds(record.value, quoted)
      guard isNamed || record.key.map(keys.contains) ?? false else { return }
      if let entry = entry(record, topic, isNamed: isNamed) { found.append(entry) }
    }
    try markRejected(&found)
    let clock = try BusClock(bus: bus, partitions: partitions).now() ?? .now
    return Chronicle(Self.inOrder(found, programs), programs, source: bus.bootstrap, clock: clock)
  }

  /// Whether a JSON text has a string, with its quotes. A producer may escape some of its characters.
  private static func holds(_ text: [UInt8]?, _ quoted: [UInt8]) -> Bool {
    guard let text else { return false }
    if text.contains(quoted) { return true }
    guard text.contains(UInt8(ascii: "\\")), let json = try? JSONSerialization.jsonObject(with: Data(text)),
      let plain = try? JSONSerialization.data(withJSONObject: json, options: .withoutEscapingSlashes)
    else { return false }
    return plain.firstRange(of: quoted) != nil
  }

  private struct Found {
    let place: Letter.Place
    /// `nil` if the record cannot be read.
    let instant: Instant?
    let sequence: Int64
    /// When the record was written, by Kafka.
    let timestamp: Int64
    /// Identifies an input. Its repeats have the same identity. `nil` for notices and unreadable records.
    let identity: String?
    var entry: Chronicle.Entry
  }

  private func entry(_ record: Kafka.Record, _ topic: Topic, isNamed: Bool) -> Found? {
    let place = Letter.Place(topic: topic.name, partition: record.partition, offset: record.offset)
    guard let read = try? BusMessage(record, topic: topic, parser: parser), let message = read.message(parser) else {
      guard isNamed, topic.kind == .input else { return nil }
      let text = String(decoding: record.value ?? [], as: UTF8.self)
      return Found(
        place: place, instant: nil, sequence: 0, timestamp: record.timestamp, identity: nil,
        entry: Chronicle.Entry(
          place: "\(place)", program: nil,
          happening: .unreadable(text: text, reason: "unreadable", detail: "no service has reported why")))
    }
    let program = read.envelope.program
    if let notice = message as? any Notice {
      return Found(
        place: place, instant: notice.instant, sequence: read.envelope.sequence ?? 0, timestamp: record.timestamp, identity: nil,
        entry: Chronicle.Entry(place: "\(place)", program: program, happening: .notice(notice)))
    }
    return Found(
      place: place, instant: message.instant, sequence: 0, timestamp: record.timestamp,
      identity: Chronicle.identity(of: message, read.envelope, program),
      entry: Chronicle.Entry(place: "\(place)", program: program, happening: .arrived(message, again: false)))
  }

  /// Marks the inputs that a service has rejected. An input that was replayed since is not marked.
  private func markRejected(_ found: inout [Found]) throws {
    let letters = try LetterTopics(bus, ServiceName.allCases)
    var book = LetterBook()
    try letters.read(from: letters.bounds().starts) { book.add($0, $1) }
    let indices = Dictionary(found.indices.map { (found[$0].place, $0) }, uniquingKeysWith: { first, _ in first })
    for letter in book.letters where book.state(of: letter) != .replayed {
      guard let place = letter.place, let index = indices[place] else { continue }
      let (reason, detail) = (letter.reason, letter.detail)
      switch found[index].entry.happening {
      case .arrived(let message, _): found[index].entry.happening = .rejected(message, reason: reason, detail: detail)
      case .unreadable(let text, _, _): found[index].entry.happening = .unreadable(text: text, reason: reason, detail: detail)
      case .rejected, .notice: break
      }
    }
  }

  /// Sorts by time. At the same instant, inputs come before notices. Otherwise the order of writing decides, because a cause is
  /// written before its effects.
  private static func inOrder(_ found: [Found], _ programs: Programs) -> [Chronicle.Entry] {
    // An event without a program belongs to the deployment's only program.
    let named = programs.all.isEmpty ? Set(found.compactMap(\.entry.program)) : programs.ids
    let only = named.count == 1 ? named.first : nil
    func rank(_ found: Found) -> (Int64, Int, Int64, Int64, Int64) {
      var isNotice = 0
      if case .notice = found.entry.happening { isNotice = 1 }
      return (found.instant?.milliseconds ?? .max, isNotice, found.timestamp, found.sequence, found.place.offset)
    }
    var known: Set<String> = []
    return found.sorted { rank($0) < rank($1) }.map { found in
      var happening = found.entry.happening
      if case .arrived(let message, _) = happening, let identity = found.identity {
        happening = .arrived(message, again: !known.insert(identity).inserted)
      }
      return Chronicle.Entry(place: found.entry.place, program: found.entry.program ?? only, happening: happening)
    }
  }
}
