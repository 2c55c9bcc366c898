import Contracts
import JSON
import Testing

@testable import Streaming

/// Rows that operators watch are counted as they are added, changed and deleted.
@Suite struct WatchedRowsTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  private func count(_ kind: String) -> Int64 { bench.task.watchedRows[kind] ?? 0 }
  private var alarms: [Int64] { [count("alarms"), count("set-alarms")] }

  @Test(arguments: [false, true])
  func eachRowCountsAsWhatItIs(committed: Bool) throws {
    #expect(alarms == [0, 0])
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 4000, []), .alarm(3, at: nil, []))
    try bench.tell("b", .alarm(1, at: 3000, []), .put(["x"], "1"))
    if committed { try bench.commit() }
    #expect(alarms == [4, 3])
    try bench.tell("a", .keepAlarm(1), .alarm(2, at: nil, []), .dropAlarm(3), .dropAlarm(9))
    #expect(alarms == [3, 2])
    if committed { try bench.restart() } else { bench.task.abort() }
    #expect(alarms == (committed ? [4, 3] : [0, 0]))
  }

  @Test func aTimerThatFiresTakesItsRowFromOneKindToAnother() throws {
    try bench.tell(
      "a", .alarm(1, at: 3000, []), .alarm(2, at: 4000, [.dropAlarm(1)]), .alarm(3, at: 5000, [.dropAlarm(3), .reject]))
    bench.advance(3000)
    #expect(alarms == [3, 2])
    bench.advance(4000)
    #expect(alarms == [2, 1])
    // A rejection undoes the handler's changes, but its timer is finished.
    bench.advance(5000)
    #expect(alarms == [2, 0])
    try bench.commit()
    try bench.restart()
    #expect(alarms == [2, 0])
  }

  @Test func aRejectedTurnCountsNothing() throws {
    try bench.tell("a", .alarm(1, at: 3000, []))
    try bench.tell("a", .dropAlarm(1), .alarm(2, at: 3000, []), .alarm(3, at: 3000, []), .reject)
    #expect(alarms == [1, 1])
  }

  /// State from a release that did not count is counted once, at the start.
  @Test func rowsOfAnEarlierReleaseAreCountedAtTheStart() throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: nil, []))
    try bench.tell("b", .alarm(1, at: 3000, []), .put(["x"], "1"))
    try bench.commit()
    let parser = JSONParser()
    var progress = try parser.decode(Progress.self, from: try #require(try bench.store.value(for: RowKey.progress)))
    #expect(progress.watched == ["alarms": 3, "set-alarms": 2])
    progress.watched = nil
    try bench.store.write([RowChange(key: RowKey.progress, value: progress.jsonBytes())])
    try bench.restart()
    #expect(alarms == [3, 2])
    try bench.tell("a", .dropAlarm(2))
    #expect(alarms == [2, 2])
  }
}
