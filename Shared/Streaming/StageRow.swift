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
  private let rest: [UInt8]
  private let value: [UInt8]

  /// nil: it is no row of a stage.
  init?(_ row: Row) {
    guard row.key.first == UInt8(ascii: "s") else { return nil }
    let names = row.key.dropFirst().split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
    guard names.count == 5, let program = ProgramID(String(decoding: names[1], as: UTF8.self)) else { return nil }
    stage = String(decoding: names[0], as: UTF8.self)
    self.program = program
    key = String(decoding: names[2], as: UTF8.self)
    table = String(decoding: names[3], as: UTF8.self)
    rest = Array(names[4])
    value = row.value
  }

  /// The row's value; nil: it is of another table.
  public func value<Value>(in table: Table<Value>) throws -> Value? {
    guard table.name == self.table else { return nil }
    return try JSONParser().decode(Value.self, from: value)
  }

  /// A part of the key below the table, where all parts are text; nil: there is none.
  public func text(_ index: Int) -> String? {
    let parts = rest.split(separator: 0)
    return index < parts.count ? String(decoding: parts[index], as: UTF8.self) : nil
  }
}

extension StateStore {
  /// The rows of stages that name an id somewhere, in their key or their value: all that may concern it, and some that do not.
  public func stageRows(naming id: String) throws(StoreError) -> [StageRow] {
    let wanted = Array(id.utf8)
    var found: [StageRow] = []
    var last: [UInt8]?
    while true {
      let rows = try self.rows(prefix: [UInt8(ascii: "s")], after: last, limit: 10_000)
      guard let next = rows.last?.key else { return found }
      last = next
      for row in rows where row.key.holds(wanted) || row.value.holds(wanted) {
        if let row = StageRow(row) { found.append(row) }
      }
    }
  }
}

extension [UInt8] {
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
