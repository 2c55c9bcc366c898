import Contracts
import JSON

/// A row of a stage's state, as a service's store holds it, for whoever tells about it: only the stage knows what its rows mean.
public struct StageRow: Sendable {
  public let stage: String
  public let program: ProgramID
  /// Of the stage: an account, or a code.
  public let key: String
  private let table: String
  /// Of the key, below the table.
  private let rest: ArraySlice<UInt8>
  private let value: [UInt8]

  /// nil: it is no row of a stage.
  init?(_ row: Row) {
    guard let parts = RowKey.parts(of: row.key) else { return nil }
    stage = String(parts.stage)
    program = parts.program
    key = parts.key
    table = parts.table
    rest = parts.rest
    value = row.value
  }

  /// The row's value; nil: it is of another table.
  public func value<Key, Value>(in table: Table<Key, Value>) throws -> Value? {
    guard table.name == self.table else { return nil }
    return try JSONParser().decode(Value.self, from: value)
  }

  /// The row's key below the table; nil: it is of another table.
  public func key<Key, Value>(in table: Table<Key, Value>) -> Key? {
    guard table.name == self.table else { return nil }
    var rest = rest
    return Key(taking: &rest)
  }
}

extension StateStore {
  /// The rows of stages that name an id somewhere, in their key or their value: all that may concern it, and some that do not.
  public func stageRows(naming id: String) throws(StoreError) -> [StageRow] {
    let wanted = Array(id.utf8)
    var found: [StageRow] = []
    try scan(prefix: RowKey.stageRows, after: nil) { key, value in
      if key.holds(wanted) || value.holds(wanted), let row = StageRow(Row(key: [UInt8](key), value: [UInt8](value))) {
        found.append(row)
      }
      return true
    }
    return found
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func holds(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first else { return true }
    guard count >= wanted.count else { return false }
    var start = startIndex
    while let place = self[start...].firstIndex(of: first), place + wanted.count <= count {
      if self[place..<(place + wanted.count)].elementsEqual(wanted) { return true }
      start = place + 1
    }
    return false
  }
}
