import CommandKit
import Contracts
import Foundation
import Terms
import TermsFiles
import TestSupport
import Testing

@testable import OfflineCommands

/// A history of a few payments, and a proposal: the present terms with replacements.
struct BacktestScenario: CustomTestStringConvertible {
  var program = "bonus"
  /// The replacements in the file of `ops/terms`: old text, new text.
  var proposal: [(String, String)] = []
  /// Lines of structured events.
  var lines: [String] = []
  var until: String?
  var testDescription = ""

  func report(top: Int = 20) throws -> BacktestReport { try run().report(top: top) }

  func run() throws -> ComparedHistory {
    let current = try String(contentsOfFile: "\(Example.terms)/\(program).yaml", encoding: .utf8)
    var proposed = current
    for (old, new) in proposal {
      #expect(proposed.contains(old), "\(old)")
      proposed = proposed.replacing(old, with: new)
    }
    let programs = Sides(
      Programs([try TermsFiles.parse(current, file: "current.yaml")]),
      Programs([try TermsFiles.parse(proposed, file: "proposed.yaml")]))
    return try Self.run(programs, lines, until: until)
  }

  static func run(_ programs: Sides<Programs>, _ lines: [String], until: String? = nil) throws -> ComparedHistory {
    let file = FileManager.default.temporaryDirectory.appending(path: uniqueName("history"))
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let history = try ComparedHistory(
      programs, folders: Sides("present", "proposal"), file: "history.jsonl",
      made: Instant(milliseconds: 1_782_000_000_000))
    try history.run(EventFile(path: file.path), until: until.flatMap(Instant.init(written:))) {}
    return history
  }

  // MARK: Events

  /// A referrer with a code, and a referee that registered with it.
  static func referral(_ program: String, referrer: String = "acme", referee: String = "beta", on day: String = "2026-01-05")
    -> [String]
  {
    let parameter = program == "cash" ? "page" : "ref"
    return [
      event(
        program, "account.registered.v1", day,
        #"{"account":"\#(referrer)","registeredAt":"\#(day)T07:00:00Z","kind":"individual","country":"UA"}"#, hour: 7),
      event(
        program, "code.requested.v1", day,
        #"{"request":"code-\#(referrer)","account":"\#(referrer)","requestedAt":"\#(day)T08:00:00Z","vanity":"\#(referrer)"}"#,
        hour: 8),
      event(
        program, "account.registered.v1", day,
        #"{"account":"\#(referee)","registeredAt":"\#(day)T09:00:00Z","referral":{"landingURL":"https://x.example/?\#(parameter)=\#(referrer)"}}"#
      ),
    ]
  }

  static func payment(
    _ program: String, _ id: String, _ amount: Int, _ currency: String, on day: String, by account: String = "beta"
  ) -> String {
    event(
      program, "payment.settled.v1", day,
      #"{"payment":"\#(id)","account":"\#(account)","paidAt":"\#(day)T09:00:00Z","currency":"\#(currency)","lines":[{"sku":"s","kind":"plan","category":"domain","plan":"Business","amount":\#(amount)}]}"#
    )
  }

  static func refund(_ program: String, of payment: String, _ amount: Int, _ currency: String, on day: String) -> String {
    event(
      program, "payment.refunded.v1", day,
      #"{"refund":"r-\#(payment)","payment":"\#(payment)","account":"beta","refundedAt":"\#(day)T09:00:00Z","currency":"\#(currency)","amount":\#(amount)}"#
    )
  }

  static func event(_ program: String, _ type: String, _ day: String, _ data: String, hour: Int = 9) -> String {
    let id = "\(type)-\(StableHash.hex128(of: data))"
    return
      #"{"specversion":"1.0","id":"\#(id)","source":"/test","type":"\#(type)","time":"\#(day)T0\#(hour):00:00Z","program":"\#(program)","data":\#(data)}"#
  }
}

extension BacktestReport {
  func cost(_ currency: Currency) throws -> CostReport {
    try #require(programs.flatMap(\.costs).first { $0.unit == .money(currency) })
  }

  func figure(_ name: String) throws -> Compared {
    let rows = programs.flatMap { $0.costs.flatMap { $0.figures + $0.uses } + $0.counts + $0.uses }
    return try #require(rows.first { $0.name == name }?.values, "\(name)")
  }

  func counts(_ type: String) throws -> NoticeMatching.Counts {
    try #require(notices.first { $0.type == type }?.counts, "\(type)")
  }
}

extension Compared {
  var pair: [Int64] { [current, proposed] }
}
