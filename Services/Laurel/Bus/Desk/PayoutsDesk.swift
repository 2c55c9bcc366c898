import CommandKit
import Contracts
import ServiceKit
import Words
import Worker

/// `laurel payouts`: lists and exports payouts, and reports their results (C10c).
package enum PayoutsDesk {
  package static let command = Command(
    "payouts", summary: "List and export payouts, and report their results",
    discussion: """
      For payouts that a person sends through a bank or a provider's batch upload. If an adapter answers payouts, leave them to \
      it: a payout that is also paid by hand is paid twice.
      """,
    example: """
      laurel payouts export --bootstrap localhost:9092 >batch-1.csv
      laurel payouts settle --file batch-1.csv --reference transfer-7 --bootstrap localhost:9092
      """,
    subcommands: [
      list, export,
      result(
        .settle, "Report payouts as paid", "The money is booked as paid, whatever was reported before.",
        example: "laurel payouts settle w1#1 --reference transfer-7 --bootstrap localhost:9092"),
      result(
        .fail, "Report payouts that were not and never will be paid", "The money is available to its owner again.",
        example: "laurel payouts fail w1#1 --reason \"account closed\" --bootstrap localhost:9092"),
      result(
        .return, "Report payouts whose full amount came back", "The money is available to its owner again.",
        example: "laurel payouts return w1#1 --reason \"recipient unknown\" --bootstrap localhost:9092"),
    ])

  private static let list = Command(
    "list", summary: "List payouts without a result, oldest first",
    example: "laurel payouts list --bootstrap localhost:9092", options: WithdrawalBook.listOptions,
    run: { try WithdrawalBook.list($0, .payout) })

  private static let export = Command(
    "export", summary: "Write payouts without a result as CSV",
    discussion: """
      Columns: \(PayoutFile.header.joined(separator: ", ")). The amount is in units of the currency. A payout stays in the list \
      until its result is reported. Name the files that you have already sent with --except, so that nothing is paid twice.
      """,
    example: """
      laurel payouts export --bootstrap localhost:9092 >batch-1.csv
      laurel payouts export --except batch-1.csv --bootstrap localhost:9092 >batch-2.csv
      """,
    options: Settings.connection + [
      Option("program", placeholder: "PROGRAM", kind: Desk.identifier, help: "Only in this program"), WithdrawalBook.account,
      Option("except", placeholder: "FILE", help: "Leave out the payouts of an earlier export", repeatable: true),
    ], run: runExport)

  private static func result(_ verb: PayoutVerb, _ summary: String, _ discussion: String, example: String) -> Command {
    Command(
      verb.rawValue, summary: summary,
      discussion: discussion + """
         Name the payouts on the command line or in a CSV file with a header and a column payout. The columns program, referrer, \
        reference, reason, at, amount and currency are optional, so an exported file can be used unchanged. If an amount differs \
        from the payout's, nothing is published. Exit status: 0 if all was done; 1 if something was not; 3 if something is not \
        answered yet: run the same command again to see the answer.
        """,
      example: example,
      options: Desk.options + [
        WithdrawalBook.account,
        Option("file", placeholder: "FILE", help: "Payouts in a CSV file; - is standard input"),
        Option("reference", placeholder: "TEXT", kind: Desk.text, help: "The bank's or provider's number for the transfer"),
        Option("reason", placeholder: "TEXT", kind: Desk.text, help: "The bank's or provider's reason"),
      ],
      operands: [Operand("PAYOUT", help: "As in 'laurel payouts list'", required: false, repeatable: true)],
      run: { try report(verb, $0) })
  }

  // MARK: export

  private static func runExport(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let sent = try invocation.list("except").flatMap(PayoutFile.read)
    let filter = WithdrawalBook.Filter(invocation)
    let waiting = try WithdrawalBook(Bus(invocation)).rows.filter { filter.takes($0) && $0.state == .instructed }
    let rows = waiting.filter { row in !sent.contains { names($0, row) } }
    try ResultOutput().print(([PayoutFile.header] + rows.map(PayoutFile.fields)).map(PayoutFile.text))
    let left = waiting.count - rows.count
    notify("laurel: \(counted(rows.count, "payout"))" + (left == 0 ? "" : "; \(left) left out: exported before"))
    return 0
  }

  private static func names(_ line: PayoutFile.Line, _ row: WithdrawalBook.Row) -> Bool {
    line.payout == row.payout?.value && (line.program == nil || line.program == row.program?.value)
      && (line.referrer == nil || line.referrer == row.account.value)
  }

  // MARK: Results

  private static func report(_ verb: PayoutVerb, _ invocation: Invocation) throws -> Int32 {
    let bus = try Desk.bus(invocation)
    let lines = try self.lines(invocation)
    let reports = try reports(lines, WithdrawalBook(bus), WithdrawalBook.Filter(invocation), on: bus)
    let desk = try Desk(bus, invocation, accounts: Set(reports.map(\.row.account)))
    return try desk.carryOut(
      reports.compactMap { row, line in
        row.payout.map {
          verb.ask(
            row, $0, at: line.at ?? desk.at, reference: line.reference ?? invocation.optionalText("reference"),
            reason: line.reason ?? invocation.optionalText("reason"), desk.log)
        }
      })
  }

  private static func lines(_ invocation: Invocation) throws -> [PayoutFile.Line] {
    switch (invocation.operands, invocation.optionalText("file")) {
    case ([], let path?): return try PayoutFile.read(path)
    case (let names, nil) where !names.isEmpty:
      return names.map { PayoutFile.Line(place: "laurel", payout: $0) }
    default: throw invocation.misuse("name the payouts: either PAYOUT or --file FILE")
    }
  }

  /// The payouts that the lines name.
  /// - Throws: `CommandFailure` with every line that names no payout, repeats another line's, or has another amount or currency.
  static func reports(
    _ lines: [PayoutFile.Line], _ book: WithdrawalBook, _ filter: WithdrawalBook.Filter, on bus: Bus
  ) throws -> [(row: WithdrawalBook.Row, line: PayoutFile.Line)] {
    var problems: [String] = []
    var reports: [(row: WithdrawalBook.Row, line: PayoutFile.Line)] = []
    for line in lines {
      do {
        let own = WithdrawalBook.Filter(program: line.program ?? filter.program, account: line.referrer ?? filter.account)
        let row = try book.row(.payout, line.payout, own, on: bus)
        if reports.contains(where: { names(line, $0.row) && $0.row.account == row.account && $0.row.program == row.program }) {
          problems.append("\(line.place): \(line.payout) is named twice")
        } else if let problem = difference(line, row) {
          problems.append("\(line.place): \(line.payout): \(problem)")
        }
        reports.append((row, line))
      } catch let failure as CommandFailure {
        problems.append("\(line.place): \(failure)")
      }
    }
    guard problems.isEmpty else {
      throw CommandFailure((problems + ["nothing was published"]).joined(separator: "\nlaurel: "))
    }
    return reports
  }

  private static func difference(_ line: PayoutFile.Line, _ row: WithdrawalBook.Row) -> String? {
    if let currency = line.currency, currency != row.currency.code { return "its currency is \(row.currency), not \(currency)" }
    if let amount = line.amount, MoneyText.minor(amount, row.currency) != row.amount {
      return "its amount is \(MoneyText.plain(row.amount, row.currency)), not \(amount)"
    }
    return nil
  }
}

/// The result of a payout that an operator reports.
enum PayoutVerb: String {
  case settle, fail, `return`

  func ask(
    _ row: WithdrawalBook.Row, _ payout: PayoutID, at instant: Instant, reference: String?, reason: String?, _ log: AccountLog
  ) -> Ask {
    let message: any Message
    let answers: [[String]]
    switch self {
    case .settle:
      message = PayoutSettled(payout: payout, referrer: row.account, at: instant, reference: reference, reason: reason)
      answers = [[WithdrawalPaid.type], [WithdrawalBooked.type]]
    case .fail:
      message = PayoutFailed(payout: payout, referrer: row.account, at: instant, reference: reference, reason: reason)
      answers = [[WithdrawalFailed.type], [WithdrawalReleased.type]]
    case .return:
      message = PayoutReturned(payout: payout, referrer: row.account, at: instant, reference: reference, reason: reason)
      answers = [[WithdrawalReturned.type], [WithdrawalReleased.type, WithdrawalRestored.type]]
    }
    let recipient = row.instruction.map { " to \(LetterText.plain($0.destination))" } ?? ""
    let balance = log.balances(of: row.account, in: row.program).first { $0.balance.currency == row.currency }
    let preview =
      "\(rawValue) \(payout): \(row.money) of \(row.account)\(row.program.map { " (\($0))" } ?? "")\(recipient), dated "
      + instant.readable + (reference.map { ", reference \(LetterText.plain($0))" } ?? "") + "; it is \(row.state.words)"
      + (balance.map { ", and the balance is \(NoticeText.standing($0.balance))" } ?? "") + (caution(row).map { ". \($0)" } ?? "")
    return Ask(
      name: payout.value, program: row.program, message: message, request: row.request, preview: preview, obstacle: obstacle(row),
      answers: answers)
  }

  /// A warning for the operator, or `nil` (C10c: the strongest result counts).
  private func caution(_ row: WithdrawalBook.Row) -> String? {
    switch (self, row.state) {
    case (.settle, .failed): "It was reported as failed: settling takes the money from the balance again, below zero if need be"
    case (.settle, .paid): "It was reported as paid under another reference: a second transfer is rejected as contradicts-result"
    case (.fail, .paid): "It was reported as paid: a failure is rejected as contradicts-result. If money came back, use 'return'"
    default: nil
    }
  }

  /// A result has no effect if a stronger one was reported before (C10c).
  private func obstacle(_ row: WithdrawalBook.Row) -> String? {
    switch (self, row.state) {
    case (.settle, .returned), (.fail, .returned): "it was returned on \(row.since.readable), and that result counts"
    case (.return, .failed): "it failed on \(row.since.readable), so the money is back already"
    default: nil
    }
  }
}
