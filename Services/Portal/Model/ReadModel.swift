import Contracts
import JSON
import SQLite

/// Reads the accounts' data from the read model's file, as last committed by the writer. For use by one thread.
package final class ReadModel {
  /// Each version of the tables has its own file, so a new one can be built while another process serves the old one.
  static let fileName = "model-\(Schema.version).sqlite"

  let database: Database
  private let parser = JSONParser()

  package init(_ path: String) throws {
    database = try Database(path, .readOnly)
  }

  /// Whether the file was complete at some time. It may be out of date since.
  func isComplete() throws -> Bool {
    try database.prepare("SELECT complete FROM model").first { $0.integer(0) != 0 } ?? false
  }

  /// The account in a program, or `nil` if no message has named it yet.
  func owner(_ account: AccountID, _ program: ProgramID) throws -> Int64? {
    try database.statement("SELECT id FROM owners WHERE program = ? AND name = ?").first(program.value, account.value) {
      $0.integer(0)
    }
  }

  // MARK: Accounts

  /// Accounts with a code, in the order in which they appeared on the bus. Only for `--for-trying`.
  func accounts(limit: Int) throws -> [(program: ProgramID, account: AccountID)] {
    try database.prepare(
      "SELECT program, name FROM owners WHERE EXISTS (SELECT 1 FROM codes WHERE owner = id) ORDER BY id LIMIT ?"
    ).rows(Int64(limit)) { row in
      guard let program = ProgramID(row.text(0)), let account = AccountID(row.text(1)) else { return nil }
      return (program, account)
    }.compactMap { $0 }
  }

  /// The companies that the account's discounts and orders name.
  func companies(of account: AccountID, _ program: ProgramID) throws -> [CompanyID] {
    guard let owner = try owner(account, program) else { return [] }
    let ordered = try order(owner)?.companies ?? []
    let assigned = try database.statement("SELECT DISTINCT company FROM assignments WHERE owner = ? ORDER BY company")
      .rows(owner) { $0.text(0) }
    return (ordered + assigned.filter { !ordered.contains($0) }).compactMap { CompanyID($0) }
  }

  // MARK: Overview

  package func summary(_ account: AccountID, _ program: ProgramID, now: Instant) throws -> Summary {
    var summary = Summary()
    guard let owner = try owner(account, program) else { return summary }
    summary.codes = try database.statement(
      "SELECT code, link, at FROM codes WHERE owner = ? ORDER BY at DESC, code DESC LIMIT 20"
    ).rows(owner) { IssuedCode(code: $0.text(0), link: $0.text(1), at: $0.instant(2)) }.reversed()
    summary.clicks =
      try database.statement(
        """
        SELECT coalesce(sum(counted), 0), coalesce(sum(rejected), 0) FROM codes
        JOIN owners ON program = ?2 AND name = code JOIN clicks ON clicks.owner = owners.id WHERE codes.owner = ?1
        """
      ).first(owner, program.value) { Clicks(counted: $0.integer(0), rejected: $0.integer(1)) } ?? Clicks()
    summary.referees = try counts(owner)
    summary.balances = try currencies(owner).compactMap { currency in
      guard let balance = try balance(owner, currency) else { return nil }
      let maturities = try database.statement(
        "SELECT at, amount FROM maturities WHERE owner = ? AND currency = ? AND at > ? AND amount > 0 ORDER BY at LIMIT 5"
      ).rows(owner, currency, now.milliseconds) { Maturity(at: $0.instant(0), amount: $0.integer(1)) }
      return CurrencyFigures(balance: balance, maturities: maturities)
    }
    summary.offer = try database.statement(
      "SELECT percent, plans, expires_at, state FROM offers WHERE owner = ? ORDER BY number DESC LIMIT 1"
    ).first(owner) { row in
      Offer(
        percent: row.integer(0), plans: row.lines(1), expiresAt: row.instant(2),
        state: Offer.State(rawValue: row.text(3)) ?? .expired)
    }
    summary.openWithdrawals = try openWithdrawals(owner)
    return summary
  }

  private func counts(_ owner: Int64) throws -> RefereeCounts {
    var counts = RefereeCounts()
    _ = try database.statement("SELECT status, n FROM referee_counts WHERE owner = ?").rows(owner) { row in
      if let status = RefereeStatus(rawValue: row.text(0)) { counts.byStatus[status] = row.integer(1) }
    }
    return counts
  }

  /// The currencies of an account's balances, sorted by code.
  private func currencies(_ owner: Int64) throws -> [String] {
    var found: [String] = []
    // One index lookup per currency, however many entries it has.
    let next = try database.statement("SELECT min(currency) FROM entries WHERE owner = ? AND currency > ?")
    while let next = try next.first(owner, found.last ?? "", body: { $0.optionalText(0) }) ?? nil {
      found.append(next)
    }
    return found
  }

  private func balance(_ owner: Int64, _ currency: String) throws -> Balance? {
    try database.statement("SELECT body FROM entries WHERE owner = ? AND currency = ? ORDER BY sequence DESC LIMIT 1").first(
      owner, currency
    ) { row in
      try parser.read(row.blob(0)) { json throws(JSONError) in try json.object().optional("balance", as: Balance.self) }
    } ?? nil
  }

  // MARK: Invited

  /// - Parameters:
  ///   - status: only referees of this status; `nil` for all.
  ///   - before: `next` of the page before this one.
  ///   - registeredBefore: only referees that registered before this instant.
  ///   - find: the beginning of an account's id.
  /// - Returns: newest first, or by id with `find`; `nil` if the cursor is invalid.
  package func referees(
    _ account: AccountID, _ program: ProgramID, status: RefereeStatus? = nil, before: String? = nil,
    registeredBefore: Instant? = nil, find: String? = nil, limit: Int = 50
  ) throws -> Page<Referee>? {
    guard var cursor = Cursor(.referees, before) else { return nil }
    let end = registeredBefore?.milliseconds ?? .max
    if before == nil { cursor.number = end }
    guard let owner = try owner(account, program) else { return Page(items: []) }
    let take = { (row: Row) in (referee: row.text(0), at: row.instant(1), status: row.text(2), reasons: row.words(3)) }
    let rows =
      if let find {
        try database.statement(
          """
          SELECT referee, registered_at, status, rejected FROM referees
          WHERE owner = ?1 AND registered_at IS NOT NULL AND referee >= ?2 AND referee < ?3 AND referee > ?4
          AND registered_at < ?5 AND (?6 = '' OR status = ?6) ORDER BY referee LIMIT ?7
          """
        ).rows(owner, find, find + "\u{7F}", cursor.name, end, status?.rawValue ?? "", Int64(limit + 1), body: take)
      } else if let status {
        try database.statement(
          """
          SELECT referee, registered_at, status, rejected FROM referees
          WHERE owner = ? AND registered_at IS NOT NULL AND status = ? AND (registered_at, referee) < (?, ?)
          ORDER BY registered_at DESC, referee DESC LIMIT ?
          """
        ).rows(owner, status.rawValue, cursor.number, cursor.name, Int64(limit + 1), body: take)
      } else {
        try database.statement(
          """
          SELECT referee, registered_at, status, rejected FROM referees
          WHERE owner = ? AND registered_at IS NOT NULL AND (registered_at, referee) < (?, ?)
          ORDER BY registered_at DESC, referee DESC LIMIT ?
          """
        ).rows(owner, cursor.number, cursor.name, Int64(limit + 1), body: take)
      }
    let items = try rows.prefix(limit).compactMap { row -> Referee? in
      guard let id = AccountID(row.referee), let status = RefereeStatus(rawValue: row.status) else { return nil }
      var referee = Referee(
        account: id, label: try label(id, program), registeredAt: row.at, status: status, reasons: row.reasons)
      _ = try database.statement(
        "SELECT currency, count(*), sum(amount) FROM rewards WHERE owner = ? AND referee = ? GROUP BY currency"
      ).rows(owner, row.referee) { row in
        guard let currency = Currency(row.text(0)) else { return }
        referee.payments += row.integer(1)
        referee.earned[currency] = row.integer(2)
      }
      return referee
    }
    let next =
      rows.count > limit ? items.last.map { Cursor(.referees, $0.registeredAt.milliseconds, $0.account.value).text } : nil
    return Page(items: items, next: next)
  }

  private func label(_ account: AccountID, _ program: ProgramID) throws -> String? {
    try database.statement("SELECT label FROM owners JOIN labels ON owner = id WHERE program = ? AND name = ?")
      .first(program.value, account.value) { $0.text(0) }
  }

  // MARK: The account book

  /// Entries of a currency and entries without one, newest first; `nil` if the cursor is invalid.
  /// - Parameter before: `next` of the page before this one.
  package func entries(
    _ account: AccountID, _ program: ProgramID, currency: Currency?, before: String? = nil, limit: Int = 50
  ) throws -> Page<Entry>? {
    guard let cursor = Cursor(.entries, before) else { return nil }
    guard let owner = try owner(account, program) else { return Page(items: []) }
    let named = try currency.map { [$0.code] } ?? currencies(owner)
    let rows = try (named + [""]).flatMap { currency in
      try database.statement(
        """
        SELECT sequence, type, at, body FROM entries WHERE owner = ? AND currency = ? AND sequence < ?
        ORDER BY sequence DESC LIMIT ?
        """
      ).rows(owner, currency, cursor.number, Int64(limit + 1), body: { try entry($0, owner, program) })
    }.sorted { $0.sequence > $1.sequence }
    let items = Array(rows.prefix(limit))
    return Page(items: items, next: rows.count > limit ? items.last.map { Cursor(.entries, $0.sequence).text } : nil)
  }

  /// One entry by its number; `nil` if the account has no such entry.
  package func entry(_ account: AccountID, _ program: ProgramID, sequence: Int64) throws -> Entry? {
    guard let owner = try owner(account, program) else { return nil }
    for currency in try currencies(owner) + [""] {
      let found = try database.statement(
        "SELECT sequence, type, at, body FROM entries WHERE owner = ? AND currency = ? AND sequence = ?"
      ).first(owner, currency, sequence) { try entry($0, owner, program) }
      if let found { return found }
    }
    return nil
  }

  private func entry(_ row: Row, _ owner: Int64, _ program: ProgramID) throws -> Entry {
    var reward: String?
    var entry = Entry(sequence: row.integer(0), type: row.text(1), at: row.instant(2))
    // Notices of one topic use the same names for the same things (CONTRACTS), so one reader works for all of them.
    try parser.read(row.blob(3)) { (json: JSONValue) throws(JSONError) -> Void in
      let notice = try json.object()
      entry.currency = try notice.optional("currency")
      entry.balance = try notice.optional("balance")
      let delta: Int64? = try notice.optional("delta")
      let amount: Int64? = try notice.optional("amount")
      entry.amount = delta ?? amount
      entry.availableAt = try notice.optional("availableAt")
      entry.referee = try notice.optional("referee")
      entry.payment = try notice.optional("payment")
      entry.refund = try notice.optional("refund")
      entry.invoice = try notice.optional("invoice")
      entry.request = try notice.optional("request")
      let reasons: [String]? = try notice.optional("reasons")
      entry.reasons = reasons ?? []
      if let cause = try notice.optional("cause", as: String.self) { entry.reasons.append(cause) }
      entry.terms = try notice.required("terms")
      entry.because = try notice.required("because")
      reward = try notice.optional("reward")
    }
    entry.currency = entry.currency ?? entry.balance?.currency
    if entry.referee == nil, let reward {
      entry.referee =
        try database.statement("SELECT referee FROM rewards WHERE owner = ? AND reward = ?").first(owner, reward) {
          $0.optionalText(0).flatMap { AccountID($0) }
        } ?? nil
    }
    if let referee = entry.referee { entry.label = try label(referee, program) }
    return entry
  }

  // MARK: Discounts

  /// The number of active referrals, the companies in the order that the account has set, and the last twelve runs, newest first. The terms
  /// and the session decide the rest.
  func discounts(_ account: AccountID, _ program: ProgramID) throws -> Discounts {
    guard let owner = try owner(account, program) else { return Discounts() }
    let order = try order(owner)
    var discounts = Discounts(
      active: try counts(owner)[.active],
      companies: order?.companies.compactMap { CompanyID($0).map { Discounts.Company(company: $0) } } ?? [],
      orderedAt: order?.at)
    discounts.runs = try database.statement(
      "SELECT period, as_of, skipped FROM runs WHERE owner = ? ORDER BY period DESC LIMIT 12"
    ).rows(owner) { Discounts.Run(period: $0.text(0), asOf: $0.instant(1), skipped: $0.words(2)) }
    for index in discounts.runs.indices {
      discounts.runs[index].assignments = try database.statement(
        """
        SELECT company, percent, active, slots, state, at, invoice, reason FROM assignments
        WHERE owner = ? AND period = ? ORDER BY number
        """
      ).rows(owner, discounts.runs[index].period) { row in
        guard let company = CompanyID(row.text(0)) else { return nil }
        return Discounts.Assignment(
          company: company, percent: row.integer(1), activeReferrals: row.integer(2), slots: row.integer(3),
          state: Discounts.Assignment.State(rawValue: row.text(4)) ?? .open, at: row.instant(5), invoice: row.optionalText(6),
          reason: row.optionalText(7))
      }.compactMap { $0 }
    }
    return discounts
  }

  private func order(_ owner: Int64) throws -> (at: Instant, companies: [String])? {
    try database.statement("SELECT at, companies FROM orders WHERE owner = ?").first(owner) { ($0.instant(0), $0.lines(1)) }
  }
}

extension Row {
  func instant(_ column: Int32) -> Instant { Instant(milliseconds: integer(column)) }
  func words(_ column: Int32) -> [String] { text(column).split(separator: " ").map(String.init) }
  func lines(_ column: Int32) -> [String] { text(column).split(separator: "\n").map(String.init) }
}
