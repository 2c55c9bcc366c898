/// The progress and speed of a restore from a changelog.
///
/// The number of rows is estimated from offsets. Compaction leaves gaps between them, mostly in the older part. The time left is
/// computed from the last interval only, so the estimate becomes correct where the gaps end.
package struct RestoreProgress {
  /// Interval between reports.
  private static let stretch = Duration.seconds(1)

  private let start: Int64
  private let end: Int64
  private let began: ContinuousClock.Instant
  private var next: Int64
  private var reportedAt: ContinuousClock.Instant
  private var nextReport: Int64
  private var reportedRows = 0
  package private(set) var rows = 0

  /// One report of the progress.
  package struct News: Equatable {
    /// 0 to 1, measured in offsets.
    package let ratio: Double
    package let rows: Int
    /// The speed in the last interval.
    package let rowsPerSecond: Int
    /// `nil` if nothing was read in the last interval.
    package let secondsLeft: Int?

    package var percent: Int { Int(ratio * 100) }

    /// Text for `/readyz`.
    package var text: String {
      "\(percent) %, \(rowsPerSecond) rows/s" + (secondsLeft.map { ", about \($0) s left" } ?? "")
    }
  }

  /// - Parameters:
  ///   - start: the first offset to read.
  ///   - end: the end of the changelog when the restore began.
  package init(from start: Int64, to end: Int64, now: ContinuousClock.Instant = .now) {
    self.start = start
    self.end = end
    began = now
    next = start
    reportedAt = now
    nextReport = start
  }

  /// Counts a row; `next` is the offset after it.
  package mutating func read(next: Int64) {
    rows += 1
    self.next = next
  }

  /// The next report; `nil` if it is not due yet.
  package mutating func news(now: ContinuousClock.Instant = .now) -> News? {
    let seconds = (now - reportedAt).seconds
    guard now - reportedAt >= Self.stretch else { return nil }
    let left = Double(max(0, end - next))
    let news = News(
      ratio: min(1, Double(next - start) / Double(max(1, end - start))), rows: rows,
      rowsPerSecond: Int(Double(rows - reportedRows) / seconds),
      secondsLeft: next > nextReport ? Int((left * seconds / Double(next - nextReport)).rounded(.up)) : nil)
    (reportedAt, nextReport, reportedRows) = (now, next, rows)
    return news
  }

  /// The totals for the log line at the end.
  package func whole(now: ContinuousClock.Instant = .now) -> (seconds: Double, rowsPerSecond: Int) {
    let seconds = (now - began).seconds
    return (seconds, Int(Double(rows) / max(seconds, 0.001)))
  }
}
