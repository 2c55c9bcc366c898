import CReportPage
import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import ServiceKit
import Streaming
import Terms
import TermsFiles

/// `laurel backtest`: runs one history under two sets of terms and compares the results.
package enum Backtest {
  package static let command = Command(
    "backtest", summary: "Compare proposed terms with the current terms, over a file of events",
    discussion: """
      Runs a history of events under both terms, side by side, and reports the differences: the cost by program, currency, \
      month and referrer, and the notices that differ. Notices are matched by their subject (a payment, a company and month) \
      and compared by their outcome. Different reasons and names of the terms do not count. Spends and withdrawals are shown \
      separately, because people requested them under the current terms.

      Only programs in both folders are compared, so a proposal for one program needs only that program's file. Lines that are not \
      events, and events that a service rejects, are reported once on standard error. They do not make the command fail.
      """,
    example: """
      laurel backtest --terms ops/terms --against ops/demo/proposal --events ops/demo/cash.jsonl
      # something to show
      laurel backtest --terms ops/terms --against ops/demo/proposal --events history.jsonl --report backtest.html
      """,
    options: [
      Option("terms", placeholder: "DIR", help: "Folder with the current terms (*.yaml)", required: true),
      Option("against", placeholder: "DIR", help: "Folder with the proposed terms", required: true),
      Option("events", placeholder: "FILE", help: "Events, one per line; - is standard input", required: true),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Move the clock to this instant after the last event"),
      Option("report", placeholder: "FILE", help: "Also write an HTML page with charts (self-contained)"),
      Option("json", help: "Print JSON instead of text, with amounts in minor units"),
      Option(
        "top", placeholder: "N", kind: .integer(0...100_000), help: "Maximum number of referrers per program and currency",
        defaultValue: "20"),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let folders = Sides(invocation.text("terms"), invocation.text("against"))
    let terms = try loaded(folders)
    let path = invocation.text("events")
    let history = try ComparedHistory(terms, folders: folders, file: path, made: .now)
    let bar = ProgressBar(label: "backtest", total: LineReader.count(path: path))
    do {
      try history.run(EventFile(path: path), until: invocation.instant("until")) { bar.advance() }
    } catch is ArithmeticOverflow {
      bar.finish()
      throw CommandFailure("\(path): a sum of amounts is too large for 64 bits")
    }
    bar.finish()
    let report = try history.report(top: invocation.integer("top"))
    if let page = invocation.optionalText("report") {
      do { try Data(ReportPage.html(report).utf8).write(to: URL(fileURLWithPath: page)) } catch {
        throw CommandFailure("\(page): \(systemReason(error))")
      }
    }
    try ResultOutput().print(invocation.flag("json") ? [JSONLine.encode(report)] : ReportText(report).lines)
    if let summary = history.troubles.summary { notify(summary) }
    return 0
  }

  /// Reports the problems of both folders, not only of the first.
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

/// A report as one self-contained HTML page: it loads no fonts or pictures. Its script draws the data that it contains.
enum ReportPage {
  static func html(_ report: BacktestReport) throws -> String {
    // Inside a script element only `<` can begin markup, so escape it.
    let data = try JSONLine.encode(ReportDocument(report)).replacing("<", with: "\\u003c")
    let bytes = report_page()
    let page = String(decoding: UnsafeRawBufferPointer(start: bytes.start, count: bytes.count), as: UTF8.self)
    return page.replacing("{{report}}", with: data, maxReplacements: 1)
  }
}
