import Contracts
import JSON

/// Runs a stage in a task.
class AnyRunner {
  func fire(_ timer: TimerKey, _ parts: RowKey.Parts, _ task: StageTask) throws(Rejection) {}
  /// The number of stored rows of each counted kind, or `nil` if the stage counts none.
  func watchedRows(in store: any StateStore, _ parser: JSONParser) throws -> [String: Int64]? { nil }
}

final class Runner<S: Stage>: AnyRunner {
  let stage: S
  /// By the task's number for a program; `nil` if the stage does not handle the program.
  private let programs: [S.Program?]
  /// Prefixes of the keys of its rows, by program.
  private let scopes: [[UInt8]]
  private let timers: [Timers<S>]

  init(_ stage: S, _ task: StageTask) {
    self.stage = stage
    programs = task.programs.map(stage.program)
    scopes = task.programs.map { RowKey.scope(stage: S.name, program: $0.value) }
    timers = S.timers
  }

  override func fire(_ timer: TimerKey, _ parts: RowKey.Parts, _ task: StageTask) throws(Rejection) {
    guard let timers = timers.first(where: { $0.table.name == parts.table }) else { return }
    try timers.fire(self, timer, parts, task)
  }

  override func watchedRows(in store: any StateStore, _ parser: JSONParser) throws -> [String: Int64]? {
    var kinds: [String: StoredKinds] = [:]
    for table in timers { kinds[table.table.name] = table.kinds }
    guard !kinds.isEmpty else { return nil }
    var counts: [String: Int64] = [:]
    var wrong: (any Error)?
    try store.scan(prefix: RowKey.stageRows(S.name), after: nil) { key, value in
      let row = Row(key: [UInt8](key), value: [UInt8](value))
      guard let table = RowKey.parts(of: row.key)?.table, let kinds = kinds[table] else { return true }
      do { for kind in try kinds(row, store, parser) { counts[kind, default: 0] += 1 } } catch { wrong = error }
      return wrong == nil
    }
    if let wrong { throw wrong }
    return counts
  }

  /// Passes a due row to the stage.
  func fire<Key, Value>(
    _ table: Table<Key, Value>, _ timer: TimerKey, _ parts: RowKey.Parts, _ task: StageTask,
    _ handle: (Key, Value, Context<S>) throws(Rejection) -> Void
  ) throws(Rejection) {
    var rest = parts.rest
    task.state.key = timer.row
    guard let key = Key(taking: &rest), let cell = task.state.cell(table, of: Value.self), let stored = cell.value,
      let access = table.timer, let set = access.get(stored)
    else { return }
    // The timer counts as fired, whatever comes of it.
    task.endInvocation()
    task.beginInvocation()
    do throws(Rejection) {
      guard let program = task.programs.firstIndex(of: parts.program), let terms = programs[program] else {
        throw Rejection(.unknownProgram, "a timer of '\(parts.program)' is due, and this deployment has no such program")
      }
      var row = stored
      access.fire(&row)
      task.count(table, was: stored, becomes: row)
      // In memory only. The timer's row is gone, so reading the stored row gives the same.
      cell.value = row
      let origin = task.hash {
        $0.raw(timer.row)
        $0.integer(set.origin)
      }
      let context = Context<S>(task, terms, parts.program, scopes[program], key: parts.key, cause: set.cause, origin: origin)
      try handle(key, row, context)
    } catch {
      // The dead letter records the timer. Store the row unchanged, without its timer.
      task.undoInvocation()
      var row = stored
      access.set(&row, nil)
      task.count(table, was: stored, becomes: row)
      task.state.touch(cell)
      cell.value = row
      task.endInvocation()
      task.beginInvocation()
      throw error
    }
  }
}

// MARK: - From a message to its stages

/// The stages' handlers, by type of message.
final class Routes {
  private var byType: [ObjectIdentifier: Route] = [:]
  /// By the hash of the type's name.
  private var byHash: [UInt64: Route] = [:]

  func add<M: Message>(_ step: @escaping Step, for type: M.Type) {
    let id = ObjectIdentifier(type)
    let route = byType[id] ?? Route(type)
    byType[id] = route
    byHash[StableHash.value64(of: M.type)] = route
    route.steps.append(step)
  }

  subscript(type: ObjectIdentifier) -> Route? { byType[type] }

  subscript(type: String) -> Route? {
    var type = type
    return type.withUTF8 { self[$0] }
  }

  subscript(type: UnsafeBufferPointer<UInt8>) -> Route? {
    guard let route = byHash[StableHash.value64(of: UnsafeRawBufferPointer(type))], type.equals(route.type) else { return nil }
    return route
  }
}

/// The way of one type of message in a task.
///
/// It has closures because the compiler makes each for the very message, so that nothing is looked up when it runs.
final class Route {
  let type: String
  let topic: Topic
  /// Decodes an event once for all stages that read it.
  let event: (InputRecord, EnvelopeBytes, JSONValue, StageTask) throws(Rejection) -> Event
  /// The same for a message that is decoded already; `nil` if the key belongs to another partition.
  let decoded: (InputRecord, any Message, _ program: Int, Envelope, StageTask) -> Event?
  fileprivate(set) var steps: [Step] = []

  init<M: Message>(_ message: M.Type) {
    type = M.type
    topic = M.topic
    event = { record, attributes, data, task throws(Rejection) in
      let message = try Rejection.of { () throws(JSONError) in try M(json: data) }
      let time = attributes.time ?? message.instant
      let key = message.key
      guard task.owns(key) else { return Event(record, attributes.time) { $0.repartition(record, key: key) } }
      return MessageEvent(
        record, time, message, key: key, program: try task.program(of: attributes), attributes,
        unknownFields: data.unknownFieldCount == 0 ? [] : data.unknownFields, task)
    }
    decoded = { record, message, program, envelope, task in
      guard let message = message as? M, case let key = message.key, task.owns(key) else { return nil }
      return MessageEvent(record, message, key: key, program: program, envelope, task)
    }
  }
}

/// How a stage handles one type of message. The event is a `MessageEvent` of that type. Returns false if it is a repeat and nothing was
/// done.
typealias Step = (Event, StageTask) throws(Rejection) -> Bool

extension Runner {
  func step<M: Message>(
    _ handle: @escaping (M, Context<S>) throws(Rejection) -> Void, _ repeats: Repeats, _ isRead: ((S.Program) -> Bool)?
  ) -> Step {
    func step(_ event: Event, _ task: StageTask) throws(Rejection) -> Bool {
      let event = unsafeDowncast(event, to: MessageEvent<M>.self)
      guard let program = programs[event.program], isRead?(program) ?? true else { return true }
      return try take(event, task, program, repeats, handle)
    }
    return step
  }

  /// Passes the event to the handler unless it is a repeat.
  func take<M: Message>(
    _ event: MessageEvent<M>, _ task: StageTask, _ program: S.Program, _ repeats: Repeats,
    _ handle: (M, Context<S>) throws(Rejection) -> Void
  ) throws(Rejection) -> Bool {
    let memory: Memory?
    switch repeats {
    case .harmless: memory = nil
    case .remembered, .rememberedByBody, .rememberedByStage: memory = task.memory(of: event)
    }
    if let memory, repeats != .rememberedByStage, try isKnown(event, memory, task, repeats) { return false }
    let body = repeats == .rememberedByBody ? memory : nil
    let context = Context<S>(
      task, program, task.programs[event.program], scopes[event.program], key: event.key, cause: event.cause,
      traceparent: event.traceparent,
      origin: task.hash { event.name(repeats, body: body, in: &$0) }, memory: memory,
      compare: memory == nil ? nil : { known throws(Rejection) in try task.compare(event, with: known) })
    try handle(event.message, context)
    return !context.wasRepeat
  }

  /// Detects a repeated event. Rejects an event with a known identity and another body. Bodies are compared by the fields of the
  /// revision that was current when the first one was taken.
  private func isKnown<M: Message>(_ event: MessageEvent<M>, _ memory: Memory, _ task: StageTask, _ repeats: Repeats)
    throws(Rejection) -> Bool
  {
    func layKey(_ body: Memory?) {
      let hash = task.hash {
        $0.raw(text: S.name)
        $0.raw("\u{1f}")
        $0.raw(text: task.programs[event.program].value)
        $0.raw("\u{1f}")
        $0.raw(text: event.key)
        $0.raw("\u{1f}")
        event.name(repeats, body: body, in: &$0)
      }
      task.state.key.removeAll(keepingCapacity: true)
      RowKey.appendMemory(hash, to: &task.state.key)
    }
    if repeats == .rememberedByBody {
      for revision in 1..<MessageRegistry.revision {
        layKey(task.memory(of: event, revision: revision))
        if task.state.cell(Memory.table, of: Memory.self)?.value?.revision == revision { return true }
      }
    }
    layKey(repeats == .rememberedByBody ? memory : nil)
    guard let cell = task.state.cell(Memory.table, of: Memory.self) else { return false }
    if let known = cell.value {
      try task.compare(event, with: known)
      return true
    }
    task.state.touch(cell)
    cell.value = memory
    return false
  }
}

extension MessageEvent {
  /// Writes what distinguishes this event from others of its type (DECISIONS R3). The ids of its outputs are derived from this
  /// text, so a second delivery of an event from outside gives the same ids even with another envelope. The ids of Laurel's own
  /// messages are already derived this way.
  fileprivate func name(_ repeats: Repeats, body: Memory?, in text: inout JSONWriter) {
    text.raw(text: M.type)
    text.raw("\u{1f}")
    if let body {
      text.integer(body.body)
    } else if repeats == .remembered || repeats == .rememberedByStage || M.topic.kind == .input, let id = message.businessID {
      text.raw(text: id)
    } else {
      // Source and id. A business id never contains a zero byte.
      text.raw("\u{0}")
      text.plainText(length: 32, identity.writeHex(to:))
    }
  }
}
