import Contracts
import Deployment
import Streaming
import Words

/// An account's balance in one program and currency, for a support agent.
struct BalanceReport {
  let account: String
  let program: ProgramID
  let balance: Balance
  /// The open withdrawals.
  let withdrawals: [Because]
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
      let withdrawals = try own.filter { $0.0 == .payouts && $0.1.program == row.program }.compactMap { service, row in
        try Deployment.describe(row, of: service)
      }.filter { isOpen($0) && $0["currency"] == .text(balance.currency.code) }
      let moved = notices?.filter { program, notice in
        program == row.program && NoticeText.balance(after: notice)?.currency == balance.currency
      }.map(\.1).suffix(noticesMax)
      return BalanceReport(
        account: account, program: row.program, balance: balance, withdrawals: withdrawals, notices: moved.map(Array.init))
    }.sorted { ($0.program, $0.balance.currency) < ($1.program, $1.balance.currency) }
  }

  private static func isOpen(_ fact: Because) -> Bool {
    fact.code == "withdrawal-in-line"
      || fact.code == "withdrawal-standing"
        && ["opened", "awaitingApproval", "instructed"].contains { fact["standing"] == .text($0) }
  }

  // MARK: Text

  var lines: [String] {
    let places = Self.places(balance).map { ["  \($0)", MoneyText.amount($1, balance.currency), $2] }
    var lines = ["\(account), program \(program), \(balance.currency)"] + Topics.columns(places)
    lines.append(withdrawals.isEmpty ? "  no open withdrawal" : "  open withdrawals")
    lines += withdrawals.compactMap(StateText.sentence).map { "    \($0)" }
    guard let notices else { return lines + ["  give --bootstrap HOST:PORT to see the last notices"] }
    lines.append("  last notices")
    return lines + notices.map { "    \($0.instant.readable)  \(NoticeText.sentence($0) ?? type(of: $0).type)" }
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

  var json: some Encodable {
    Line(
      account: account, program: program.value, currency: balance.currency.code, pending: balance.pending,
      available: balance.available, locked: balance.locked, reserved: balance.reserved, spent: balance.spent, paid: balance.paid,
      reversed: balance.reversed, corrected: balance.corrected,
      withdrawals: withdrawals.map { fact in
        Line.Withdrawal(
          request: Self.text(fact, "request"), amount: Self.number(fact, "amount"), standing: Self.text(fact, "standing"),
          requestedAt: Self.text(fact, "requestedAt"), dueAt: Self.text(fact, "dueAt"))
      },
      notices: notices?.map { notice in
        Line.Moved(at: "\(notice.instant)", type: type(of: notice).type, text: NoticeText.sentence(notice) ?? "")
      })
  }

  private static func text(_ fact: Because, _ name: String) -> String {
    if case .text(let text)? = fact[name] { text } else { "" }
  }

  private static func number(_ fact: Because, _ name: String) -> Int64 {
    if case .number(let number)? = fact[name] { number } else { 0 }
  }

  private struct Line: Encodable {
    struct Withdrawal: Encodable {
      let request: String
      let amount: Int64
      let standing: String
      let requestedAt: String
      let dueAt: String
    }

    struct Moved: Encodable {
      let at: String
      let type: String
      let text: String
    }

    let account: String
    let program: String
    let currency: String
    /// Minor units.
    let pending: Int64
    let available: Int64
    let locked: Int64
    let reserved: Int64
    let spent: Int64
    let paid: Int64
    let reversed: Int64
    let corrected: Int64?
    let withdrawals: [Withdrawal]
    let notices: [Moved]?
  }
}
