import Contracts
import JSON

/// One invocation of a stage: the state of one program and key, and the messages and timers that it produces.
///
/// A stage must not keep it.
public final class Context<S: Stage> {
  /// The terms of the program that the event or timer belongs to.
  public let program: S.Program
  public let programID: ProgramID
  /// The key of the stage's state: an account or a code.
  public let key: String
  /// The CloudEvents id of the original event.
  public let cause: String
  /// What to remember of the event, if the stage does so itself (`Repeats.rememberedByStage`). Store it in a row.
  public let memory: Memory?

  private let task: StageTask
  private let state: TaskState
  private let traceparent: String?
  private let origin: StableHash.Value128
  /// Compares the event with what is remembered of an earlier one.
  private let compare: ((Memory) throws(Rejection) -> Void)?
  /// Prefix of the keys of all rows of this stage, program and key.
  private let scope: [UInt8]
  private var written = 0
  private var rejected = 0
  private var timersSet = 0
  private(set) var wasRepeat = false

  init(
    _ task: StageTask, _ program: S.Program, _ id: ProgramID, _ scope: [UInt8], key: String, cause: String,
    traceparent: String? = nil, origin: StableHash.Value128, memory: Memory? = nil,
    compare: ((Memory) throws(Rejection) -> Void)? = nil
  ) {
    self.task = task
    state = task.state
    self.program = program
    programID = id
    self.key = key
    self.cause = cause
    self.traceparent = traceparent
    self.origin = origin
    self.memory = memory
    self.compare = compare
    self.scope = RowKey.scope(scope, key: key)
  }

  /// Whether the current event repeats the one that a row remembers. If so, the stage must do nothing.
  /// - Throws: `conflicting-duplicate` if the event has the same business id and another body.
  public func isRepeat(of known: Memory?) throws(Rejection) -> Bool {
    guard let known, let compare else { return false }
    try compare(known)
    wasRepeat = true
    return true
  }

  // MARK: Rows

  /// A row; `nil` if there is none. Setting `nil` deletes the row.
  public subscript<Key, Value>(table: Table<Key, Value>, key: Key) -> Value? {
    get {
      lay(table, key)
      return task.cell(table)?.value
    }
    set {
      lay(table, key)
      task.set(table, newValue, cause: cause, origin: timerOrigin)
    }
  }

  /// Stores a row that has never been there, so that the store need not be searched for it.
  public func insert<Key, Value>(_ value: Value, in table: Table<Key, Value>, at key: Key) {
    lay(table, key)
    task.set(table, value, isNew: true, cause: cause, origin: timerOrigin)
  }

  private func timerOrigin() -> StableHash.Value128 {
    defer { timersSet += 1 }
    return derivedID(timersSet, "t")
  }

  public subscript<Value>(table: Table<NoKey, Value>) -> Value? {
    get { self[table, NoKey()] }
    set { self[table, NoKey()] = newValue }
  }

  public subscript<First, Second, Value>(table: Table<KeyPair<First, Second>, Value>, first: First, second: Second) -> Value? {
    get { self[table, KeyPair(first, second)] }
    set { self[table, KeyPair(first, second)] = newValue }
  }

  /// The rows of a table, in ascending order.
  public func all<Key, Value>(_ table: Table<Key, Value>) -> [Value] { all(table, under: NoKey()) }

  /// The rows of a table whose keys begin with `part`, in ascending order.
  public func all<Key, Value>(_ table: Table<Key, Value>, under part: some RowKeyPart) -> [Value] {
    lay(table, part)
    var found: [Value] = []
    task.forEach(table, keepsDecoded: true) { found.append($0) }
    return state.failure == nil ? found : []
  }

  /// Passes the rows of ``all(_:)`` to the body one at a time, without keeping them in memory, so a table may have any length. The
  /// body must not change them.
  public func forEach<Key, Value>(_ table: Table<Key, Value>, body: (Value) -> Void) {
    lay(table, NoKey())
    task.forEach(table, keepsDecoded: false, body)
  }

  private func lay(_ table: AnyTable, _ part: some RowKeyPart) {
    state.key.removeAll(keepingCapacity: true)
    state.key.append(contentsOf: scope)
    state.key.append(contentsOf: table.keyBytes)
    part.append(to: &state.key)
  }

  // MARK: Messages

  /// Writes a message to its topic, in the order of the calls.
  public func emit<M: Message>(_ message: M) {
    task.write(message, derivedID(written, "m"), programID, cause: cause, traceparent: traceparent)
    written += 1
  }

  /// Dead-letters the current event as it came, but keeps the effects of the invocation, so the event counts as received. To undo
  /// the invocation, throw.
  public func reject(_ rejection: Rejection) { task.reject(rejection) }

  /// Dead-letters an event that an earlier invocation has kept and this one must reject.
  public func reject(_ message: any Message, _ rejection: Rejection) {
    let type = type(of: message)
    // Rebuild the complete event, so that it can be sent again unchanged.
    let envelope = Envelope(
      id: derivedID(rejected, "r").hex, source: task.source, type: type.type, time: message.instant, subject: message.key,
      program: programID, causationID: cause, traceparent: traceparent)
    rejected += 1
    let record = InputRecord(
      topic: type.topic, key: Array(message.key.utf8), value: message.jsonBytes(),
      headers: envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
    task.deadLetter(record, rejection)
  }

  /// Counts an occurrence that operators should know of and that no notice reports, in `laurel_stage_events_total` under this name.
  /// It counts even if the invocation then rejects its event.
  public func count(_ event: String) { task.count(event) }

  /// An id that is the same in every process for the same event, stage and position among the outputs.
  private func derivedID(_ ordinal: Int, _ kind: StaticString) -> StableHash.Value128 {
    task.hash {
      $0.raw(scope)
      $0.plainText(length: 32, origin.writeHex(to:))
      $0.raw(kind)
      $0.integer(Int64(ordinal))
    }
  }
}
