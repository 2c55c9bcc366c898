import Contracts
import JSON

/// A row of a stage's state in a service's store, for tools that report on it. Only the stage knows the meaning of its rows.
public final class StageRow {
  private enum Content {
    case stored([UInt8])
    /// A change of the open batch.
    case cell(Cell)
  }

  let bytes: [UInt8]
  private let content: Content
  private let holds: StoredRow.Presence
  private lazy var parts = RowKey.parts(of: bytes)!

  /// Returns `nil` if this is not a row of a stage.
  init?(_ row: Row, _ holds: @escaping StoredRow.Presence) {
    (bytes, content, self.holds) = (row.key, .stored(row.value), holds)
    guard let parts = RowKey.parts(of: row.key) else { return nil }
    self.parts = parts
  }

  fileprivate init(_ cell: Cell, _ holds: @escaping StoredRow.Presence) {
    (bytes, content, self.holds) = (cell.key, .cell(cell), holds)
  }

  public var stage: String { parts.stage }
  public var program: ProgramID { parts.program }
  /// The stage's key: an account or a code.
  public var key: String { parts.key }

  /// Whether the row is a row of the stage with this name.
  public func belongs(to stage: String) -> Bool {
    let name = stage.utf8
    return bytes.dropFirst().starts(with: name) && bytes[1 + name.count] == 0
  }

  /// The row's value; `nil` if the row belongs to another table.
  public func value<Key, Value>(in table: Table<Key, Value>) throws -> Value? {
    var value: Value?
    switch content {
    case .cell(let cell):
      guard cell.table === table else { return nil }
      value = unsafeDowncast(cell, to: RowCell<Value>.self).value
    case .stored(let stored):
      guard table.name == parts.table else { return nil }
      value = try JSONParser().decode(Value.self, from: stored)
    }
    try table.applyTimer(to: &value, key: bytes) { timer, row in try !holds(timer.key(of: row).bytes) }
    return value
  }

  /// The row's key below the table; `nil` if the row belongs to another table.
  public func key<Key, Value>(in table: Table<Key, Value>) -> Key? {
    guard table.name == parts.table else { return nil }
    var rest = parts.rest
    return Key(taking: &rest)
  }
}

extension StateStore {
  /// The rows of stages whose key or value contains an id, ascending. These include all rows that concern the id, and some that do not.
  public func stageRows(naming id: String) throws(StoreError) -> [StageRow] {
    let wanted = Array(id.utf8)
    var found: [Row] = []
    try scan(prefix: RowKey.stageRows, after: nil) { key, value in
      if key.holds(wanted) || value.holds(wanted) { found.append(Row(key: [UInt8](key), value: [UInt8](value))) }
      return true
    }
    guard !found.isEmpty else { return [] }
    // Their timers are kept too, because the rows may be read when the store is closed.
    let keys = Set(found.map(\.key))
    var timers: Set<[UInt8]> = []
    try scan(prefix: RowKey.timers, after: nil) { key, _ in
      if let timer = TimerKey(key), keys.contains(timer.row) { timers.insert([UInt8](key)) }
      return true
    }
    return found.compactMap { [timers] in StageRow($0, timers.contains) }
  }
}

extension StageTask {
  /// Passes the rows of its stages to `body`, as they are now, and returns its answers, ascending by the rows' keys.
  func compactMapRows<Answer>(_ body: (StageRow) throws -> Answer?) throws -> [Answer] {
    var answers: [(key: [UInt8], answer: Answer)] = []
    func take(_ row: StageRow) throws {
      if let answer = try body(row) { answers.append((row.bytes, answer)) }
    }
    let holds: StoredRow.Presence = { key in
      self.state.key = key
      return self.state.mark(Self.timerMarks)?.isThere == true
    }
    for cell in state.changedCells where cell.key.starts(with: RowKey.stageRows) { try take(StageRow(cell, holds)) }
    // Only needed if something is stored, which it is not in a short run.
    lazy var changed = Set(state.changedCells.map(\.key))
    var failure: (any Error)?
    try store.scan(prefix: RowKey.stageRows, after: nil) { key, value in
      guard !changed.contains([UInt8](key)) else { return true }
      do {
        if let row = StageRow(Row(key: [UInt8](key), value: [UInt8](value)), holds) { try take(row) }
      } catch { failure = error }
      return failure == nil
    }
    if let failure { throw failure }
    return answers.sorted { RowKeyOrder.precedes($0.key, $1.key) }.map(\.answer)
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func holds(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first else { return true }
    guard count >= wanted.count else { return false }
    return (0...(count - wanted.count)).contains { start in
      self[start] == first && self[start..<(start + wanted.count)].elementsEqual(wanted)
    }
  }
}
