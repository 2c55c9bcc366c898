import Contracts
import JSON

/// The rows of a task as its stages see them: what the store holds, under the changes of the open batch. Values are decoded once and
/// kept decoded while hot.
///
/// A store or codec failure cannot be thrown through a stage; it is kept in `failure`, the reads that follow give nil, and the driver
/// drops the batch.
final class StateRows {
  /// Decoded rows kept across batches; more than this and all clean ones are let go.
  private static let cellsMax = 100_000

  private struct Cell {
    var value: (any Codable & Sendable)?
    var isDirty: Bool
  }

  private let store: any StateStore
  private let parser = JSONParser()
  private var cells: [[UInt8]: Cell] = [:]
  /// Keys of dirty cells in the order of their first change.
  private var dirty: [[UInt8]] = []
  /// What to put back if the open turn is refused.
  private var undo: [(key: [UInt8], cell: Cell?)] = []
  private var dirtyAtTurn = 0
  private(set) var failure: (any Error)?

  init(store: any StateStore) { self.store = store }

  // MARK: Reading

  func value<Value: Codable & Sendable>(_ type: Value.Type, _ key: [UInt8]) -> Value? {
    if let cell = cells[key] { return cell.value as? Value }
    guard failure == nil else { return nil }
    do {
      let value = try store.value(for: key).map { bytes in try parser.decode(type, from: bytes) }
      cells[key] = Cell(value: value, isDirty: false)
      return value
    } catch {
      fail(error)
      return nil
    }
  }

  /// All rows under a prefix, ascending by key.
  func values<Value: Codable & Sendable>(_ type: Value.Type, prefix: [UInt8]) -> [Value] {
    guard failure == nil else { return [] }
    var found: [(key: [UInt8], value: Value)] = []
    do {
      for row in try store.rows(prefix: prefix, after: nil, limit: .max) {
        if let cell = cells[row.key] {
          if !cell.isDirty, let value = cell.value as? Value { found.append((row.key, value)) }
        } else {
          found.append((row.key, try parser.decode(type, from: row.value)))
        }
      }
    } catch {
      fail(error)
      return []
    }
    var changed = false
    for key in dirty where key.starts(with: prefix) {
      guard let value = cells[key]?.value as? Value else { continue }
      found.append((key, value))
      changed = true
    }
    if changed { found.sort { $0.key.lexicographicallyPrecedes($1.key) } }
    return found.map(\.value)
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

  func set(_ key: [UInt8], _ value: (any Codable & Sendable)?) {
    let before = cells[key]
    undo.append((key, before))
    if before?.isDirty != true { dirty.append(key) }
    cells[key] = Cell(value: value, isDirty: true)
  }

  /// From here on `undoTurn` takes back.
  func beginTurn() {
    undo.removeAll(keepingCapacity: true)
    dirtyAtTurn = dirty.count
  }

  func undoTurn() {
    for (key, cell) in undo.reversed() { cells[key] = cell }
    undo.removeAll(keepingCapacity: true)
    dirty.removeLast(dirty.count - dirtyAtTurn)
  }

  /// The batch's changes, encoded, in the order of their first change.
  func changes() throws -> [RowChange] {
    if let failure { throw failure }
    return try dirty.map { key in
      RowChange(key: key, value: try cells[key]?.value.map { value in try JSONEncoding.encode(value) })
    }
  }

  func commit() {
    for key in dirty { cells[key]?.isDirty = false }
    dirty.removeAll(keepingCapacity: true)
    undo.removeAll(keepingCapacity: true)
    if cells.count > Self.cellsMax { cells.removeAll(keepingCapacity: true) }
  }

  /// Forgets the open batch and everything decoded.
  func abort() {
    cells.removeAll(keepingCapacity: true)
    dirty.removeAll(keepingCapacity: true)
    undo.removeAll(keepingCapacity: true)
    failure = nil
  }

  func fail(_ error: any Error) { if failure == nil { failure = error } }
}
