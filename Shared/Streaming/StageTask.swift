import Contracts
import JSON

/// One partition of a service: its stages, with the state of the keys that hash to it. Both drivers run it. It does I/O only
/// through its store, and only its driver's thread uses it.
///
/// A driver admits records, runs the events in order of their time, takes the batch, writes it to Kafka, and only then commits it to the
/// store. Until `commit`, `abort` can drop everything.
public final class StageTask {
  /// The partition of a task, and how keys map to partitions.
  public struct Place: Sendable {
    public let partition: Int32
    /// The partition that a key belongs to.
    public let partitionOf: @Sendable (_ key: UnsafeRawBufferPointer) -> Int32

    public init(partition: Int32, partitionOf: @escaping @Sendable (UnsafeRawBufferPointer) -> Int32) {
      self.partition = partition
      self.partitionOf = partitionOf
    }

    /// A single partition for all keys.
    public static let whole = Place(partition: 0, partitionOf: { _ in 0 })
  }

  let state: TaskState
  let programs: [ProgramID]
  /// The `source` attribute of its messages.
  let source: String
  public private(set) var counts = TaskCounts()

  let service: ServiceName
  let store: any StateStore
  let place: Place
  let parser = JSONParser()
  let routes = Routes()
  private var runners: [String: AnyRunner] = [:]
  var progress: Progress
  private var committedProgress: Progress
  private var timers = TimerQueue()
  private(set) var batch = Batch()
  /// The number of messages of the open batch that the driver has seen, to hand them over.
  var handOversSeen = 0
  private var committedCounts = TaskCounts()
  private(set) var latest: Instant?
  private var invocation = Invocation()
  /// A buffer for texts that are only hashed.
  var room = JSONWriter(capacity: 1 << 12)

  /// - Parameters:
  ///   - programs: the programs of the deployment; an event of any other program becomes a dead letter.
  ///   - decodedRowsMax: the maximum number of rows kept decoded between batches.
  ///   - owner: the deployment; `nil` without a bus.
  /// - Throws: `StateForm` if the store has another format than this version's; `ForeignState` if it belongs to another deployment.
  public init(
    service: ServiceName, stages: [AnyStage], programs: Set<ProgramID>, store: any StateStore, decodedRowsMax: Int = 100_000,
    place: Place = .whole, owner: StateOwner? = nil
  ) throws {
    self.service = service
    source = "/laurel/\(service.rawValue)"
    self.programs = programs.sorted { $0.value < $1.value }
    self.store = store
    self.place = place
    state = TaskState(store: store, decodedMax: decodedRowsMax)
    progress = try store.value(for: RowKey.progress).map { try Progress(stored: $0) } ?? Progress()
    if let owner { try progress.claim(for: owner) }
    committedProgress = progress
    for stage in stages { runners[stage.name] = stage.start(self, routes) }
    guard progress.watched == nil else { return }
    // Needed only for a new store, or for the store of a release that did not count rows.
    let counts = try runners.values.compactMap { try $0.watchedRows(in: store, parser) }
    if !counts.isEmpty { progress.watched = counts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) } }
    committedProgress = progress
  }

  // MARK: Position and clock

  /// The next offset to read, by topic.
  public var positions: [String: Int64] { progress.positions }

  /// The timestamp of the last record read from a topic, in milliseconds since 1970; `nil` if none was read.
  public func timestamp(of topic: String) -> Int64? { progress.timestamps?[topic] }

  /// The latest instant that this task has reached. Timers up to it have fired.
  public var clock: Instant { Instant(milliseconds: progress.clock) }
  /// The number of rows of each counted kind.
  public var watchedRows: [String: Int64] { progress.watched ?? [:] }
  /// Whether the clock follows the bus (ticks and event times) instead of the system.
  public var isVirtual: Bool { progress.isVirtual }

  /// Moves the clock forward, never back, and fires due timers in order.
  ///
  /// - Parameter timersMax: the maximum number of timers to fire. If it is reached, the clock stops where the last one was due, and
  ///   the next call continues from there.
  public func advance(to instant: Instant, timersMax: Int = .max) {
    var fired = 0
    while fired < timersMax {
      guard fireNext(upTo: instant) else {
        if instant > clock { progress.clock = instant.milliseconds }
        return
      }
      fired += 1
    }
  }

  /// The earliest instant at which a timer may be due.
  public var nextDue: Instant? { timers.nextDue(state: state) }

  /// Fires the earliest timer due at `instant`. Returns false if there is none.
  private func fireNext(upTo instant: Instant) -> Bool {
    while let timer = timers.next(dueAt: instant, state: state) {
      lay(timer)
      guard let mark = state.storedMark(Self.timerMarks), mark.isThere, let parts = RowKey.parts(of: timer.row) else { continue }
      counts.timersFired += 1
      if timer.due > clock { progress.clock = timer.due.milliseconds }
      beginInvocation()
      state.touch(mark)
      mark.isThere = false
      do throws(Rejection) {
        try runners[parts.stage]?.fire(timer, parts, self)
        endInvocation()
      } catch {
        undoInvocation()
        let record = InputRecord(
          topic: .deadLetters(service), key: Array(parts.key.utf8), value: timer.row,
          headers: [("laurel_timer", Array("\(RowKey.text(timer.row)) due \(timer.due)".utf8))])
        deadLetter(record, error)
      }
      return true
    }
    return false
  }

  // MARK: Events

  /// Moves the position past this record. Call it when the task has taken this record and all records before it.
  public func moved(past record: InputRecord) { progress.moved(record) }

  /// The messages that should have come before this event; `nil` if none is missing. An event after a gap must not run: Kafka has
  /// hidden or lost records, and decisions without them would be wrong.
  public func gap(before event: Event) -> Gap? {
    guard let number = event.number else { return nil }
    return progress.gap(before: number, startsAnywhere: trimmed.contains(number.topic))
  }

  /// Whether to reject all events of unknown types on input topics, not only those that look like Laurel's own.
  public var rejectsForeignTypes = false

  /// Topics whose older records Kafka deletes (retention), so that the first message read from a source may have any number.
  public var trimmed: Set<String> = []

  /// Runs an event, and then the timers that it made due.
  ///
  /// - Parameter latest: an event from outside with a later time is rejected (`future-time`). `nil` allows any time.
  public func run(_ event: Event, latest: Instant? = nil) {
    self.latest = latest
    if let number = event.number {
      switch progress.take(number, startsAnywhere: trimmed.contains(number.topic)) {
      case .next: event.run(self)
      case .repeated: counts.repeated += 1
      // The driver checks for gaps before it runs an event, so this can only be a needless repair record.
      case .early: countIgnored()
      }
    } else {
      event.run(self)
    }
    while fireNext(upTo: clock) {}
  }

  /// Handles the first tick. From now on, the clock always follows the bus. If it has run ahead with system time, it goes back to
  /// the tick. Otherwise, on a bus whose clock starts in the past, every timer would be due at once.
  public func followBus(from tick: Instant) {
    guard !progress.isVirtual else { return }
    progress.isVirtual = true
    progress.clock = min(progress.clock, tick.milliseconds)
  }

  // MARK: Effects of events

  /// - Parameter type: the type of the event's message.
  func runSteps(of event: Event, _ type: ObjectIdentifier) {
    guard let steps = routes[type]?.steps else { return }
    var rejections: [Rejection] = []
    for step in steps {
      beginInvocation()
      do throws(Rejection) {
        if try step(event, self) { counts.processed += 1 } else { counts.repeated += 1 }
        if let rejection = endInvocation() { deadLetter(event.record, rejection) }
      } catch {
        undoInvocation()
        // If two stages reject an event for the same reason, write one dead letter.
        if !rejections.contains(error) { deadLetter(event.record, error) }
        rejections.append(error)
      }
    }
  }

  func countIgnored(_ type: String? = nil) { counts.countIgnored(type) }
  func countUnknown(field: String, of type: String, from source: String) {
    counts.count(UnknownField(type: type, field: field, source: source))
  }

  func count(_ event: String) { counts.stageEvents[event, default: 0] += 1 }

  func repartition(_ record: InputRecord, key: String) {
    counts.repartitioned += 1
    batch.repartitioned.append((key, record))
  }

  /// Adds a dead letter for a record that cannot be processed.
  func deadLetter(_ record: InputRecord, _ rejection: Rejection) {
    batch.deadLetters.append(DeadLetter(rejection: rejection, record: record))
  }

  func hash(_ write: (inout JSONWriter) -> Void) -> StableHash.Value128 {
    room.removeAll()
    write(&room)
    return StableHash.value128(of: room.bytes(in: 0..<room.count))
  }

  // MARK: Effects of an invocation

  /// Begins an invocation: `undoInvocation` will undo everything done from here on.
  func beginInvocation() {
    state.beginInvocation()
    invocation.begin(batch.mark, watched: progress.watched)
  }

  /// Why the current event becomes a dead letter although its effects are kept (`Context.reject`).
  func reject(_ rejection: Rejection) { invocation.rejection = rejection }

  /// A timer that the open invocation has set.
  func armed(_ timer: TimerKey) { invocation.armed.append(timer) }

  /// - Returns: the rejection of its event, if it has rejected it.
  @discardableResult func endInvocation() -> Rejection? {
    state.endInvocation()
    let (armed, rejection) = invocation.end()
    for timer in armed { timers.add(timer) }
    return rejection
  }

  func undoInvocation() {
    state.undoInvocation()
    progress.watched = invocation.watched
    progress.timerOrder -= Int64(invocation.end().armed.count)
    batch.removeAll(from: invocation.mark) { progress.unsent($0, to: $1) }
  }

  func write<M: Message>(
    _ message: M, _ id: StableHash.Value128, _ program: ProgramID, cause: String, traceparent: String?
  ) {
    let topic = M.topic
    var key = message.key
    let partition = key.withUTF8 { place.partitionOf(UnsafeRawBufferPointer($0)) }
    let heading = Outbox.Heading(
      id: id, source: source, program: program, cause: cause, traceparent: traceparent,
      sequence: topic.kind == .notices ? nextSequence(program, topic, key) : nil, partition: partition,
      hop: Hop(partition: place.partition, number: progress.sent(topic, to: partition)))
    batch.outbox.add(message, key: key, heading)
  }

  private static let sequences = AnyTable.inner("sequence", of: Int64.self)

  private func nextSequence(_ program: ProgramID, _ topic: Topic, _ key: String) -> Int64? {
    state.key.removeAll(keepingCapacity: true)
    RowKey.appendSequence(program: program.value, topic: topic.name, key: key, to: &state.key)
    guard let cell = state.cell(Self.sequences, of: Int64.self) else { return nil }
    state.touch(cell)
    let next = (cell.value ?? 0) + 1
    cell.value = next
    return next
  }

  // MARK: Batches

  /// Everything since the last commit, including the task's new position.
  public func takeBatch() throws -> Batch {
    // A clock that has moved without firing a timer needs no transaction.
    var asCommitted = committedProgress
    asCommitted.clock = progress.clock
    if progress != asCommitted || state.isChanged || !batch.isEmpty {
      state.key = RowKey.progress
      if let cell = state.cell(Self.progressTable, of: Progress.self) {
        state.touch(cell)
        cell.value = progress
      }
    }
    batch.changes = try state.changes()
    return batch
  }

  private static let progressTable = AnyTable.inner("progress", of: Progress.self)

  /// Removes and returns the messages and dead letters so far, for the simulation; `nil` if there are none. Later messages go to `empty`.
  public func takeRecords(
    leaving empty: @autoclosure () -> Outbox = Outbox()
  ) -> (outbox: Outbox, deadLetters: [DeadLetter])? {
    guard let taken = batch.takeRecords(leaving: empty()) else { return nil }
    count(taken.deadLetters)
    return taken
  }

  /// Writes the batch to the store, together with the driver's own row. Call it after the batch is on the bus.
  public func commit(alongside own: RowChange? = nil) throws(StoreError) {
    if let own { batch.changes.add(own.key, own.value) }
    try store.write(batch.changes)
    state.commit()
    timers.commit()
    count(batch.deadLetters)
    committedProgress = progress
    committedCounts = counts
    batch.reset()
    handOversSeen = 0
  }

  private func count(_ letters: [DeadLetter]) {
    for letter in letters { counts.deadLetters[letter.rejection.reason, default: 0] += 1 }
  }

  /// Drops everything since the last commit. The events may be run again.
  public func abort() {
    state.abort()
    timers.abort()
    progress = committedProgress
    counts = committedCounts
    invocation = Invocation()
    batch.reset()
    handOversSeen = 0
  }

  /// Why the open batch cannot be taken; `nil` if it can.
  public var failure: (any Error)? { state.failure }
}

/// The open invocation of a task: what to restore if it is undone, and what its end does.
private struct Invocation {
  private(set) var mark = Batch.Mark()
  private(set) var watched: [String: Int64]?
  var armed: [TimerKey] = []
  var rejection: Rejection?

  mutating func begin(_ mark: Batch.Mark, watched: [String: Int64]?) {
    self.mark = mark
    self.watched = watched
  }

  mutating func end() -> (armed: [TimerKey], rejection: Rejection?) {
    defer { (armed, rejection) = ([], nil) }
    return (armed, rejection)
  }
}
