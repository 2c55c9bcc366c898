import Contracts
import JSON
import SQLite

/// Reads the accounts' data from the read model's file, as last committed by the writer. For use by one thread.
package final class ReadModel {
  /// Each version of the tables has its own file, so a new one can be built while another process serves the old one.
  static let fileName = "model-\(Schema.version).sqlite"

  private let database: Database
  let queries: Queries
  private let parser = JSONParser()

  package init(_ path: String) throws {
    database = try Database(path, .readOnly)
    queries = try Queries(database)
  }

  /// Whether the file was complete at some time. It may be out of date since.
  func isComplete() throws -> Bool {
    try database.prepare("SELECT complete FROM model").first { $0.integer(0) != 0 } ?? false
  }

  /// The account in a program, or `nil` if no message has named it yet.
  func owner(_ account: AccountID, _ program: ProgramID) throws -> Int64? {
    try queries.owner.first(program.value, account.value) { $0.integer(0) }
  }

  /// Runs queries that all see the same state of the file.
  func snapshot<Result>(_ body: (ReadModel) throws -> Result) throws -> Result {
    try database.snapshot { try body(self) }
  }

  // MARK: Accounts

  /// Accounts with a code, in the order in which they appeared on the bus. Only for `--for-trying`.
  func accounts(limit: Int) throws -> [KnownAccount] {
    try database.prepare(
      "SELECT program, name FROM owners WHERE EXISTS (SELECT 1 FROM codes WHERE owner = id) ORDER BY id LIMIT ?"
    ).rows(Int64(limit)) { row in
      guard let program = ProgramID(row.text(0)), let account = AccountID(row.text(1)) else { return nil }
      return KnownAccount(program: program, account: account)
    }.compactMap { $0 }
  }

  /// The companies that the account's discounts and orders name.
  func companies(of account: AccountID, _ program: ProgramID) throws -> [CompanyID] {
    guard let owner = try owner(account, program) else { return [] }
    let ordered = try queries.order.first(owner) { $0.lines(1) } ?? []
    let assigned = try database.prepare("SELECT DISTINCT company FROM assignments WHERE owner = ? ORDER BY company").rows(owner) {
      $0.text(0)
    }
    return (ordered + assigned.filter { !ordered.contains($0) }).compactMap { CompanyID($0) }
  }

  // MARK: Overview

  package func summary(_ account: AccountID, _ program: ProgramID, now: Instant) throws -> Summary {
    var summary = Summary()
    guard let owner = try owner(account, program) else { return summary }
    summary.codes = try queries.codes.rows(owner) {
      IssuedCode(code: $0.text(0), link: $0.text(1), at: $0.instant(2))
    }.reversed()
    summary.clicks =
      try queries.clicks.first(owner, program.value) { Clicks(counted: $0.integer(0), rejected: $0.integer(1)) } ?? Clicks()
    summary.referees = try counts(owner)
    summary.balances = try currencies(owner).compactMap { currency in
      guard let balance = try balance(owner, currency) else { return nil }
      let maturities = try queries.maturing.rows(owner, currency, now.milliseconds) { row in
        Maturity(at: row.instant(0), amount: row.integer(1))
      }
      return CurrencyFigures(balance: balance, maturities: maturities)
    }
    summary.offer = try queries.offer.first(owner) { row in
      Offer(
        percent: row.integer(0), plans: row.lines(1), expiresAt: row.instant(2),
        state: Offer.State(rawValue: row.text(3)) ?? .expired)
    }
    summary.openWithdrawals = try openWithdrawals(owner)
    return summary
  }

  private func counts(_ owner: Int64) throws -> RefereeCounts {
    var counts = RefereeCounts()
    _ = try queries.counts.rows(owner) { row in
      if let status = RefereeStatus(rawValue: row.text(0)) { counts.byStatus[status] = row.integer(1) }
    }
    return counts
  }

  /// The currencies of an account's balances, sorted by code.
  private func currencies(_ owner: Int64) throws -> [String] {
    var found: [String] = []
    // One index lookup per currency, however many entries it has.
    while let next = try queries.nextCurrency.first(owner, found.last ?? "", body: { $0.optionalText(0) }) ?? nil {
      found.append(next)
    }
    return found
  }

  private func balance(_ owner: Int64, _ currency: String) throws -> Balance? {
    try queries.lastEntry.first(owner, currency) { row in
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
        try queries.refereesFound.rows(
          owner, find, find + "\u{7F}", cursor.name, end, status?.rawValue ?? "", Int64(limit + 1), body: take)
      } else if let status {
        try queries.refereesByStatus.rows(owner, status.rawValue, cursor.number, cursor.name, Int64(limit + 1), body: take)
      } else {
        try queries.refereesByDate.rows(owner, cursor.number, cursor.name, Int64(limit + 1), body: take)
      }
    let items = try rows.prefix(limit).compactMap { row -> Referee? in
      guard let id = AccountID(row.referee), let status = RefereeStatus(rawValue: row.status) else { return nil }
      var referee = Referee(
        account: id, label: try label(id, program), registeredAt: row.at, status: status, reasons: row.reasons)
      _ = try queries.earned.rows(owner, row.referee) { row in
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
    try queries.label.first(program.value, account.value) { $0.text(0) }
  }

  // MARK: The account book

  /// Entries of a currency and entries without one, newest first; `nil` if the cursor is invalid.
  /// - Parameter before: `next` of the page before this one.
  package func entries(
    _ account: AccountID, _ program: ProgramID, currency: Currency?, before: String? = nil, limit: Int = 50
  ) throws -> Page<Entry>? {
    guard let cursor = Cursor(.entries, before) else { return nil }
    guard let owner = try owner(account, program) else { return Page(items: []) }
    var rows: [(Int64, String, Int64, [UInt8])] = []
    let named = try currency.map { [$0.code] } ?? currencies(owner)
    for currency in named + [""] {
      rows += try queries.entries.rows(owner, currency, cursor.number, Int64(limit + 1)) {
        ($0.integer(0), $0.text(1), $0.integer(2), $0.blob(3))
      }
    }
    rows.sort { $0.0 > $1.0 }
    let items = try rows.prefix(limit).map { try entry($0, owner, program) }
    return Page(items: items, next: rows.count > limit ? items.last.map { Cursor(.entries, $0.sequence).text } : nil)
  }

  /// One entry by its number; `nil` if the account has no such entry.
  package func entry(_ account: AccountID, _ program: ProgramID, sequence: Int64) throws -> Entry? {
    guard let owner = try owner(account, program) else { return nil }
    for currency in try currencies(owner) + [""] {
      let found = try queries.entry.first(owner, currency, sequence) {
        ($0.integer(0), $0.text(1), $0.integer(2), $0.blob(3))
      }
      if let found { return try entry(found, owner, program) }
    }
    return nil
  }

  private func entry(
    _ row: (sequence: Int64, type: String, at: Int64, body: [UInt8]), _ owner: Int64, _ program: ProgramID
  ) throws -> Entry {
    var reward: String?
    var entry = Entry(sequence: row.sequence, type: row.type, at: Instant(milliseconds: row.at))
    // Notices of one topic use the same names for the same things (CONTRACTS), so one reader works for all of them.
    try parser.read(row.body) { (json: JSONValue) throws(JSONError) -> Void in
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
      entry.referee = try queries.rewardReferee.first(owner, reward) { $0.optionalText(0).flatMap { AccountID($0) } } ?? nil
    }
    if let referee = entry.referee { entry.label = try label(referee, program) }
    return entry
  }

  // MARK: Discounts

  /// The number of active referrals, the companies in the order that the account has set, and the last twelve runs, newest first.
  func discounts(_ account: AccountID, _ program: ProgramID) throws -> DiscountFacts {
    guard let owner = try owner(account, program) else { return DiscountFacts() }
    var facts = DiscountFacts()
    facts.active = try counts(owner)[.active]
    if let order = try queries.order.first(owner, body: { ($0.instant(0), $0.lines(1)) }) {
      facts.orderedAt = order.0
      facts.ordered = order.1.compactMap { CompanyID($0) }
    }
    facts.runs = try queries.runs.rows(owner) { row in
      Discounts.Run(period: row.text(0), asOf: row.instant(1), skipped: row.words(2))
    }
    for index in facts.runs.indices {
      facts.runs[index].assignments = try queries.assignments.rows(owner, facts.runs[index].period) { row in
        guard let company = CompanyID(row.text(0)) else { return nil }
        return Discounts.Assignment(
          company: company, percent: row.integer(1), activeReferrals: row.integer(2), slots: row.integer(3),
          state: Discounts.Assignment.State(rawValue: row.text(4)) ?? .open, at: row.instant(5), invoice: row.optionalText(6),
          reason: row.optionalText(7))
      }.compactMap { $0 }
    }
    return facts
  }
}

/// What the read model knows for the discounts page. The terms decide what a run would give now.
struct DiscountFacts: Sendable, Equatable {
  var active: Int64 = 0
  /// In the order that the account has set.
  var ordered: [CompanyID] = []
  var orderedAt: Instant?
  var runs: [Discounts.Run] = []

  init() {}
}

extension Row {
  func instant(_ column: Int32) -> Instant { Instant(milliseconds: integer(column)) }
  func words(_ column: Int32) -> [String] { text(column).split(separator: " ").map(String.init) }
  func lines(_ column: Int32) -> [String] { text(column).split(separator: "\n").map(String.init) }
}
