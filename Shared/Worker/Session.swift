import Contracts
import Foundation
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// The worker's loop, from joining the group to leaving it. Confined to one thread.
///
/// 1. **Run** what has arrived on the inputs, in order of event time, and the due timers. Changes stay in memory. A crash loses nothing,
///    because no position has moved.
/// 2. **Write**: begin, produce outputs, dead letters and changelog, flush, send the positions, commit. A crash before the commit
///    aborts the transaction, and readers never see it. After a crash later than that, the store catches up from the changelog.
/// 3. **Keep** the changes in the store, one write batch per task. After a crash the store has all of a write batch or nothing.
final class Session {
  private static let abortsInARowMax = 5
  /// How many records a task may run before the next task runs.
  private static let sliceLength = 500
  /// The pause after a commit. An earlier write would wait 20 ms, because the coordinator has not finished the commit.
  private static let restAfterCommit = Duration.milliseconds(3)

  /// How much librdkafka prefetches, and how long a broker without records delays its response. Each partition has its own queue, and
  /// the response for idle inputs makes librdkafka look at full queues again, so a small prefetch is enough. The end of a partition is
  /// reported with a fetch response, so the delay must be short. A response stays in memory until its last record has run, so a partition's
  /// part of it is small; a single record may be longer.
  private static let readingProperties = [
    "queued.min.messages": "1000", "queued.max.messages.kbytes": "8192", "fetch.message.max.bytes": "262144",
    "fetch.wait.max.ms": "100",
  ]

  private let service: Service
  private let settings: Settings
  private let log: Log
  private let health: Health.Loop
  private let metrics: WorkerMetrics
  private let topics: TopicNames
  private let consumer: Consumer
  private let transactions: BatchTransactions
  private let opener: TaskOpener
  private let reportOwned: (Set<Int32>) -> Void
  private let hooks: FaultHooks
  /// Sorted by partition.
  private var tasks: [AssignedPartition] = []
  private var open = OpenBatch()
  /// No batch ends before this.
  private var earliestCommit = ContinuousClock.now
  /// No batch ends before this either. Set after an abort, and while an earlier transaction has not ended.
  private var blockedUntil = ContinuousClock.now
  private var isClosed = false
  /// When to probe whether a broker is back; `nil` if none is known to be down.
  private var brokerProbe: ContinuousClock.Instant?
  /// Aborts since the last commit. After too many, the session ends, and the next one starts after a growing delay.
  private var abortsInARow = 0
  private var report = TaskReport()

  /// Whether the inputs have records.
  private enum AtHand {
    case nothing
    /// Records exist but have not arrived yet.
    case awaited
    case more
  }

  /// - Parameters:
  ///   - instance: the unique name of this group member.
  ///   - reportOwned: called with all partitions that the session now owns, before their stores are opened.
  init(
    service: Service, programs: Set<ProgramID>, settings: Settings, instance: String, configuration: Kafka.Configuration,
    partitions: Int32, resources: RocksResources, log: Log, health: Health.Loop, metrics: WorkerMetrics, hooks: FaultHooks,
    reportOwned: @escaping (Set<Int32>) -> Void
  ) throws {
    self.service = service
    self.settings = settings
    self.log = log
    self.health = health
    self.metrics = metrics
    self.hooks = hooks
    self.reportOwned = reportOwned
    topics = TopicNames(prefix: settings.topicPrefix, service: service, partitions: partitions)
    health.ready = .no("taking over the transactional id")
    // Create the producer first: its new epoch ends what an earlier run of this instance left open.
    transactions = try BatchTransactions(
      service: service.name, instance: instance, group: settings.group, configuration: configuration, topics: topics, log: log,
      hooks: hooks)
    var reading = configuration
    reading.properties.merge(Self.readingProperties) { own, _ in own }
    consumer = try Consumer(
      reading, group: settings.group, instance: instance, readCommitted: true, endEvents: true, goesOnAfterLoss: false)
    opener = TaskOpener(
      service: service, programs: programs, settings: settings, transactionalID: transactions.transactionalID,
      configuration: configuration, topics: topics, resources: resources, log: log, health: health, metrics: metrics,
      hooks: hooks,
      whileWaiting: { [transactions, consumer] in _ = try transactions.canBegin(consumer) })
    try consumer.subscribe(topics.inputs)
    health.ready = .no("joining the consumer group \(settings.group)")
  }

  /// - Parameter onProgress: called after a commit, so that the caller can reset its delays.
  func run(onProgress: () -> Void) throws {
    while !Shutdown.requested {
      health.beat()
      // Check even if there is nothing to write: others may be waiting for a transaction that this producer left open.
      if open.isEmpty { _ = try canBegin() }
      try serve()
      let found = try runTasks()
      if case .nothing = found { open.handOver(among: tasks, sizeMax: settings.batchRecordsMax) }
      report.log(of: tasks, metrics)
      if let wait = timeToCommit(found) {
        if wait > .zero { consumer.wait(timeoutMilliseconds: wait.roundedUpMilliseconds) }
      } else if try commit() {
        onProgress()
      }
    }
    _ = try commit()
  }

  /// Closes the stores, drops the uncommitted batch, and leaves the group.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    closeTasks()
    consumer.close()
  }

  // MARK: The group

  /// Handles the events of the group and of the brokers.
  private func serve() throws {
    while true {
      switch consumer.poll(timeoutMilliseconds: 0) {
      case .record, .end:
        // Impossible: every partition got its own queue before it was assigned.
        throw Disagreement(description: "a record did not come through its partition's queue")
      case .error(let error):
        try complain(error)
      case .assigned(let partitions):
        try take(partitions)
      case .revoked(let partitions):
        _ = try commit()
        log.info("partitions revoked", ["partitions": numbers(partitions)])
        closeTasks()
        try consumer.unassign()
        health.ready = .no("rebalancing")
      case .lost(let partitions):
        log.warning("partitions lost: the open batch is dropped", ["partitions": numbers(partitions)])
        closeTasks()
        try consumer.unassign()
        health.ready = .no("rebalancing")
      case .nothing:
        return probeBroker()
      }
    }
  }

  private func numbers(_ partitions: [TopicPartition]) -> String {
    Set(partitions.map(\.partition)).sorted().map(String.init).joined(separator: ",")
  }

  private func complain(_ error: KafkaError) throws {
    if error.isFatal { throw error }
    if error.meansLoss {
      throw Disagreement(
        description: """
          \(error): an input has lost records that were not processed yet (retention, or deleted). To accept the loss, \
          start once with --kafka auto.offset.reset=earliest
          """)
    }
    if error.stopsReading { throw error }
    if error.meansNoBroker {
      health.ready = .no("no broker can be reached")
      brokerProbe = .now + .seconds(2)
    }
    log.warning("kafka: \(error)")
  }

  /// librdkafka does not report that a broker is back, so probe until one replies.
  private func probeBroker() {
    guard let due = brokerProbe, ContinuousClock.now >= due, !tasks.isEmpty else { return }
    if consumer.reachesBroker(timeoutMilliseconds: 1000) {
      brokerProbe = nil
      reportReady()
    } else {
      brokerProbe = .now + .seconds(2)
    }
  }

  /// Restores the state of each partition, and only then takes the partitions.
  private func take(_ partitions: [TopicPartition]) throws {
    closeTasks()
    let numbers = Set(partitions.map(\.partition)).sorted()
    try transactions.takeOver(numbers, consumer, health)
    reportOwned(Set(numbers))
    var committed: [TopicPartition: Int64] = [:]
    for number in numbers {
      let opened = try opener.open(number, of: numbers.count * settings.threads, consumer: consumer)
      tasks.append(opened.task)
      committed.merge(opened.committed) { $1 }
      // One at a time, because after a failure they are also subtracted one at a time.
      metrics.assign(1)
      health.beat()
    }
    try opener.check(tasks, committed: committed, consumer: consumer)
    for task in tasks { try task.connect(consumer) }
    let positions = tasks.flatMap { task in task.inputs.map { ($0.place, offset: task.position(of: $0)) } }
    try consumer.assign(positions.filter { partitions.contains($0.0) })
    reportReady()
    log.info("partitions assigned", ["partitions": self.numbers(partitions)])
  }

  private func reportReady() {
    let stops = tasks.compactMap { task in task.stopped.map { "partition \(task.number) is stopped: \($0.gap) are missing" } }
    health.ready = stops.isEmpty ? .yes : .no(stops.joined(separator: "; "))
  }

  private func closeTasks() {
    for task in tasks {
      task.close()
      metrics.forget(partition: task.number, topics: topics.inputs, kinds: task.stages.watchedRows.keys)
    }
    metrics.assign(-tasks.count)
    tasks.removeAll()
    open = OpenBatch()
  }

  // MARK: 1. Run

  private var isFull: Bool { open.isFull(settings.batchRecordsMax) }

  /// Lets each task run up to its share.
  private func runTasks() throws -> AtHand {
    let started = ContinuousClock.now
    let now = Contracts.Instant.now
    var found = AtHand.nothing
    var hasRun = false
    for task in tasks where !isFull {
      let room = settings.batchRecordsMax - open.size
      switch task.run(upTo: min(Self.sliceLength, room), bytesMax: OpenBatch.bytesMax - open.bytes, now: now) {
      case .ran(let count, let bytes):
        open.records += count
        open.bytes += bytes
        found = .more
        if count > 0 { hasRun = true }
      case .awaits: if case .nothing = found { found = .awaited }
      case .idle: break
      }
      if let news = task.takeStopNews() {
        metrics.stopped(task.number).set(news ? 1 : 0)
        reportReady()
      }
      for error in task.takeErrors() { try complain(error) }
      guard !task.stages.isVirtual, task.isCaughtUp else { continue }
      // At the end of a month, a million timers may be due at once. Fire only as many as fit into a transaction, and the rest in
      // later ones.
      let fired = task.stages.counts.timersFired
      task.stages.advance(to: now, timersMax: max(1, settings.batchRecordsMax - open.size))
      if case let count = task.stages.counts.timersFired - fired, count > 0 {
        open.timers += count
        hasRun = true
      }
    }
    if hasRun {
      if open.since == nil { open.since = started }
      open.spent += ContinuousClock.now - started
    }
    return found
  }

  /// A batch ends when it is full, when it is old, or when the bus has nothing more for it.
  /// - Returns: how long to wait for more; `nil` if the batch ends now.
  private func timeToCommit(_ found: AtHand) -> Duration? {
    let now = ContinuousClock.now
    guard let since = open.since else { return .milliseconds(100) }
    let end =
      if isFull {
        now
      } else if case .nothing = found {
        earliestCommit
      } else {
        max(since + settings.commitInterval, earliestCommit)
      }
    guard now < max(end, blockedUntil) else { return nil }
    if case .more = found, !isFull { return .zero }
    return max(end, blockedUntil) - now
  }

  // MARK: 2. Write

  /// Writes the open batch. Returns whether there was something to write and it is on the bus.
  private func commit() throws -> Bool {
    guard !open.isEmpty else { return false }
    guard try canBegin() else {
      blockedUntil = .now + .milliseconds(20)
      return false
    }
    var batches: [(AssignedPartition, Batch)] = []
    for task in tasks {
      let batch = try batch(of: task)
      if !batch.isEmpty { batches.append((task, batch)) }
    }
    guard !batches.isEmpty else {
      open = OpenBatch()
      return false
    }
    guard let changelogEnds = try write(batches) else { return false }
    metrics.records.add(open.records)
    metrics.handedOver.add(open.handedOver)
    metrics.batchRecords.observe(Double(open.records))
    metrics.batchSeconds.observe(open.spent)
    try keep(batches, changelogEnds)
    open = OpenBatch()
    earliestCommit = .now + max(Self.restAfterCommit, settings.commitInterval / 10)
    reportReady()
    return true
  }

  private func canBegin() throws -> Bool {
    defer { if transactions.takeDroppedOffsets() { for task in tasks { task.forgetCommittedPositions() } } }
    return try transactions.canBegin(consumer)
  }

  private func batch(of task: AssignedPartition) throws -> Batch {
    do { return try task.stages.takeBatch() } catch let error as StoreError {
      try giveUp(task, error)
      throw error
    }
  }

  /// Deletes a corrupt store. The next session rebuilds it.
  private func giveUp(_ task: AssignedPartition, _ error: StoreError) throws {
    guard case .corrupt = error else { return }
    log.error("\(error); it will be rebuilt", ["partition": task.number])
    task.store.close()
    try RocksStore.destroy(directory: task.directory)
  }

  /// Writes one transaction. Returns the new end of each task's changelog by partition, or `nil` if the transaction was aborted and
  /// the batch was run again.
  private func write(_ batches: [(AssignedPartition, Batch)]) throws -> [Int32: Int64]? {
    let started = ContinuousClock.now
    do {
      let changelogEnds = try transactions.write(batches, for: consumer)
      metrics.transactionSeconds.observe(ContinuousClock.now - started)
      metrics.outputs.add(batches.reduce(0) { $0 + $1.1.outbox.count } - open.handedOver)
      abortsInARow = 0
      brokerProbe = nil
      return changelogEnds
    } catch let failure as TransactionFailure {
      guard case .abortable(let error) = failure else { throw failure }
      log.warning("transaction aborted, retrying its batch: \(error)")
      metrics.transactionsAborted.add()
      abortsInARow += 1
      guard abortsInARow <= Session.abortsInARowMax else { throw failure }
      try transactions.abort()
      runAgain()
      return nil
    }
  }

  /// After an abort: runs the open events again from the state of the stores.
  private func runAgain() {
    let now = Contracts.Instant.now
    for task in tasks { task.runAgain(now: now) }
    open.timers = 0
    open.handedOver = 0
    // Wait a moment, because the cause of the abort may pass, such as a rebalance of the group.
    blockedUntil = .now + .milliseconds(100) * abortsInARow
    open.since = .now
  }

  // MARK: 3. Keep

  private func keep(_ batches: [(AssignedPartition, Batch)], _ changelogEnds: [Int32: Int64]) throws {
    for (task, _) in batches {
      do { try task.commit(changelogEnd: changelogEnds[task.number]) } catch {
        try giveUp(task, error)
        throw error
      }
      hooks.reached(.afterStoreWrite)
      metrics.add(task.stages.counts, since: task.counted)
      for field in task.stages.counts.unknownFields.keys where task.counted.unknownFields[field] == nil {
        log.limited(
          .warning, kind: "unknown field \(field.type) \(field.field)",
          "unknown field '\(field.field)' in \(field.type) is ignored",
          ["source": field.source])
      }
      task.counted = task.stages.counts
    }
    metrics.batches.add()
  }
}
