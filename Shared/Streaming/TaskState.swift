import Contracts
import JSON

/// The rows of a task as its stages see them: the store, overlaid with the changes of the open batch. Values are decoded once and stay
/// decoded while they are in use.
///
/// A stage cannot throw a store or codec failure. The failure is kept in `failure`, later reads return nil, and the driver drops the batch.
final class TaskState {
  private let store: any StateStore
  private let parser = JSONParser()
  /// The key of the row to read. Every caller writes it here first.
  var key: [UInt8] = []
  private var inMemory: CellsInMemory
  private var batchCells = BatchCells()
  private let changed = Changes()
  private(set) var failure: (any Error)?

  /// - Parameter decodedMax: the maximum number of rows kept decoded between batches.
  init(store: any StateStore, decodedMax: Int) {
    self.store = store
    inMemory = CellsInMemory(generationMax: max(1, decodedMax / 2))
  }

  // MARK: One row

  /// The cell of the row whose key is in `key`, or `nil` after a failure.
  ///
  /// - Parameter isNew: whether the row cannot be in the store, which then is not searched for it.
  func cell<Value: JSONCodable & Sendable>(
    _ table: AnyTable, of type: Value.Type = Value.self, isNew: Bool = false
  ) -> RowCell<Value>? {
    let hash = key.withUnsafeBytes { StableHash.value128(of: $0) }
    if let known = inMemory.cell(hash, of: table) {
      guard known.table === table, known.hasKey(key) else {
        // Returning nil silently would read as "no row", and the next write would overwrite the row.
        fail(RowConfusion(description: "the row '\(RowKey.text(key))' is read as a row of '\(table.name)'"))
        return nil
      }
      return unsafeDowncast(known, to: RowCell<Value>.self)
    }
    let cell = RowCell<Value>(table, key)
    if isNew, failure == nil {
      assert((try? store.holds(key)) != true, "the row '\(RowKey.text(key))' is not new")
      inMemory.add(cell, hash)
      return cell
    }
    return load(cell, hash) ? cell : nil
  }

  /// The cell of a row without a value, which either exists or not.
  func mark(_ table: AnyTable) -> MarkCell? {
    let hash = key.withUnsafeBytes { StableHash.value128(of: $0) }
    if let known = inMemory.cell(hash, of: table) as? MarkCell { return known }
    let cell = MarkCell(table, key)
    return load(cell, hash) ? cell : nil
  }

  /// The cell of such a row that a scan of the store has just found. It need not be read again: it still exists, unless the open batch has
  /// changed it, and then its cell is in memory.
  func storedMark(_ table: AnyTable) -> MarkCell? {
    let hash = key.withUnsafeBytes { StableHash.value128(of: $0) }
    if let known = inMemory.cell(hash, of: table) as? MarkCell { return known }
    let cell = newMark(table)
    cell?.isThere = true
    return cell
  }

  /// The cell of such a row that never existed, so the store is not searched.
  func newMark(_ table: AnyTable) -> MarkCell? {
    guard failure == nil else { return nil }
    let cell = MarkCell(table, key)
    inMemory.add(cell, key.withUnsafeBytes { StableHash.value128(of: $0) })
    return cell
  }

  private func load(_ cell: Cell, _ hash: StableHash.Value128) -> Bool {
    guard failure == nil else { return false }
    do {
      var wrong: JSONError?
      try key.withUnsafeBufferPointer { key throws(StoreError) in
        try store.read(UnsafeRawBufferPointer(key)) { bytes in
          do throws(JSONError) { try cell.table.cells.read(cell, bytes, parser) } catch { wrong = error }
        }
      }
      if let wrong { throw wrong }
      inMemory.add(cell, hash)
      return true
    } catch {
      fail(error)
      return false
    }
  }

  /// Must be called before a cell is changed.
  func touch(_ cell: Cell) { batchCells.touch(cell) }

  // MARK: Many rows

  /// All rows under the prefix in `key`, ascending, one at a time. The body must not change them.
  ///
  /// - Parameters:
  ///   - keepsDecoded: whether the rows are kept decoded afterwards. If not, only rows that were decoded before stay so.
  ///   - update: brings a stored row to what it is now; `nil` if the rows have no timers.
  func forEach<Value: JSONCodable & Sendable>(
    _ table: AnyTable, keepsDecoded: Bool, update: ((inout Value?, _ key: [UInt8]) -> Void)?, _ body: (Value) -> Void
  ) {
    guard failure == nil else { return }
    let prefix = key
    var changed = batchCells.changedCells(under: prefix)[...]
    changed.sort { RowKeyOrder.precedes($0.key, $1.key) }
    /// Passes a row changed by the batch to the body, in its place among the stored rows.
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
        if let cell = inMemory.cell(hash, of: table) {
          if !cell.use.isDirty { give(cell) }
          return true
        }
        do throws(JSONError) {
          var value: Value? = try parser.read(bytes) { json throws(JSONError) in try Value(json: json) }
          update?(&value, [UInt8](rowKey))
          if keepsDecoded {
            let cell = RowCell<Value>(table, [UInt8](rowKey))
            cell.value = value
            inMemory.add(cell, hash)
          }
          if let value { body(value) }
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

  /// Stored timers in the order in which they are due, without those of the open batch.
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

  // MARK: Invocations and batches

  /// Starts an invocation: `undoInvocation` undoes everything changed from here on.
  func beginInvocation() { batchCells.beginInvocation() }

  func endInvocation() { batchCells.endInvocation() }

  func undoInvocation() { batchCells.undoInvocation() }

  var isChanged: Bool { !batchCells.dirty.isEmpty }

  /// The rows that the open batch has changed or deleted.
  var changedCells: [Cell] { batchCells.dirty }

  /// The batch's changes, encoded, in the order of their first change.
  func changes() throws -> Changes {
    if let failure { throw failure }
    changed.removeAll()
    for cell in batchCells.dirty { cell.table.cells.write(cell, changed) }
    return changed
  }

  func commit() {
    batchCells.commit()
    inMemory.endBatch()
  }

  /// Forgets the open batch and everything decoded.
  func abort() {
    inMemory.removeAll()
    batchCells.removeAll()
    failure = nil
  }

  func fail(_ error: any Error) { if failure == nil { failure = error } }
}

/// The rows in memory, by the hash of their keys. Like `BatchCells` it is a struct so that Swift checks once a call, not at each field, that
/// nobody else changes it.
private struct CellsInMemory {
  /// Two generations. A cell that is used moves to the young one; when that is full, the old one is dropped. So rows leave by age, and
  /// never all at once.
  private var young: [StableHash.Value128: Cell] = [:]
  private var old: [StableHash.Value128: Cell] = [:]
  private let generationMax: Int
  /// Cells of tables whose rows are not kept decoded, until the batch ends.
  private var passing: [StableHash.Value128: Cell] = [:]

  init(generationMax: Int) {
    self.generationMax = generationMax
  }

  mutating func cell(_ hash: StableHash.Value128, of table: AnyTable) -> Cell? {
    guard table.keepsDecoded else { return passing[hash] }
    if let cell = young[hash] { return cell }
    guard let cell = old[hash] else { return nil }
    young[hash] = cell
    return cell
  }

  mutating func add(_ cell: Cell, _ hash: StableHash.Value128) {
    if cell.table.keepsDecoded { young[hash] = cell } else { passing[hash] = cell }
  }

  mutating func endBatch() {
    passing.removeAll(keepingCapacity: true)
    guard young.count > generationMax else { return }
    old = young
    young = [:]
    young.reserveCapacity(min(generationMax, 1 << 16))
  }

  mutating func removeAll() {
    young.removeAll()
    old.removeAll()
    passing.removeAll()
  }
}

/// What the open batch has changed.
private struct BatchCells {
  /// Cells changed in the batch, in the order of their first change.
  private(set) var dirty: [Cell] = []
  /// Cells changed in the open invocation.
  private var touched: [Cell] = []
  private var dirtyAtInvocation = 0
  /// Indexes of dirty cells by stage, program, key and table, so that a scan looks only at its own table's changes instead of all changes
  /// of the batch. The first scan of a batch builds it, later scans extend it.
  private var dirtyByTable: [ArraySlice<UInt8>: [Int]] = [:]
  /// The number of dirty cells in that index.
  private var indexed = 0

  mutating func touch(_ cell: Cell) {
    let use = cell.use
    guard !use.isTouched else { return }
    cell.use = Cell.Use(isDirty: true, isTouched: true)
    cell.table.cells.save(cell)
    touched.append(cell)
    if !use.isDirty { dirty.append(cell) }
  }

  mutating func changedCells(under prefix: [UInt8]) -> [Cell] {
    while indexed < dirty.count {
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table, default: []].append(indexed) }
      indexed += 1
    }
    guard let numbers = RowKey.table(of: prefix).flatMap({ dirtyByTable[$0] }) else { return [] }
    return numbers.map { dirty[$0] }.filter { $0.key.starts(with: prefix) }
  }

  mutating func beginInvocation() { dirtyAtInvocation = dirty.count }

  mutating func endInvocation() {
    for cell in touched { cell.table.cells.settle(cell) }
    touched.removeAll(keepingCapacity: true)
  }

  mutating func undoInvocation() {
    for cell in touched { cell.table.cells.undo(cell) }
    touched.removeAll(keepingCapacity: true)
    while indexed > dirtyAtInvocation {
      indexed -= 1
      if let table = RowKey.table(of: dirty[indexed].key) { dirtyByTable[table]?.removeLast() }
    }
    for cell in dirty[dirtyAtInvocation...] { cell.use.isDirty = false }
    dirty.removeLast(dirty.count - dirtyAtInvocation)
  }

  mutating func commit() {
    // The progress row changes outside of invocations.
    endInvocation()
    for cell in dirty { cell.use.isDirty = false }
    removeAll()
  }

  mutating func removeAll() {
    dirty.removeAll(keepingCapacity: true)
    touched.removeAll(keepingCapacity: true)
    dirtyAtInvocation = 0
    dirtyByTable.removeAll(keepingCapacity: true)
    indexed = 0
  }
}

/// A stage uses one row for two tables, or two keys have the same hash.
struct RowConfusion: Error, CustomStringConvertible {
  let description: String
}
