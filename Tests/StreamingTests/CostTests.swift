import Contracts
import Streaming
import Testing

/// Costs that must not grow with the size of a batch or of the state. The counts are exact. The time limits only stop quadratic
/// behaviour.
@Suite struct CostTests {
  /// A monthly run over many accounts scans rows for each of them while the changes of all others are open.
  @Test(.timeLimit(.minutes(1)))
  func aScanLooksAtItsOwnTablesChangesOnly() throws {
    let bench = try Bench()
    let count = 6000
    for number in 0..<count {
      try bench.tell("k\(number)", .put(["1"], "1"), .put(["2"], "2"), .put(["3"], "3"), .list([]))
    }
    #expect(try bench.said() == Array(repeating: "1 2 3", count: count))
  }

  @Test func aHotRowIsReadFromTheStoreOnce() throws {
    let bench = try Bench()
    for _ in 0..<10 { try bench.tell("a", .put(["x"], "1"), .get(["x"])) }
    try bench.commit()
    try bench.restart()
    let before = bench.store.gets
    // Its own row, the sequence, and the memory of each event.
    for _ in 0..<50 { try bench.tell("a", .get(["x"])) }
    #expect(bench.store.gets - before == 2 + 50)
  }

  /// Each event writes rows of its own, here the memory of repeats. They do not crowd out rows that are read again and again.
  @Test func rowsOfOneEventDoNotPushOutHotRows() throws {
    let bench = try Bench(decodedRowsMax: 40)
    try bench.tell("a", .put(["x"], "1"), .get(["x"]))
    try bench.commit()
    for _ in 0..<500 {
      try bench.tell("b", .get(["x"]))
      try bench.commit()
    }
    let before = bench.store.gets
    try bench.tell("a", .get(["x"]))
    // The memory of the event.
    #expect(bench.store.gets - before == 1)
  }

  @Test func aScannedRowIsHotAfterwards() throws {
    let bench = try Bench()
    try bench.tell("a", .put(["x"], "1"), .put(["y"], "2"))
    try bench.commit()
    try bench.restart()
    try bench.tell("a", .list([]))
    let before = bench.store.gets
    try bench.tell("a", id: "x", .get(["x"]), .get(["y"]))
    #expect(bench.store.gets - before == 1)
  }

  /// A batch in which nothing is due reads timers from the store once, not for every event.
  @Test func timersThatAreNotDueCostNothing() throws {
    let bench = try Bench()
    for number in 0..<1000 { try bench.tell("a", .timer(at: Int64(1_000_000 + number), [])) }
    try bench.commit()
    let before = bench.store.scannedRows
    for number in 0..<500 {
      bench.advance(Int64(2000 + number))
      try bench.tell("a")
      if number % 5 == 0 { try bench.commit() }
    }
    #expect(bench.store.scannedRows - before <= 64)
  }

  /// Fired timers are not scanned again, and each timer is read about once.
  @Test func manyTimersAreReadInPieces() throws {
    let bench = try Bench()
    let count = 6400
    for number in 0..<count { try bench.tell("a", .timer(at: Int64(1_000_000 + number), [])) }
    try bench.commit()
    let before = bench.store.scannedRows
    for number in stride(from: 0, to: count, by: 640) {
      bench.advance(Int64(1_000_000 + number + 639))
      try bench.commit()
    }
    #expect(bench.task.counts.timersFired == count)
    #expect(bench.store.scannedRows - before <= count + 10 * 64)
  }
}
