import CommandKit
import Contracts
import JSON
import Kafka
import Payouts
import ServiceKit
import Words
import Worker

extension WithdrawalStatus {
  var words: String { self == .awaitingApproval ? "awaiting approval" : rawValue }
}

/// All withdrawals, from the notices of topic `payouts`.
struct WithdrawalBook {
  struct Row {
    let program: ProgramID?
    let request: RequestID
    let account: AccountID
    /// Minor units.
    let amount: Int64
    let currency: Currency
    let requestedAt: Instant
    let dueAt: Instant
    var state = WithdrawalStatus.opened
    /// The time at which it entered that state.
    var since: Instant
    /// `nil` until it is instructed or, if that comes first, the provider has reported a result (C10c).
    var payout: PayoutID?
    var instruction: PayoutInstructed?

    var money: String { MoneyText.amount(amount, currency) }
    func isOverdue(at now: Instant) -> Bool { state.isOpen && dueAt <= now }
  }

  private struct Key: Hashable {
    let program: ProgramID?
    let account: AccountID
    let request: RequestID
  }

  private var byKey: [Key: Row] = [:]

  /// Oldest first.
  var rows: [Row] {
    byKey.values.sorted { ($0.requestedAt, $0.account, $0.request) < ($1.requestedAt, $1.account, $1.request) }
  }

  /// Adds a notice. Call it with the notices of each account in their order.
  mutating func add(_ notice: any Message, of program: ProgramID?) {
    guard let request = (notice as? any HasRequest)?.request, let account = AccountID(notice.key) else { return }
    let key = Key(program: program, account: account, request: request)
    func move(to state: WithdrawalStatus, _ payout: PayoutID? = nil) {
      byKey[key]?.state = state
      byKey[key]?.since = notice.instant
      if let payout { byKey[key]?.payout = payout }
    }
    switch notice {
    case let n as WithdrawalOpened:
      byKey[key] = Row(
        program: program, request: request, account: account, amount: n.amount, currency: n.currency, requestedAt: n.requestedAt,
        dueAt: n.dueAt, since: n.at)
    case is WithdrawalAwaitingApproval: move(to: .awaitingApproval)
    case let n as PayoutInstructed:
      move(to: .instructed, n.payout)
      byKey[key]?.instruction = n
    case let n as WithdrawalPaid: move(to: .paid, n.payout)
    case let n as WithdrawalFailed: move(to: .failed, n.payout)
    case let n as WithdrawalReturned: move(to: .returned, n.payout)
    case is WithdrawalDeclined: move(to: .declined)
    default: break
    }
  }

  // MARK: The bus

  /// Reads all of topic `payouts`.
  init(_ bus: Bus) throws {
    let parser = JSONParser()
    var book = WithdrawalBook()
    try bus.read([.payouts], 0..<bus.partitions()) { record, topic in
      guard let read = try? BusMessage(record, topic: topic, parser: parser), let notice = read.message(parser) else { return }
      book.add(notice, of: read.envelope.program)
    }
    self = book
  }

  init() {}
}

// MARK: - Finding a withdrawal

extension WithdrawalBook {
  /// The accounts and programs to which a command is limited.
  struct Filter {
    let program: String?
    let account: String?

    init(program: String? = nil, account: String? = nil) {
      self.program = program
      self.account = account
    }

    init(_ invocation: Invocation) {
      self.init(program: invocation.optionalText("program"), account: invocation.optionalText("account"))
    }

    func takes(_ row: Row) -> Bool {
      (program == nil || row.program?.value == program) && (account == nil || row.account.value == account)
    }
  }

  static let account = Option(
    "account", placeholder: "ACCOUNT", kind: Desk.identifier, help: "Only of this account; two accounts can use the same id")

  /// The id by which an operator names a withdrawal.
  enum Name: String {
    case withdrawal
    case payout

    func of(_ row: Row) -> String? { self == .payout ? row.payout?.value : row.request.value }
  }

  /// The withdrawal with an id.
  /// - Throws: `CommandFailure` if there is none, or more than one.
  func row(_ name: Name, _ id: String, _ filter: Filter, on bus: Bus) throws -> Row {
    let known = rows.filter { filter.takes($0) && name.of($0) != nil }
    let found = known.filter { name.of($0) == id }
    if let row = found.first, found.count == 1 { return row }
    guard found.isEmpty else {
      let owners = listed(found.map { "\($0.account) (\($0.program?.value ?? "-"))" })
      throw CommandFailure("there is a \(name.rawValue) '\(id)' of \(owners): choose one with --account or --program")
    }
    let sibling = known.first { $0.request.value == id }.flatMap(name.of)
    let near = (sibling ?? nearest(id, among: known.compactMap(name.of))).map { "; did you mean '\($0)'?" } ?? ""
    throw CommandFailure("\(bus.bootstrap) knows no \(name.rawValue) '\(id)'\(near)")
  }
}

// MARK: - Lists

extension WithdrawalBook {
  static func table(_ rows: [Row], _ name: Name, at now: Instant) -> [String] {
    guard !rows.isEmpty else { return [] }
    let header = [
      "PROGRAM", name == .payout ? "PAYOUT" : "REQUEST", "ACCOUNT", "AMOUNT", "STATE", "AGE", "DUE",
    ]
    let table = rows.map { row in
      [
        row.program?.value ?? "-", name.of(row) ?? "-", row.account.value, row.money, row.state.words, age(now - row.requestedAt),
        row.dueAt.readable + (row.isOverdue(at: now) ? ", overdue" : ""),
      ] + (name == .payout ? [LetterText.plain(row.instruction?.destination ?? "-")] : [])
    }
    return columns([name == .payout ? header + ["RECIPIENT"] : header] + table)
  }

  /// `3 withdrawals: 2 awaiting approval, 1 instructed; 1 overdue`
  static func summary(_ rows: [Row], _ name: Name, at now: Instant) -> String {
    let counts = WithdrawalStatus.allCases.compactMap { state in
      let count = rows.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.words)"
    }
    let overdue = rows.count { $0.isOverdue(at: now) }
    return counted(rows.count, name.rawValue) + (counts.isEmpty ? "" : ": " + counts.joined(separator: ", "))
      + (overdue == 0 ? "" : "; \(overdue) overdue")
  }

  /// In whole days, hours or minutes, whichever is the largest unit: `3 days`.
  static func age(_ span: TimeSpan) -> String {
    for (unit, name) in [(TimeSpan.days(1), "day"), (.hours(1), "hour"), (.minutes(1), "minute")] {
      let count = span.milliseconds / unit.milliseconds
      if count > 0 { return counted(Int(count), name) }
    }
    return "0 minutes"
  }

  private static func json(_ row: Row, at now: Instant) -> String {
    let members: JSONMembers = [
      "program": row.program, "request": row.request, "account": row.account, "amount": row.amount, "currency": row.currency,
      "state": row.state.rawValue, "since": row.since, "requestedAt": row.requestedAt, "dueAt": row.dueAt,
      "overdue": row.isOverdue(at: now), "payout": row.payout, "recipient": row.instruction?.destination,
      "idempotencyKey": row.instruction?.idempotencyKey,
    ]
    return members.line
  }

  /// The command `list` of `laurel withdrawals` and `laurel payouts`.
  static func list(_ invocation: Invocation, _ name: Name) throws -> Int32 {
    Shutdown.install()
    let bus = Bus(invocation)
    let filter = Filter(invocation)
    let all = invocation.flag("all")
    let now = try BusClock(bus: bus, partitions: bus.partitions()).now() ?? .now
    let rows = try WithdrawalBook(bus).rows.filter { row in
      filter.takes(row) && name.of(row) != nil && (all || row.state.isOpen)
    }
    try ResultOutput().print(invocation.flag("json") ? rows.map { json($0, at: now) } : table(rows, name, at: now))
    notify("laurel: \(summary(rows, name, at: now))")
    return 0
  }

  static let listOptions: [Option] =
    Settings.connection + [
      Option("program", placeholder: "PROGRAM", kind: Desk.identifier, help: "Only in this program"), account,
      Option("all", help: "Include finished ones"),
      Option("json", help: "Print one JSON object per line; amounts are in minor units"),
    ]
}
