import Contracts
import JSON

/// One partition of a service: its stages over the state of the keys that hash to it. Both drivers run it; it does no I/O but through
/// its store, and is confined to its driver's thread.
///
/// A driver admits records, runs them in order of their time, takes the batch, writes it to Kafka, and only then commits it to the
/// store. Until `commit`, everything can be dropped with `abort`.
public final class StageTask {
  let rows: StateRows
  let parser = JSONParser()
  public private(set) var counts = TaskCounts()

  private let service: ServiceName
  /// The `source` of what it writes.
  private let source: String
  private let stageByName: [String: AnyStage]
  private let readersByType: [String: [AnyStage]]
  private let programs: Set<ProgramID>
  private let store: any StateStore
  /// The partition that a key belongs to is this task's; nil: there is only one.
  private let owns: ((String) -> Bool)?
  private var progress: Progress
  private var committedProgress: Progress
  private var timers = TimerQueue()
  private var batch = Batch()

  /// - Parameters:
  ///   - programs: the programs of the deployment; an event of another one is dead-lettered.
  ///   - decodedRowsMax: rows that are kept decoded from one batch to the next.
  ///   - owns: tells whether a key belongs to this task's partition.
  public init(
    service: ServiceName, stages: [AnyStage], programs: Set<ProgramID>, store: any StateStore, decodedRowsMax: Int = 100_000,
    owns: ((String) -> Bool)? = nil
  ) throws {
    self.service = service
    source = "/laurel/\(service.rawValue)"
    readersByType = stages.reduce(into: [:]) { readers, stage in
      for type in Set(stage.reads.map(\.type)) { readers[type, default: []].append(stage) }
    }
    stageByName = Dictionary(stages.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.programs = programs
    self.store = store
    self.owns = owns
    rows = StateRows(store: store, decodedMax: decodedRowsMax)
    progress = try store.value(for: RowKey.progress).map { try JSONParser().decode(Progress.self, from: $0) } ?? Progress()
    committedProgress = progress
  }

  // MARK: Position and clock

  /// The next offset to read, by topic.
  public var positions: [String: Int64] { progress.positions }
  public func moved(_ topic: String, to offset: Int64) { progress.positions[topic] = offset }

  /// The latest instant that this task knows to have come; timers up to it have fired.
  public var clock: Instant { Instant(milliseconds: progress.clock) }
  /// The clock follows the bus (ticks and event times), not the system.
  public var isVirtual: Bool { progress.isVirtual }

  /// The first tick has come: the clock follows the bus from now on, for good. As far as it has run ahead with the system's time it
  /// goes back to the tick, or a bus whose clock starts in the past would see every timer due at once.
  public func followBus(from tick: Instant) {
    guard !progress.isVirtual else { return }
    progress.isVirtual = true
    progress.clock = min(progress.clock, tick.milliseconds)
  }

  /// Moves the clock, never back; what is due on the way fires in order.
  ///
  /// - Parameter timersMax: after so many the clock stays where the last one was due; the next call goes on from there.
  public func advance(to instant: Instant, timersMax: Int = .max) {
    var fired = 0
    while fired < timersMax {
      guard fireNext(upTo: instant) != nil else {
        if instant > clock { progress.clock = instant.milliseconds }
        return
      }
      fired += 1
    }
  }

  /// The due instant of the earliest timer.
  public var nextDue: Instant? { timers.peek(rows: rows)?.due }

  /// Fires the earliest timer if it is due at `instant`; gives its due instant.
  @discardableResult
  public func fireNext(upTo instant: Instant) -> Instant? {
    guard let timer = timers.next(dueAt: instant, rows: rows) else { return nil }
    let due = timer.due
    let key = RowKey.timer(timer)
    guard let row = rows.value(TimerRow.self, key) else { return due }
    counts.timersFired += 1
    if due > clock { progress.clock = due.milliseconds }
    rows.beginTurn()
    rows.set(key, nil)
    do {
      guard let stage = stageByName[row.stage] else { return due }
      try stage.fire(row, due, self)
    } catch let rejection as Rejection {
      rows.undoTurn()
      rows.set(key, nil)
      let record = InputRecord(
        topic: .deadLetters(service), partition: 0, offset: 0, key: Array(row.key.utf8), value: Array(row.due.utf8),
        headers: [("laurel_timer", Array("\(row.stage) due \(due)".utf8))])
      deadLetter(record, rejection)
    } catch {
      rows.fail(error)
    }
    return due
  }

  // MARK: Events

  /// Decodes a record once for all the stages that read it. nil: nothing to run — it was ignored, dead-lettered or belongs to another
  /// partition, which is in the batch then.
  ///
  /// - Parameter latest: a time beyond it is refused (`future-time`); nil: any.
  public func admit(_ record: InputRecord, latest: Instant?) -> AdmittedEvent? {
    do {
      return try admitted(record, latest: latest)
    } catch let rejection as Rejection {
      deadLetter(record, rejection)
    } catch let error as JSONError {
      deadLetter(record, Rejection(error))
    } catch {
      rows.fail(error)
    }
    return nil
  }

  private func admitted(_ record: InputRecord, latest: Instant?) throws -> AdmittedEvent? {
    guard let value = record.value else {
      // A tombstone is legal on any topic and says nothing here.
      counts.ignored += 1
      return nil
    }
    // With the headers: what they hold is handed on to every output. What comes from outside is bounded; what Laurel itself has made of
    // it was let in with it, and may have gathered more.
    let bytes = record.headers.reduce(value.count) { $0 + $1.value.count }
    guard bytes <= Envelope.maximumBodyBytes || record.topic.isOwn else {
      throw Rejection(.oversized, "\(bytes) bytes; the limit is \(Envelope.maximumBodyBytes)")
    }
    let (envelope, data) = try Envelope.record(
      headers: record.headers, value: value, parser: parser, isBounded: !record.topic.isOwn)
    guard let readers = readersByType[envelope.type] else {
      try rejectIfNotYet(envelope.type, data)
      return nil
    }
    let steps = try parser.read(data) { json throws(JSONError) in
      var steps: [Step] = []
      for stage in readers {
        if let step = try stage.decode(envelope.type, record.topic, json) { steps.append(step) }
      }
      return steps
    }
    guard let step = steps.first else {
      let topic = MessageRegistry.type(named: envelope.type)?.topic.name ?? "another topic"
      throw Rejection(.wrongTopic, "\(envelope.type) belongs on \(topic), not on \(record.topic.name)")
    }
    let message = step.message
    let time = envelope.time ?? message.instant
    // Laurel's own records were let in at their cause; a hop that is refused would leave half of it done.
    if let latest, step.topic.kind == .input, max(time, message.instant) > latest {
      throw Rejection(.futureTime, "\(max(time, message.instant)) is after \(latest)")
    }
    if let owns, !owns(message.key) {
      counts.repartitioned += 1
      batch.repartitioned.append((message.key, record))
      return nil
    }
    counts.unknownFields += parser.unknownFields.count
    return AdmittedEvent(record: record, time: time, envelope: envelope, program: try program(of: envelope), steps: steps)
  }

  /// A type that no stage of this service reads: either another service does, or nobody yet, or it is not part of the contract.
  private func rejectIfNotYet(_ type: String, _ data: [UInt8]) throws {
    guard let message = MessageRegistry.type(named: type) else {
      counts.ignored += 1
      return
    }
    guard MessageRegistry.notYet[type] == service else { return }
    try parser.read(data) { json throws(JSONError) in _ = try message.init(json: json) }
    throw Rejection(.notYet, "\(type) is part of the contract, but this release does not handle it yet")
  }

  private func program(of envelope: Envelope) throws(Rejection) -> ProgramID {
    if let program = envelope.program {
      guard programs.contains(program) else {
        throw Rejection(.unknownProgram, "this deployment has no program '\(program)'")
      }
      return program
    }
    guard let only = programs.first, programs.count == 1 else {
      throw Rejection(.missingProgram, "'program' is absent and this deployment has \(programs.count) programs")
    }
    return only
  }

  /// Runs an admitted event through the stages that read it, then what it made due.
  public func run(_ event: AdmittedEvent) {
    var rejections: [Rejection] = []
    for step in event.steps {
      rows.beginTurn()
      do throws(Rejection) {
        let body = step.repeats == .harmless ? nil : step.message.fingerprint()
        let identity = step.identity(event.envelope, body: body)
        if let body, try isKnown(step, event, identity, body) {
          counts.repeated += 1
          continue
        }
        try step.run(event.envelope, event.program, "\(event.envelope.type)\u{1f}\(identity)", self)
        counts.processed += 1
      } catch {
        rows.undoTurn()
        // Two stages that refuse one event for one reason: one dead letter.
        if !rejections.contains(error) { deadLetter(event.record, error) }
        rejections.append(error)
      }
    }
    while fireNext(upTo: clock) != nil {}
  }

  /// Tells a repeated event from a new one, and rejects another body under a known identity (DECISIONS R3): the business key where the
  /// type has one, else the envelope's source and id. Bodies are compared by the fields that the revision knew which took the first one.
  private func isKnown(_ step: Step, _ event: AdmittedEvent, _ identity: String, _ body: UInt64) throws(Rejection) -> Bool {
    let type = event.envelope.type
    func row(_ identity: String) -> [UInt8] {
      RowKey.seen(stage: step.stage, program: event.program.value, key: step.message.key, type: type, identity: identity)
    }
    if step.repeats == .rememberedByBody {
      for revision in 1..<MessageRegistry.revision {
        let earlier = step.message.fingerprint(revision: revision)
        if rows.value(Seen.self, row(Step.identity(ofBody: earlier)))?.revision == revision { return true }
      }
    }
    let key = row(identity)
    if let known = rows.value(Seen.self, key) {
      let same = known.revision == MessageRegistry.revision ? body : step.message.fingerprint(revision: known.revision)
      guard UInt64(bitPattern: known.body) == same else {
        let id = step.message.businessID.map { "'\($0)'" } ?? "with source and id '\(event.envelope.id)'"
        throw Rejection(.conflictingDuplicate, "\(type) \(id) was already received with different content")
      }
      return true
    }
    rows.set(key, Seen(body: Int64(bitPattern: body), revision: MessageRegistry.revision))
    return false
  }

  // MARK: What a turn leaves behind

  /// Turns what a stage left behind into records and rows: all of it, or none if something cannot be written.
  func finish<S: Stage>(_ turn: Turn<S>, origin: String) throws(Rejection) {
    var outputs: [OutputRecord] = []
    outputs.reserveCapacity(turn.outputs.count)
    for (index, output) in turn.outputs.enumerated() {
      let message = output.message
      let topic = Swift.type(of: message).topic
      let data = message.jsonBytes()
      let sequence = topic.kind == .notices ? nextSequence(turn.program, topic, message.key) : nil
      let envelope = envelope(of: message, turn, id: derive(origin, turn, "\(index)"), sequence: sequence)
      outputs.append(OutputRecord(topic: topic, key: message.key, envelope: envelope, data: data))
    }
    var letters: [DeadLetter] = []
    for (index, refused) in turn.refused.enumerated() {
      let message = refused.message
      // A whole event again, so that it can be sent once more as it is.
      let headers = envelope(of: message, turn, id: derive(origin, turn, "r\(index)"), sequence: nil).headers
      let record = InputRecord(
        topic: Swift.type(of: message).topic, partition: 0, offset: 0, key: Array(message.key.utf8), value: message.jsonBytes(),
        headers: headers.map { (name: $0.0, value: Array($0.1.utf8)) })
      letters.append(DeadLetter(rejection: refused.rejection, record: record))
    }
    var set: [(due: Instant, row: TimerRow)] = []
    for (index, timer) in turn.timers.enumerated() {
      let due = String(decoding: timer.what.jsonBytes(), as: UTF8.self)
      let row = TimerRow(
        stage: S.name, program: turn.program, key: turn.key, due: due, cause: turn.cause,
        origin: derive(origin, turn, "t\(index)"))
      set.append((timer.due, row))
    }
    // Nothing is refused from here on: what is outside the rows cannot be undone with them.
    batch.outputs.append(contentsOf: outputs)
    for letter in letters { deadLetter(letter.record, letter.rejection) }
    for (due, row) in set {
      progress.timerOrder += 1
      let timer = TimerKey(due: due, order: progress.timerOrder)
      rows.set(RowKey.timer(timer), row)
      timers.add(timer)
    }
  }

  private func nextSequence(_ program: ProgramID, _ topic: Topic, _ key: String) -> Int64 {
    let row = RowKey.sequence(program: program.value, topic: topic.name, key: key)
    let next = (rows.value(Int64.self, row) ?? 0) + 1
    rows.set(row, next)
    return next
  }

  private func envelope<S: Stage>(of message: any Message, _ turn: Turn<S>, id: String, sequence: Int64?) -> Envelope {
    Envelope(
      id: id, source: source, type: Swift.type(of: message).type, time: message.instant, subject: message.key,
      program: turn.program, partitionKey: sequence == nil ? nil : message.key, sequence: sequence, causationID: turn.cause,
      traceparent: turn.traceparent)
  }

  private func derive<S: Stage>(_ origin: String, _ turn: Turn<S>, _ ordinal: String) -> String {
    StableHash.hex128(of: "\(turn.program.value)\u{1e}\(origin)\u{1e}\(S.name)\u{1e}\(turn.key)\u{1e}\(ordinal)")
  }

  /// A record that the driver itself could not take.
  public func deadLetter(_ record: InputRecord, _ rejection: Rejection) {
    counts.deadLetters[rejection.reason, default: 0] += 1
    batch.deadLetters.append(DeadLetter(rejection: rejection, record: record))
  }

  // MARK: Batches

  /// What has happened since the last commit, the task's new position among the changes.
  public func takeBatch() throws -> Batch {
    // A clock that has moved and made nothing due is no news: it needs no transaction.
    var asCommitted = committedProgress
    asCommitted.clock = progress.clock
    if progress != asCommitted || rows.isChanged || !batch.isEmpty { rows.set(RowKey.progress, progress) }
    batch.changes = try rows.changes()
    return batch
  }

  /// Outputs, dead letters and re-keyed records of the open batch so far, taken out: for the simulation, which hands them on at once.
  public func takeRecords() -> Batch {
    defer { batch = Batch() }
    return batch
  }

  /// The batch is on the bus: writes it to the store, with the driver's own rows beside it.
  public func commit(_ batch: Batch, alongside own: [RowChange] = []) throws(StoreError) {
    try store.write(batch.changes + own)
    rows.commit()
    timers.commit()
    committedProgress = progress
    self.batch = Batch()
  }

  /// Drops everything since the last commit.
  public func abort() {
    rows.abort()
    timers.abort()
    progress = committedProgress
    batch = Batch()
  }

  /// Why the open batch cannot be taken; nil: all is well.
  public var failure: (any Error)? { rows.failure }
}

/// Where a task stands; one row of its state, so that it can never disagree with the rest.
struct Progress: Stored, Equatable {
  var positions: [String: Int64] = [:]
  /// Milliseconds since 1970.
  var clock: Int64 = 0
  var isVirtual = false
  /// Timers set so far.
  var timerOrder: Int64 = 0
}

/// The driver's memory of an event from outside.
struct Seen: Stored {
  /// The fingerprint of its body by the fields of a revision of the contract.
  let body: Int64
  let revision: Int
}

/// The positions in a task's changelog record of its progress: for those who watch a service from outside (`laurel publish --in-order`).
public enum ProgressRecord {
  /// Input positions by topic, if this changelog row is a task's progress.
  public static func positions(key: [UInt8], value: [UInt8], parser: JSONParser) throws(JSONError) -> [String: Int64]? {
    guard key == RowKey.progress else { return nil }
    return try parser.decode(Progress.self, from: value).positions
  }
}
