import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming

/// Tells when the bus is quiet: when every service has processed all that it reads, and nothing that it has written is unread.
///
/// It needs no group offsets, which an embedded bus does not keep: a service writes its input positions to its changelog in the very
/// transaction that holds what it made of these inputs. So the watch reads, read_committed, the changelogs and all topics that services
/// read, and asks in two steps:
/// 1. the positions are past the last record of every input that the watch has seen;
/// 2. nothing else is there: what the services wrote with these positions was in the log before their commits, thus lies below
///    the partitions' ends (read_uncommitted, asked for now), though a reader may see the one partition's commit before the other's. The watch
///    reads up to these ends. If it has met no new input on the way, none exists.
package final class BusWatch {
  /// A service did not get on.
  package struct Stalled: Error, CustomStringConvertible { package let description: String }
  package struct Interrupted: Error {}

  private struct Watched {
    let service: Service
    /// Indices of the topics that it reads and of those that it writes.
    let reads: [Int]
    let writes: [Int]
  }

  /// On a bus without transaction markers a record is visible before its transaction is complete; the rest of it is a moment away.
  private static let flushTime = Duration.milliseconds(15)

  private let bus: Bus
  /// So long nothing need move before a wait gives up.
  private let stallSeconds: Int
  private let partitions: Int32
  private let consumer: Consumer
  private let parser = JSONParser()
  private let topics: [Topic]
  private let services: [Watched]
  private let indexByName: [String: Int]
  private let serviceByChangelog: [String: Int]
  /// Topics that no service reads are only watched for `onNotice`.
  private let isRead: [Bool]
  private let onNotice: (Kafka.Record, Topic) -> Void

  /// Of the last record that is not a marker, by topic and partition.
  private var lastRecord: [[Int64]]
  /// The next offset that the watch has not seen yet, by topic and partition.
  private var reached: [[Int64]]
  /// The next offset that a service will process, by service, partition and topic.
  private var positions: [[[Int64]]]
  private var lastProgress: [[Int64]]
  private var hasMarkers = false
  private var inputsSeen = 0
  /// Services that have got on since their outputs were last looked for.
  private var stirred: Set<Int>
  private var lastMove = ContinuousClock.now

  /// Finds out where everything stands.
  /// - Parameters:
  ///   - stallSeconds: how long nothing may move before a wait gives up.
  ///   - onNotice: every notice from now on, as it is read.
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
    // Inputs from where the slowest of their readers stands: what lies before it is processed.
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

  /// A record that was just published lies there: it is not quiet before it has been processed.
  package func expect(_ topic: Topic, partition: Int32, offset: Int64) {
    guard let index = topics.firstIndex(of: topic) else { return }
    lastRecord[index][Int(partition)] = max(lastRecord[index][Int(partition)], offset)
    lastMove = .now
  }

  /// Returns when everything that the records so far have caused has been processed.
  /// - Throws: `Stalled` when nothing has moved for a minute, `Interrupted` when the command is to stop.
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
        // Who waits again looks for the same.
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

  /// Reads what notices are left, for those who print them: `waitUntilQuiet` asks only for what services read.
  package func readNotices() throws { try readToEnds(of: topics.indices.filter { topics[$0].kind == .notices }) }

  /// Reads on for a while, or until `done`, which is asked after every record.
  package func read(for limit: Duration, until done: () -> Bool) throws {
    let end = ContinuousClock.now + limit
    while !done(), ContinuousClock.now < end {
      guard !Shutdown.requested else { throw Interrupted() }
      handle(consumer.poll(timeoutMilliseconds: 20))
    }
  }

  /// Whether a service has processed the record at an offset. Without a reader of the topic it has nothing to do with it.
  package func hasProcessed(_ service: ServiceName, _ topic: Topic, partition: Int32, offset: Int64) -> Bool {
    guard let index = services.firstIndex(where: { $0.service.name == service }),
      let topic = topics.firstIndex(of: topic), services[index].reads.contains(topic)
    else { return true }
    return positions[index][Int(partition)][topic] > offset
  }

  // MARK: Where it stands

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

  /// Reads these topics up to where they end now.
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
        description: "nothing has moved for \(stallSeconds) s: a transaction seems to be open on \(bus.bootstrap)")
    }
    let name = services[behind.service].service.name.rawValue
    let position = positions[behind.service][behind.partition][behind.topic]
    throw Stalled(
      description: """
        nothing has moved for \(stallSeconds) s: \(name) stands at offset \(position) of \(bus.name(topics[behind.topic])), partition \
        \(behind.partition), and \(lastRecord[behind.topic][behind.partition]) is its last record; is \(name) running?
        """)
  }

  // MARK: What is read

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
        // A commit leaves a marker behind its records: real Kafka.
        if last >= 0, offset > last + 1 { hasMarkers = true }
      } else if let topic = indexByName[place.topic] {
        reached[topic][Int(place.partition)] = max(reached[topic][Int(place.partition)], offset)
      }
    case .error, .nothing, .assigned, .revoked, .lost:
      // librdkafka goes on trying; if it does not succeed, the wait says so.
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
