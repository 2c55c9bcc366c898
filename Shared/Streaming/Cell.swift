import Contracts
import JSON

/// A row in memory.
class Cell {
  final let table: AnyTable
  final let key: [UInt8]
  final var use = Use()

  struct Use {
    /// Whether the open batch has changed it.
    var isDirty = false
    /// Whether the open invocation has changed it.
    var isTouched = false
  }

  init(_ table: AnyTable, _ key: [UInt8]) {
    self.table = table
    self.key = key
  }

  final func hasKey(_ other: [UInt8]) -> Bool {
    key.withUnsafeBytes { key in other.withUnsafeBytes { key.equals($0) } }
  }
}

final class RowCell<Value: JSONCodable & Sendable>: Cell {
  /// `nil` if there is no such row.
  var value: Value?
  fileprivate var saved: Value?
}

/// A row without a value; it either exists or not.
final class MarkCell: Cell {
  var isThere = false
  fileprivate var wasThere = false
}

/// What the state does with the cells of a table.
///
/// These are closures because the compiler makes them for the type of the table's values. Methods of `RowCell` would be the same code for
/// every type, and would look up the type at each access to a value.
struct CellActions: Sendable {
  let read: @Sendable (Cell, UnsafeRawBufferPointer, JSONParser) throws(JSONError) -> Void
  let write: @Sendable (Cell, Changes) -> Void
  /// Saves its value for `undo`.
  let save: @Sendable (Cell) -> Void
  let undo: @Sendable (Cell) -> Void
  /// Forgets the saved value.
  let settle: @Sendable (Cell) -> Void

  init<Value: JSONCodable & Sendable>(rowsOf type: Value.Type) {
    @Sendable func row(_ cell: Cell) -> RowCell<Value> { unsafeDowncast(cell, to: RowCell<Value>.self) }
    read = { cell, bytes, parser throws(JSONError) in
      row(cell).value = try parser.read(bytes) { json throws(JSONError) in try Value(json: json) }
    }
    write = { cell, changes in
      guard let value = row(cell).value else { return changes.add(cell.key, nil) }
      changes.add(cell.key, isDeletion: false) { value.write(to: &$0) }
    }
    save = { row($0).saved = row($0).value }
    undo = {
      row($0).value = row($0).saved
      row($0).saved = nil
      $0.use.isTouched = false
    }
    settle = {
      row($0).saved = nil
      $0.use.isTouched = false
    }
  }

  private init(marks: Void) {
    @Sendable func mark(_ cell: Cell) -> MarkCell { unsafeDowncast(cell, to: MarkCell.self) }
    read = { cell, _, _ in mark(cell).isThere = true }
    write = { cell, changes in changes.add(cell.key, mark(cell).isThere ? [] : nil) }
    save = { mark($0).wasThere = mark($0).isThere }
    undo = {
      mark($0).isThere = mark($0).wasThere
      $0.use.isTouched = false
    }
    settle = { $0.use.isTouched = false }
  }

  static let marks = CellActions(marks: ())
}
