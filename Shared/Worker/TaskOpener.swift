import Contracts
import JSON
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// Opens a partition's store and restores it up to the changelog's end, before the partition is used.
struct TaskOpener {
  /// The limit for one query. A requested stop waits at most this long.
  private static let timeoutMilliseconds: Int32 = 3_000
  /// How many rows all tasks of an instance together keep decoded between batches.
  private static let decodedRowsMax = 50_000

  let service: Service
  let programs: Set<ProgramID>
  let settings: Settings
  /// The transactional id of the producer that writes the tasks' changes.
  let transactionalID: String
  let configuration: Kafka.Configuration
  let topics: TopicNames
  let resources: RocksResources
  let log: Log
  let health: Health
  let metrics: WorkerMetrics
  let hooks: FaultHooks
  /// Called while offsets are pending and while nothing arrives from a changelog, on one thread at a time. The cause may be a hanging
  /// transaction of this instance.
  let whileWaiting: () throws -> Void

  /// The group's committed offsets of all inputs of these partitions.
  func committed(_ numbers: [Int32], _ consumer: Consumer) throws -> [TopicPartition: Int64] {
    let inputs = numbers.flatMap { number in topics.inputs.map { TopicPartition(topic: $0, partition: number) } }
    guard !inputs.isEmpty else { return [:] }
    // The query fails while a former owner's transaction has pending offsets. The broker ends that transaction in time.
    return try patiently("waiting for a former owner's transaction to end", .seconds(30)) { () throws(KafkaError) in
      try consumer.committed(inputs, timeoutMilliseconds: Self.timeoutMilliseconds)
    }
  }

  /// Opens and restores these partitions, several at once. They share this instance's memory.
  ///
  /// - Throws: `Disagreement` if the group has committed more than the changelog accounts for.
  func open(
    _ numbers: [Int32], _ committed: [TopicPartition: Int64], _ consumer: Consumer, on threads: Parallel
  ) throws -> [AssignedPartition] {
    let cluster = consumer.clusterID(timeoutMilliseconds: Self.timeoutMilliseconds)
    let changelogs = try numbers.map { number in
      let place = TopicPartition(topic: topics.changelog, partition: number)
      // A new topic has no leader for a moment.
      let bounds = try patiently("waiting for the changelog's leader", .seconds(10)) { () throws(KafkaError) in
        try consumer.watermarks(place, timeoutMilliseconds: Self.timeoutMilliseconds)
      }
      return (place: place, bounds: bounds, identity: ChangelogIdentity(cluster: cluster, partition: "\(place)"))
    }
    return try threads.map(changelogs) { changelog in
      let number = changelog.place.partition
      let own = committed.filter { $0.key.partition == number }
      let directory = settings.directory(of: service.name, number)
      func open() throws -> AssignedPartition {
        try self.open(number, of: numbers.count, directory, changelog.place, changelog.bounds, own, changelog.identity)
      }
      do { return try open() } catch StoreError.corrupt(let detail) {
        log.error("the state store is corrupt and is rebuilt: \(detail)", ["partition": number])
        try RocksStore.destroy(directory: directory)
        return try open()
      }
    }
  }

  /// Retries the query for a limited time. Then the session ends, and the next one asks with a new client, because after a broker
  /// dies, a client can stop receiving replies.
  private func patiently<Answer>(_ what: String, _ limit: Duration, _ ask: () throws(KafkaError) -> Answer) throws -> Answer {
    let end = ContinuousClock.now + limit
    while true {
      health.beat()
      do { return try ask() } catch {
        log.info("\(what): \(error)")
        guard ContinuousClock.now < end, !Shutdown.requested, !error.isFatal else { throw error }
        health.ready = .no(what)
        _ = Shutdown.wait(upTo: .milliseconds(100))
        try whileWaiting()
      }
    }
  }

  private func open(
    _ number: Int32, of count: Int, _ directory: String, _ changelog: TopicPartition, _ bounds: (low: Int64, high: Int64),
    _ committed: [TopicPartition: Int64], _ identity: ChangelogIdentity
  ) throws -> AssignedPartition {
    let opened: ChangelogStore
    do {
      opened = try ChangelogStore(
        directory, identity, bounds: bounds, partition: number, resources: resources, log: log,
        checkAhead: { try ChangelogTail.check(changelog, self.progress(in: changelog, bounds), against: $0, in: directory) },
        onWrite: { rows in
          metrics.restoredRows.add(rows)
          hooks.reached(.whileRestoring)
        })
    } catch let form as StateForm { throw otherRelease(form) }
    let store = opened.store
    do {
      try restore(opened, changelog, to: bounds.high)
      metrics.restoreProgress(number).set(1)
      let stages = try stages(number, of: count, store, changelog, bounds, isRebuilt: opened.start == nil)
      stages.rejectsForeignTypes = settings.rejectsForeignTypes
      let inputs = topics.read.map { topic in
        AssignedPartition.Input(
          topic: topic, place: TopicPartition(topic: topics.prefix + topic.name, partition: number),
          lag: metrics.lag(topics.prefix + topic.name, number))
      }
      let task = AssignedPartition(
        number: number, directory: directory, store: store, stages: stages, inputs: inputs, committed: committed,
        settings: settings, changelog: identity, log: log)
      for (partition, offset) in committed {
        let restored = task.inputs.first { $0.place == partition }.map(task.position) ?? Offset.beginning
        guard offset != restored else { continue }
        // The store is only a copy, so suspect it before the changelog.
        let isTrusted =
          try opened.start == nil || (offset < restored && Progress.stored(in: store) == progress(in: changelog, bounds))
        guard isTrusted else {
          throw StoreError.corrupt("its position in \(partition) is \(restored), but the group has committed \(offset)")
        }
        // The state is decisive. Offsets can lag behind it, because they are dropped together with a hanging transaction.
        guard offset < restored else {
          throw Disagreement(
            description: """
              the group \(settings.group) has committed \(partition) up to \(offset), but the state restored from \(topics.changelog) \
              has read up to \(restored): the changelog has lost records, or --group belongs to another deployment
              """)
        }
        log.notice("the group's offset is behind the state", ["input": "\(partition)", "offset": offset, "state": restored])
      }
      return task
    } catch {
      store.close()
      // The next owner of the partition reports its own progress. A metric left behind here would look like a restore that hangs.
      metrics.forget(partition: number)
      throw error
    }
  }

  /// - Throws: `Disagreement` if another release wrote it.
  private func progress(in changelog: TopicPartition, _ bounds: (low: Int64, high: Int64)) throws -> Progress? {
    do {
      return try ChangelogTail.progress(
        in: changelog, low: bounds.low, stable: bounds.high, configuration, group: settings.group,
        timeoutMilliseconds: Self.timeoutMilliseconds)
    } catch let form as StateForm { throw otherRelease(form) }
  }

  private func otherRelease(_ form: StateForm) -> Disagreement {
    Disagreement(
      description: """
        \(topics.changelog) was written by another release: \(form). Nothing was changed. Run the release that wrote it, or begin a \
        new deployment from the inputs: ops/docs/RUNBOOK.md, "Another release's state"
        """)
  }

  /// Checks that the inputs are the topics that the state has read, and that their keys are on the same partitions. Positions alone
  /// are not enough: a topic that was deleted and created again may be as long as before, and the group's offsets disappear with
  /// the topic.
  ///
  /// - Throws: `Disagreement`.
  func check(_ tasks: [AssignedPartition], committed: [TopicPartition: Int64], consumer: Consumer) throws {
    func prefixed(_ name: String, _ number: Int32) -> TopicPartition {
      TopicPartition(topic: topics.prefix + name, partition: number)
    }
    func bounds(_ partitions: [TopicPartition], _ place: Int64) throws -> [TopicPartition: Int64] {
      try patiently("waiting for the inputs' leaders", .seconds(10)) { () throws(KafkaError) in
        let found = try consumer.bounds(of: partitions, at: place, timeoutMilliseconds: Self.timeoutMilliseconds)
        guard found.count == partitions.count else { throw KafkaError.timedOut("an input has no leader") }
        return found
      }
    }
    let places = tasks.flatMap { $0.inputs.map(\.place) }
    let (lows, ends) = (try bounds(places, Offset.beginning), try bounds(places, Offset.end))
    var known: [TopicPartition: (offset: Int64, timestamp: Int64?)] = [:]
    for task in tasks {
      task.stages.trimmed = Set(task.inputs.filter { $0.topic.isOwn && lows[$0.place] ?? 0 > 0 }.map(\.topic.name))
      for (topic, position) in task.stages.positions where position > 0 {
        let place = prefixed(topic, task.number)
        guard let low = lows[place], let end = ends[place] else { continue }
        guard position <= end else {
          throw recreated(place, "it ends at offset \(end), and the state has read it up to \(position)")
        }
        let timestamp = task.stages.timestamp(of: topic)
        if position > low { known[place] = (position - 1, timestamp) }
        guard committed[place] == nil else { continue }
        guard timestamp != nil else { throw recreated(place, "the group \(settings.group) has no offset for it") }
        log.info("the group has no offset for an input; its last record read is compared instead", ["input": place.description])
      }
    }
    let comparable = known.compactMapValues { $0.timestamp == nil ? nil : $0.offset }
    var found: [TopicPartition: Int64] = [:]
    try PartitionScan(configuration, group: settings.group, readCommitted: false, Self.timeoutMilliseconds).read(
      comparable.mapValues { $0..<($0 + 1) }
    ) { found[TopicPartition(topic: $0.topic, partition: $0.partition)] = $0.timestamp }
    for (place, offset) in comparable.sorted(by: { "\($0.key)" < "\($1.key)" }) where found[place] != known[place]?.timestamp {
      throw recreated(place, "the record at offset \(offset) is not the one that the state has read")
    }
    guard tasks.contains(where: \.stages.positions.isEmpty) else { return }
    try checkSiblings(consumer)
  }

  /// A partition without state may be new. The state of the others shows how many partitions there were.
  private func checkSiblings(_ consumer: Consumer) throws {
    let changelogs = (0..<topics.partitions).map { TopicPartition(topic: topics.changelog, partition: $0) }
    let stable = try consumer.stableEnds(of: changelogs, timeoutMilliseconds: Self.timeoutMilliseconds)
    let lows = try consumer.bounds(of: changelogs, at: Offset.beginning, timeoutMilliseconds: Self.timeoutMilliseconds)
    guard let written = changelogs.first(where: { stable[$0] ?? 0 > lows[$0] ?? 0 }), let low = lows[written],
      let end = stable[written]
    else { return }
    guard var progress = try progress(in: written, (low, end)) else { return }
    do { try progress.claim(for: owner) } catch { throw foreign(written, error) }
  }

  private func recreated(_ place: TopicPartition, _ why: String) -> Disagreement {
    Disagreement(
      description: """
        \(place) is not the topic that the state in \(topics.changelog) has read: \(why). Was it deleted and created again? Nothing was \
        processed: ops/docs/RUNBOOK.md, "Topics created again"
        """)
  }

  private func foreign(_ changelog: TopicPartition, _ error: any Error) -> Disagreement {
    Disagreement(description: "\(changelog) holds the state of another deployment: \(error)")
  }

  private var owner: StateOwner {
    StateOwner(group: settings.group, partitions: Int(topics.partitions), producer: transactionalID)
  }

  private func stages(
    _ number: Int32, of count: Int, _ store: RocksStore, _ changelog: TopicPartition, _ bounds: (low: Int64, high: Int64),
    isRebuilt: Bool
  ) throws -> StageTask {
    let partitions = topics.partitions
    do {
      return try StageTask(
        service: service.name, stages: service.stages, programs: programs, store: store,
        decodedRowsMax: Self.decodedRowsMax / max(1, count),
        place: StageTask.Place(partition: number) { Kafka.partition(forKey: $0, count: partitions) },
        owner: owner)
    } catch let state as ForeignState {
      throw foreign(TopicPartition(topic: topics.changelog, partition: number), state)
    } catch let form as StateForm {
      guard !isRebuilt else { throw otherRelease(form) }
      // The store is only a copy, so the changelog decides. If another release wrote the changelog, keep the store: going back to
      // that release then needs no rebuild.
      _ = try progress(in: changelog, bounds)
      throw StoreError.corrupt("\(form)")
    }
  }

  /// Reads the changelog with `read_committed` until its end is at or past `end`. An earlier owner's transaction may still be open,
  /// and markers take offsets.
  private func restore(_ opened: ChangelogStore, _ changelog: TopicPartition, to end: Int64) throws {
    let start = opened.next
    guard start < end else { return }
    var configuration = configuration
    // The end is reported with a fetch response, which a broker without records delays for this long. The prefetch must hold the
    // rows of more than a second, and rows are processed faster than records.
    configuration.properties.merge(["fetch.wait.max.ms": "10", "queued.min.messages": "300000"]) { own, _ in own }
    // The reader never joins the group, but librdkafka looks for its coordinator. The service has a right to this group.
    let reader = try Consumer(configuration, group: settings.group, readCommitted: true, endEvents: true)
    defer { reader.close() }
    try reader.assignByHand([(changelog, offset: start)])
    metrics.restoreProgress(changelog.partition).set(0)
    health.ready = .no("restoring partition \(changelog.partition)")
    var progress = RestoreProgress(from: start, to: end)
    while true {
      health.beat()
      guard !Shutdown.requested else { throw CancellationError() }
      switch reader.poll(timeoutMilliseconds: 200) {
      case .record(let record):
        try opened.take(record)
        if record.keyBytes != nil { progress.read(next: opened.next) }
      case .end(_, let offset):
        guard offset >= end else { continue }
        try opened.reachEnd(offset)
        let whole = progress.whole()
        log.info(
          "state restored",
          [
            "partition": changelog.partition, "rows": progress.rows, "seconds": whole.seconds,
            "rowsPerSecond": whole.rowsPerSecond,
          ])
        return
      case .error(let error):
        if error.isFatal || error.stopsReading { throw error }
        log.warning("while restoring: \(error)")
      case .nothing: try whileWaiting()
      case .assigned, .revoked, .lost: break
      }
      if let news = progress.news() { report(news, of: changelog.partition) }
    }
  }

  private func report(_ news: RestoreProgress.News, of partition: Int32) {
    metrics.restoreProgress(partition).set(news.ratio)
    health.ready = .no("restoring partition \(partition): \(news.text)")
    var fields: LogFields = [
      "partition": partition, "percent": news.percent, "rows": news.rows, "rowsPerSecond": news.rowsPerSecond,
    ]
    if let left = news.secondsLeft { fields["secondsLeft"] = left }
    log.info("restoring state", fields)
  }
}
