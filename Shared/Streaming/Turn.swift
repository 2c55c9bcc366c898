import Contracts

/// One step of a stage: the state of one program and key, and the outputs and timers it leaves behind.
public final class Turn<S: Stage> {
  /// The program whose event or timer this is.
  public let program: ProgramID
  /// The key of the stage's state: an account, or a code.
  public let key: String
  /// The event that all this goes back to: its CloudEvents id.
  public let cause: String
  /// Of the event; nil for a timer. Handed on to all that the event causes at once.
  let traceparent: String?

  private let rows: StateRows
  private let scope: [UInt8]
  private(set) var outputs: [S.Output] = []
  private(set) var timers: [(due: Instant, what: S.Due)] = []
  private(set) var refused: [(rejection: Rejection, message: any Message)] = []

  init(program: ProgramID, key: String, cause: String, traceparent: String?, rows: StateRows) {
    self.program = program
    self.key = key
    self.cause = cause
    self.traceparent = traceparent
    self.rows = rows
    scope = RowKey.scope(stage: S.name, program: program.value, key: key)
  }

  /// A row; nil: there is none. Setting nil deletes it.
  public subscript<Value>(_ table: Table<Value>, _ parts: RowPart...) -> Value? {
    get { rows.value(Value.self, RowKey.row(scope: scope, table: table.name, parts: parts)) }
    set { rows.set(RowKey.row(scope: scope, table: table.name, parts: parts), newValue) }
  }

  /// The rows of a table whose keys begin with these parts, ascending.
  public func all<Value>(_ table: Table<Value>, _ parts: RowPart...) -> [Value] {
    rows.values(Value.self, prefix: RowKey.row(scope: scope, table: table.name, parts: parts))
  }

  /// The rows that ``all(_:_:)`` gives, one at a time and not kept in memory: for tables of any length. The body changes none of them.
  public func forEach<Value>(_ table: Table<Value>, _ parts: RowPart..., body: (Value) -> Void) {
    rows.forEach(Value.self, prefix: RowKey.row(scope: scope, table: table.name, parts: parts), body)
  }

  /// Whether this stage has taken an event of this type and business id for this key, now or long ago: what the driver remembers of
  /// repeats, for ever. For types whose repeats are remembered.
  public func hasTaken<M: Message>(_ type: M.Type, _ businessID: String) -> Bool {
    let row = RowKey.seen(stage: S.name, program: program.value, key: key, type: M.type, identity: businessID)
    return rows.value(Seen.self, row) != nil
  }

  /// Written to its topic in the order of the calls.
  public func emit(_ output: S.Output) { outputs.append(output) }

  /// Dead-letters an event that was kept from an earlier turn and turns out to be refused now. For the turn's own event: throw.
  public func refuse(_ message: any Message, _ rejection: Rejection) { refused.append((rejection, message)) }

  /// Fires once, at `instant` or as soon after as can be; an instant already past fires right after this turn. Timers of one key that
  /// are due at one instant fire in the order of the calls (DECISIONS T3). There is no canceling: a stage asks its state whether a
  /// timer still means anything.
  public func setTimer(at instant: Instant, _ due: S.Due) { timers.append((instant, due)) }
}
