import Testing
import Worker

@Suite struct RestoreProgressTests {
  private let began = ContinuousClock.now

  /// Reads rows at these offsets, before the given second.
  private func read(_ offsets: some Sequence<Int64>, _ progress: inout RestoreProgress) {
    for offset in offsets { progress.read(next: offset + 1) }
  }

  @Test func nothingIsReportedBeforeASecondIsOver() {
    var progress = RestoreProgress(from: 0, to: 1000, now: began)
    read(0..<100, &progress)
    #expect(progress.news(now: began + .milliseconds(999)) == nil)
    #expect(progress.news(now: began + .seconds(1))?.rows == 100)
    #expect(progress.news(now: began + .milliseconds(1999)) == nil)
  }

  /// The older part of a compacted changelog has few rows among many offsets, so the estimate uses the last interval.
  @Test func rateAndEstimateAreOfTheLastStretch() {
    var progress = RestoreProgress(from: 100, to: 1100, now: began)
    read(stride(from: 100, to: 600, by: 50), &progress)
    let first = progress.news(now: began + .seconds(2))
    #expect(first?.percent == 45)
    #expect(first?.rowsPerSecond == 5)
    // 549 offsets are left. 451 were passed in two seconds.
    #expect(first?.secondsLeft == 3)
    read(551..<651, &progress)
    let second = progress.news(now: began + .seconds(4))
    #expect(second?.rowsPerSecond == 50)
    // 449 are left. 100 were passed in two seconds.
    #expect(second?.secondsLeft == 9)
    #expect(second?.text == "55 %, 50 rows/s, about 9 s left")
    #expect(progress.whole(now: began + .seconds(5)).rowsPerSecond == 22)
  }

  /// As while a former owner's transaction is open: nothing moves.
  @Test func nothingIsReckonedFromAStandstill() {
    var progress = RestoreProgress(from: 0, to: 100, now: began)
    read(0..<50, &progress)
    _ = progress.news(now: began + .seconds(2))
    let second = progress.news(now: began + .seconds(4))
    #expect(second?.secondsLeft == nil)
    #expect(second?.text == "50 %, 0 rows/s")
  }
}
