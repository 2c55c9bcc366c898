import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import Streaming
import Worker

/// A message read from the bus.
struct BusMessage {
  let envelope: Envelope
  /// The data without the envelope.
  let data: [UInt8]

  /// Reads a record in binary or structured mode.
  init(_ record: Kafka.Record, topic: Topic, parser: JSONParser) throws(Rejection) {
    // The limit is for events from outside. A notice can be larger.
    (envelope, data) = try Envelope.record(record, parser: parser, isBounded: !topic.isOwn)
  }

  /// The decoded data. `nil` if the type is unknown or the data does not match it.
  func message(_ parser: JSONParser) -> (any Message)? {
    guard let type = MessageRegistry.type(named: envelope.type) else { return nil }
    return try? parser.decode(type, from: data)
  }
}

extension Envelope {
  static func record(
    _ record: Kafka.Record, parser: JSONParser, isBounded: Bool = true
  ) throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    try Self.record(
      headers: record.headers.compactMap { header in header.value.map { (header.name, $0) } }, value: record.value ?? [],
      parser: parser, isBounded: isBounded)
  }
}

extension Bus {
  /// Reads partitions of topics from their beginning to their present end.
  func read(_ topics: [Topic], _ partitions: some Collection<Int32>, _ take: (Kafka.Record, Topic) throws -> Void) throws {
    let reader = try Consumer.reader(self)
    defer { reader.close() }
    let places = topics.flatMap { topic in partitions.map { TopicPartition(topic: name(topic), partition: $0) } }
    try reader.readToEnd(places.map { ($0, offset: Offset.beginning) }, on: self) { record in
      if let topic = topic(named: record.topic) { try take(record, topic) }
    }
  }
}

extension Consumer {
  /// A reader of whole topics. It joins no consumer group, so it does not affect others.
  static func reader(_ bus: Bus) throws -> Consumer {
    // librdkafka requires a group's name even without a group, and looks up its coordinator.
    try Consumer(bus.configuration, group: Access.commandGroup(prefix: bus.prefix), readCommitted: true, endEvents: true)
  }

  /// The progress of every task, from the ends of the changelogs. Tasks that have written nothing are absent.
  func progress(of bus: Bus, _ partitions: Int32) throws -> [ServicePartition: Progress] {
    let changelogs = Dictionary(
      uniqueKeysWithValues: ServiceName.allCases.flatMap { service in
        (0..<partitions).map { number in
          (
            TopicPartition(topic: bus.name(.changelog(service)), partition: number),
            ServicePartition(service: service, number: number)
          )
        }
      })
    let names = Array(changelogs.keys)
    let ends = try stableEnds(of: names, timeoutMilliseconds: Bus.timeoutMilliseconds)
    let lows = try bounds(of: names, at: Offset.beginning, timeoutMilliseconds: Bus.timeoutMilliseconds)
    var progress: [ServicePartition: Progress] = [:]
    for (changelog, place) in changelogs {
      guard let low = lows[changelog], let end = ends[changelog] else { throw CommandFailure("\(changelog) has no leader") }
      progress[place] =
        try ChangelogTail.progress(
          in: changelog, low: low, stable: end, bus.configuration, group: Access.commandGroup(prefix: bus.prefix),
          timeoutMilliseconds: Bus.timeoutMilliseconds)
    }
    return progress
  }

  /// Polls once. Errors that librdkafka recovers from by itself count as an event like any other.
  func next(timeoutMilliseconds: Int32 = 100) throws -> Polled {
    let polled = poll(timeoutMilliseconds: timeoutMilliseconds)
    if case .error(let error) = polled, error.isFatal { throw error }
    return polled
  }

  /// Reads these partitions up to their present ends.
  ///
  /// - Parameters:
  ///   - ends: where to stop, after waiting for transactions that are open before it. If `nil`, stop at the first open transaction.
  ///   - patience: how long to wait while nothing comes.
  /// - Throws: `CommandFailure` if the broker does not answer or a transaction stays open.
  func readToEnd(
    _ positions: [(TopicPartition, offset: Int64)], upTo ends: [TopicPartition: Int64]? = nil,
    patience: Duration = BrokerPresence.patience, on bus: Bus, _ take: (Kafka.Record) throws -> Void
  ) throws {
    let positions = positions.filter { place, offset in ends.map { offset < $0[place] ?? 0 } ?? true }
    var left = Set(positions.map(\.0))
    guard !left.isEmpty else { return }
    try assignByHand(positions)
    var lastNews = ContinuousClock.now
    while !left.isEmpty {
      let polled = try next()
      switch polled {
      case .record(let record):
        let place = TopicPartition(topic: record.topic, partition: record.partition)
        if let ends, record.offset >= ends[place] ?? 0 { left.remove(place) } else { try take(record) }
      case .end(let place, let offset):
        if offset >= ends?[place] ?? 0 { left.remove(place) }
      case .error, .nothing, .assigned, .revoked, .lost: break
      }
      // Set this after `take`, which may commit a whole transaction.
      guard case .nothing = polled else {
        lastNews = .now
        continue
      }
      try bus.requireBroker()
      guard .now - lastNews < patience else {
        let names = left.map(\.description).sorted().joined(separator: ", ")
        throw CommandFailure("cannot read \(names) to the end: the broker does not answer, or a transaction there stays open")
      }
    }
  }
}
