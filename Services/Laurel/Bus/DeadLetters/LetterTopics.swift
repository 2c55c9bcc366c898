import CommandKit
import Contracts
import Kafka
import ServiceKit

/// Reads the dead-letter topics of some services. It joins no consumer group, so it does not affect others.
struct LetterTopics {
  /// How long to wait while an open transaction hides later records. It is longer than the transaction timeout, after which the
  /// broker aborts the transaction.
  private static let patience = Duration.seconds(40)

  let bus: Bus
  let services: [ServiceName]
  let partitions: Int32

  init(_ bus: Bus, _ services: [ServiceName]) throws {
    self.bus = bus
    self.services = services
    partitions = try bus.partitions()
  }

  /// The present starts and ends of the partitions, including open transactions.
  func bounds() throws -> (starts: [TopicPartition: Int64], ends: [TopicPartition: Int64]) {
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    var (starts, ends): ([TopicPartition: Int64], [TopicPartition: Int64]) = ([:], [:])
    for service in services {
      for number in 0..<partitions {
        let place = place(service, number)
        (starts[place], ends[place]) = try reader.watermarks(place, timeoutMilliseconds: Bus.timeoutMilliseconds)
      }
    }
    return (starts, ends)
  }

  /// Reads committed records.
  ///
  /// - Parameters:
  ///   - starts: the first offset to read of each partition; other partitions are not read. These are real offsets, because
  ///     librdkafka takes half a second to look up a logical beginning.
  ///   - ends: where to stop, after waiting for transactions that are open before it. If `nil`, stop at the first open transaction.
  func read(
    from starts: [TopicPartition: Int64], upTo ends: [TopicPartition: Int64]? = nil,
    _ take: (Kafka.Record, ServiceName) throws -> Void
  ) throws {
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    try reader.readToEnd(starts.map { ($0.key, offset: $0.value) }, upTo: ends, patience: Self.patience, on: bus) { record in
      if let topic = bus.topic(named: record.topic), let service = ServiceName(rawValue: topic.writtenBy) {
        try take(record, service)
      }
    }
  }

  /// The record at an offset of any topic. `nil` if it is gone, cannot be read in time, or had no offset yet.
  func record(at place: Letter.Place) throws -> Kafka.Record? {
    guard let topic = Topic.named(place.topic), place.partition < partitions, place.offset >= 0 else { return nil }
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    try reader.assignByHand([(TopicPartition(topic: bus.name(topic), partition: place.partition), offset: place.offset)])
    let deadline = ContinuousClock.now + .milliseconds(Int64(Bus.timeoutMilliseconds))
    while .now < deadline {
      switch try reader.next() {
      case .record(let record): return record.offset == place.offset ? record : nil
      case .end: return nil
      case .error, .nothing, .assigned, .revoked, .lost: break
      }
    }
    return nil
  }

  func place(_ service: ServiceName, _ number: Int32) -> TopicPartition {
    TopicPartition(topic: bus.name(.deadLetters(service)), partition: number)
  }
}

/// The letters on the dead-letter topics, and their states.
struct LetterBook {
  private(set) var letters: [Letter] = []
  /// How and when letters were replayed or closed.
  private(set) var settled: [Letter.ID: (kind: LetterSettlementKind, at: Instant)] = [:]
  private let parser = LetterParser()

  enum State: String {
    case open
    /// This letter is the rejection of a replay.
    case again = "rejected again"
    case notReplayable = "not replayable"
    case replayed
    case closed

    /// Whether an operator still has to deal with it.
    var isOpen: Bool { self != .replayed && self != .closed }
  }

  mutating func add(_ record: Kafka.Record, _ service: ServiceName) {
    if let mark = LetterMark(record) {
      // A closed letter may be replayed later, but nothing undoes a replay.
      if settled[mark.letter]?.kind != .replayed { settled[mark.letter] = (mark.kind, Instant(milliseconds: record.timestamp)) }
    } else if let letter = parser.letter(record, of: service) {
      letters.append(letter)
    }
  }

  mutating func sort() { letters.sort { $0.id < $1.id } }

  func state(of letter: Letter) -> State {
    switch settled[letter.id]?.kind {
    case .replayed: return .replayed
    case .closed: return .closed
    case nil: break
    }
    if letter.obstacle != nil { return .notReplayable }
    return letter.replayOf == nil ? .open : .again
  }

  /// The reason for which an operator closed it, or `nil` if it is not closed.
  func note(of letter: Letter) -> String? {
    if case .closed(let note) = settled[letter.id]?.kind { note } else { nil }
  }

  /// Groups the letters so that each rejected record appears once, in order of time. A group has the letters of all services that
  /// rejected the record for the same reason and that are in the same state. A letter whose replay was rejected is left out: the
  /// newer letter replaces it.
  func records(of letters: [Letter]) -> [[Letter]] {
    struct Rejection: Hashable {
      let place: Letter.Place
      let reason: String
      let state: State
    }
    struct Replay: Hashable {
      let place: Letter.Place
      let letter: Letter.ID
    }
    let rejectedAgain = Set(
      self.letters.compactMap { letter in
        letter.place.flatMap { place in letter.replayOf.map { Replay(place: place, letter: $0) } }
      })
    var records: [[Letter]] = []
    var known: [Rejection: Int] = [:]
    for letter in letters.sorted(by: { ($0.time, $0.id) < ($1.time, $1.id) }) {
      guard let place = letter.place else {
        records.append([letter])
        continue
      }
      let state = state(of: letter)
      if state == .replayed, rejectedAgain.contains(Replay(place: place, letter: letter.id)) { continue }
      let rejection = Rejection(place: place, reason: letter.reason, state: state)
      if let index = known[rejection] {
        records[index].append(letter)
      } else {
        known[rejection] = records.count
        records.append([letter])
      }
    }
    return records
  }
}
