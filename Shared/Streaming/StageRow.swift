import Contracts
import JSON

/// A row of a stage's state in a service's store, for tools that report on it. Only the stage knows the meaning of its rows.
public struct StageRow {
  public let stage: String
  public let program: ProgramID
  /// The stage's key: an account or a code.
  public let key: String
  private let table: String
  /// The part of the key below the table.
  private let rest: ArraySlice<UInt8>
  private let row: Row
  private let holds: StoredRow.Presence

  /// Returns `nil` if this is not a row of a stage.
  init?(_ row: Row, _ holds: @escaping StoredRow.Presence) {
    guard let parts = RowKey.parts(of: row.key) else { return nil }
    stage = String(parts.stage)
    program = parts.program
    key = parts.key
    table = parts.table
    rest = parts.rest
    self.row = row
    self.holds = holds
  }

  /// The row's value; `nil` if the row belongs to another table.
  public func value<Key, Value>(in table: Table<Key, Value>) throws -> Value? {
    guard table.name == self.table else { return nil }
    var value: Value? = try JSONParser().decode(Value.self, from: row.value)
    try table.applyTimer(to: &value, key: row.key) { timer, row in try !holds(timer.key(of: row).bytes) }
    return value
  }

  /// The row's key below the table; `nil` if the row belongs to another table.
  public func key<Key, Value>(in table: Table<Key, Value>) -> Key? {
    guard table.name == self.table else { return nil }
    var rest = rest
    return Key(taking: &rest)
  }
}

extension StateStore {
  /// The rows of stages whose key or value contains an id, ascending. These include all rows that concern the id, and some that do not.
  ///
  /// - Parameter changes: changes that are not in the store yet.
  public func stageRows(naming id: String, with changes: Changes = Changes()) throws(StoreError) -> [StageRow] {
    let wanted = Array(id.utf8)
    var found: [Row] = []
    try forEachRow(under: RowKey.stageRows, with: changes) { key, value in
      if key.holds(wanted) || value.holds(wanted) { found.append(Row(key: [UInt8](key), value: [UInt8](value))) }
    }
    guard !found.isEmpty else { return [] }
    // Their timers are kept too, because the rows may be read when the store is closed.
    let keys = Set(found.map(\.key))
    var timers: Set<[UInt8]> = []
    try forEachRow(under: RowKey.timers, with: changes) { key, _ in
      if let timer = TimerKey(key), keys.contains(timer.row) { timers.insert([UInt8](key)) }
    }
    found.sort { RowKeyOrder.precedes($0.key, $1.key) }
    return found.compactMap { [timers] in StageRow($0, timers.contains) }
  }

  /// All rows under a prefix as they are with the changes, in no particular order.
  private func forEachRow(
    under prefix: [UInt8], with changes: Changes, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    var changed: Set<StableHash.Value128> = []
    changes.visit { key, value in
      guard key.starts(with: prefix) else { return }
      changed.insert(StableHash.value128(of: key))
      if let value { body(key, value) }
    }
    try scan(prefix: prefix, after: nil) { key, value in
      if !changed.contains(StableHash.value128(of: key)) { body(key, value) }
      return true
    }
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
