import Contracts
import FaultBench
import Foundation
import JSON
import TestSupport
import Testing

/// The operator's desk on real Kafka: every step of ops/docs/DESK.md by its commands.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct DeskCommandTests {
  private static let start = Instant(milliseconds: 1_767_603_600_000)  // 2026-01-05T09:00:00Z

  @Test func aWithdrawalGoesFromItsRequestToPaidAndBack() throws {
    try Installation.run { installation in
      try earn(installation, requests: ["w1", "w2"])
      let listed = try Self.rows(installation, "withdrawals")
      #expect(listed.map(\.request) == ["w1"] && listed.map(\.state) == ["awaitingApproval"] && listed.map(\.overdue) == [true])
      #expect(try Self.laurel(installation, "withdrawals", ["list"]).contains("1 withdrawal: 1 awaiting approval; 1 overdue"))
      #expect(try Self.laurel(installation, "withdrawals", ["show", "w1"]).contains("an operator has to decide"))

      // Without a terminal, as a dry run, for real, and repeated.
      let approve = ["approve", "w1", "--operator", "maria", "--note", "ticket 481"]
      #expect(try Self.laurel(installation, "withdrawals", approve, status: 2).contains("there is no terminal to ask at"))
      #expect(
        try Self.laurel(installation, "withdrawals", approve + ["--dry-run"]).contains(
          "planned     approve w1: 600.00 USD of olena (cash) to acct-7"))
      #expect(try installation.records([.decisions]).isEmpty)
      let approved = try Self.answer(installation, "withdrawals", approve)
      #expect(approved.outcome == "done" && approved.types == [PayoutInstructed.type] && !approved.publishedBefore)
      let again = try Self.answer(installation, "withdrawals", ["approve", "w1", "--operator", "petro"])
      #expect(again.outcome == "done" && again.publishedBefore && again.place == approved.place)
      #expect(try installation.records([.decisions]).count == 1)
      let late = try Self.laurel(installation, "withdrawals", ["reject", "w1", "--operator", "maria", "--yes"], status: 1)
      #expect(late.contains("unchanged   w1: it is already instructed"))

      // The file is sent to the bank and comes back.
      let file = installation.folder.appending(path: "batch-1.csv")
      let exported = try Self.laurel(installation, "payouts", ["export"])
      let lines = exported.split(separator: "\n").filter { !$0.hasPrefix("laurel: ") }
      #expect(lines.count == 2 && lines.last?.hasPrefix("w1#1,cash,olena,acct-7,600.00,USD,") == true, "\(exported)")
      try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
      let second = try Self.laurel(installation, "payouts", ["export", "--except", file.path])
      #expect(second.contains("0 payouts; 1 left out: exported before") && !second.contains("w1#1"), "\(second)")
      let settle = ["settle", "--file", file.path, "--reference", "t1"]
      let settled = try Self.answer(installation, "payouts", settle)
      #expect(settled.outcome == "done" && settled.types == [WithdrawalPaid.type, WithdrawalBooked.type])
      #expect(try Self.answer(installation, "payouts", settle).publishedBefore)
      #expect(try installation.records([.payoutResults]).count == 1)
      #expect(try Self.laurel(installation, "payouts", ["list"]).contains("laurel: 0 payouts"))

      // Contradicting results are reported.
      for wrong in [["settle", "w1#1", "--reference", "t2"], ["fail", "w1#1", "--reason", "no such recipient"]] {
        let answer = try Self.answer(installation, "payouts", wrong, status: 1)
        #expect(answer.outcome == "rejected" && answer.reason == "contradicts-result", "\(wrong)")
      }

      // The money is returned.
      let returned = try Self.answer(installation, "payouts", ["return", "w1#1", "--reason", "account closed"])
      #expect(returned.outcome == "done" && returned.types == [WithdrawalReturned.type, WithdrawalRestored.type])
      #expect(
        try Self.laurel(installation, "payouts", ["settle", "w1#1", "--reference", "t3", "--yes"], status: 1).contains(
          "unchanged   w1#1: it was returned on"))
      #expect(try Self.rows(installation, "withdrawals", ["--all"]).map(\.state) == ["returned"])
      let balance = try Self.laurel(installation, "balance", ["olena"])
      #expect(balance.contains("available  1,000.00 USD"), "\(balance)")
      try installation.stopAll()
      try Audit(installation).checkIDsAndSequences()
    }
  }

  @Test func whatIsNotAnsweredYetIsFoundLater() throws {
    try Installation.run { installation in
      try earn(installation, requests: ["w1"])
      try installation.end(.payouts, 1, gracefully: true)
      let approve = ["approve", "w1", "--operator", "maria"]
      let waiting = try Self.laurel(installation, "withdrawals", approve + ["--yes", "--wait", "1"], status: 3)
      #expect(waiting.contains("unanswered  w1: no answer yet. The event is on the bus (decisions/"), "\(waiting)")
      try installation.start(.payouts)
      let answered = try Self.answer(installation, "withdrawals", approve)
      #expect(answered.outcome == "done" && answered.publishedBefore)
      #expect(try installation.records([.decisions]).count == 1)
      try installation.stopAll()
    }
  }

  @Test func referralsAreAssignedAndEndedByHand() throws {
    try Installation.run { installation in
      try earn(installation, requests: [])
      let by = ["--operator", "maria", "--program", "cash"]
      func referrals(_ arguments: [String], status: Int32 = 0) throws -> Answer {
        try Self.answer(installation, "referrals", arguments + by, status: status)
      }
      // taras registered with olena's code, ivan without one.
      let assigned = try referrals(["assign", "ivan", "olena"])
      #expect(assigned.outcome == "done" && assigned.types == [ReferralAttributed.type])
      #expect(try referrals(["assign", "ivan", "olena"]).publishedBefore)
      let bound = try referrals(["assign", "taras", "olena"], status: 1)
      #expect(bound.outcome == "declined" && bound.types == [ReferralRejected.type])
      #expect(try referrals(["end", "ivan"]).types == [ReferralEnded.type])
      let moved = try referrals(["assign", "ivan", "olena"])
      #expect(moved.outcome == "done" && !moved.publishedBefore)
      let nobody = try referrals(["end", "olena"], status: 1)
      #expect(nobody.outcome == "rejected" && nobody.reason == "no-referral")
      try installation.stopAll()
    }
  }

  @Test func balancesAreCorrectedByHand() throws {
    try Installation.run { installation in
      try earn(installation, requests: [])
      let correct = ["olena", "--amount", "-12.50", "--reason", "fee of a transfer", "--operator", "maria"]
      #expect(
        try Self.laurel(installation, "correct", correct + ["--dry-run"]).contains(
          "by -12.50 USD (fee of a transfer): 1,000.00 available now, 987.50 USD after it"))
      #expect(try Self.answer(installation, "correct", correct).types == [BalanceCorrected.type])
      #expect(try Self.answer(installation, "correct", correct).publishedBefore)
      #expect(try Self.answer(installation, "correct", correct + ["--request", "another"]).outcome == "done")
      let other = [
        "olena", "--amount", "1.00", "--currency", "USD", "--reason", "x", "--request", "another", "--operator", "maria",
      ]
      let conflict = try Self.answer(installation, "correct", other, status: 1)
      #expect(conflict.outcome == "rejected" && conflict.reason == "conflicting-duplicate")
      let none = try Self.answer(
        installation, "correct",
        ["olena", "--amount", "1.00", "--currency", "USD", "--reason", "x", "--program", "tiers", "--operator", "maria"],
        status: 1)
      #expect(none.outcome == "rejected" && none.reason == "no-balance")
      let balance = try Self.laurel(installation, "balance", ["olena", "--program", "cash"])
      #expect(balance.contains("available  975.00 USD") && balance.contains("corrected  -25.00 USD"), "\(balance)")
      try installation.stopAll()
    }
  }

  // MARK: Before

  /// olena has 1,000.00 USD available and makes these requests for 600.00 each, all at once.
  private func earn(_ installation: Installation, requests: [RequestID]) throws {
    for service in [ServiceName.attribution, .accrual, .payouts] { try installation.start(service) }
    let publisher = try Publisher(installation)
    try publisher.publish(
      AccountRegistered(account: "olena", registeredAt: Self.start, kind: .individual, country: "UA"), program: "cash")
    try publisher.publish(
      CodeRequested(request: "code", account: "olena", requestedAt: Self.start, vanity: "OLENA"), program: "cash")
    try publisher.flush()
    let referrals = try installation.reader([.referrals])
    let issued = try referrals.read(for: .seconds(60)) { $0.contains { $0.header("ce_type") == CodeIssued.type } }
    try #require(issued)
    try publisher.publish(
      AccountRegistered(
        account: "taras", registeredAt: Self.start + .minutes(1), referral: RegistrationReferral(code: "OLENA")), program: "cash")
    try publisher.publish(AccountRegistered(account: "ivan", registeredAt: Self.start + .minutes(1)), program: "cash")
    try publisher.publish(
      PaymentSettled(
        payment: "p1", account: "taras", paidAt: Self.start + .minutes(2), currency: "USD",
        lines: [PaymentLine(sku: "hosting", kind: .service, category: "shared-hosting", amount: 1_000_000)]), program: "cash")
    try publisher.flush()
    let rewards = try installation.reader([.rewards])
    let earned = try rewards.read(for: .seconds(60)) { $0.contains { $0.header("ce_type") == RewardUnlocked.type } }
    try #require(earned)
    for request in requests {
      try publisher.publish(
        WithdrawalRequested(
          request: request, account: "olena", requestedAt: Self.start + .days(60), amount: 60_000, currency: "USD",
          destination: "acct-7"), program: "cash")
    }
    try publisher.flush()
    let payouts = try installation.reader([.payouts])
    let awaits = try payouts.read(for: .seconds(60)) { records in
      requests.isEmpty || records.contains { $0.header("ce_type") == WithdrawalAwaitingApproval.type }
    }
    try #require(awaits)
  }

  // MARK: The commands

  /// A line of `list --json`.
  private struct Row: Decodable {
    let request: String
    let state: String
    let overdue: Bool
  }

  /// The output of a publishing command with `--json`.
  private struct Answer: Decodable {
    struct Notice: Decodable { let type: String }
    let outcome: String
    let publishedBefore: Bool
    let place: String?
    let reason: String?
    let notices: [Notice]?

    var types: [String] { (notices ?? []).map(\.type) }
  }

  private static func laurel(
    _ installation: Installation, _ command: String, _ arguments: [String], status: Int32 = 0
  ) throws -> String {
    let bus = ["--bootstrap", installation.configuration.bootstrap, "--topic-prefix", installation.prefix]
    let process = try ServiceProcess(
      "laurel", name: uniqueName("laurel"), arguments: [command] + arguments + bus, folder: installation.folder)
    let ending = process.ending(within: .seconds(60))
    try #require(ending == .status(status), "\(command) \(arguments): \(process.log.suffix(2000))")
    return process.log
  }

  private static func rows(_ installation: Installation, _ command: String, _ arguments: [String] = []) throws -> [Row] {
    try json(laurel(installation, command, ["list", "--json"] + arguments))
  }

  private static func answer(
    _ installation: Installation, _ command: String, _ arguments: [String], status: Int32 = 0
  ) throws -> Answer {
    let answers: [Answer] = try json(laurel(installation, command, arguments + ["--yes", "--json"], status: status))
    return try #require(answers.first)
  }

  private static func json<Line: Decodable>(_ text: String) throws -> [Line] {
    try text.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
  }
}
