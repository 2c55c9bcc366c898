import CSQLite

/// An error from SQLite.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The extended result code (https://sqlite.org/rescode.html).
  public let code: Int32
  public let description: String

  /// The file is damaged or is not a database: rebuild it. A file that was cut ends before the pages that it should have.
  public var meansDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xFF) || code == SQLITE_IOERR | 2 << 8 }
  /// The file does not exist or cannot be opened.
  public var meansMissing: Bool { code & 0xFF == SQLITE_CANTOPEN }

  init(_ code: Int32, _ connection: OpaquePointer?, _ what: String = "") {
    self.code = code
    let reason = connection.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    description = what.isEmpty ? "SQLite: \(reason)" : "SQLite: \(reason): \(what)"
  }
}

/// One connection to a SQLite file. For one thread at a time.
public final class Database {
  let handle: OpaquePointer
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]

  public enum Mode: Sendable {
    case readOnly
    /// Creates the file if it is missing.
    case readWrite
  }

  /// A statement waits up to 5 s for another connection's lock.
  ///
  /// - Parameter cacheKiB: size of the page cache in memory.
  public init(_ path: String, _ mode: Mode, cacheKiB: Int = 8_192) throws(SQLiteError) {
    var opened: OpaquePointer?
    let flags = (mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      defer { sqlite3_close_v2(opened) }
      throw SQLiteError(code, opened, path)
    }
    handle = opened
    sqlite3_busy_timeout(handle, 5_000)
    try execute("PRAGMA cache_size = -\(cacheKiB)")
    try execute("PRAGMA foreign_keys = OFF")
    try execute("PRAGMA trusted_schema = OFF")
  }

  // Closes the file when the last statement is gone too.
  deinit { sqlite3_close_v2(handle) }

  /// Runs one or more statements without parameters.
  public func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteError(code, handle, sql) }
  }

  public func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(handle, sql) }

  /// A statement of the program's text, prepared once per connection.
  public func statement(_ sql: StaticString) throws(SQLiteError) -> Statement {
    if let known = statements[sql.utf8Start] { return known }
    let statement = try prepare("\(sql)")
    statements[sql.utf8Start] = statement
    return statement
  }

  /// Runs the body in one transaction, which takes the write lock at once. An error in the body undoes everything.
  public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    try execute("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // A failed COMMIT may have rolled back already.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  /// Runs queries that all see one state of the file.
  public func snapshot<Result>(_ body: () throws -> Result) throws -> Result {
    try execute("BEGIN")
    defer { try? execute("ROLLBACK") }
    return try body()
  }

  /// The rowid of the last INSERT.
  public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
}
