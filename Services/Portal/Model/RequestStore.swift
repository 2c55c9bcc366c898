import Contracts
import SQLite
import Synchronization

/// Keeps accepted requests on disk until the bus has confirmed them, because there is no other copy. For any thread.
final class RequestStore: Sendable {
  /// A request as it goes to the bus.
  struct Kept: Sendable, Equatable {
    var program: ProgramID
    var account: AccountID
    var request: RequestID
    /// `withdrawal.requested.v1` …
    var type: String
    var at: Instant
    /// The data as JSON.
    var body: [UInt8]
    var isSent: Bool = false
  }

  /// How long a sent request is kept, so that the read model has time to read it back from the bus.
  private static let sentFor = TimeSpan.days(7)

  // Used only under the mutex.
  private struct Connection: @unchecked Sendable {
    let database: Database
  }

  private let connection: Mutex<Connection>

  package init(_ path: String, now: Instant) throws {
    let database = try Database(path, .readWrite, cacheKiB: 1_024)
    try database.execute("PRAGMA journal_mode = WAL")
    try database.execute("PRAGMA synchronous = FULL")
    try database.execute(
      """
      CREATE TABLE IF NOT EXISTS requests (program TEXT, account TEXT, request TEXT, type TEXT, at INTEGER NOT NULL, body BLOB NOT NULL,
        sent INTEGER NOT NULL DEFAULT 0, taken_at INTEGER NOT NULL, PRIMARY KEY (program, account, request, type)) STRICT;
      CREATE INDEX IF NOT EXISTS unsent ON requests (taken_at) WHERE NOT sent;
      """)
    try database.prepare("DELETE FROM requests WHERE sent AND taken_at < ?").run((now - Self.sentFor).milliseconds)
    connection = Mutex(Connection(database: database))
  }

  /// Stores a request, unless there is one with its id and type. Returns the stored one.
  /// - Parameter now: system time. The request's own time may be a sandbox's.
  func keep(_ kept: Kept, now: Instant) throws -> Kept {
    try connection.withLock { connection in
      try connection.database.statement(
        "INSERT INTO requests (program, account, request, type, at, body, taken_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
      ).run(
        kept.program.value, kept.account.value, kept.request.value, kept.type, kept.at.milliseconds, kept.body, now.milliseconds)
    }
    return try find(kept.account, kept.program, kept.request.value, type: kept.type) ?? kept
  }

  /// - Parameter type: `nil` for any type.
  func find(_ account: AccountID, _ program: ProgramID, _ request: String, type: String? = nil) throws -> Kept? {
    try connection.withLock { connection in
      try connection.database.statement(
        """
        SELECT program, account, request, type, at, body, sent FROM requests
        WHERE program = ?1 AND account = ?2 AND request = ?3 AND (?4 IS NULL OR type = ?4) ORDER BY at LIMIT 1
        """
      ).first(program.value, account.value, request, type, body: kept) ?? nil
    }
  }

  /// The oldest 500 requests that the bus has not confirmed, oldest first.
  func unsent() throws -> [Kept] {
    try connection.withLock { connection in
      try connection.database.statement(
        "SELECT program, account, request, type, at, body, sent FROM requests WHERE NOT sent ORDER BY taken_at LIMIT 500"
      ).rows(body: kept).compactMap { $0 }
    }
  }

  /// Marks a request as confirmed by the bus.
  func sent(_ kept: Kept) throws {
    try connection.withLock { connection in
      try connection.database.statement(
        "UPDATE requests SET sent = 1 WHERE program = ? AND account = ? AND request = ? AND type = ?"
      ).run(kept.program.value, kept.account.value, kept.request.value, kept.type)
    }
  }
}

private func kept(_ row: Row) -> RequestStore.Kept? {
  guard let program = ProgramID(row.text(0)), let account = AccountID(row.text(1)), let request = RequestID(row.text(2)) else {
    return nil
  }
  return RequestStore.Kept(
    program: program, account: account, request: request, type: row.text(3), at: Instant(milliseconds: row.integer(4)),
    body: row.blob(5), isSent: row.integer(6) != 0)
}
