import Contracts
import Foundation
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// A member of the group, and the worker's loop from joining to leaving it. One thread runs the loop. Partitions share nothing, so under
/// load several threads (`Parallel`) run them in each step, and the loop waits until all are done.
///
/// 1. **Run** what has arrived on the inputs, in order of event time, and the due timers. Changes stay in memory. A crash loses nothing,
///    because no position has moved.
/// 2. **Write**: begin, produce outputs, dead letters and changelog, flush, send the positions, commit. A crash before the commit
///    aborts the transaction, and readers never see it. After a crash later than that, the store catches up from the changelog.
/// 3. **Keep** the changes in the store, one write batch per task. After a crash the store has all of a write batch or nothing.
final class Session {
  private static let abortsInARowMax = 5
  /// How many records a task may run in a round of the loop. In short rounds no thread waits long for another.
  private static let sliceLength = 500
  /// The longest that a batch stays open while an input is behind. Nobody waits for its first record, and few transactions cost less.
  private static let commitIntervalBehind = Duration.seconds(1)
  /// The pause after a commit. An earlier write would wait 20 ms, because the coordinator has not finished the commit.
  private static let restAfterCommit = Duration.milliseconds(3)

  /// How much librdkafka prefetches, and how long a broker gathers records for a response. Each partition has its own queue, and
  /// the response for idle inputs makes librdkafka look at full queues again, so a small prefetch is enough. A response stays in memory
  /// until its last record has run, so a partition's part of it is small; a single record may be longer.
  ///
  /// librdkafka names all partitions in each fetch. With a fetch for each record, the broker spends more on fetches than on records, so
  /// it gathers for 20 ms. The end of a partition is reported with a response too, so it may not gather for longer.
  private static let readingProperties = [
    "queued.min.messages": "1000", "queued.max.messages.kbytes": "8192", "fetch.message.max.bytes": "262144",
    "fetch.wait.max.ms": "20", "fetch.min.bytes": "5000",
  ]

  private let service: Service
  private let settings: Settings
  private let log: Log
  private let health: Health
  private let metrics: WorkerMetrics
  private let topics: TopicNames
  private let consumer: Consumer
  private let transactions: BatchTransactions
  private let opener: TaskOpener
  private let reportOwned: (Set<Int32>) -> Void
  private let hooks: FaultHooks
  /// Sorted by partition.
  private var tasks: [AssignedPartition] = []
  /// Whether the group has assigned this process its partitions, even if there are none for it.
  private var isAssigned = false
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

  /// - Parameter reportOwned: called with all partitions that the session now owns, before their stores are opened.
  init(
    service: Service, programs: Set<ProgramID>, settings: Settings, configuration: Kafka.Configuration, partitions: Int32,
    resources: RocksResources, log: Log, health: Health, metrics: WorkerMetrics, hooks: FaultHooks,
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
      service: service.name, instance: settings.instance, group: settings.group, configuration: configuration, topics: topics,
      log: log, hooks: hooks)
    var reading = configuration
    reading.properties.merge(Self.readingProperties) { own, _ in own }
    consumer = try Consumer(
      reading, group: settings.group, instance: settings.instance, readCommitted: true, endEvents: true, goesOnAfterLoss: false)
    let waiting = NSLock()
    opener = TaskOpener(
      service: service, programs: programs, settings: settings, transactionalID: transactions.transactionalID,
      configuration: configuration, topics: topics, resources: resources, log: log, health: health, metrics: metrics,
      hooks: hooks,
      whileWaiting: { [transactions, consumer] in try waiting.withLock { _ = try transactions.canBegin(consumer) } })
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
      if case .nothing = found, hooks.handsMessagesOver { open.handOver(among: tasks, sizeMax: settings.batchRecordsMax) }
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
    guard let due = brokerProbe, ContinuousClock.now >= due, isAssigned else { return }
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
    let committed = try opener.committed(numbers, consumer)
    tasks = try opener.open(numbers, committed, consumer, on: Parallel(threads: settings.threads))
    metrics.assign(tasks.count)
    try opener.check(tasks, committed: committed, consumer: consumer)
    for task in tasks { try task.connect(consumer) }
    let positions = tasks.flatMap { task in task.inputs.map { ($0.place, offset: task.position(of: $0)) } }
    try consumer.assign(positions.filter { partitions.contains($0.0) })
    isAssigned = true
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
      metrics.forget(partition: task.number)
    }
    metrics.assign(-tasks.count)
    tasks.removeAll()
    isAssigned = false
    open = OpenBatch()
  }

  // MARK: 1. Run

  private var isFull: Bool { open.isFull(settings.batchRecordsMax) }

  /// A small batch is not worth waking the threads for.
  private var isSmall: Bool { open.size < hooks.recordsForThreads }

  /// The threads for the open batch.
  private var parallel: Parallel { Parallel(threads: isSmall ? 1 : settings.threads) }

  /// Lets each task run up to its share of what the batch still takes, and fire timers that the system's clock makes due.
  private func runTasks() throws -> Round.Next {
    guard !isFull else { return .more }
    let started = ContinuousClock.now
    let now = Contracts.Instant.now
    let share = max(1, (settings.batchRecordsMax - open.size) / max(1, tasks.count))
    let bytes = max(1, (OpenBatch.bytesMax - open.bytes) / max(1, tasks.count))
    // While one thread runs the tasks, keep the rounds short, so that all threads join as soon as the batch is large enough.
    let slice = isSmall ? hooks.recordsForThreads / max(1, tasks.count) + 1 : Self.sliceLength
    let rounds = try parallel.map(tasks) {
      $0.run(upTo: min(slice, share), bytesMax: bytes, timersMax: share, now: now)
    }
    var found = Round.Next.nothing
    let before = open.size
    for (task, round) in zip(tasks, rounds) {
      open.records += round.records
      open.bytes += round.bytes
      open.timers += round.timers
      switch round.next {
      case .more: found = .more
      case .awaited: if case .nothing = found { found = .awaited }
      case .nothing: break
      }
      if let news = task.takeStopNews() {
        metrics.stopped(task.number).set(news ? 1 : 0)
        reportReady()
      }
      for error in task.takeErrors() { try complain(error) }
      // An idle task has no batch that would report it.
      if task.stages.failure != nil { _ = try batch(of: task) }
    }
    if open.size > before {
      if open.since == nil { open.since = started }
      open.spent += ContinuousClock.now - started
    }
    return found
  }

  private var commitInterval: Duration {
    tasks.allSatisfy(\.isCaughtUp) ? settings.commitInterval : max(settings.commitInterval, Self.commitIntervalBehind)
  }

  /// A batch ends when it is full, when it is old, or when the bus has nothing more for it.
  /// - Returns: how long to wait for more; `nil` if the batch ends now.
  private func timeToCommit(_ found: Round.Next) -> Duration? {
    let now = ContinuousClock.now
    guard let since = open.since else { return .milliseconds(100) }
    let end =
      if isFull {
        now
      } else if case .nothing = found {
        earliestCommit
      } else {
        max(since + commitInterval, earliestCommit)
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
    let started = ContinuousClock.now
    let batches = try parallel.map(tasks) { ($0, try batch(of: $0)) }.filter { !$0.1.isEmpty }
    open.spent += .now - started
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
      let changelogEnds = try transactions.write(batches, for: consumer, on: parallel)
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
    _ = try parallel.map(batches) { task, _ in
      do throws(StoreError) { try task.commit(changelogEnd: changelogEnds[task.number]) } catch {
        try giveUp(task, error)
        throw error
      }
      hooks.reached(.afterStoreWrite)
    }
    for (task, _) in batches {
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
