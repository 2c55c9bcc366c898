import Contracts
import Terms
import TermsFiles
import Words

@testable import OfflineCommands

/// A terms file. Every problem has a place in the file. Accepted terms can be described in words and run.
enum TermsTarget {
  /// The file's name in messages.
  private static let file = "terms.yaml"

  static func run(_ bytes: [UInt8]) throws {
    let program: Program
    do {
      program = try TermsFiles.parseFile(bytes, file: file).program
    } catch {
      return try check(error, bytes)
    }
    try hold(!program.versions.isEmpty, "a program without versions")
    for now in ["1970-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2199-12-31T23:59:59Z"].compactMap(Instant.init(rfc3339:)) {
      for line in TermsReport.lines(program, file: file, at: now) { try hold(!line.contains("\0"), "a report with a zero byte") }
      for concern in TermsConcerns.of(program, at: now) { try hold(!concern.message.isEmpty, "a concern without a word") }
    }
    try StageTarget.check(BusText.lines(history(program.id)), Programs([program]))
  }

  private static func check(_ error: TermsProblems, _ bytes: [UInt8]) throws {
    try hold(!error.problems.isEmpty, "rejected without a reason")
    // libyaml may end a line where an editor does not, but never more than one per byte.
    let lines = bytes.count + 2
    for problem in error.problems {
      try hold(!problem.message.isEmpty && problem.file == file, "\(problem)")
      try hold(problem.message.utf8.count <= 4 * bytes.count + 2000, "a message of \(problem.message.utf8.count) bytes")
      if let line = problem.line { try hold(1...lines ~= line, "line \(line) of \(lines)") }
      if let column = problem.column { try hold(1...(bytes.count + 2) ~= column, "column \(column)") }
    }
    do { _ = try TermsFiles.parseFile(bytes, file: file) } catch let again {
      return try hold(again == error, "rejected twice with different problems")
    }
    throw Broken("rejected once, accepted once")
  }

  /// A few events for everything that terms decide.
  private static func history(_ program: ProgramID) -> [UInt8] {
    let at = "2026-01-05T08:00:00Z"
    let max = Int64.max / 2
    let events: [(type: String, data: String)] = [
      ("account.registered.v1", #"{"account":"r","registeredAt":"\#(at)","kind":"individual","country":"UA"}"#),
      ("code.requested.v1", #"{"request":"c","account":"r","requestedAt":"\#(at)","vanity":"CODE"}"#),
      ("account.registered.v1", #"{"account":"e","registeredAt":"\#(at)","referral":{"code":"CODE"}}"#),
      (
        "account.registered.v1",
        #"{"account":"f","registeredAt":"\#(at)","referral":{"landingURL":"https://x/?ref=CODE&page=CODE"}}"#
      ),
      (
        "subscription.changed.v1",
        #"{"subscription":"s","account":"r","company":"k","plan":"Pro","changedAt":"\#(at)","status":"active"}"#
      ),
      (
        "subscription.changed.v1",
        #"{"subscription":"t","account":"e","company":"l","plan":"Pro","changedAt":"\#(at)","status":"active"}"#
      ),
      payment("p", "e", 1005, at), payment("q", "e", max, at), payment("o", "f", 30_000_000, at),
      (
        "payment.refunded.v1",
        #"{"refund":"x","payment":"p","account":"e","refundedAt":"2026-01-06T08:00:00Z","currency":"USD","amount":500}"#
      ),
      (
        "bonus.spendRequested.v1",
        #"{"request":"b","account":"r","requestedAt":"2026-03-20T08:00:00Z","amount":5,"currency":"USD","invoice":"i","kinds":["plan"]}"#
      ),
      (
        "withdrawal.requested.v1",
        #"{"request":"w","account":"r","requestedAt":"2026-03-21T08:00:00Z","amount":7,"currency":"USD","destination":"d"}"#
      ),
    ]
    let lines = events.enumerated().map { number, event in
      #"{"specversion":"1.0","id":"\#(number)","source":"/fuzz","type":"\#(event.type)","program":"\#(escaped(program.value))","data":\#(event.data)}"#
    }
    return Array((lines + ["+40d"]).joined(separator: "\n").utf8)
  }

  private static func payment(_ id: String, _ account: String, _ amount: Int64, _ at: String) -> (type: String, data: String) {
    (
      "payment.settled.v1",
      #"{"payment":"\#(id)","account":"\#(account)","paidAt":"\#(at)","currency":"USD","lines":[{"sku":"s","kind":"plan","plan":"Pro","category":"domain","amount":\#(amount)}]}"#
    )
  }

  private static func escaped(_ text: String) -> String {
    text.replacing(#"\"#, with: #"\\"#).replacing("\"", with: "\\\"")
  }
}
