import Contracts
import SQLite

/// The accounts' requests and their outcomes.
extension ReadModel {
  // MARK: Withdrawals

  /// Newest first; `nil` if the cursor is invalid. A declined one whose request is gone from its topic has no amount, and is left out.
  func withdrawals(
    _ account: AccountID, _ program: ProgramID, before: String? = nil, limit: Int = 50
  ) throws -> Page<Withdrawal>? {
    guard let cursor = Cursor(.withdrawals, before) else { return nil }
    guard let owner = try owner(account, program) else { return Page(items: []) }
    let rows = try database.statement(
      """
      SELECT request, amount, currency, requested_at, due_at, state FROM withdrawals
      WHERE owner = ? AND state IS NOT NULL AND currency IS NOT NULL AND (requested_at, request) < (?, ?)
      ORDER BY requested_at DESC, request DESC LIMIT ?
      """
    ).rows(owner, cursor.number, cursor.name, Int64(limit + 1), body: withdrawal)
    let items = try rows.prefix(limit).compactMap { $0 }.map { try complete($0, owner) }
    let next = rows.count > limit ? items.last.map { Cursor(.withdrawals, $0.requestedAt.milliseconds, $0.request).text } : nil
    return Page(items: items, next: next)
  }

  func openWithdrawals(_ account: AccountID, _ program: ProgramID) throws -> [Withdrawal] {
    try owner(account, program).map { try openWithdrawals($0) } ?? []
  }

  /// All open ones, newest first, however many others came after them.
  func openWithdrawals(_ owner: Int64) throws -> [Withdrawal] {
    try database.prepare(
      """
      SELECT request, amount, currency, requested_at, due_at, state FROM withdrawals
      WHERE owner = ? AND \(Schema.isOpen) ORDER BY requested_at DESC, request DESC
      """
    ).rows(owner, body: withdrawal).compactMap { $0 }.map { try complete($0, owner) }
  }

  private func withdrawal(_ row: Row) -> Withdrawal? {
    guard let currency = Currency(row.text(2)), let state = Withdrawal.State(rawValue: row.text(5)) else { return nil }
    return Withdrawal(
      request: row.text(0), amount: row.integer(1), currency: currency, requestedAt: row.instant(3),
      dueAt: row.optionalInteger(4).map(Instant.init(milliseconds:)), state: state)
  }

  /// Adds what the steps of the withdrawal say.
  private func complete(_ found: Withdrawal, _ owner: Int64) throws -> Withdrawal {
    var withdrawal = found
    for step in try steps(owner, found.request) {
      if step.type == WithdrawalDeclined.type { withdrawal.reasons = step.reasons }
      if step.type == WithdrawalOverdue.type { withdrawal.isOverdue = found.state.isOpen }
      if let kind = Withdrawal.Step.Kind.ofType[step.type] { withdrawal.steps.append(.init(kind: kind, at: step.at)) }
    }
    let rank = { (step: Withdrawal.Step) in Withdrawal.Step.Kind.allCases.firstIndex(of: step.kind) ?? 0 }
    withdrawal.steps.sort { ($0.at, rank($0)) < ($1.at, rank($1)) }
    let isCanceled = withdrawal.steps.contains { $0.kind == .canceled }
    withdrawal.isCancelable = [.opened, .awaitingApproval].contains(found.state) && !isCanceled
    return withdrawal
  }

  /// Sorted by instant.
  private func steps(_ owner: Int64, _ request: String) throws -> [(type: String, at: Instant, reasons: [String])] {
    try database.statement(
      """
      SELECT type, at, reasons FROM steps WHERE owner = ?1 AND request = ?2
      UNION ALL SELECT type, at, '' FROM requests WHERE owner = ?1 AND request = ?2 ORDER BY at
      """
    ).rows(owner, request) { ($0.text(0), $0.instant(1), $0.words(2)) }
  }

  // MARK: Requests

  /// Requests that are on the bus, newest first; `nil` if the cursor is invalid.
  func requests(
    _ account: AccountID, _ program: ProgramID, before: String? = nil, limit: Int = 50
  ) throws -> Page<RequestStatus>? {
    guard let cursor = Cursor(.requests, before) else { return nil }
    guard let owner = try owner(account, program) else { return Page(items: []) }
    // A withdrawal and its cancellation have the same id, and under a virtual clock often the same instant.
    let parts = cursor.name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let (type, name) = parts.count == 2 ? (parts[0], parts[1]) : ("", "")
    let rows = try database.statement(
      """
      SELECT request, type, at FROM requests WHERE owner = ? AND (at, request, type) < (?, ?, ?)
      ORDER BY at DESC, request DESC, type DESC LIMIT ?
      """
    ).rows(owner, cursor.number, name, type, Int64(limit + 1)) { ($0.text(0), $0.text(1), $0.instant(2)) }
    let items = try rows.prefix(limit).map { try status(owner, request: $0.0, type: $0.1, at: $0.2) }
    return Page(
      items: items,
      next: rows.count > limit ? items.last.map { Cursor(.requests, $0.at.milliseconds, "\($0.type)/\($0.request)").text } : nil)
  }

  /// A recorded request and its data; `nil` if it has not been read back from the bus yet.
  func request(
    _ account: AccountID, _ program: ProgramID, _ request: String, type: String? = nil
  ) throws -> (status: RequestStatus, body: [UInt8])? {
    guard let owner = try owner(account, program) else { return nil }
    return try database.statement(
      "SELECT type, at, body FROM requests WHERE owner = ?1 AND request = ?2 AND (?3 IS NULL OR type = ?3) ORDER BY at LIMIT 1"
    ).first(owner, request, type) { row in
      (try status(owner, request: request, type: row.text(0), at: row.instant(1)), row.blob(2))
    }
  }

  private func status(_ owner: Int64, request: String, type: String, at instant: Instant) throws -> RequestStatus {
    var status = RequestStatus(request: request, type: type, at: instant, state: .recorded)
    for step in try steps(owner, request) {
      guard let isAccepted = RequestStatus.answers[type]?[step.type] else { continue }
      status.state = .answered
      status.answer = step.type
      // A withdrawal can be declined for another reason before its cancellation arrives.
      let isOther = type == WithdrawalCanceled.type && !step.reasons.contains(WithdrawalReason.canceled.rawValue)
      status.isAccepted = isAccepted && !isOther
      status.reasons = step.reasons
      break
    }
    return status
  }
}

extension Withdrawal.State {
  /// Whether money is reserved for the withdrawal, or is about to be.
  var isOpen: Bool { Self.open.contains(self) }
  static let open: [Self] = [.opened, .awaitingApproval, .instructed]
}

extension Withdrawal.Step.Kind {
  /// The messages of a withdrawal's history.
  fileprivate static let ofType: [String: Self] = [
    WithdrawalRequested.type: .asked, WithdrawalCanceled.type: .canceled, WithdrawalApproved.type: .approved,
    WithdrawalOpened.type: .opened, WithdrawalAwaitingApproval.type: .awaitingApproval, PayoutInstructed.type: .instructed,
    WithdrawalPaid.type: .paid, WithdrawalFailed.type: .failed, WithdrawalReturned.type: .returned,
    WithdrawalDeclined.type: .declined, WithdrawalDueSoon.type: .dueSoon, WithdrawalOverdue.type: .overdue,
  ]
}

extension RequestStatus {
  /// The notices that answer each type of request, and whether they accept it.
  static let answers: [String: [String: Bool]] = [
    CodeRequested.type: [CodeIssued.type: true, CodeDeclined.type: false],
    CompanyOrderSet.type: [CompanyOrderRecorded.type: true],
    SpendRequested.type: [BonusReserved.type: true, BonusDeclined.type: false],
    WithdrawalRequested.type: [
      WithdrawalReserved.type: true, WithdrawalDeclined.type: false, BonusDeclined.type: false,
    ],
    WithdrawalCanceled.type: [WithdrawalDeclined.type: true, PayoutInstructed.type: false, WithdrawalPaid.type: false],
  ]
}
