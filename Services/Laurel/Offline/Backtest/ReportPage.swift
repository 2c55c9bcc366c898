import CReportPage
import CommandKit

/// A report as one page that needs nothing else: no font and no picture from anywhere. The page's own script draws the data in it.
enum ReportPage {
  static func html(_ report: BacktestReport) throws -> String {
    // In a script element only "<" can begin something other than text.
    let data = String(decoding: try JSONLine.encode(ReportDocument(report)), as: UTF8.self).replacing("<", with: "\\u003c")
    let bytes = report_page()
    let page = String(decoding: UnsafeRawBufferPointer(start: bytes.start, count: bytes.count), as: UTF8.self)
    return page.replacing("{{report}}", with: data, maxReplacements: 1)
  }
}
