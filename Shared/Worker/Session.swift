import Contracts
import Foundation
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// From joining the group to leaving it: the worker's loop. Confined to one thread.
///
/// 1. **Gather** a batch from all assigned input partitions. A crash loses nothing: nothing has moved.
/// 2. **Run** the stages over it in order of event time, then the due timers; changes stay in memory. A crash loses nothing.
/// 3. **Write**: begin, produce outputs, dead letters and changelog, flush, send the positions, commit. A crash before the commit is an
///    abort that readers never see; one after it leaves the store behind, which the next start catches up from the changelog.
/// 4. **Keep** the changes in the store, one write batch a task. A crash within it keeps all of the write batch or nothing.
final class Session {
  private static let requestMilliseconds: Int32 = 10_000
  private static let abortsInARowMax = 5
  /// Bytes after which a batch takes no further record: what is decoded, held and written at a time stays small however large records
  /// are. The number of records alone would bound nothing: ten thousand of 1 MiB are 10 GiB.
  private static let batchBytesMax = 16 << 20

  private let service: Service
  private let settings: Settings
  private let log: Log
  private let health: Health
  private let metrics: WorkerMetrics
  private let topics: TopicNames
  private let consumer: Consumer
  private let producer: TransactionalProducer
  private let opener: TaskOpener
  private let order: EventOrder
  private let hooks: FaultHooks
  private var tasks: [Int32: OpenTask] = [:]
  private var gathered: [Kafka.Record] = []
  private var isClosed = false
  /// When to ask whether a broker is back; nil: none is known to be away.
  private var brokerProbe: ContinuousClock.Instant?
  /// Aborts since the last commit: what an abort does not mend is left to the next session, which waits longer and longer.
  private var abortsInARow = 0

  init(
    service: Service, programs: Set<ProgramID>, settings: Settings, configuration: Kafka.Configuration, partitions: Int32,
    resources: RocksResources, log: Log, health: Health, metrics: WorkerMetrics, hooks: FaultHooks
  ) throws {
    self.service = service
    self.settings = settings
    self.log = log
    self.health = health
    self.metrics = metrics
    self.hooks = hooks
    topics = TopicNames(prefix: settings.topicPrefix, service: service, partitions: partitions)
    // The producer first: its new epoch ends what a former life of this instance left open.
    let producer = try TransactionalProducer(
      configuration, transactionalID: "\(settings.topicPrefix)\(service.name.rawValue).\(settings.instance)",
      topics: topics.written)
    health.ready = .no("taking over the transactional id")
    try Session.retrying { () throws(TransactionFailure) in
      try producer.initialise(timeoutMilliseconds: Session.requestMilliseconds)
    }
    self.producer = producer
    consumer = try Consumer(
      configuration, group: settings.group, instance: settings.instance, readCommitted: true, endEvents: true,
      goesOnAfterLoss: false)
    opener = TaskOpener(
      service: service, programs: programs, settings: settings, configuration: configuration, topics: topics,
      resources: resources,
      log: log, health: health, metrics: metrics, hooks: hooks)
    order = EventOrder(topics: topics, clock: settings.clock, log: log)
    try consumer.subscribe(topics.inputs)
    health.ready = .no("joining the consumer group \(settings.group)")
  }

  /// - Parameter onProgress: called when the bus has taken something from us: the trouble, if there was any, is over.
  func run(onProgress: () -> Void) throws {
    while !Shutdown.requested {
      health.beat()
      try gather()
      if try process() { onProgress() }
    }
    _ = try process()
  }

  /// Closes the stores and leaves the group; what was not committed is dropped.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    closeTasks()
    consumer.close()
  }

  // MARK: 1. Gather

  /// Records until the batch is full, its time is over or nothing more comes for a tenth of it; returns without any when there is
  /// nothing to do.
  private func gather() throws {
    let clock = ContinuousClock()
    let quiet = max(1, Int32(settings.commitInterval.milliseconds / 10))
    var end: ContinuousClock.Instant?
    var bytes = 0
    while gathered.count < settings.batchRecordsMax, bytes < Self.batchBytesMax, !Shutdown.requested {
      let polled = consumer.poll(timeoutMilliseconds: end == nil ? min(100, Int32(settings.commitInterval.milliseconds)) : quiet)
      switch polled {
      case .record(let record):
        gathered.append(record)
        bytes += record.byteCount
        if end == nil { end = clock.now + settings.commitInterval }
      case .end(let partition, let offset):
        if let task = tasks[partition.partition] {
          task.ends[partition.topic] = offset
          tellLag(of: partition.topic, task)
        }
        // Ends are not records: they do not close a batch, and many of them do not hold it up.
        if end == nil, allCaughtUp { return }
      case .error(let error):
        try complain(error)
      case .assigned(let partitions):
        _ = try process()
        try open(partitions)
      case .revoked(let partitions):
        _ = try process()
        log.info("partitions revoked", ["partitions": numbers(partitions)])
        closeTasks()
        try consumer.unassign()
        health.ready = .no("rebalancing")
      case .lost(let partitions):
        log.warning("partitions lost: what was gathered is dropped", ["partitions": numbers(partitions)])
        closeTasks()
        try consumer.unassign()
        health.ready = .no("rebalancing")
      case .nothing:
        probeBroker()
        return
      }
      if let end, clock.now >= end { return }
    }
  }

  private var allCaughtUp: Bool { tasks.values.allSatisfy { $0.isCaughtUp } }

  private func numbers(_ partitions: [TopicPartition]) -> String {
    Set(partitions.map(\.partition)).sorted().map(String.init).joined(separator: ",")
  }

  private func complain(_ error: KafkaError) throws {
    if error.isFatal { throw error }
    if error.meansLoss {
      throw Disagreement(
        description: """
          \(error): records that were not processed yet are gone from an input (retention, or deleted). If that loss is accepted, \
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

  /// librdkafka tells when the brokers are gone, not when they are back: asked for until one answers.
  private func probeBroker() {
    guard let due = brokerProbe, ContinuousClock.now >= due, !tasks.isEmpty else { return }
    if consumer.reachesBroker(timeoutMilliseconds: 1000) {
      brokerProbe = nil
      health.ready = .yes
    } else {
      brokerProbe = .now + .seconds(2)
    }
  }

  // MARK: Assignment

  /// Restores each partition's state, and only then takes the partitions.
  private func open(_ partitions: [TopicPartition]) throws {
    closeTasks()
    let numbers = Set(partitions.map(\.partition)).sorted()
    for number in numbers {
      tasks[number] = try opener.open(number, of: numbers.count, consumer: consumer)
      health.beat()
    }
    try consumer.assign(partitions.map { ($0, tasks[$0.partition]?.position(of: $0.topic, topics) ?? Offset.beginning) })
    metrics.partitions.set(tasks.count)
    health.ready = .yes
    log.info("partitions assigned", ["partitions": self.numbers(partitions)])
  }

  private func closeTasks() {
    for (number, task) in tasks {
      task.store.close()
      metrics.forget(partition: number, topics: topics.inputs)
    }
    tasks.removeAll()
    gathered.removeAll()
    metrics.partitions.set(0)
  }

  // MARK: 2. Run

  /// Runs and writes what has been gathered; true if there was anything to write.
  private func process() throws -> Bool {
    let started = ContinuousClock.now
    let now = Contracts.Instant.now
    let count = gathered.count
    for (number, records) in Dictionary(grouping: gathered, by: \.partition) {
      if let task = tasks[number] { order.run(records, on: task.stages, now: now) }
    }
    gathered.removeAll(keepingCapacity: true)
    // At a month's end a million timers may be due at once: no more than a transaction takes, the rest in the next rounds.
    let ready = tasks.values.filter { !$0.stages.isVirtual && $0.isCaughtUp }
    for task in ready { task.stages.advance(to: now, timersMax: settings.batchRecordsMax) }
    var batches: [(OpenTask, Batch)] = []
    for number in tasks.keys.sorted() {
      guard let task = tasks[number] else { continue }
      let batch = try taken(from: task)
      if !batch.isEmpty { batches.append((task, batch)) }
    }
    guard !batches.isEmpty else { return false }
    metrics.records.add(count)
    metrics.batchRecords.observe(Double(count))
    metrics.batchSeconds.observe(ContinuousClock.now - started)
    guard let positions = try write(batches) else { return false }
    try keep(batches, positions)
    health.ready = .yes
    return true
  }

  private func taken(from task: OpenTask) throws -> Batch {
    do { return try task.stages.takeBatch() } catch let error as StoreError {
      try giveUp(task, error)
      throw error
    }
  }

  /// A corrupt store is deleted, never served; the next session rebuilds it.
  private func giveUp(_ task: OpenTask, _ error: StoreError) throws {
    guard case .corrupt = error else { return }
    log.error("\(error); it will be rebuilt", ["partition": task.number])
    task.store.close()
    try RocksStore.destroy(directory: task.directory)
  }

  // MARK: 3. Write

  /// One transaction; gives the changelog's new position for each task, by partition. nil: it was aborted and will be done again.
  private func write(_ batches: [(OpenTask, Batch)]) throws -> [Int32: Int64]? {
    let started = ContinuousClock.now
    do {
      hooks.reached(.beforeBegin)
      try Session.retrying { () throws(TransactionFailure) in try producer.begin() }
      hooks.reached(.afterBegin)
      for (task, batch) in batches { try produce(hooks.planted(batch), of: task) }
      hooks.reached(.afterProduce)
      try producer.flush(timeoutMilliseconds: Session.requestMilliseconds)
      hooks.reached(.afterFlush)
      var changelogEnds: [Int32: Int64] = [:]
      for delivery in producer.takeDeliveries() {
        changelogEnds[delivery.partition] = max(changelogEnds[delivery.partition] ?? 0, delivery.offset + 1)
      }
      var offsets: [TopicPartition: Int64] = [:]
      for (task, _) in batches {
        for (topic, offset) in task.stages.positions where offset != task.committedPositions[topic] {
          offsets[TopicPartition(topic: settings.topicPrefix + topic, partition: task.number)] = offset
        }
      }
      if offsets.isEmpty {
        // Timers alone move no position. Without offsets the broker would not ask whose partition it is (KIP-447), and an instance that
        // was frozen while its partitions moved would fire once more what their new owner has fired.
        for (task, _) in batches {
          for (topic, offset) in task.stages.positions {
            offsets[TopicPartition(topic: settings.topicPrefix + topic, partition: task.number)] = offset
          }
        }
      }
      let metadata = try consumer.groupMetadata()
      if hooks.fencesFormerOwners {
        try Session.retrying { () throws(TransactionFailure) in
          try producer.send(offsets: offsets, metadata, timeoutMilliseconds: Session.requestMilliseconds)
        }
      }
      hooks.reached(.afterOffsets)
      try Session.retrying { () throws(TransactionFailure) in
        try producer.commit(timeoutMilliseconds: Session.requestMilliseconds)
      }
      hooks.reached(.afterCommit)
      metrics.transactionSeconds.observe(ContinuousClock.now - started)
      abortsInARow = 0
      brokerProbe = nil
      return changelogEnds
    } catch let failure as TransactionFailure {
      guard case .abortable(let error) = failure else { throw failure }
      log.warning("transaction aborted, its batch is done again: \(error)")
      metrics.transactionsAborted.add()
      abortsInARow += 1
      guard abortsInARow <= Session.abortsInARowMax else { throw failure }
      try Session.retrying { () throws(TransactionFailure) in
        try producer.abort(timeoutMilliseconds: Session.requestMilliseconds)
      }
      try rewind()
      return nil
    }
  }

  private func produce(_ batch: Batch, of task: OpenTask) throws(TransactionFailure) {
    for output in batch.outputs {
      try producer.produce(
        topic: settings.topicPrefix + output.topic.name, partition: topics.partition(of: output.key), key: Array(output.key.utf8),
        value: output.data, headers: output.envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
    }
    for letter in batch.deadLetters {
      log.warning(
        "dead letter: \(letter.rejection)",
        ["topic": letter.record.topic.name, "partition": letter.record.partition, "offset": letter.record.offset])
      let kept = letter.kept
      try producer.produce(
        topic: topics.deadLetters, partition: task.number, key: kept.key, value: kept.value, headers: kept.headers)
    }
    for (key, record) in batch.repartitioned {
      try producer.produce(
        topic: topics.repartitioned, partition: topics.partition(of: key), key: Array(key.utf8), value: record.value,
        headers: record.headersWithPlace)
    }
    for change in batch.changes {
      try producer.produce(topic: topics.changelog, partition: task.number, key: change.key, value: change.value, token: 1)
    }
    hooks.reached(.whileProducing)
    metrics.outputs.add(batch.outputs.count)
  }

  /// Back to where the stores stand.
  private func rewind() throws {
    var positions: [TopicPartition: Int64] = [:]
    for task in tasks.values {
      task.stages.abort()
      // It has its end to reach again before the system's time may fire timers.
      task.ends.removeAll()
      for topic in topics.inputs {
        positions[TopicPartition(topic: topic, partition: task.number)] = task.position(of: topic, topics)
      }
    }
    try consumer.rewind(positions)
  }

  // MARK: 4. Keep

  private func keep(_ batches: [(OpenTask, Batch)], _ changelogEnds: [Int32: Int64]) throws {
    for (task, batch) in batches {
      do { try task.commit(batch, changelogEnd: changelogEnds[task.number]) } catch {
        try giveUp(task, error)
        throw error
      }
      hooks.reached(.afterStoreWrite)
      metrics.add(task.stages.counts, since: task.counted)
      task.counted = task.stages.counts
      for topic in topics.inputs { tellLag(of: topic, task) }
    }
    metrics.batches.add()
  }

  /// An end that was reached is as good as a position: the markers of transactions before it take offsets and are no records.
  private func tellLag(of topic: String, _ task: OpenTask) {
    guard let end = consumer.knownEnd(of: TopicPartition(topic: topic, partition: task.number)) else { return }
    let reached = max(0, task.position(of: topic, topics), task.ends[topic] ?? 0)
    metrics.lag(topic, task.number).set(Double(max(0, end - reached)))
  }
}
