import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming

/// Detects when the bus is quiet: every service has processed all its inputs, and no service has written anything that is still
/// unread.
///
/// The watch does not need group offsets, which an embedded bus does not keep. A service writes its input positions to its
/// changelog in the same transaction as its outputs for these inputs. So the watch reads (read_committed) the changelogs and all
/// topics that services read, and checks two conditions:
/// 1. The positions are past the last record of every input that the watch has seen.
/// 2. There are no other inputs. The outputs that belong to these positions were in the log before the commits, so they lie below
///    the current ends of their partitions (read_uncommitted), although a reader may see one partition's commit before another's.
///    The watch reads up to these ends. If it finds no new input on the way, there is none.
package final class BusWatch {
  /// A service made no progress.
  package struct Stalled: Error, CustomStringConvertible { package let description: String }
  package struct Interrupted: Error {}

  private struct Watched {
    let service: Service
    /// Indices of the topics that the service reads and writes.
    let reads: [Int]
    let writes: [Int]
  }

  /// On a bus without transaction markers, a record is visible before its transaction is complete. The rest arrives within this
  /// time.
  private static let flushTime = Duration.milliseconds(15)

  private let bus: Bus
  /// A wait gives up after this many seconds without progress.
  private let stallSeconds: Int
  private let partitions: Int32
  private let consumer: Consumer
  private let parser = JSONParser()
  private let topics: [Topic]
  private let services: [Watched]
  private let indexByName: [String: Int]
  private let serviceByChangelog: [String: Int]
  /// By topic: whether a service reads it. The other topics are read only for `onNotice`.
  private let isRead: [Bool]
  private let onNotice: (Kafka.Record, Topic) -> Void

  /// The offset of the last record that is not a marker, by topic and partition.
  private var lastRecord: [[Int64]]
  /// The next offset that the watch will read, by topic and partition.
  private var reached: [[Int64]]
  /// The next offset that a service will process, by service, partition and topic.
  private var positions: [[[Int64]]]
  private var lastProgress: [[Int64]]
  private var hasMarkers = false
  private var inputsSeen = 0
  /// Services that have made progress since their outputs were last read.
  private var stirred: Set<Int>
  private var lastMove = ContinuousClock.now

  /// Reads the current positions of the services and the ends of the topics.
  /// - Parameters:
  ///   - stallSeconds: a wait gives up after this many seconds without progress.
  ///   - onNotice: called with each notice from now on, as it is read.
  package init(
    _ bus: Bus, services: [Service], stallSeconds: Int = 60, onNotice: @escaping (Kafka.Record, Topic) -> Void = { _, _ in }
  ) throws {
    self.bus = bus
    self.stallSeconds = stallSeconds
    self.onNotice = onNotice
    partitions = try bus.partitions()
    consumer = try Consumer.reader(bus)
    let readBySomeone = Set(services.flatMap { $0.inputs + [.repartitioned($0.name), .clock] })
    let topics = Topic.catalogue.filter { readBySomeone.contains($0) || $0.kind == .notices }
    self.topics = topics
    isRead = topics.map(readBySomeone.contains)
    indexByName = Dictionary(uniqueKeysWithValues: topics.enumerated().map { (bus.name($1), $0) })
    self.services = services.map { service in
      let reads = Set(service.inputs + [.repartitioned(service.name), .clock])
      return Watched(
        service: service, reads: topics.indices.filter { reads.contains(topics[$0]) },
        writes: topics.indices.filter { topics[$0].writtenBy == service.name.rawValue })
    }
    serviceByChangelog = Dictionary(uniqueKeysWithValues: services.enumerated().map { (bus.name(.changelog($1.name)), $0) })
    let count = Int(partitions)
    lastRecord = Array(repeating: Array(repeating: -1, count: count), count: topics.count)
    reached = Array(repeating: Array(repeating: 0, count: count), count: topics.count)
    positions = Array(repeating: Array(repeating: Array(repeating: 0, count: topics.count), count: count), count: services.count)
    lastProgress = Array(repeating: Array(repeating: -1, count: count), count: services.count)
    stirred = Set(services.indices)
    try start()
  }

  deinit { consumer.close() }

  private func start() throws {
    let all = 0..<partitions
    var next: [TopicPartition: Int64] = [:]
    let changelogs = serviceByChangelog.keys.flatMap { name in all.map { TopicPartition(topic: name, partition: $0) } }
    try consumer.readToEnd(changelogs.map { ($0, Offset.beginning) }, on: bus) { record in
      next[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
      noteProgress(record)
    }
    // Start each input at the position of its slowest reader. Everything before that is processed.
    var assignment = changelogs.map { ($0, offset: next[$0] ?? Offset.beginning) }
    for topic in topics.indices {
      for partition in all {
        let readers = services.indices.filter { services[$0].reads.contains(topic) }
        let slowest = readers.map { positions[$0][Int(partition)][topic] }.min()
        reached[topic][Int(partition)] = slowest ?? 0
        let place = TopicPartition(topic: bus.name(topics[topic]), partition: partition)
        assignment.append((place, offset: slowest.map { $0 == 0 ? Offset.beginning : $0 } ?? Offset.end))
      }
    }
    try consumer.assignByHand(assignment)
    try readToEnds(of: Array(topics.indices))
  }

  /// Notes a record that was just published. The bus is not quiet until it has been processed.
  package func expect(_ topic: Topic, partition: Int32, offset: Int64) {
    guard let index = topics.firstIndex(of: topic) else { return }
    lastRecord[index][Int(partition)] = max(lastRecord[index][Int(partition)], offset)
    lastMove = .now
  }

  /// Returns when the services have processed all records so far, and everything that these caused.
  /// - Throws: `Stalled` after `stallSeconds` without progress, `Interrupted` if the command must stop.
  package func waitUntilQuiet() throws {
    lastMove = .now
    var isSecondLook = false
    while true {
      while let behind = firstBehind() { try step(orStalledBy: behind) }
      let before = inputsSeen
      let writers = stirred
      stirred = []
      do {
        try readToEnds(of: writers.flatMap { services[$0].writes }.filter { isRead[$0] })
      } catch {
        // A later wait must read the same outputs.
        stirred.formUnion(writers)
        throw error
      }
      guard inputsSeen == before else {
        isSecondLook = false
        continue
      }
      if hasMarkers || isSecondLook { return }
      isSecondLook = true
      stirred.formUnion(writers)
      let end = ContinuousClock.now + Self.flushTime
      while ContinuousClock.now < end { handle(consumer.poll(timeoutMilliseconds: 1)) }
    }
  }

  /// Reads the remaining notices, for callers that print them. `waitUntilQuiet` reads to the end only topics that services read.
  package func readNotices() throws { try readToEnds(of: topics.indices.filter { topics[$0].kind == .notices }) }

  /// Reads on until the time limit, or until `done` returns true. `done` is called between two reads.
  package func read(for limit: Duration, until done: () -> Bool) throws {
    let end = ContinuousClock.now + limit
    while !done(), ContinuousClock.now < end {
      guard !Shutdown.requested else { throw Interrupted() }
      handle(consumer.poll(timeoutMilliseconds: 20))
    }
  }

  /// Whether a service has processed the record at an offset. Also true if the service does not read the topic.
  package func hasProcessed(_ service: ServiceName, _ topic: Topic, partition: Int32, offset: Int64) -> Bool {
    guard let index = services.firstIndex(where: { $0.service.name == service }),
      let topic = topics.firstIndex(of: topic), services[index].reads.contains(topic)
    else { return true }
    return positions[index][Int(partition)][topic] > offset
  }

  // MARK: Progress

  private func firstBehind() -> (service: Int, partition: Int, topic: Int)? {
    for (index, watched) in services.enumerated() {
      for partition in 0..<Int(partitions) {
        for topic in watched.reads where lastRecord[topic][partition] >= positions[index][partition][topic] {
          return (index, partition, topic)
        }
      }
    }
    return nil
  }

  /// Reads these topics up to their current ends.
  private func readToEnds(of indices: [Int]) throws {
    for topic in indices {
      for partition in 0..<partitions {
        let place = TopicPartition(topic: bus.name(topics[topic]), partition: partition)
        let end = try consumer.watermarks(place, timeoutMilliseconds: Bus.timeoutMilliseconds).high
        while reached[topic][Int(partition)] < end { try step(orStalledBy: nil) }
      }
    }
  }

  private func step(orStalledBy behind: (service: Int, partition: Int, topic: Int)?) throws {
    guard !Shutdown.requested else { throw Interrupted() }
    handle(consumer.poll(timeoutMilliseconds: 100))
    try bus.requireBroker()
    guard ContinuousClock.now - lastMove > .seconds(stallSeconds) else { return }
    guard let behind else {
      throw Stalled(
        description: "no progress for \(stallSeconds) s: a transaction seems to be open on \(bus.bootstrap)")
    }
    let name = services[behind.service].service.name.rawValue
    let position = positions[behind.service][behind.partition][behind.topic]
    throw Stalled(
      description: """
        no progress for \(stallSeconds) s: \(name) is at offset \(position) of \(bus.name(topics[behind.topic])), partition \
        \(behind.partition), whose last record is \(lastRecord[behind.topic][behind.partition]). Is \(name) running?
        """)
  }

  // MARK: Reading

  private func handle(_ polled: Polled) {
    switch polled {
    case .record(let record):
      if serviceByChangelog[record.topic] != nil {
        noteProgress(record)
      } else if let topic = indexByName[record.topic] {
        let partition = Int(record.partition)
        reached[topic][partition] = max(reached[topic][partition], record.offset + 1)
        lastRecord[topic][partition] = max(lastRecord[topic][partition], record.offset)
        if isRead[topic] { inputsSeen += 1 }
        lastMove = .now
        if topics[topic].kind == .notices { onNotice(record, topics[topic]) }
      }
    case .end(let place, let offset):
      if let service = serviceByChangelog[place.topic] {
        let last = lastProgress[service][Int(place.partition)]
        // Real Kafka writes a commit marker after the records.
        if last >= 0, offset > last + 1 { hasMarkers = true }
      } else if let topic = indexByName[place.topic] {
        reached[topic][Int(place.partition)] = max(reached[topic][Int(place.partition)], offset)
      }
    case .error, .nothing, .assigned, .revoked, .lost:
      // librdkafka retries. If that does not help, the wait gives up.
      break
    }
  }

  private func noteProgress(_ record: Kafka.Record) {
    guard let service = serviceByChangelog[record.topic] else { return }
    let partition = Int(record.partition)
    lastProgress[service][partition] = record.offset
    guard let key = record.key, let value = record.value,
      let found = try? Progress.record(key: key, value: value, parser: parser)?.positions
    else { return }
    for topic in services[service].reads {
      guard let offset = found[topics[topic].name], offset > positions[service][partition][topic] else { continue }
      positions[service][partition][topic] = offset
      stirred.insert(service)
      lastMove = .now
    }
  }
}
