import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import ServiceKit
import Streaming
import Terms
import TermsFiles

/// `laurel backtest`: two terms over one history.
package enum Backtest {
  package static let command = Command(
    "backtest", summary: "Compare proposed terms with the terms as they are, over a file of events",
    discussion: """
      Runs a history of events under both terms, side by side, and reports the differences: the cost by program, currency, \
      month and referrer, and the notices that would differ. Notices are compared by what they are \
      about (a payment, a company and month), and by their outcome; the reasons and the names of the terms may differ. Spends and \
      withdrawals are shown apart: people asked for them under the terms as they were, and the terms do not decide that.

      Only programs that both folders have are compared, so a proposal for one program needs only that program's file. Lines that are no \
      events, and events that a service rejects, are reported on standard error, once for both; they do not make the command fail.
      """,
    example: """
      laurel backtest --terms ops/terms --against ops/demo/proposal --events ops/demo/cash.jsonl
      # something to show
      laurel backtest --terms ops/terms --against ops/demo/proposal --events history.jsonl --report backtest.html
      """,
    options: [
      Option("terms", placeholder: "DIR", help: "Folder with the terms as they are (*.yaml)", required: true),
      Option("against", placeholder: "DIR", help: "Folder with the terms as proposed", required: true),
      Option("events", placeholder: "FILE", help: "Events, one a line; - is standard input", required: true),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Where the clock goes at the end"),
      Option("report", placeholder: "FILE", help: "Also write a page with charts (HTML, complete in itself)"),
      Option("json", help: "JSON instead of text, amounts in minor units"),
      Option(
        "top", placeholder: "N", kind: .integer(0...100_000), help: "Referrers to list, for each program and currency",
        defaultValue: "20"),
    ])

  package static func run(_ invocation: Invocation, now: Instant) throws -> Int32 {
    let folders = Sides(invocation.text("terms"), invocation.text("against"))
    let terms = try loaded(folders)
    let path = invocation.text("events")
    let history = try ComparedHistory(terms, folders: folders, file: path, made: now)
    let bar = ProgressBar(label: "backtest", total: LineReader.count(path: path))
    do {
      try history.run(EventFile(path: path), until: invocation.instant("until")) { bar.advance() }
    } catch is ArithmeticOverflow {
      bar.finish()
      throw CommandFailure("\(path): a sum exceeds what an amount can hold")
    }
    bar.finish()
    let report = try history.report(top: invocation.integer("top"))
    if let page = invocation.optionalText("report") {
      do { try Data(ReportPage.html(report).utf8).write(to: URL(fileURLWithPath: page)) } catch {
        throw CommandFailure("\(page): \(systemReason(error))")
      }
    }
    let output = ResultOutput()
    if invocation.flag("json") {
      try output.line(JSONLine.encode(report))
    } else {
      for line in ReportText(report).lines { try output.line(line) }
    }
    try output.flush()
    if let summary = history.troubles.summary { notify(summary) }
    return 0
  }

  /// Tells all that is wrong with either folder, each under its own name.
  private static func loaded(_ folders: Sides<String>) throws -> Sides<Programs> {
    let read = folders.map { folder in Result { () throws(TermsProblems) in try TermsFiles.load(directory: folder) } }
    if case .success(let current) = read.current, case .success(let proposed) = read.proposed { return Sides(current, proposed) }
    var texts: [String] = []
    for (option, side) in [("--terms", Side.current), ("--against", .proposed)] {
      guard case .failure(let problems) = read[side] else { continue }
      texts.append("the terms of \(option) (\(folders[side])) cannot be used:\n\(problems)")
    }
    throw CommandFailure(texts.joined(separator: "\n"))
  }
}
