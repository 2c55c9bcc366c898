/// How far the reading of a changelog has come, and how fast it goes.
///
/// Offsets stand for rows, which they are not: compaction leaves gaps, nearly all of them in the older part. They only rise, though, and
/// what is left is reckoned from the last stretch instead of the whole way, so the estimate mends itself where the gaps end.
package struct RestoreProgress {
  /// How often there is something to tell.
  private static let stretch = Duration.seconds(1)

  private let start: Int64
  private let end: Int64
  private let began: ContinuousClock.Instant
  private var next: Int64
  private var toldAt: ContinuousClock.Instant
  private var toldNext: Int64
  private var toldRows = 0
  package private(set) var rows = 0

  /// What is told while it goes on.
  package struct News: Equatable {
    /// 0 to 1, of the offsets.
    package let ratio: Double
    package let rows: Int
    /// Over the last stretch.
    package let rowsPerSecond: Int
    /// nil: nothing has come in the last stretch, so there is nothing to reckon with.
    package let secondsLeft: Int?

    package var percent: Int { Int(ratio * 100) }

    /// For `/readyz`.
    package var text: String {
      "\(percent) %, \(rowsPerSecond) rows/s" + (secondsLeft.map { ", about \($0) s left" } ?? "")
    }
  }

  /// - Parameters:
  ///   - start: the offset that is read first.
  ///   - end: the one at which the changelog ended when it was asked.
  package init(from start: Int64, to end: Int64, now: ContinuousClock.Instant = .now) {
    self.start = start
    self.end = end
    began = now
    next = start
    toldAt = now
    toldNext = start
  }

  /// A row was read, and `next` is the offset after it.
  package mutating func read(next: Int64) {
    rows += 1
    self.next = next
  }

  /// nil: it is not yet time to tell.
  package mutating func news(now: ContinuousClock.Instant = .now) -> News? {
    let seconds = (now - toldAt).seconds
    guard now - toldAt >= Self.stretch else { return nil }
    let left = Double(max(0, end - next))
    let news = News(
      ratio: min(1, Double(next - start) / Double(max(1, end - start))), rows: rows,
      rowsPerSecond: Int(Double(rows - toldRows) / seconds),
      secondsLeft: next > toldNext ? Int((left * seconds / Double(next - toldNext)).rounded(.up)) : nil)
    (toldAt, toldNext, toldRows) = (now, next, rows)
    return news
  }

  /// For the line that says that it is over.
  package func whole(now: ContinuousClock.Instant = .now) -> (seconds: Double, rowsPerSecond: Int) {
    let seconds = (now - began).seconds
    return (seconds, Int(Double(rows) / max(seconds, 0.001)))
  }
}
