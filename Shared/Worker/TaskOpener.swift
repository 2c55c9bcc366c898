import Contracts
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// A partition that this instance owns: its stages over its store.
final class OpenTask {
  let number: Int32
  let directory: String
  let store: RocksStore
  let stages: StageTask
  /// The end of each input partition when it was last reached, by topic.
  var ends: [String: Int64] = [:]
  var counted = TaskCounts()
  private(set) var committedPositions: [String: Int64]
  private let inputCount: Int
  private let changelog: ChangelogIdentity

  init(
    number: Int32, directory: String, store: RocksStore, stages: StageTask, inputCount: Int, changelog: ChangelogIdentity
  ) {
    self.number = number
    self.directory = directory
    self.store = store
    self.stages = stages
    self.inputCount = inputCount
    self.changelog = changelog
    committedPositions = stages.positions
  }

  /// Every input has been read to its end once: until then the system's time would fire timers before the events that precede them.
  var isCaughtUp: Bool { ends.count == inputCount }

  /// The next offset to read of an input, by its name on the bus.
  func position(of topic: String, _ topics: TopicNames) -> Int64 {
    topics.topic(named: topic).flatMap { stages.positions[$0.name] } ?? Offset.beginning
  }

  /// - Parameter changelogEnd: after the last changelog record of the batch.
  func commit(_ batch: Batch, changelogEnd: Int64?) throws(StoreError) {
    let own = changelogEnd.map { [ChangelogPosition(next: $0, writtenAt: Instant.now.milliseconds, of: changelog).row] } ?? []
    try stages.commit(batch, alongside: own)
    committedPositions = stages.positions
  }
}

/// Opens a partition's store and brings it up to the changelog's end, before the partition is taken.
struct TaskOpener {
  /// Of one attempt: a stop that is asked for meanwhile waits no longer.
  private static let timeoutMilliseconds: Int32 = 3_000
  /// Rows that the tasks of an instance keep decoded between batches, all together.
  private static let decodedRowsMax = 200_000

  let service: Service
  let programs: Set<ProgramID>
  let settings: Settings
  let configuration: Kafka.Configuration
  let topics: TopicNames
  let resources: RocksResources
  let log: Log
  let health: Health
  let metrics: WorkerMetrics
  let hooks: FaultHooks

  /// - Parameter count: of partitions that this instance is given, which share its memory.
  /// - Throws: `Disagreement` if the group has committed more than the changelog explains.
  func open(_ number: Int32, of count: Int, consumer: Consumer) throws -> OpenTask {
    let inputs = topics.inputs.map { TopicPartition(topic: $0, partition: number) }
    // The fetch is repeated while a former owner's transaction holds pending offsets: at most until the broker ends it.
    let committed = try patiently("waiting for a former owner's transaction to end", .seconds(30)) { () throws(KafkaError) in
      try consumer.committed(inputs, timeoutMilliseconds: Self.timeoutMilliseconds)
    }
    let changelog = TopicPartition(topic: topics.changelog, partition: number)
    // Topics just made have no leader for a moment.
    let bounds = try patiently("waiting for the changelog's leader", .seconds(10)) { () throws(KafkaError) in
      try consumer.watermarks(changelog, timeoutMilliseconds: Self.timeoutMilliseconds)
    }
    let identity = ChangelogIdentity(
      cluster: consumer.clusterID(timeoutMilliseconds: Self.timeoutMilliseconds), partition: "\(changelog)")
    let directory = "\(settings.stateDirectory)/\(settings.topicPrefix)\(service.name.rawValue)/\(number)"
    do {
      return try open(number, of: count, directory, changelog, bounds, committed, identity)
    } catch StoreError.corrupt(let detail) {
      log.error("the state store is corrupt and is rebuilt: \(detail)", ["partition": number])
      try RocksStore.destroy(directory: directory)
      return try open(number, of: count, directory, changelog, bounds, committed, identity)
    }
  }

  /// The same question again while it fails, for a bounded time: then the session ends, and the next one asks with a new client. After a
  /// broker was killed, clients that had seen it die have been met that got no answer any more.
  private func patiently<Answer>(_ what: String, _ limit: Duration, _ ask: () throws(KafkaError) -> Answer) throws -> Answer {
    let end = ContinuousClock.now + limit
    while true {
      health.beat()
      do { return try ask() } catch {
        log.info("\(what): \(error)")
        guard ContinuousClock.now < end, !Shutdown.requested, !error.isFatal else { throw error }
        health.ready = .no(what)
        _ = Shutdown.wait(upTo: .milliseconds(100))
      }
    }
  }

  private func open(
    _ number: Int32, of count: Int, _ directory: String, _ changelog: TopicPartition, _ bounds: (low: Int64, high: Int64),
    _ committed: [TopicPartition: Int64], _ identity: ChangelogIdentity
  ) throws -> OpenTask {
    var store = try RocksStore(directory: directory, resources: resources)
    var position = try ChangelogPosition.read(from: store)
    if let known = position,
      let rejection = known.rejection(of: identity, end: bounds.high, now: Instant.now, ageMax: ChangelogPosition.ageMax)
    {
      log.notice(
        "the state store \(rejection) and is rebuilt",
        ["partition": number, "position": known.next, "changelogEnd": bounds.high])
      store.close()
      try RocksStore.destroy(directory: directory)
      store = try RocksStore(directory: directory, resources: resources)
      position = nil
    }
    do {
      // Not from the logical beginning: that is looked up, at the price of half a second while the leader is unknown.
      try restore(store, changelog, from: position, or: bounds.low, to: bounds.high, identity)
      metrics.restoreProgress(number).set(1)
      let owns = topics
      let stages = try StageTask(
        service: service.name, stages: service.stages, programs: programs, store: store,
        decodedRowsMax: Self.decodedRowsMax / max(1, count),
        owns: { owns.partition(of: $0) == number })
      let task = OpenTask(
        number: number, directory: directory, store: store, stages: stages, inputCount: topics.inputs.count,
        changelog: identity)
      for (partition, offset) in committed {
        let restored = task.position(of: partition.topic, topics)
        guard offset == restored else {
          // The store is only a copy: it is distrusted before the changelog is.
          guard position == nil else {
            throw StoreError.corrupt("with it \(partition) stands at \(restored), where the group has committed \(offset)")
          }
          throw Disagreement(
            description: """
              the group \(settings.group) has committed \(partition) up to \(offset), but the state restored from \(topics.changelog) \
              stands at \(restored): the changelog has lost records, or --group belongs to another deployment
              """)
        }
      }
      return task
    } catch {
      store.close()
      // Whoever restores it next tells how far it is; what is left here would look like a restore that hangs.
      metrics.forget(partition: number, topics: [])
      throw error
    }
  }

  /// Reads the changelog read_committed from `start` until its end is at or past `end`: an earlier owner's transaction may still be
  /// open, and markers take offsets.
  private func restore(
    _ store: RocksStore, _ changelog: TopicPartition, from position: ChangelogPosition?, or low: Int64, to end: Int64,
    _ identity: ChangelogIdentity
  ) throws {
    let start = position?.next ?? low
    guard start < end else { return }
    var configuration = configuration
    // The end is told in an answer, and a broker that has no record holds its answer back for this long.
    // All of a prefetch is of one partition here, and rows are worked off faster than records: more than a second's worth of them.
    configuration.properties.merge(["fetch.wait.max.ms": "10", "queued.min.messages": "300000"]) { own, _ in own }
    // It reads what it is given and never joins: the group is named because librdkafka looks for its coordinator in any case, and to
    // this one there is a right already.
    let reader = try Consumer(configuration, group: settings.group, readCommitted: true, endEvents: true)
    defer { reader.close() }
    try reader.assignByHand([(changelog, offset: start)])
    metrics.restoreProgress(changelog.partition).set(0)
    health.ready = .no("restoring partition \(changelog.partition)")
    var progress = RestoreProgress(from: start, to: end)
    var rows: [RowChange] = []
    var last = start
    while true {
      health.beat()
      guard !Shutdown.requested else { throw CancellationError() }
      switch reader.poll(timeoutMilliseconds: 200) {
      case .record(let record):
        if let position, position.hasMissed(record.timestamp, ageMax: ChangelogPosition.ageMax) {
          throw StoreError.corrupt("it has missed what was written for more than \(ChangelogPosition.ageMax)")
        }
        guard let key = record.key else { continue }
        rows.append(RowChange(key: key, value: record.value))
        last = record.offset + 1
        progress.read(next: last)
        if rows.count >= 5000 { try apply(&rows, to: store, next: last, identity) }
      case .end(_, let offset):
        guard offset >= end else { continue }
        try apply(&rows, to: store, next: offset, identity)
        let whole = progress.whole()
        log.info(
          "state restored",
          [
            "partition": changelog.partition, "rows": progress.rows, "seconds": whole.seconds,
            "rowsPerSecond": whole.rowsPerSecond,
          ])
        return
      case .error(let error):
        if error.isFatal { throw error }
        log.warning("while restoring: \(error)")
      case .assigned, .revoked, .lost, .nothing:
        break
      }
      if let news = progress.news() { tell(news, of: changelog.partition) }
    }
  }

  private func tell(_ news: RestoreProgress.News, of partition: Int32) {
    metrics.restoreProgress(partition).set(news.ratio)
    health.ready = .no("restoring partition \(partition): \(news.text)")
    var fields: LogFields = [
      "partition": partition, "percent": news.percent, "rows": news.rows, "rowsPerSecond": news.rowsPerSecond,
    ]
    if let left = news.secondsLeft { fields["secondsLeft"] = left.logValue }
    log.info("restoring state", fields)
  }

  private func apply(_ rows: inout [RowChange], to store: RocksStore, next: Int64, _ identity: ChangelogIdentity) throws {
    let count = rows.count
    rows.append(ChangelogPosition(next: next, writtenAt: Instant.now.milliseconds, of: identity).row)
    try store.write(rows)
    metrics.restoredRows.add(count)
    hooks.reached(.whileRestoring)
    rows.removeAll(keepingCapacity: true)
  }
}
