import Contracts
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// What a partition has run in a round of its session's loop.
struct Round {
  /// Whether the inputs have records.
  enum Next {
    case nothing
    /// Records exist but have not arrived yet.
    case awaited
    case more
  }

  var records = 0
  var bytes = 0
  var timers = 0
  var next = Next.more
}

/// A partition that this instance owns: its stages, its store and its inputs.
final class AssignedPartition {
  /// If an input's lag is above this, the other inputs wait for it again, even if its end was reached before.
  private static let farBehind: Int64 = 1_000

  /// One topic's partition.
  struct Input {
    let topic: Topic
    /// The topic's name has the deployment's prefix.
    let place: TopicPartition
    let lag: Gauge
    fileprivate(set) var queue: PartitionQueue?
    /// The end of the input when it was last reached. Transaction markers take offsets too, so the position may stay below it.
    fileprivate(set) var end: Int64 = 0
    /// Whether a record has arrived since the assignment, and with it the end of the input at that moment.
    fileprivate(set) var isFetched = false
  }

  let number: Int32
  let directory: String
  let store: RocksStore
  let stages: StageTask
  private(set) var inputs: [Input]
  var counted = TaskCounts()
  /// Errors that librdkafka has reported for the inputs.
  private var errors: [KafkaError] = []
  /// The group's committed offsets, by topic. Some may be unknown.
  private(set) var committedPositions: [String: Int64] = [:]
  private var order: EventOrder
  private(set) var stopped: Stop? {
    didSet { reportStop(before: oldValue) }
  }
  private var hasStopNews = false
  /// The time of the last event that ran, or the timestamp of its record if the event was unreadable.
  private(set) var lastEventTime: Contracts.Instant?
  /// Records of the open batch in the order in which they ran. They run again after an abort.
  private var open: [InputRecord] = []
  /// The system's time at the last call of `run`.
  private var now = Contracts.Instant(milliseconds: 0)
  private let clock: Settings.ClockSetting
  private let changelog: ChangelogIdentity
  private let log: Log

  init(
    number: Int32, directory: String, store: RocksStore, stages: StageTask, inputs: [Input],
    committed: [TopicPartition: Int64], settings: Settings, changelog: ChangelogIdentity, log: Log
  ) {
    self.number = number
    self.directory = directory
    self.store = store
    self.stages = stages
    self.inputs = inputs
    clock = settings.clock
    self.changelog = changelog
    self.log = log
    order = EventOrder(inputs: inputs.count, patience: settings.inputWait)
    for input in inputs { committedPositions[input.topic.name] = committed[input.place] }
  }

  /// Gives each input its own queue. Call it before the partitions are assigned.
  func connect(_ consumer: Consumer) throws(KafkaError) {
    for index in inputs.indices { inputs[index].queue = try consumer.split(inputs[index].place) }
  }

  func close() {
    store.close()
    open.removeAll()
    for index in inputs.indices { inputs[index].queue = nil }
  }

  /// Whether every input has been read to its end. Until then, system time must not fire timers: earlier events may still arrive.
  var isCaughtUp: Bool { order.isCaughtUp && stopped == nil }

  /// A gap of missing messages. Everything after it waits until `laurel repair` has written them again.
  struct Stop {
    fileprivate let event: Event
    let gap: Gap
  }

  /// The next offset to read from an input.
  func position(of input: Input) -> Int64 { stages.positions[input.topic.name] ?? Offset.beginning }

  /// Makes the next transaction send all positions again.
  func forgetCommittedPositions() { committedPositions = [:] }

  // MARK: Running

  /// Runs the records that have arrived, in order of event time, up to a number of records and bytes. When every input has been read to
  /// its end, also fires the timers that are due by the system's clock.
  ///
  /// - Parameter timersMax: at the end of a month, a million timers may be due at once. Only as many as fit into a transaction fire, and
  ///   the rest in later ones.
  func run(upTo limit: Int, bytesMax: Int, timersMax: Int, now: Contracts.Instant) -> Round {
    self.now = now
    var round = runRecords(upTo: limit, bytesMax: bytesMax, now: now)
    guard !stages.isVirtual, isCaughtUp else { return round }
    let before = stages.counts.timersFired
    stages.advance(to: now, timersMax: timersMax)
    round.timers = stages.counts.timersFired - before
    return round
  }

  private func runRecords(upTo limit: Int, bytesMax: Int, now: Contracts.Instant) -> Round {
    var round = Round()
    while round.records < limit, round.bytes < bytesMax {
      switch next() {
      case .event(let event):
        if stopped == nil, let gap = stages.gap(before: event) {
          stopped = Stop(event: event, gap: gap)
          continue
        }
        round.records += 1
        run(event, now: now)
        open.append(event.record)
        round.bytes += (event.record.memory.keyBytes?.count ?? 0) + (event.record.memory.valueBytes?.count ?? 0)
      case .awaits:
        if round.records == 0 { round.next = .awaited }
        return round
      case .none:
        if round.records == 0 { round.next = .nothing }
        return round
      }
    }
    return round
  }

  /// Runs a message that a partition of this instance has just written to this one, instead of reading it from its topic.
  ///
  /// - Returns: false if it must come from the topic, because something that is older may still have to run.
  func run(handedOver message: OutputRecord, now: Contracts.Instant) -> Bool {
    guard isCaughtUp, let event = stages.admit(handedOver: message) else { return false }
    advance(to: event, now: now)
    stages.run(event)
    return true
  }

  /// While messages are missing, reads only the topic on which they can be repaired.
  private func next() -> EventOrder.Next {
    guard let stop = stopped else { return order.next(from: self) }
    if case let gap = stages.gap(before: stop.event), gap != stop.gap {
      stopped = gap.map { Stop(event: stop.event, gap: $0) }
      guard gap != nil else { return .event(stop.event) }
    }
    let repairs = inputs.firstIndex { $0.topic.isRepartitioned }
    return repairs.flatMap { order.next(of: $0, from: self) }.map { .event($0) } ?? .none
  }

  /// Whether the partition is stopped; `nil` if that has not changed since the last call.
  func takeStopNews() -> Bool? {
    guard hasStopNews else { return nil }
    hasStopNews = false
    return stopped != nil
  }

  private func reportStop(before: Stop?) {
    hasStopNews = true
    guard let stopped else {
      return log.notice("the missing messages have arrived; the partition continues", ["partition": number])
    }
    guard before == nil else { return }
    log.error(
      """
      \(stopped.gap) are missing, and the partition is stopped: Kafka has hidden or lost records. Run 'laurel repair' \
      (ops/docs/RUNBOOK.md, "Missing messages")
      """, ["partition": number, "offset": stopped.event.record.offset])
  }

  /// Under system time, a record further in the future than this becomes a dead letter. No clock can be that wrong.
  private static let futureMax = TimeSpan.hours(24)

  private func run(_ event: Event, now: Contracts.Instant) {
    stages.moved(past: event.record)
    lastEventTime = event.time ?? event.record.timestamp.map { Contracts.Instant(milliseconds: $0) } ?? lastEventTime
    advance(to: event, now: now)
    let wasVirtual = stages.isVirtual
    stages.run(event, latest: wasVirtual ? nil : now + Self.futureMax)
    if stages.isVirtual, !wasVirtual { log.notice("following the bus's virtual clock from now on", ["partition": number]) }
  }

  /// Fires the timers due before an event. Under system time the instant in its data may be used, because nothing past now fires.
  private func advance(to event: Event, now: Contracts.Instant) {
    let isVirtual = stages.isVirtual || event.record.topic.kind == .clock
    if let time = isVirtual ? event.clock : event.time.map({ min($0, now) }) { stages.advance(to: time) }
  }

  /// Errors that librdkafka has reported for the inputs since the last call.
  func takeErrors() -> [KafkaError] {
    guard !errors.isEmpty else { return [] }
    defer { errors.removeAll() }
    return errors
  }

  /// Runs the open batch again from the store's state.
  func runAgain(now: Contracts.Instant) {
    stages.abort()
    for record in open { run(read(record), now: now) }
  }

  /// - Parameter changelogEnd: the offset after the batch's last changelog record.
  func commit(changelogEnd: Int64?) throws(StoreError) {
    let own = changelogEnd.map { ChangelogPosition(next: $0, writtenAt: Instant.now.milliseconds, of: changelog).row }
    try stages.commit(alongside: own)
    open.removeAll(keepingCapacity: true)
    committedPositions = stages.positions
    reportLags()
  }

  /// Call it once a second as well: records also arrive while nothing is committed.
  func reportLags() {
    for input in inputs { reportLag(of: input) }
  }

  private func reportLag(of input: Input) {
    guard let end = input.queue?.knownEnd else { return }
    let done = open.isEmpty ? max(position(of: input), input.end) : committedPositions[input.topic.name] ?? position(of: input)
    input.lag.set(Double(max(0, end - max(0, done))))
  }
}

extension AssignedPartition: EventSource {
  private func read(_ record: InputRecord) -> Event {
    guard record.topic.kind == .clock else { return stages.admit(record) }
    // A task that has once followed the bus's clock keeps following it.
    let isFollowed = clock == .bus || stages.isVirtual
    if !isFollowed { log.warning("a tick on the clock topic is ignored: --clock is system") }
    return stages.tick(record, isFollowed: isFollowed)
  }

  func take(_ index: Int) -> Taken {
    let input = inputs[index]
    guard let queue = input.queue else { return .nothing(left: .unknown) }
    switch queue.take() {
    case .record(let record):
      inputs[index].isFetched = true
      let event = read(
        InputRecord(
          topic: input.topic, partition: record.partition, offset: record.offset, timestamp: record.timestamp, memory: record))
      // An event dated in the future would hold back its whole input until that time.
      return .event(event, at: stages.isVirtual ? event.time : event.time.flatMap { $0 <= now ? $0 : nil })
    case .end(_, let offset):
      inputs[index].end = offset
      reportLag(of: inputs[index])
      return .end
    case .error(let error):
      errors.append(error)
      return .nothing(left: .unknown)
    case .assigned, .revoked, .lost, .nothing: return .nothing(left: left(of: input))
    }
  }

  /// librdkafka reports the end only after a fetch without records. On a busy input there may be none, so a position at the known end counts
  /// as well. The last offset may be a transaction's marker.
  private func left(of input: Input) -> Taken.Left {
    guard let known = input.queue?.knownEnd else { return .unknown }
    let position = position(of: input)
    let reached = max(position, input.end)
    if input.isFetched, reached >= known - 1 { return .nothing }
    // If nothing was read since the end, an open transaction holds back the rest.
    return position > input.end && known - reached > Self.farBehind ? .much : .unknown
  }
}

extension Kafka.Record: RecordMemory {
  public func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    forEachHeader { (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) in
      if let value { body(name, value) }
    }
  }
}
