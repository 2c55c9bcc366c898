import Contracts
import Foundation
import JSON
import Kafka
import SQLite
import ServiceKit
import Worker

/// Reads notices and requests from the bus into the read model until a stop is requested. For use by one thread.
///
/// Every instance assigns itself all partitions and reads with `read_committed`. It writes nothing to the bus and joins no group.
/// Positions are rows of the read model. Any error ends the session, and the next session resumes at the positions in the file.
struct Feed {
  private static let batchMax = 20_000
  private static let answerMilliseconds: Int32 = 3_000

  let settings: PortalSettings
  /// The deployment's only program, if there is just one. A message without `program` belongs to it.
  let only: ProgramID?
  let state: FeedState
  let log: Log
  let health: Health
  let metrics: PortalMetrics
  private let parser = JSONParser()

  /// Returns when a stop is requested.
  func run() {
    var delay = GrowingDelay(first: .milliseconds(200), limit: .seconds(5))
    while !Shutdown.requested {
      do {
        let session = try open()
        delay.reset()
        try read(session)
      } catch {
        guard !Shutdown.requested else { return }
        if let error = error as? SQLiteError, error.meansDamage { removeModel(because: "\(error)") }
        // The figures read so far are still served, with their age.
        health.ready = state.isCaughtUp ? .yes : .no("\(error)")
        health.remark = "\(error)"
        let wait = delay.next()
        log.error("reading from the bus failed, starting over: \(error)", ["waitSeconds": "\(wait)"])
        metrics.sessionsEnded.add()
        metrics.show(state.freshness(now: .now), now: .now)
        _ = Shutdown.wait(upTo: wait)
        health.beat()
      }
    }
  }

  // MARK: A session

  private struct Session {
    let consumer: Consumer
    let writer: ModelWriter
    let topics: [String: Topic]
    let partitions: [TopicPartition]
    let file: FileIdentity?
  }

  private func open() throws -> Session {
    if !state.isCaughtUp { health.ready = .no("waiting for the broker at \(settings.bootstrap)") }
    let configuration = settings.configuration(log)
    var topics: [String: Topic] = [:]
    for topic in Topic.portalInputs { topics[settings.topicPrefix + topic.name] = topic }
    let clock = settings.topicPrefix + Topic.clock.name
    let counts = try Admin(configuration).partitionCounts(
      of: topics.keys + (settings.followsClock ? [clock] : []), timeoutMilliseconds: Self.answerMilliseconds)
    let missing = topics.keys.filter { counts[$0] == nil }.sorted()
    guard missing.isEmpty else {
      throw PortalFault("topics are missing: \(missing.joined(separator: ", ")); create them with 'laurel topics create'")
    }
    let numbers = Set(topics.keys.compactMap { counts[$0] })
    guard numbers.count == 1, let count = numbers.first else {
      throw PortalFault("the topics must all have the same number of partitions, but have \(numbers.sorted())")
    }
    let consumer = try Consumer(
      configuration, group: Topic.portalGroup(prefix: settings.topicPrefix), readCommitted: true, endEvents: true,
      goesOnAfterLoss: false)
    guard let cluster = consumer.clusterID(timeoutMilliseconds: Self.answerMilliseconds) else {
      throw PortalFault("the broker did not report its cluster id in time")
    }
    let writer = try model(of: "\(cluster)/\(settings.topicPrefix)/\(count)")
    let known = try writer.positions()
    var positions = topics.flatMap { name, topic in
      (0..<count).map { partition in
        (TopicPartition(topic: name, partition: partition), offset: known[topic.name]?[partition] ?? Offset.beginning)
      }
    }
    let partitions = positions.map(\.0)
    try checkEnds(positions, consumer)
    // Kafka may have deleted older records of inputs since. Notices are never deleted (CONTRACTS).
    let lows = try consumer.bounds(of: partitions, at: Offset.beginning, timeoutMilliseconds: Self.answerMilliseconds)
    positions = positions.map { ($0, offset: $1 < 0 ? $1 : max($1, lows[$0] ?? $1)) }
    if settings.followsClock, counts[clock] != nil {
      positions.append((TopicPartition(topic: clock, partition: 0), Offset.beginning))
      topics[clock] = .clock
    }
    try consumer.assignByHand(positions)
    state.begin(at: Dictionary(uniqueKeysWithValues: positions.prefix(partitions.count).map { ($0.0, max(0, $0.1)) }))
    return Session(
      consumer: consumer, writer: writer, topics: topics, partitions: partitions, file: FileIdentity(settings.modelPath))
  }

  private func model(of bus: String) throws -> ModelWriter {
    do {
      return try ModelWriter(settings.modelPath, bus: bus)
    } catch let foreign as ModelWriter.ForeignModel {
      removeModel(because: "\(foreign); this portal needs version \(Schema.version) of \(bus)")
    } catch let damage as SQLiteError where damage.meansDamage {
      removeModel(because: "\(damage)")
    }
    return try ModelWriter(settings.modelPath, bus: bus)
  }

  /// Deletes the read model. It will be rebuilt by reading the topics from the beginning.
  private func removeModel(because reason: String) {
    log.warning("rebuilding the read model: \(reason)", ["file": settings.modelPath])
    state.rebuilds()
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: settings.modelPath + suffix) }
    metrics.rebuilds.add()
  }

  /// A position after the end of a partition means that the topic was deleted and created again.
  private func checkEnds(_ positions: [(TopicPartition, offset: Int64)], _ consumer: Consumer) throws {
    let ends = try consumer.stableEnds(of: positions.map(\.0), timeoutMilliseconds: Self.answerMilliseconds)
    for (partition, next) in positions where next > (ends[partition] ?? .max) {
      removeModel(because: "\(partition) ends at \(ends[partition] ?? 0), but has been read up to \(next)")
      throw PortalFault("\(partition) was deleted and created again")
    }
  }

  private func read(_ session: Session) throws {
    let watch = EndWatch(settings, partitions: session.partitions, state: state, log: log, metrics: metrics)
    watch.start()
    defer {
      watch.stop()
      session.consumer.close()
    }
    var moved: [TopicPartition: Int64] = [:]
    var records = 0
    var opened = ContinuousClock.now
    func commit() throws {
      guard !moved.isEmpty else { return }
      var positions: [String: [Int32: Int64]] = [:]
      for (partition, next) in moved {
        guard let topic = session.topics[partition.topic] else { continue }
        positions[topic.name, default: [:]][partition.partition] = next
      }
      try session.writer.commit(positions)
      state.committed(moved)
      metrics.records.add(records)
      metrics.gaps.set(Int(session.writer.gaps))
      moved.removeAll(keepingCapacity: true)
      records = 0
    }
    while !Shutdown.requested {
      health.beat()
      let polled = session.consumer.poll(timeoutMilliseconds: moved.isEmpty ? 100 : 0)
      switch polled {
      case .record(let record):
        if moved.isEmpty { opened = .now }
        let place = TopicPartition(topic: record.topic, partition: record.partition)
        if let change = change(record, session) { try session.writer.apply(change) }
        if session.topics[record.topic]?.kind != .clock {
          moved[place] = record.offset + 1
          records += 1
        }
        if records >= Self.batchMax || records.isMultiple(of: 256) && ContinuousClock.now - opened > .milliseconds(200) {
          try commit()
        }
      case .end(let partition, let offset):
        // The last record is followed by the marker of its transaction, which takes an offset too.
        if session.topics[partition.topic]?.kind != .clock, state.isBehind(partition, offset) {
          moved[partition] = offset
        }
      case .error(let error):
        if error.isFatal || error.stopsReading { throw error }
        log.warning("kafka: \(error)")
      case .nothing: try commit()
      case .assigned, .revoked, .lost: break
      }
      if moved.isEmpty {
        try checkFile(session.file)
        try report(session.writer)
      }
    }
    try commit()
  }

  /// Changes written to a deleted or damaged file would never appear on a page.
  private func checkFile(_ file: FileIdentity?) throws {
    guard state.isDamaged || FileIdentity(settings.modelPath) != file else { return }
    removeModel(because: "the file is \(state.isDamaged ? "damaged" : "gone")")
    throw PortalFault("the read model's file was damaged or deleted")
  }

  private func report(_ writer: ModelWriter) throws {
    guard state.isCaughtUp else {
      health.ready = .no("reading the topics: \(state.freshness(now: .now).rebuilding?.percent ?? 0) %")
      return
    }
    try writer.markComplete()
    health.ready = .yes
    health.remark =
      writer.gaps == 0 ? nil : "\(writer.gaps) notices are missing: run 'laurel repair' (RUNBOOK, \"Missing messages\")"
  }

  // MARK: Records

  /// The change that a record makes. An unreadable record is only counted and logged: the service that reads it has already
  /// rejected it with the reason.
  private func change(_ record: Kafka.Record, _ session: Session) -> ModelWriter.Change? {
    guard let topic = session.topics[record.topic], let value = record.valueBytes else { return nil }
    var bytes = EnvelopeBytes()
    record.forEachHeader { bytes.take(header: $0, $1 ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard topic.kind != .clock else {
      if let time = bytes.time { state.reported(sandbox: time) }
      return nil
    }
    do throws(Rejection) {
      return try ModelWriter.decode(
        value, bytes, topic: topic, offset: record.offset, only: only, parser)
    } catch {
      metrics.unreadable.add()
      log.warning(
        "skipping an unreadable record: \(error)",
        ["topic": record.topic, "partition": record.partition, "offset": record.offset])
      return nil
    }
  }
}

/// Identifies the file at a path, even if another file replaces it.
private struct FileIdentity: Equatable {
  let device: UInt64
  let number: UInt64

  init?(_ path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    device = UInt64(found.st_dev)
    number = UInt64(found.st_ino)
  }
}

/// Why the reader starts over, or why the portal cannot start.
struct PortalFault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
