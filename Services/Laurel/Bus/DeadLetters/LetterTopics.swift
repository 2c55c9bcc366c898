import CommandKit
import Contracts
import Kafka
import ServiceKit

/// The dead-letter topics of some services, read from their beginnings. Reading changes nothing for anybody.
struct LetterTopics {
  /// A partition of a service's dead letters.
  struct Partition: Hashable {
    let service: ServiceName
    let number: Int32
  }

  /// How long an open transaction may hide what lies behind it: longer than the broker lets one be open.
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

  /// Where the partitions begin and end now, open transactions included.
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
  ///   - starts: where each partition is begun; one that is absent is not read. Offsets, because a logical beginning is looked up, at
  ///     the price of half a second.
  ///   - ends: read up to there, and wait for transactions that are open before it; nil: as far as there is anything committed.
  /// - Throws: also when a transaction stays open.
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
        // After it has been taken: that may be a transaction.
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
          throw CommandFailure("no end of \(names) in sight: the broker does not answer, or a transaction stays open there")
        }
      case .assigned, .revoked, .lost: break
      }
    }
  }

  /// The record at an offset of any topic; nil: it is not there any more.
  func record(at place: Letter.Place) throws -> Kafka.Record? {
    guard let topic = Topic.named(place.topic), place.partition < partitions else { return nil }
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

/// The letters on the dead-letter topics, and what became of them.
struct LetterBook {
  private(set) var letters: [Letter] = []
  /// When a letter was replayed or closed.
  private(set) var settled: [Letter.ID: (kind: LetterSettlementKind, at: Instant)] = [:]
  private let parser = LetterParser()

  enum State: String {
    case open
    /// Rejected once more after a replay.
    case again = "rejected again"
    case notReplayable = "not replayable"
    case replayed
    case closed

    /// An operator has not dealt with it yet.
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

  /// Why an operator has closed it; nil if nobody has.
  func note(of letter: Letter) -> String? {
    if case .closed(let note) = settled[letter.id]?.kind { note } else { nil }
  }

  /// Each rejected record once, in order of time: the letters that services wrote of it for the same reason and that are in the same state. A
  /// letter whose replay was rejected gives way to the letter of that rejection.
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
