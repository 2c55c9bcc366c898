import Contracts
import JSON

/// The rows of a task as its stages see them: what the store holds, under the changes of the open batch. Values are decoded once and
/// kept decoded while hot.
///
/// A store or codec failure cannot be thrown through a stage; it is kept in `failure`, the reads that follow give nil, and the driver
/// drops the batch.
final class TaskState {
  private let store: any StateStore
  private let parser = JSONParser()
  /// The key of the row that is asked for: every question lays it out here first.
  var key: [UInt8] = []
  /// Cells by the hash of their keys, in two generations: what is asked for moves to the young one, and when that is full the old one
  /// goes. So rows leave by age, and never all at once.
  private var young: [StableHash.Value128: Cell] = [:]
  private var old: [StableHash.Value128: Cell] = [:]
  private let generationMax: Int
  /// Changed in the open batch, in the order of their first change.
  private var dirty: [Cell] = []
  /// Changed in the open turn.
  private var touched: [Cell] = []
  private var dirtyAtTurn = 0
  /// Numbers of dirty cells by stage, program, key and table, so that a walk looks at its own table's changes only and not at all
  /// those of the batch. Made when the first walk of a batch asks, then kept up by the walks.
  private var dirtyByTable: [ArraySlice<UInt8>: [Int]] = [:]
  /// How many of the dirty cells are in it.
  private var indexed = 0
  private let changed = Changes()
  private(set) var failure: (any Error)?

  /// - Parameter decodedMax: rows that are kept decoded from one batch to the next, at most.
  init(store: any StateStore, decodedMax: Int) {
    self.store = store
    generationMax = max(1, decodedMax / 2)
  }

  // MARK: One row

  /// The cell of the row whose key is laid out; nil after a failure.
  func cell<Value: JSONCodable & Sendable>(_ table: AnyTable, of type: Value.Type = Value.self) -> RowCell<Value>? {
    let hash = key.withUnsafeBytes { StableHash.value128(of: $0) }
    if let known = known(hash) {
      guard known.table === table, known.key == key else {
        // Silence here would read as "no row", and the next write would lose it.
        fail(RowConfusion(description: "the row '\(RowKey.text(key))' is read as one of '\(table.name)'"))
        return nil
      }
      return unsafeDowncast(known, to: RowCell<Value>.self)
    }
    let cell = RowCell<Value>(table, key)
    return load(cell, hash) ? cell : nil
  }

  /// The cell of a row that is only there or not.
  func mark(_ table: AnyTable) -> MarkCell? {
    let hash = key.withUnsafeBytes { StableHash.value128(of: $0) }
    if let known = known(hash) as? MarkCell { return known }
    let cell = MarkCell(table, key)
    return load(cell, hash) ? cell : nil
  }

  /// The cell of such a row that a scan of the store has just found. It is not read again: unless the open batch has changed it, and
  /// then its cell is in memory, it is still there.
  func storedMark(_ table: AnyTable) -> MarkCell? {
    if let known = known(key.withUnsafeBytes { StableHash.value128(of: $0) }) as? MarkCell { return known }
    let cell = newMark(table)
    cell?.isThere = true
    return cell
  }

  /// The cell of such a row that was never there: it is not looked for.
  func newMark(_ table: AnyTable) -> MarkCell? {
    guard failure == nil else { return nil }
    let cell = MarkCell(table, key)
    young[key.withUnsafeBytes { StableHash.value128(of: $0) }] = cell
    return cell
  }

  private func known(_ hash: StableHash.Value128) -> Cell? {
    if let cell = young[hash] { return cell }
    guard let cell = old[hash] else { return nil }
    young[hash] = cell
    return cell
  }

  private func load(_ cell: Cell, _ hash: StableHash.Value128) -> Bool {
    guard failure == nil else { return false }
    do {
      var wrong: JSONError?
      try key.withUnsafeBufferPointer { key throws(StoreError) in
        try store.read(UnsafeRawBufferPointer(key)) { bytes in
          do throws(JSONError) { try cell.read(bytes, parser) } catch { wrong = error }
        }
      }
      if let wrong { throw wrong }
      young[hash] = cell
      return true
    } catch {
      fail(error)
      return false
    }
  }

  /// To be said before a cell is changed.
  func touch(_ cell: Cell) {
    if !cell.isTouched {
      cell.isTouched = true
      cell.save()
      touched.append(cell)
    }
    if !cell.isDirty {
      cell.isDirty = true
      dirty.append(cell)
    }
  }

  // MARK: Many rows

  /// All rows under the prefix that is laid out, ascending by key, one at a time. The body changes none of them.
  ///
  /// - Parameter keepsDecoded: they are hot afterwards; if not, none that was not decoded already is kept, however many there are.
  func forEach<Value: JSONCodable & Sendable>(_ table: AnyTable, of type: Value.Type, keepsDecoded: Bool, _ body: (Value) -> Void)
  {
    guard failure == nil else { return }
    let prefix = key
    var changed = dirtyNumbers(under: prefix).map { dirty[$0] }.filter { $0.key.starts(with: prefix) }[...]
    changed.sort { RowKeyOrder.precedes($0.key, $1.key) }
    /// What the batch has changed takes its place among the rows of the store.
    func give(_ cell: Cell) {
      if let value = unsafeDowncast(cell, to: RowCell<Value>.self).value { body(value) }
    }
    do {
      var wrong: JSONError?
      try store.scan(prefix: prefix, after: nil) { rowKey, bytes in
        while let cell = changed.first, RowKeyOrder.precedes(cell.key, rowKey) {
          changed.removeFirst()
          give(cell)
        }
        let hash = StableHash.value128(of: rowKey)
        if let cell = known(hash) {
          if !cell.isDirty { give(cell) }
          return true
        }
        do throws(JSONError) {
          let value = try parser.read(bytes) { json throws(JSONError) in try Value(json: json) }
          if keepsDecoded {
            let cell = RowCell<Value>(table, [UInt8](rowKey))
            cell.value = value
            young[hash] = cell
          }
          body(value)
        } catch {
          wrong = error
        }
        return wrong == nil && failure == nil
      }
      if let wrong { throw wrong }
    } catch {
      return fail(error)
    }
    for cell in changed { give(cell) }
  }

  private func dirtyNumbers(under prefix: [UInt8]) -> [Int] {
    while indexed < dirty.count {
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table, default: []].append(indexed) }
      indexed += 1
    }
    return RowKey.table(of: prefix).flatMap { dirtyByTable[$0] } ?? []
  }

  /// Stored timers in the order in which they are due, without the open batch.
  func storedTimers(after: TimerKey?, limit: Int) -> [TimerKey] {
    guard failure == nil else { return [] }
    var found: [TimerKey] = []
    var start: [UInt8]?
    if let after {
      start = []
      after.append(to: &start!)
    }
    do {
      try store.scan(prefix: RowKey.timers, after: start) { key, _ in
        if let timer = TimerKey(key) { found.append(timer) }
        return found.count < limit
      }
    } catch {
      fail(error)
    }
    return found
  }

  // MARK: Turns and batches

  /// From here on `undoTurn` takes back.
  func beginTurn() { dirtyAtTurn = dirty.count }

  func endTurn() {
    for cell in touched { cell.settle() }
    touched.removeAll(keepingCapacity: true)
  }

  func undoTurn() {
    for cell in touched { cell.undo() }
    touched.removeAll(keepingCapacity: true)
    while indexed > dirtyAtTurn {
      indexed -= 1
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table]?.removeLast() }
    }
    for cell in dirty[dirtyAtTurn...] { cell.isDirty = false }
    dirty.removeLast(dirty.count - dirtyAtTurn)
  }

  var isChanged: Bool { !dirty.isEmpty }

  /// The batch's changes, encoded, in the order of their first change.
  func changes() throws -> Changes {
    if let failure { throw failure }
    changed.removeAll()
    for cell in dirty { cell.write(to: changed) }
    return changed
  }

  func commit() {
    for cell in dirty { cell.isDirty = false }
    forgetChanges()
    guard young.count > generationMax else { return }
    old = young
    young = [:]
    young.reserveCapacity(min(generationMax, 1 << 16))
  }

  /// Forgets the open batch and everything decoded.
  func abort() {
    young.removeAll()
    old.removeAll()
    forgetChanges()
    failure = nil
  }

  private func forgetChanges() {
    dirty.removeAll(keepingCapacity: true)
    touched.removeAll(keepingCapacity: true)
    dirtyAtTurn = 0
    dirtyByTable.removeAll(keepingCapacity: true)
    indexed = 0
  }

  func fail(_ error: any Error) { if failure == nil { failure = error } }
}

/// Two places of a stage use one row as different things, or the hashes of two keys are equal.
struct RowConfusion: Error, CustomStringConvertible {
  let description: String
}

// MARK: - Cells

/// A row in memory.
class Cell {
  final let table: AnyTable
  final let key: [UInt8]
  final var isDirty = false
  final var isTouched = false

  init(_ table: AnyTable, _ key: [UInt8]) {
    self.table = table
    self.key = key
  }

  func read(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) throws(JSONError) {}
  func write(to changes: Changes) {}
  /// Remembers what it is, for `undo`.
  func save() {}
  func undo() {}
  func settle() {}
}

final class RowCell<Value: JSONCodable & Sendable>: Cell {
  /// nil: there is no such row.
  var value: Value?
  private var saved: Value?

  override func read(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) throws(JSONError) {
    value = try parser.read(bytes) { json throws(JSONError) in try Value(json: json) }
  }

  override func write(to changes: Changes) {
    guard let value else { return changes.add(key, nil) }
    changes.add(key, isDeletion: false) { value.write(to: &$0) }
  }

  override func save() { saved = value }

  override func undo() {
    value = saved
    settle()
  }

  override func settle() {
    saved = nil
    isTouched = false
  }
}

/// A row without a value: it is there or not.
final class MarkCell: Cell {
  var isThere = false
  private var wasThere = false

  override func read(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) throws(JSONError) { isThere = true }
  override func write(to changes: Changes) { changes.add(key, isThere ? [] : nil) }
  override func save() { wasThere = isThere }

  override func undo() {
    isThere = wasThere
    settle()
  }

  override func settle() { isTouched = false }
}
