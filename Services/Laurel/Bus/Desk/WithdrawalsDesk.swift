import CommandKit
import Contracts
import Deployment
import ServiceKit
import Terms
import Words
import Worker

/// `laurel withdrawals`: lists withdrawals, and approves or rejects them (C10).
package enum WithdrawalsDesk {
  package static let command = Command(
    "withdrawals", summary: "List withdrawals, approve them or reject them",
    discussion: """
      A withdrawal above the program's limit waits until an operator approves or rejects it. An approved withdrawal becomes a \
      payout: see 'laurel payouts'.
      """,
    example: """
      laurel withdrawals list --bootstrap localhost:9092
      laurel withdrawals approve w1 --operator maria --bootstrap localhost:9092
      """,
    subcommands: [list, show, approve, reject])

  private static let list = Command(
    "list", summary: "List open withdrawals, oldest first",
    discussion: "Reads the notices on topic payouts. A withdrawal is open until it is paid, failed, returned or declined.",
    example: "laurel withdrawals list --program cash --bootstrap localhost:9092", options: WithdrawalBook.listOptions,
    run: { try WithdrawalBook.list($0, .withdrawal) })

  private static let show = Command(
    "show", summary: "Show a withdrawal's history, and what comes next",
    discussion: "Prints every event and notice about it in order of time, with the reasons.",
    example: "laurel withdrawals show w1 --bootstrap localhost:9092",
    options: Settings.connection + [
      Option("program", placeholder: "PROGRAM", kind: Desk.identifier, help: "Only in this program")
    ],
    operands: [Operand("REQUEST", help: "As in 'laurel withdrawals list'")], run: runShow)

  private static let approve = decision(
    "approve", "Approve withdrawals that await approval", "They become payouts. The answer is the payout's instruction.")
  private static let reject = decision(
    "reject", "Reject withdrawals that await approval", "The money is available to its owner again.")

  private static func decision(_ name: String, _ summary: String, _ discussion: String) -> Command {
    Command(
      name, summary: summary,
      discussion: discussion + """
         Shows each withdrawal and asks before it publishes. Exit status: 0 if all was done; 1 if something was not; 3 if \
        something is not answered yet: run the same command again to see the answer.
        """,
      example: """
        laurel withdrawals \(name) w1 --operator maria --bootstrap localhost:9092
        laurel withdrawals \(name) w1 w2 --operator maria --note "ticket 481" --yes --bootstrap localhost:9092
        """,
      options: Desk.decisionOptions + [Desk.note, WithdrawalBook.account],
      operands: [Operand("REQUEST", help: "As in 'laurel withdrawals list'", repeatable: true)],
      run: { try decide($0, approves: name == "approve") })
  }

  private static func runShow(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let id = invocation.operands.first ?? ""
    let chronicle = try BusChronicle(Bus(invocation), topics: Access.deskReads.filter { [.input, .notices].contains($0.kind) })
      .chronicle(naming: id, Programs([]))
    let only = invocation.optionalText("program").flatMap { ProgramID($0) }
    try Explain.print(Explain.stories(.withdrawal, id, chronicle, only: only))
    return 0
  }

  private static func decide(_ invocation: Invocation, approves: Bool) throws -> Int32 {
    let bus = try Desk.bus(invocation)
    let book = try WithdrawalBook(bus)
    let rows = try invocation.operands.map { try book.row(.withdrawal, $0, WithdrawalBook.Filter(invocation), on: bus) }
    let desk = try Desk(bus, invocation, accounts: Set(rows.map(\.account)))
    let decision = try Decision(desk, ["note"])
    return try desk.carryOut(rows.map { approves ? approval(of: $0, decision, desk.log) : rejection(of: $0, decision, desk.log) })
  }

  static func approval(of row: WithdrawalBook.Row, _ decision: Decision, _ log: AccountLog) -> Ask {
    Ask(
      name: row.request.value, program: row.program,
      message: WithdrawalApproved(
        request: row.request, account: row.account, operator: decision.name, decidedAt: decision.at, note: decision.note),
      request: row.request, preview: "approve \(description(of: row, log))", obstacle: obstacle(row, "approve"),
      answers: [[PayoutInstructed.type]], rejections: [WithdrawalDeclined.type])
  }

  static func rejection(of row: WithdrawalBook.Row, _ decision: Decision, _ log: AccountLog) -> Ask {
    Ask(
      name: row.request.value, program: row.program,
      message: WithdrawalRejected(
        request: row.request, account: row.account, operator: decision.name, decidedAt: decision.at, note: decision.note),
      request: row.request, preview: "reject \(description(of: row, log))", obstacle: obstacle(row, "reject"),
      // If the ledger has not answered yet, there may be no money set aside that could be released.
      answers: [[WithdrawalDeclined.type]] + (row.state == .awaitingApproval ? [[WithdrawalReleased.type]] : []))
  }

  /// A decision has no effect on a withdrawal that does not wait for one.
  private static func obstacle(_ row: WithdrawalBook.Row, _ verb: String) -> String? {
    switch row.state {
    case .opened, .awaitingApproval: nil
    case .instructed, .paid, .failed, .returned, .declined:
      "it is already \(row.state.words) (since \(row.since.readable)), so there is nothing to \(verb)"
    }
  }

  private static func description(of row: WithdrawalBook.Row, _ log: AccountLog) -> String {
    let request = log.messages(WithdrawalRequested.self, of: row.account, in: row.program).first {
      $0.message.request == row.request
    }
    let destination = request.map { " to \(LetterText.plain($0.message.destination))" } ?? ""
    let balance = log.balances(of: row.account, in: row.program).first { $0.balance.currency == row.currency }
    return "\(row.request): \(row.money) of \(row.account)\(row.program.map { " (\($0))" } ?? "")\(destination), requested on "
      + "\(row.requestedAt.readable), due on \(row.dueAt.readable)"
      + (balance.map { "; the balance is \(NoticeText.standing($0.balance))" } ?? "")
  }
}
