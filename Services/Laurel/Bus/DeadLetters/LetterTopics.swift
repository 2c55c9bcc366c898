import CommandKit
import Contracts
import Kafka
import ServiceKit

/// Reads the dead-letter topics of some services. It joins no consumer group, so it does not affect others.
struct LetterTopics {
  /// A partition of a service's dead-letter topic.
  struct Partition: Hashable {
    let service: ServiceName
    let number: Int32
  }

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

  var all: [Partition] { services.flatMap { service in (0..<partitions).map { Partition(service: service, number: $0) } } }

  /// The present starts and ends of the partitions, including open transactions.
  func bounds() throws -> (starts: [Partition: Int64], ends: [Partition: Int64]) {
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    var (starts, ends): ([Partition: Int64], [Partition: Int64]) = ([:], [:])
    for partition in all {
      let bounds = try reader.watermarks(place(partition), timeoutMilliseconds: Bus.timeoutMilliseconds)
      (starts[partition], ends[partition]) = (bounds.low, bounds.high)
    }
    return (starts, ends)
  }

  /// Reads committed records.
  ///
  /// - Parameters:
  ///   - starts: the first offset to read of each partition; other partitions are not read. These are real offsets, because
  ///     librdkafka takes half a second to look up a logical beginning.
  ///   - ends: where to stop, after waiting for transactions that are open before it. If `nil`, stop at the first open transaction.
  /// - Throws: `CommandFailure` if the broker does not answer or a transaction stays open.
  func read(
    from starts: [Partition: Int64], upTo ends: [Partition: Int64]? = nil, _ take: (Kafka.Record, ServiceName) throws -> Void
  ) throws {
    let known = Dictionary(uniqueKeysWithValues: starts.keys.map { (place($0), $0) })
    var left = Set(starts.keys.filter { ends == nil || ends?[$0] ?? 0 > 0 })
    guard !left.isEmpty else { return }
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    try reader.assignByHand(left.map { (place($0), offset: starts[$0] ?? 0) })
    var lastNews = ContinuousClock.now
    while !left.isEmpty {
      switch reader.poll(timeoutMilliseconds: 100) {
      case .record(let record):
        guard let partition = known[TopicPartition(topic: record.topic, partition: record.partition)], left.contains(partition)
        else { continue }
        if let ends, record.offset >= ends[partition] ?? 0 { left.remove(partition) } else { try take(record, partition.service) }
        // Set this after `take`, which may commit a whole transaction.
        lastNews = .now
      case .end(let place, let offset):
        guard let partition = known[place], ends == nil || offset >= ends?[partition] ?? 0 else { continue }
        lastNews = .now
        left.remove(partition)
      case .error(let error):
        if error.isFatal { throw error }
      case .nothing:
        try bus.requireBroker()
        guard .now - lastNews < Self.patience else {
          let names = left.map { place($0).description }.sorted().joined(separator: ", ")
          throw CommandFailure("cannot read \(names) to the end: the broker does not answer, or a transaction there stays open")
        }
      case .assigned, .revoked, .lost: break
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
      switch reader.poll(timeoutMilliseconds: 100) {
      case .record(let record): return record.offset == place.offset ? record : nil
      case .end: return nil
      case .error(let error):
        if error.isFatal { throw error }
      case .nothing, .assigned, .revoked, .lost: break
      }
    }
    return nil
  }

  private func place(_ partition: Partition) -> TopicPartition {
    TopicPartition(topic: bus.name(.deadLetters(partition.service)), partition: partition.number)
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
