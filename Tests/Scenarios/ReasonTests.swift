import Contracts
import Discounts
import Foundation
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import Testing

/// Every reason code of the contract occurs in a case of a row. Every reason of a dead letter occurs in the table below.
@Suite struct ReasonTests {
  /// The type of the notice, the field, and its values.
  static let codes: [(type: String, field: String, values: [String])] = [
    ("code.declined.v1", "reasons", CodeReason.allCases.map(\.rawValue)),
    ("click.rejected.v1", "reasons", ClickReason.allCases.map(\.rawValue)),
    ("referral.rejected.v1", "reasons", AttributionReason.allCases.map(\.rawValue)),
    ("reward.declined.v1", "reasons", RewardReason.allCases.map(\.rawValue)),
    ("reward.frozen.v1", "cause", FreezeCause.allCases.map(\.rawValue)),
    ("reward.unfrozen.v1", "cause", FreezeCause.allCases.map(\.rawValue)),
    ("reward.reversed.v1", "cause", ReversalCause.allCases.map(\.rawValue)),
    ("bonus.declined.v1", "reasons", BonusReason.allCases.map(\.rawValue)),
    ("withdrawal.declined.v1", "reasons", WithdrawalReason.allCases.map(\.rawValue)),
    ("discount.skipped.v1", "reasons", SkipReason.allCases.map(\.rawValue)),
    ("discount.voided.v1", "reason", VoidReason.allCases.map(\.rawValue)),
  ]

  private static func notices() throws -> [NoticeRow] {
    try ProgramRowTests.runs.get().flatMap(\.1.notices).compactMap(NoticeRow.init)
  }

  @Test func everyReasonStandsInACase() throws {
    var found: Set<String> = []
    for notice in try Self.notices() {
      // The reason of a correction is an operator's text.
      for field in notice.type == "balance.corrected.v1" ? [] : ["reasons", "cause", "reason"] {
        let values = notice.data[field] as? [String] ?? (notice.data[field] as? String).map { [$0] } ?? []
        for value in values { found.insert("\(notice.type) \(value)") }
      }
    }
    let known = Self.codes.flatMap { code in code.values.map { "\(code.type) \($0)" } }
    #expect(Set(known).subtracting(found) == [], "codes that no case gives")
    #expect(found.subtracting(known) == [], "codes that no enum has")
  }

  /// Every type of notice occurs in a case of some row.
  @Test func everyNoticeStandsInACase() throws {
    let said = Set(try Self.notices().map(\.type))
    let known = Set(MessageRegistry.all.filter { $0.topic.kind == .notices }.map { $0.type })
    #expect(known.subtracting(said) == [])
  }

  /// "Every reward, rejection, skip and void says why: a reason code, the version of the terms, and the facts used."
  @Test func everyNoticeSaysWhy() throws {
    for notice in try Self.notices() {
      let because = notice.data["because"] as? [[String: Any]] ?? []
      #expect(!because.isEmpty && because.allSatisfy { $0["code"] is String }, "\(notice.type) \(notice.data)")
      #expect(notice.text("terms").wholeMatch(of: /[a-z]+@[1-9]/) != nil, "\(notice.type) \(notice.data)")
    }
  }

  // MARK: Dead letters

  struct Letter: Sendable, CustomTestStringConvertible {
    let reason: DeadLetterReason
    let what: String
    let lines: [[UInt8]]
    var testDescription: String { "\(reason.rawValue): \(what)" }

    init(_ reason: DeadLetterReason, _ what: String, _ lines: String...) {
      self.init(reason, what, bytes: lines.map { Array($0.utf8) })
    }

    init(_ reason: DeadLetterReason, _ what: String, bytes: [[UInt8]]) {
      self.reason = reason
      self.what = what
      lines = bytes
    }
  }

  /// A payment, as a line of a file.
  private static func payment(
    _ payment: String = "p1", _ amounts: [String] = ["100"], id: String = "e1", at: String = "2026-01-06T09:00:00Z",
    program: String? = "tiers", more: String = ""
  ) -> String {
    let lines = amounts.map { #"{"sku":"x","kind":"plan","amount":\#($0)}"# }.joined(separator: ",")
    return #"{"specversion":"1.0","id":"\#(id)","source":"/test","type":"payment.settled.v1","time":"\#(at)","#
      + (program.map { #""program":"\#($0)","# } ?? "")
      + #""data":{"payment":"\#(payment)","account":"beta","paidAt":"\#(at)","currency":"USD","lines":[\#(lines)]\#(more)}}"#
  }

  private static let int64Max = "9223372036854775807"

  static let letters: [Letter] = [
    Letter(.malformed, "no JSON", "{"),
    Letter(.malformed, "a kind of line that does not exist", payment().replacing(#""kind":"plan""#, with: #""kind":"gift""#)),
    Letter(.malformed, "an instant after 2199", payment(at: "2200-01-01T00:00:00Z")),
    Letter(.oversized, "more than 256 KiB", payment(more: #","promoCode":"\#(String(repeating: "x", count: 300_000))""#)),
    Letter(.duplicateKey, "two tax members", payment(more: #","tax":1,"tax":2"#)),
    Letter(.outOfRange, "an amount beyond Int64", payment("p1", ["9223372036854775808"])),
    Letter(
      .notUTF8, "a byte that begins no character", bytes: [Array(payment().utf8).map { $0 == UInt8(ascii: "x") ? 0xFF : $0 }]),
    Letter(.conflictingDuplicate, "the same payment, another amount", payment(), payment("p1", ["200"], id: "e2")),
    Letter(.unknownProgram, "a program that is none", payment(program: "loyalty")),
    Letter(.missingProgram, "no program where there are three", payment(program: nil)),
    Letter(.futureTime, "more than a day ahead", payment(at: "2026-01-08T09:00:00Z")),
    Letter(.overflow, "lines that add up beyond Int64", payment("p1", [int64Max, "1"])),
  ]

  /// `refund-window-closed` needs terms with a window: `RefundWindowTests`. `contradicts-result` is in `Rows/C10`, `no-referral` in
  /// `Rows/A1`, those of accrual in `Rows/A6` and `Rows/every-correction`. The driver gives the others: `DeadLetterTests`.
  @Test func everyReasonOfADeadLetterStandsHere() {
    #expect(
      Set(DeadLetterReason.allCases).subtracting(Self.letters.map(\.reason)) == [
        .refundWindowClosed, .contradictsResult, .nothingToReturn, .noBalance, .noReferral, .unknownType, .wrongTopic,
      ])
  }

  /// The last line is rejected, for that reason alone. The lines before it are not.
  @Test(arguments: letters)
  func isRejected(letter: Letter) throws {
    let programs = try TermsFiles.load(directory: Examples.terms.path)
    let task = try StageTask(
      service: .discounts, stages: DiscountsService.service(programs).stages, programs: programs.ids, store: MemoryStore())
    let latest = try #require(Instant(rfc3339: "2026-01-07T12:00:00Z"))
    for (number, line) in letter.lines.enumerated() {
      let record = InputRecord(topic: .billing, partition: 0, offset: Int64(number), key: nil, value: line, headers: [])
      // The simulation has no future. A bus that follows the system's time does.
      task.run(task.admit(record), latest: letter.reason == .futureTime ? latest : nil)
      let rejected = (task.takeRecords()?.deadLetters ?? []).map(\.rejection.reason)
      #expect(rejected == (number + 1 == letter.lines.count ? [letter.reason] : []), "line \(number + 1)")
    }
  }
}
