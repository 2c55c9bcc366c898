import CommandKit
import Contracts
import ServiceKit
import Words

/// `laurel correct`: corrects a balance by hand (DECISIONS, *corrected*).
package enum CorrectionDesk {
  package static let command = Command(
    "correct", summary: "Correct a balance by hand, up or down",
    discussion: """
      Shows the new balance and asks before it publishes. The amount is added to 'available', which can become negative. The same \
      amount with the same reason is one correction: to make it again, give --request ID. Exit status: 0 if it was done; 1 if it \
      was not; 3 if it is not answered yet: run the same command again to see the answer.
      """,
    example: """
      laurel correct olena --amount -12.50 --reason "fee of a returned payout" --operator maria
      laurel correct olena --amount 5.00 --currency USD --program cash --reason goodwill --request ticket-481 --operator maria
      """,
    options: Desk.decisionOptions + [
      Option("amount", placeholder: "AMOUNT", help: "Amount to add, in units of the currency: 12.50 or -12.50", required: true),
      Option(
        "currency", placeholder: "CURRENCY",
        kind: .checked(expected: "three capital letters such as USD") { Currency($0) != nil },
        help: "Currency of the balance, if the account has several"),
      Option("reason", placeholder: "TEXT", kind: Desk.text, help: "Why; it appears in the notice", required: true), Desk.request,
    ],
    operands: [Operand("ACCOUNT", help: "The account to correct")], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let bus = try Desk.bus(invocation)
    let account: AccountID = try Desk.id(invocation.operands.first ?? "", "an account", invocation)
    let desk = try Desk(bus, invocation, accounts: [account])
    let decision = try Decision(desk, ["request"])
    return try desk.carryOut([
      correction(
        of: account, by: invocation.text("amount"), invocation.optionalText("currency").flatMap { Currency($0) },
        reason: invocation.text("reason"), decision, desk.log)
    ])
  }

  /// - Parameters:
  ///   - written: the amount in units of the currency.
  ///   - asked: the currency, or `nil` for that of the only balance.
  static func correction(
    of account: AccountID, by written: String, _ asked: Currency?, reason: String, _ decision: Decision, _ log: AccountLog
  ) throws -> Ask {
    let balances = log.balances(of: account, in: decision.program).filter { asked == nil || $0.balance.currency == asked }
    guard balances.count <= 1 else {
      let known = balances.map { "\($0.program?.value ?? "-") \($0.balance.currency)" }.sorted()
      throw CommandFailure("\(account) has balances in \(listed(known)): choose one with --program and --currency")
    }
    let program = decision.program ?? balances.first?.program
    guard let balance = balances.first?.balance ?? asked.map({ Balance(currency: $0) }) else {
      throw CommandFailure("\(account) has no balance yet: give its currency with --currency")
    }
    let currency = balance.currency
    guard let amount = MoneyText.minor(written, currency), amount != 0 else {
      throw CommandFailure(
        "--amount must be an amount of \(currency) such as \(MoneyText.plain(1250, currency)) or \(MoneyText.plain(-1250, currency)), "
          + "not '\(written)'")
    }
    let request = decision.request(
      derivedFrom: ["correct", program?.value ?? "", account.value, String(amount), currency.code, reason])
    return Ask(
      name: request.value, program: program,
      message: CorrectionRequested(
        request: request, account: account, amount: amount, currency: currency, operator: decision.name, decidedAt: decision.at,
        reason: reason),
      request: request,
      preview: "correct the balance of \(account)\(program.map { " (\($0))" } ?? "") by \(MoneyText.amount(amount, currency)) "
        + "(\(LetterText.plain(reason))): \(preview(balance, amount))",
      answers: [[BalanceCorrected.type]])
  }

  /// `7.50 available now, -5.00 USD after it`
  static func preview(_ balance: Balance, _ amount: Int64) -> String {
    let now = "\(MoneyText.figure(balance.available, balance.currency)) available now"
    guard let after = try? Money.sum(balance.available, amount) else { return "\(now), out of range after it" }
    return "\(now), \(MoneyText.amount(after, balance.currency)) after it" + (after < 0 ? ": below zero" : "")
  }
}
