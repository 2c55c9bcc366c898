import Contracts
import JSON

/// The rows of a task as its stages see them: what the store holds, under the changes of the open batch. Values are decoded once and
/// kept decoded while hot.
///
/// A store or codec failure cannot be thrown through a stage; it is kept in `failure`, the reads that follow give nil, and the driver
/// drops the batch.
final class StateRows {
  /// Decoded rows kept across batches; more than this and all clean ones are let go.
  private let cellsMax: Int
  /// A walk takes this many rows from the store at a time, so that it never holds a table in memory.
  private static let pieceLength = 512

  /// A class: what has a cell in hand (a change, an undo, the end of a batch) need not look its key up again.
  private final class Cell {
    var value: (any JSONCodable & Sendable)?
    var isDirty: Bool

    init(value: (any JSONCodable & Sendable)?, isDirty: Bool) {
      self.value = value
      self.isDirty = isDirty
    }
  }

  /// What a cell was before a change of the open turn.
  private struct Undo {
    let key: [UInt8]
    let cell: Cell
    /// The turn has made the cell; what the store has under its key was never read.
    let isNew: Bool
    let value: (any JSONCodable & Sendable)?
    let isDirty: Bool
  }

  private let store: any StateStore
  private let parser = JSONParser()
  private var cells: [HashedKey: Cell] = [:]
  /// Dirty cells in the order of their first change.
  private var dirty: [(key: [UInt8], cell: Cell)] = []
  /// Numbers of dirty cells by stage, program, key and table, so that a scan looks at its own table's changes only and not at all
  /// those of the batch. Made when the first scan of a batch asks, then kept up by the scans.
  private var dirtyByTable: [ArraySlice<UInt8>: [Int]] = [:]
  /// How many of the dirty cells are in it.
  private var indexed = 0
  /// What to put back if the open turn is refused.
  private var undo: [Undo] = []
  private var dirtyAtTurn = 0
  private(set) var failure: (any Error)?

  init(store: any StateStore, decodedMax: Int) {
    self.store = store
    cellsMax = decodedMax
  }

  // MARK: Reading

  func value<Value: JSONCodable & Sendable>(_ type: Value.Type, _ key: [UInt8]) -> Value? {
    if let cell = cells[HashedKey(key)] { return value(type, of: cell, key) }
    guard failure == nil else { return nil }
    do {
      let value = try store.value(for: key).map { bytes in try parser.decode(type, from: bytes) }
      cells[HashedKey(key)] = Cell(value: value, isDirty: false)
      return value
    } catch {
      fail(error)
      return nil
    }
  }

  private func value<Value: JSONCodable & Sendable>(_ type: Value.Type, of cell: Cell, _ key: [UInt8]) -> Value? {
    guard let known = cell.value else { return nil }
    guard let value = known as? Value else {
      // Silence here would read as "no row", and the next write would lose it.
      fail(TypeMismatch(description: "the row '\(RowKey.text(key))' holds \(Swift.type(of: known)) and is read as \(type)"))
      return nil
    }
    return value
  }

  /// All rows under the prefix of a table or of rows in it, ascending by key; they are hot afterwards.
  func values<Value: JSONCodable & Sendable>(_ type: Value.Type, prefix: [UInt8]) -> [Value] {
    var found: [Value] = []
    walk(type, prefix: prefix, keepsDecoded: true) { found.append($0) }
    return failure == nil ? found : []
  }

  /// The rows that ``values(_:prefix:)`` gives, one at a time: however many there are, none that was not decoded already is kept.
  func forEach<Value: JSONCodable & Sendable>(_ type: Value.Type, prefix: [UInt8], _ body: (Value) -> Void) {
    walk(type, prefix: prefix, keepsDecoded: false, body)
  }

  private func walk<Value: JSONCodable & Sendable>(
    _ type: Value.Type, prefix: [UInt8], keepsDecoded: Bool, _ body: (Value) -> Void
  ) {
    guard failure == nil else { return }
    var changed = dirtyNumbers(under: prefix).map { dirty[$0] }.filter { $0.key.starts(with: prefix) }[...]
    changed.sort { $0.key.lexicographicallyPrecedes($1.key) }
    /// What the batch has changed takes its place among the rows of the store.
    func giveChanged(before key: [UInt8]?) {
      while let (own, cell) = changed.first, key.map({ own.lexicographicallyPrecedes($0) }) ?? true {
        changed.removeFirst()
        if let value = value(type, of: cell, own) { body(value) }
      }
    }
    do {
      var last: [UInt8]?
      repeat {
        let piece = try store.rows(prefix: prefix, after: last, limit: Self.pieceLength)
        for row in piece {
          giveChanged(before: row.key)
          if let cell = cells[HashedKey(row.key)] {
            if !cell.isDirty, let value = value(type, of: cell, row.key) { body(value) }
          } else {
            let value = try parser.decode(type, from: row.value)
            if keepsDecoded { cells[HashedKey(row.key)] = Cell(value: value, isDirty: false) }
            body(value)
          }
        }
        last = piece.count < Self.pieceLength ? nil : piece.last?.key
      } while last != nil
    } catch {
      return fail(error)
    }
    giveChanged(before: nil)
  }

  private func dirtyNumbers(under prefix: [UInt8]) -> [Int] {
    while indexed < dirty.count {
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table, default: []].append(indexed) }
      indexed += 1
    }
    return RowKey.table(of: prefix).flatMap { dirtyByTable[$0] } ?? []
  }

  /// Keys of stored rows, without the open batch.
  func storedKeys(prefix: [UInt8], after: [UInt8]?, limit: Int) -> [[UInt8]] {
    guard failure == nil else { return [] }
    do { return try store.rows(prefix: prefix, after: after, limit: limit).map(\.key) } catch {
      fail(error)
      return []
    }
  }

  // MARK: Changing

  func set(_ key: [UInt8], _ value: (any JSONCodable & Sendable)?) {
    if let cell = cells[HashedKey(key)] {
      undo.append(Undo(key: key, cell: cell, isNew: false, value: cell.value, isDirty: cell.isDirty))
      if !cell.isDirty { dirty.append((key, cell)) }
      cell.value = value
      cell.isDirty = true
    } else {
      let cell = Cell(value: value, isDirty: true)
      undo.append(Undo(key: key, cell: cell, isNew: true, value: nil, isDirty: false))
      dirty.append((key, cell))
      cells[HashedKey(key)] = cell
    }
  }

  /// From here on `undoTurn` takes back.
  func beginTurn() {
    undo.removeAll(keepingCapacity: true)
    dirtyAtTurn = dirty.count
  }

  func undoTurn() {
    for change in undo.reversed() {
      change.cell.value = change.value
      change.cell.isDirty = change.isDirty
      if change.isNew { cells[HashedKey(change.key)] = nil }
    }
    undo.removeAll(keepingCapacity: true)
    while indexed > dirtyAtTurn {
      indexed -= 1
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table]?.removeLast() }
    }
    dirty.removeLast(dirty.count - dirtyAtTurn)
  }

  var isChanged: Bool { !dirty.isEmpty }

  /// The batch's changes, encoded, in the order of their first change.
  func changes() throws -> [RowChange] {
    if let failure { throw failure }
    return dirty.map { key, cell in
      RowChange(key: key, value: cell.value.map { $0.jsonBytes() })
    }
  }

  func commit() {
    for (_, cell) in dirty { cell.isDirty = false }
    forgetChanges()
    if cells.count > cellsMax { cells.removeAll(keepingCapacity: true) }
  }

  /// Forgets the open batch and everything decoded.
  func abort() {
    cells.removeAll(keepingCapacity: true)
    forgetChanges()
    failure = nil
  }

  private func forgetChanges() {
    dirty.removeAll(keepingCapacity: true)
    dirtyAtTurn = 0
    undo.removeAll(keepingCapacity: true)
    dirtyByTable.removeAll(keepingCapacity: true)
    indexed = 0
  }

  func fail(_ error: any Error) { if failure == nil { failure = error } }
}

/// Two places of a stage use one table's rows as different types: a mistake in the stage.
struct TypeMismatch: Error, CustomStringConvertible {
  let description: String
}
