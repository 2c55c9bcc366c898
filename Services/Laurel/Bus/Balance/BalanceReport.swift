import Contracts
import Deployment
import Payouts
import ServiceKit
import Streaming
import Words

/// An account's balance in one program and currency, for a support agent.
struct BalanceReport {
  let account: String
  let program: ProgramID
  let balance: Balance
  /// The open withdrawals.
  let withdrawals: [OpenWithdrawal]
  /// The last notices that changed the balance, oldest first. `nil` if a state folder was read, which holds no notices.
  let notices: [any Notice]?

  /// - Parameters:
  ///   - rows: the rows of accrual and payouts that name the account.
  ///   - notices: the account's notices, in order.
  static func all(
    of account: String, _ rows: [(ServiceName, StageRow)], _ notices: [(ProgramID?, any Notice)]?, noticesMax: Int
  ) throws -> [BalanceReport] {
    let own = rows.filter { $0.1.key == account }
    return try own.compactMap { service, row in
      guard let balance = try Deployment.balance(row, of: service) else { return nil }
      let withdrawals = try own.filter { $0.1.program == row.program }.compactMap { service, row in
        try Deployment.openWithdrawal(row, of: service)
      }.filter { $0.currency == balance.currency }
      let moved = notices?.filter { program, notice in
        program == row.program && NoticeText.balance(after: notice)?.currency == balance.currency
      }.map(\.1).suffix(noticesMax)
      return BalanceReport(
        account: account, program: row.program, balance: balance, withdrawals: withdrawals, notices: moved.map(Array.init))
    }.sorted { ($0.program, $0.balance.currency) < ($1.program, $1.balance.currency) }
  }

  // MARK: Text

  var lines: [String] {
    let places = Self.places(balance).map { ["  \($0)", MoneyText.amount($1, balance.currency), $2] }
    var lines = ["\(account), program \(program), \(balance.currency)"] + columns(places)
    lines.append(withdrawals.isEmpty ? "  no open withdrawal" : "  open withdrawals")
    lines += withdrawals.map { "    \(account) requested \(Self.sentence($0))" }
    guard let notices else { return lines + ["  give --bootstrap HOST:PORT to see the last notices"] }
    lines.append("  last notices")
    return lines + notices.map { "    \($0.instant.readable)  \(NoticeText.sentence($0) ?? type(of: $0).type)" }
  }

  private static func sentence(_ withdrawal: OpenWithdrawal) -> String {
    let money = MoneyText.amount(withdrawal.amount, withdrawal.currency)
    return withdrawal.isInLine
      ? "\(money); it waits until the ledger has answered about another request"
      : "a withdrawal of \(money) to \(withdrawal.destination); it is \(BecauseText.standing(withdrawal.standing.rawValue))"
  }

  private static func places(_ balance: Balance) -> [(String, Int64, String)] {
    [
      ("pending", balance.pending, "earned, not credited yet"), ("available", balance.available, "can be used"),
      ("locked", balance.locked, "credited, but held"), ("reserved", balance.reserved, "set aside for a spend or a withdrawal"),
      ("spent", balance.spent, "paid on invoices"), ("paid", balance.paid, "paid out"),
      ("reversed", balance.reversed, "taken back"),
    ] + (balance.corrected.map { [("corrected", $0, "by operators; included in the amounts above")] } ?? [])
  }

  // MARK: JSON

  /// Amounts are in minor units.
  var json: String {
    let members: JSONMembers = [
      "account": account, "available": balance.available, "corrected": balance.corrected, "currency": balance.currency,
      "locked": balance.locked, "notices": notices?.map(Self.moved), "paid": balance.paid, "pending": balance.pending,
      "program": program, "reserved": balance.reserved, "reversed": balance.reversed, "spent": balance.spent,
      "withdrawals": withdrawals.map(Self.open),
    ]
    return members.line
  }

  private static func moved(_ notice: any Notice) -> JSONMembers {
    ["at": notice.instant, "text": NoticeText.sentence(notice) ?? "", "type": type(of: notice).type]
  }

  private static func open(_ withdrawal: OpenWithdrawal) -> JSONMembers {
    [
      "amount": withdrawal.amount, "dueAt": withdrawal.dueAt, "request": withdrawal.request,
      "requestedAt": withdrawal.requestedAt, "standing": withdrawal.standing.rawValue,
    ]
  }
}
