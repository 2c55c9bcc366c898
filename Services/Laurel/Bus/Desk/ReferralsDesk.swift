import CommandKit
import Contracts
import ServiceKit
import Words

/// `laurel referrals`: assigns and ends referrals by hand (A1e).
package enum ReferralsDesk {
  package static let command = Command(
    "referrals", summary: "Give an account a referrer, or end a referral, by hand",
    example: """
      laurel referrals assign beta acme --operator maria --bootstrap localhost:9092
      laurel referrals end beta --operator maria --bootstrap localhost:9092
      """,
    subcommands: [assign, end], run: run)

  private static let exits =
    "Exit status: 0 if it was done; 1 if it was not; 3 if it is not answered yet: run the same command again to see the answer."

  private static let assign = Command(
    "assign", summary: "Give a registered account a referrer",
    discussion: """
      The account is attributed as if it had registered with the referrer's code at the time of the decision (--at), by the same \
      rules. The referrer must have a code. Payments that arrived earlier are not judged again. To move an account, end its \
      referral first. If the account has not registered yet, the answer comes when it does. \(exits)
      """,
    example: """
      laurel referrals assign beta acme --operator maria --note "ticket 481" --bootstrap localhost:9092
      """,
    options: Desk.decisionOptions + [Desk.request, Desk.note],
    operands: [Operand("ACCOUNT", help: "The referee"), Operand("REFERRER", help: "Who referred it")])

  private static let end = Command(
    "end", summary: "End the referral of an account",
    discussion: """
      Payments from the time of the decision (--at) on earn nothing. Earlier rewards stay, and the account can be assigned again. \
      \(exits)
      """,
    example: "laurel referrals end beta --operator maria --bootstrap localhost:9092",
    options: Desk.decisionOptions + [Desk.request, Desk.note], operands: [Operand("ACCOUNT", help: "The referee")])

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let bus = try Desk.bus(invocation)
    let accounts: [AccountID] = try invocation.operands.map { try Desk.id($0, "an account", invocation) }
    let desk = try Desk(bus, invocation, accounts: Set(accounts))
    let decision = try Decision(desk, ["request", "note"])
    let ask =
      accounts.count == 2
      ? try assignment(of: accounts[0], to: accounts[1], decision, desk.log) : try ending(of: accounts[0], decision, desk.log)
    return try desk.carryOut([ask])
  }

  static func assignment(of account: AccountID, to referrer: AccountID, _ decision: Decision, _ log: AccountLog) throws -> Ask {
    let programs = Set(log.messages(CodeIssued.self, of: referrer, in: decision.program).compactMap(\.program))
    guard programs.count <= 1 else { throw ambiguous(programs, "\(referrer) has codes") }
    let program = decision.program ?? programs.first
    let ends = log.messages(ReferralEnded.self, of: account, in: program).count
    let attributions = log.messages(ReferralAttributed.self, of: account, in: program)
    // After the referral has ended, the same referrer can be assigned again. That is a new decision.
    let request = decision.request(
      derivedFrom: ["assign", program?.value ?? "", account.value, referrer.value, String(ends + 1)])
    let holds = attributions.count > ends ? attributions.last?.message : nil
    return Ask(
      name: request.value, program: program,
      message: ReferralAssignRequested(
        request: request, account: account, referrer: referrer, operator: decision.name, decidedAt: decision.at,
        note: decision.note),
      request: request,
      preview: "assign \(account) to \(referrer)\(program.map { " (\($0))" } ?? "") from \(decision.at.readable) on"
        + (programs.isEmpty ? "; no code of \(referrer) is known" : "")
        + (holds.map { "; it is referred by \($0.referrer): end that referral first" } ?? ""),
      answers: [[ReferralAttributed.type]], rejections: [ReferralRejected.type])
  }

  static func ending(of account: AccountID, _ decision: Decision, _ log: AccountLog) throws -> Ask {
    let programs = Set(log.messages(ReferralAttributed.self, of: account, in: decision.program).compactMap(\.program))
    guard programs.count <= 1 else { throw ambiguous(programs, "\(account) was referred") }
    let program = decision.program ?? programs.first
    let attributions = log.messages(ReferralAttributed.self, of: account, in: program)
    let bound = attributions.last?.message
    // Ending a later referral of the same account is a new decision.
    let request = decision.request(
      derivedFrom: ["end", program?.value ?? "", account.value, String(attributions.count)])
    return Ask(
      name: request.value, program: program,
      message: ReferralEndRequested(
        request: request, account: account, operator: decision.name, decidedAt: decision.at, note: decision.note),
      request: request,
      preview:
        "end the referral of \(account)\(bound.map { " by \($0.referrer)" } ?? "")\(program.map { " (\($0))" } ?? ""): "
        + "payments from \(decision.at.readable) on earn nothing" + (bound == nil ? "; no referral of it is known" : ""),
      answers: [[ReferralEnded.type]])
  }

  private static func ambiguous(_ programs: Set<ProgramID>, _ what: String) -> CommandFailure {
    CommandFailure("\(what) in \(listed(programs.sorted().map(\.value))): choose one with --program")
  }
}
