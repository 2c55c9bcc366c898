import CReportPage
import CommandKit

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
