import SQLite

/// The statements that read, prepared once per connection. Every list is a range of an index.
struct Queries {
  let owner, codes, clicks, counts, nextCurrency, lastEntry, maturing, offer: Statement
  let refereesByDate, refereesByStatus, refereesFound, earned, label: Statement
  let entries, entry, rewardReferee: Statement
  let order, runs, assignments, withdrawals, openWithdrawals, steps, requests, request: Statement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> Statement { try database.prepare(sql) }
    owner = try prepare("SELECT id FROM owners WHERE program = ? AND name = ?")
    codes = try prepare("SELECT code, link, at FROM codes WHERE owner = ? ORDER BY at DESC, code DESC LIMIT 20")
    clicks = try prepare(
      """
      SELECT coalesce(sum(counted), 0), coalesce(sum(rejected), 0) FROM codes
      JOIN owners ON program = ?2 AND name = code JOIN clicks ON clicks.owner = owners.id WHERE codes.owner = ?1
      """)
    counts = try prepare("SELECT status, n FROM referee_counts WHERE owner = ?")
    nextCurrency = try prepare("SELECT min(currency) FROM entries WHERE owner = ? AND currency > ?")
    lastEntry = try prepare("SELECT body FROM entries WHERE owner = ? AND currency = ? ORDER BY sequence DESC LIMIT 1")
    maturing = try prepare(
      "SELECT at, amount FROM maturities WHERE owner = ? AND currency = ? AND at > ? AND amount > 0 ORDER BY at LIMIT 5")
    offer = try prepare("SELECT percent, plans, expires_at, state FROM offers WHERE owner = ? ORDER BY number DESC LIMIT 1")

    let referee = "SELECT referee, registered_at, status, rejected FROM referees WHERE owner = ?1"
    let newest = "ORDER BY registered_at DESC, referee DESC"
    refereesByDate = try prepare(
      """
      \(referee) AND registered_at IS NOT NULL AND (registered_at, referee) < (?2, ?3)
      \(newest) LIMIT ?4
      """)
    refereesByStatus = try prepare(
      """
      \(referee) AND registered_at IS NOT NULL AND status = ?2 AND (registered_at, referee) < (?3, ?4)
      \(newest) LIMIT ?5
      """)
    refereesFound = try prepare(
      """
      \(referee) AND registered_at IS NOT NULL AND referee >= ?2 AND referee < ?3 AND referee > ?4
      AND registered_at < ?5 AND (?6 = '' OR status = ?6) ORDER BY referee LIMIT ?7
      """)
    earned = try prepare("SELECT currency, count(*), sum(amount) FROM rewards WHERE owner = ? AND referee = ? GROUP BY currency")
    label = try prepare("SELECT label FROM owners JOIN labels ON owner = id WHERE program = ? AND name = ?")

    let line = "SELECT sequence, type, at, body FROM entries WHERE owner = ? AND currency = ?"
    entries = try prepare("\(line) AND sequence < ? ORDER BY sequence DESC LIMIT ?")
    entry = try prepare("\(line) AND sequence = ?")
    rewardReferee = try prepare("SELECT referee FROM rewards WHERE owner = ? AND reward = ?")

    order = try prepare("SELECT at, companies FROM orders WHERE owner = ?")
    runs = try prepare("SELECT period, as_of, skipped FROM runs WHERE owner = ? ORDER BY period DESC LIMIT 12")
    assignments = try prepare(
      """
      SELECT company, percent, active, slots, state, at, invoice, reason FROM assignments
      WHERE owner = ? AND period = ? ORDER BY number
      """)
    let withdrawal = "SELECT request, amount, currency, requested_at, due_at, state FROM withdrawals WHERE owner = ?"
    withdrawals = try prepare(
      "\(withdrawal) AND state IS NOT NULL AND (requested_at, request) < (?, ?) ORDER BY requested_at DESC, request DESC LIMIT ?"
    )
    openWithdrawals = try prepare("\(withdrawal) AND \(Schema.isOpen) ORDER BY requested_at DESC, request DESC")
    steps = try prepare(
      """
      SELECT type, at, reasons FROM steps WHERE owner = ?1 AND request = ?2
      UNION ALL SELECT type, at, '' FROM requests WHERE owner = ?1 AND request = ?2 ORDER BY at
      """)
    requests = try prepare(
      """
      SELECT request, type, at FROM requests WHERE owner = ? AND (at, request, type) < (?, ?, ?)
      ORDER BY at DESC, request DESC, type DESC LIMIT ?
      """)
    request = try prepare(
      "SELECT type, at, body FROM requests WHERE owner = ?1 AND request = ?2 AND (?3 IS NULL OR type = ?3) ORDER BY at LIMIT 1")
  }
}
