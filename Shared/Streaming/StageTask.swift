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
  private let stages: [AnyStage]
  private let stageByName: [String: AnyStage]
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
  ///   - owns: tells whether a key belongs to this task's partition.
  public init(
    service: ServiceName, stages: [AnyStage], programs: Set<ProgramID>, store: any StateStore, owns: ((String) -> Bool)? = nil
  ) throws {
    self.service = service
    self.stages = stages
    stageByName = Dictionary(stages.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.programs = programs
    self.store = store
    self.owns = owns
    rows = StateRows(store: store)
    progress = try store.value(for: RowKey.progress).map { try JSONParser().decode(Progress.self, from: $0) } ?? Progress()
    committedProgress = progress
  }

  // MARK: Position and clock

  /// The next offset to read, by topic.
  public var positions: [String: Int64] { progress.positions }
  public func moved(_ topic: String, to offset: Int64) { progress.positions[topic] = offset }

  /// The latest instant that this task knows to have come; timers up to it have fired.
  public var clock: Instant { Instant(milliseconds: progress.clock) }
  /// The clock follows the bus (ticks and event times), not the system: set by the first tick, for good.
  public var isVirtual: Bool {
    get { progress.isVirtual }
    set { progress.isVirtual = newValue }
  }

  /// Moves the clock, never back; what is due on the way fires in order.
  public func advance(to instant: Instant) {
    while fireNext(upTo: instant) != nil {}
    if instant > clock { progress.clock = instant.milliseconds }
  }

  /// The due instant of the earliest timer.
  public var nextDue: Instant? { timers.peek(rows: rows).flatMap(RowKey.due) }

  /// Fires the earliest timer if it is due at `instant`; gives its due instant.
  @discardableResult
  public func fireNext(upTo instant: Instant) -> Instant? {
    guard let key = timers.next(dueAt: instant, rows: rows), let due = RowKey.due(key) else { return nil }
    guard let row = rows.value(TimerRow.self, key) else { return due }
    counts.timersFired += 1
    if due > clock { progress.clock = due.milliseconds }
    rows.beginTurn()
    rows.set(key, nil)
    do {
      guard let stage = stageByName[row.stage] else { return due }
      try stage.fire(row, due, self)
    } catch let refusal as Refusal {
      rows.undoTurn()
      rows.set(key, nil)
      let record = InputRecord(
        topic: .deadLetters(service), partition: 0, offset: 0, key: Array(row.key.utf8), value: Array(row.due.utf8),
        headers: [("laurel_timer", Array("\(row.stage) due \(due)".utf8))])
      deadLetter(record, refusal)
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
    } catch let refusal as Refusal {
      deadLetter(record, refusal)
    } catch let error as JSONError {
      deadLetter(record, Refusal(error))
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
    guard value.count <= Envelope.maximumBodyBytes else {
      throw Refusal(.oversized, "\(value.count) bytes; the limit is \(Envelope.maximumBodyBytes)")
    }
    let (envelope, data) = try Envelope.record(headers: record.headers, value: value, parser: parser)
    guard stages.contains(where: { $0.reads.contains { $0.type == envelope.type } }) else {
      if MessageRegistry.type(named: envelope.type) == nil { counts.ignored += 1 }
      return nil
    }
    let document = try parser.parse(data)
    var steps: [Step] = []
    for stage in stages {
      if let step = try stage.decode(envelope.type, record.topic, document) { steps.append(step) }
    }
    // Two stages of one service that read the same type have asked for the same fields.
    counts.unknownFields += document.unknownFields / max(steps.count, 1)
    guard let message = steps.first?.message else { return nil }
    let time = envelope.time ?? message.instant
    if let latest, max(time, message.instant) > latest {
      throw Refusal(.futureTime, "\(max(time, message.instant)) is after \(latest)")
    }
    if let owns, !owns(message.key) {
      counts.rekeyed += 1
      batch.rekeyed.append((message.key, record))
      return nil
    }
    return AdmittedEvent(record: record, time: time, envelope: envelope, program: try program(of: envelope), steps: steps)
  }

  private func program(of envelope: Envelope) throws(Refusal) -> ProgramID {
    if let program = envelope.program {
      guard programs.contains(program) else {
        throw Refusal(.unknownProgram, "this deployment has no program '\(program)'")
      }
      return program
    }
    guard let only = programs.first, programs.count == 1 else {
      throw Refusal(.missingProgram, "'program' is absent and this deployment has \(programs.count) programs")
    }
    return only
  }

  /// Runs an admitted event through the stages that read it, then what it made due.
  public func run(_ event: AdmittedEvent) {
    for step in event.steps {
      rows.beginTurn()
      do {
        guard try isNew(step, event) else {
          counts.repeated += 1
          continue
        }
        try step.run(event.envelope, event.program, self)
        counts.processed += 1
      } catch let refusal as Refusal {
        rows.undoTurn()
        deadLetter(event.record, refusal)
      } catch {
        rows.fail(error)
      }
    }
    while fireNext(upTo: clock) != nil {}
  }

  /// Tells a new event from a repeated one, and refuses another body under a known identity (DECISIONS R3).
  private func isNew(_ step: Step, _ event: AdmittedEvent) throws -> Bool {
    guard step.repeats != .harmless else { return true }
    let message = step.message
    let body = StableHash.value64(of: try JSONEncoding.encode(message))
    let identity: String
    if step.repeats == .rememberedByBody {
      identity = String(body, radix: 16)
    } else {
      identity = message.businessID ?? "\(event.envelope.source)\u{1f}\(event.envelope.id)"
    }
    let key = RowKey.seen(
      stage: step.stage, program: event.program.value, key: message.key, type: event.envelope.type, identity: identity)
    let fingerprint = Int64(bitPattern: body)
    if let known = rows.value(Int64.self, key) {
      guard known == fingerprint else {
        throw Refusal(.conflictingDuplicate, "\(event.envelope.type) '\(identity)' is known with another body")
      }
      return false
    }
    rows.set(key, fingerprint)
    return true
  }

  /// Turns what a stage left behind into records and rows.
  func finish<S: Stage>(_ turn: Turn<S>, origin: String) throws(Refusal) {
    for (index, output) in turn.outputs.enumerated() {
      let message = output.message
      let topic = Swift.type(of: message).topic
      var sequence: Int64?
      if topic.kind == .notices {
        let key = RowKey.sequence(program: turn.program.value, topic: topic.name, key: message.key)
        let next = (rows.value(Int64.self, key) ?? 0) + 1
        rows.set(key, next)
        sequence = next
      }
      let envelope = Envelope(
        id: derive(origin, S.name, turn, "\(index)"), source: "/laurel/\(service.rawValue)", type: Swift.type(of: message).type,
        time: message.instant, subject: message.key, program: turn.program, sequence: sequence, causationID: turn.cause)
      do {
        let data = try JSONEncoding.encode(message)
        batch.outputs.append(OutputRecord(topic: topic, key: message.key, envelope: envelope, data: data))
      } catch {
        throw Refusal(error)
      }
    }
    for (index, timer) in turn.timers.enumerated() {
      progress.timerOrder += 1
      let key = RowKey.timer(due: timer.due, order: progress.timerOrder)
      do {
        let due = String(decoding: try JSONEncoding.encode(timer.what), as: UTF8.self)
        let row = TimerRow(
          stage: S.name, program: turn.program, key: turn.key, due: due, cause: turn.cause,
          origin: derive(origin, S.name, turn, "t\(index)"))
        rows.set(key, row)
      } catch {
        throw Refusal(error)
      }
      timers.add(key)
    }
    for refused in turn.refused {
      do {
        let value = try JSONEncoding.encode(refused.message)
        let type = Swift.type(of: refused.message)
        let record = InputRecord(
          topic: type.topic, partition: 0, offset: 0, key: Array(refused.message.key.utf8), value: value,
          headers: [("ce_type", Array(type.type.utf8)), ("ce_program", Array(turn.program.value.utf8))])
        deadLetter(record, refused.refusal)
      } catch {
        throw Refusal(error)
      }
    }
  }

  private func derive<S: Stage>(_ origin: String, _ stage: String, _ turn: Turn<S>, _ ordinal: String) -> String {
    StableHash.hex128(of: [turn.program.value, origin, stage, turn.key, ordinal].joined(separator: "\u{1e}"))
  }

  /// A record that the driver itself could not take.
  public func deadLetter(_ record: InputRecord, _ refusal: Refusal) {
    counts.deadLetters[refusal.reason, default: 0] += 1
    batch.deadLetters.append(DeadLetter(refusal: refusal, record: record))
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
struct Progress: Codable, Sendable, Equatable {
  var positions: [String: Int64] = [:]
  /// Milliseconds since 1970.
  var clock: Int64 = 0
  var isVirtual = false
  /// Timers set so far.
  var timerOrder: Int64 = 0
}

/// The positions in a task's changelog record of its progress: for those who watch a service from outside (`laurel publish --in-order`).
public enum ProgressRecord {
  /// Input positions by topic, if this changelog row is a task's progress.
  public static func positions(key: [UInt8], value: [UInt8], parser: JSONParser) throws(JSONError) -> [String: Int64]? {
    guard key == RowKey.progress else { return nil }
    return try parser.decode(Progress.self, from: value).positions
  }
}
