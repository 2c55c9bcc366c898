import CSQLite

/// A value that can be bound to a statement's parameter.
public protocol SQLiteValue {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

extension Int64: SQLiteValue {
  public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { sqlite3_bind_int64(statement, index, self) }
}

extension Bool: SQLiteValue {
  public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { sqlite3_bind_int(statement, index, self ? 1 : 0) }
}

extension String: SQLiteValue {
  public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    var text = self
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { laurel_sqlite_bind_text(statement, index, $0.baseAddress, Int32($0.count)) }
    }
  }
}

extension [UInt8]: SQLiteValue {
  public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    // An empty array may have no address, and then SQLite would bind NULL.
    isEmpty ? sqlite3_bind_zeroblob(statement, index, 0) : laurel_sqlite_bind_blob(statement, index, self, Int32(count))
  }
}

extension Optional: SQLiteValue where Wrapped: SQLiteValue {
  public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    self?.bind(to: statement, at: index) ?? sqlite3_bind_null(statement, index)
  }
}

/// A prepared statement of a connection. For the connection's thread; do not use it again while it runs.
public final class Statement {
  private let handle: OpaquePointer

  init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteError) {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw SQLiteError(code, connection, sql) }
    handle = prepared
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs the statement; the values are its parameters in order.
  public func run<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
    try start(repeat each values)
    defer { sqlite3_reset(handle) }
    while try step() {}
  }

  /// The rows of a query. A row is valid until the body returns.
  public func rows<Item, each Value: SQLiteValue>(
    _ values: repeat each Value, body: (Row) throws -> Item
  ) throws -> [Item] {
    try start(repeat each values)
    defer { sqlite3_reset(handle) }
    var items: [Item] = []
    while try step() { items.append(try body(Row(statement: handle))) }
    return items
  }

  /// The first row of a query, or `nil` if there is none.
  public func first<Item, each Value: SQLiteValue>(
    _ values: repeat each Value, body: (Row) throws -> Item
  ) throws -> Item? {
    try start(repeat each values)
    defer { sqlite3_reset(handle) }
    return try step() ? try body(Row(statement: handle)) : nil
  }

  private func start<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
    var index: Int32 = 0
    var code = SQLITE_OK
    for value in repeat each values {
      index += 1
      if code == SQLITE_OK { code = value.bind(to: handle, at: index) }
    }
    guard code == SQLITE_OK, index == sqlite3_bind_parameter_count(handle) else {
      throw error(code == SQLITE_OK ? SQLITE_RANGE : code)
    }
  }

  private func step() throws(SQLiteError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw error(code)
    }
  }

  private func error(_ code: Int32) -> SQLiteError {
    SQLiteError(code, sqlite3_db_handle(handle), String(cString: sqlite3_sql(handle)))
  }
}

/// A row of a query's result; columns count from 0.
public struct Row {
  let statement: OpaquePointer

  /// 0 for NULL.
  public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  /// `nil` for NULL.
  public func optionalInteger(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : integer(column)
  }

  /// Empty for NULL.
  public func text(_ column: Int32) -> String { optionalText(column) ?? "" }

  /// `nil` for NULL.
  public func optionalText(_ column: Int32) -> String? {
    guard let text = sqlite3_column_text(statement, column) else { return nil }
    let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Empty for NULL.
  public func blob(_ column: Int32) -> [UInt8] {
    guard let bytes = sqlite3_column_blob(statement, column) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))))
  }
}
