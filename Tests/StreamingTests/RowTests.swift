import Contracts
import Streaming
import Testing

/// The rows that an invocation sees: the store below the changes of the open batch.
@Suite struct RowTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  @Test func aRowIsSetReadAndDeletedWithinABatchAndAcrossBatches() throws {
    try bench.tell("a", .get(["x"]), .put(["x"], "one"), .get(["x"]), .put(["x"], "two"), .get(["x"]), .drop(["x"]), .get(["x"]))
    #expect(try bench.said() == ["-", "one", "two", "-"])
    try bench.tell("a", .put(["x"], "three"))
    try bench.commit()
    try bench.tell("a", .get(["x"]), .drop(["x"]), .get(["x"]))
    #expect(try bench.said() == ["three", "-"])
    try bench.commit()
    try bench.tell("a", .get(["x"]))
    #expect(try bench.said() == ["-"])
  }

  @Test func aDeletedRowIsDeletedInTheStore() throws {
    try bench.tell("a", .put(["x"], "one"))
    try bench.commit()
    #expect(bench.store.all.contains { $0.value == Array(#""one""#.utf8) })
    try bench.tell("a", .drop(["x"]))
    let batch = try bench.commit()
    #expect(batch.changes.contains { $0.value == nil })
    #expect(!bench.store.all.contains { $0.value == Array(#""one""#.utf8) })
  }

  @Test func rowsOfOtherKeysProgramsAndTablesAreNotSeen() throws {
    let bench = try Bench(programs: ["bonus", "cash"])
    try bench.tell("a", .put([], "mine"), .put(["x"], "mine too"))
    try bench.tell("ab", .put(["x"], "another key's"))
    let other = Reported(key: "a", id: "1", at: Instant(milliseconds: 1), acts: [.put(["x"], "another program's")])
    bench.take(try record(other, id: "1", program: "cash"))
    for _ in 0..<2 {
      try bench.tell("a", .list([]), .get(["x"]))
      #expect(try bench.said() == ["mine mine too", "mine too"])
      try bench.commit()
    }
  }

  /// All ways in which stored rows and the open batch's changes can overlap.
  @Test(arguments: [false, true])
  func scansSeeTheOpenBatchOverTheStore(hot: Bool) throws {
    try bench.tell("a", .put(["b"], "b"), .put(["d"], "d"), .put(["f"], "f"), .put(["f2"], "f2"))
    try bench.commit()
    if !hot { try bench.restart() }
    try bench.tell(
      "a", .put(["a"], "a"), .put(["d"], "D"), .drop(["f"]), .put(["e"], "e"), .put(["g"], "g"), .drop(["g"]), .list([]))
    #expect(try bench.said() == ["a b D e f2"])
    try bench.commit()
    try bench.tell("a", .list([]))
    #expect(try bench.said() == ["a b D e f2"])
    try bench.restart()
    try bench.tell("a", .list([]))
    #expect(try bench.said() == ["a b D e f2"])
  }

  @Test func aScanKeepsToWholeParts() throws {
    try bench.tell("a", .put(["x", "1"], "x1"), .put(["x"], "x"), .put(["xy", "1"], "xy1"), .put(["x", "2"], "x2"))
    for _ in 0..<2 {
      try bench.tell("a", .list(["x"]), .list(["xy"]), .list(["y"]))
      #expect(try bench.said() == ["x x1 x2", "xy1", ""])
      try bench.commit()
    }
  }

  @Test func instantsOrderRowsByTime() throws {
    let instants: [Int64] = [5, -1, 1_700_000_000_000, 0, 255, 256, -256, 65_536, .min, .max]
    for instant in instants.shuffled() { try bench.tell("a", .put([.instant(instant)], "\(instant)")) }
    let sorted = instants.sorted().map(String.init).joined(separator: " ")
    for _ in 0..<2 {
      try bench.tell("a", .list([]))
      #expect(try bench.said() == [sorted])
      try bench.commit()
    }
  }

  // MARK: Rejection

  @Test func aRejectedTurnLeavesNothing() throws {
    try bench.tell("a", .put(["stored"], "s"))
    try bench.commit()
    let before = bench.store.all
    try bench.tell(
      "a", .put(["stored"], "changed"), .put(["new"], "n"), .drop(["stored"]), .say("no"), .step(to: "b", []),
      .timer(at: 1, [.say("no")]), .rejectKept("k"), .reject)
    let batch = try bench.commit()
    #expect(batch.outputs.isEmpty)
    #expect(batch.deadLetters.map(\.rejection.detail) == ["as told"])
    #expect(bench.store.all == before)
    #expect(bench.task.nextDue == nil)
  }

  @Test func aRejectionTakesBackOnlyItsOwnTurn() throws {
    try bench.tell("a", .put(["stored"], "s1"))
    try bench.commit()
    try bench.tell("a", .put(["stored"], "s2"), .put(["dirty"], "d1"), .put(["gone"], "g"), .drop(["gone"]))
    try bench.tell(
      "a", .put(["stored"], "s3"), .put(["dirty"], "d2"), .put(["dirty"], "d3"), .put(["gone"], "g2"), .put(["n"], "n"), .reject)
    try bench.tell("a", .get(["stored"]), .get(["dirty"]), .get(["gone"]), .get(["n"]), .list([]))
    #expect(try bench.said() == ["s2", "d1", "-", "-", "d1 s2"])
    try bench.tell("a", .put(["n"], "n2"), .list([]))
    #expect(try bench.said().last == "d1 n2 s2")
    try bench.commit()
    try bench.restart()
    try bench.tell("a", .list([]))
    #expect(try bench.said() == ["d1 n2 s2"])
  }

  /// A scan before the rejection has read changes that are then undone.
  @Test func scansBetweenRejectionsStayRight() throws {
    try bench.tell("a", .put(["1"], "1"), .list([]))
    try bench.tell("a", .put(["2"], "2"), .put(["1"], "x"), .list([]), .reject)
    try bench.tell("a", .list([]))
    try bench.tell("a", .put(["3"], "3"), .list([]), .reject)
    try bench.tell("a", .put(["4"], "4"), .list([]))
    #expect(try bench.said() == ["1", "1", "1 4"])
  }

  // MARK: Abort

  @Test func anAbortedBatchLeavesNothing() throws {
    try bench.tell("a", .put(["x"], "1"), .say("first"))
    try bench.commit()
    let before = bench.store.all
    try bench.tell("a", .put(["x"], "2"), .put(["y"], "2"), .say("dropped"), .timer(at: 5000, [.say("dropped")]), .list([]))
    bench.moved(.requests, to: 17)
    bench.advance(3000)
    bench.task.abort()
    #expect(try bench.task.takeBatch().isEmpty)
    #expect(bench.store.all == before)
    #expect(bench.task.positions.isEmpty)
    #expect(bench.task.clock == Instant(milliseconds: 0))
    #expect(bench.task.nextDue == nil)
    try bench.tell("a", .list([]))
    bench.advance(9000)
    #expect(try bench.said() == ["1"])
  }

  @Test func aBatchThatIsDoneAgainIsTheSame() throws {
    func run() throws -> TakenBatch {
      bench.moved(.requests, to: 3)
      let acts: [Act] = [.put(["x"], "1"), .say("one"), .timer(at: 900, [.say("late")]), .timer(at: 2000, [.say("later")])]
      bench.take(try record(Reported(key: "a", id: "1", at: Instant(milliseconds: 1000), acts: acts), id: "1"))
      bench.advance(1500)
      return try bench.batch()
    }
    let first = try run()
    bench.task.abort()
    let second = try run()
    #expect(first.changes == second.changes)
    #expect(first.outputs.map(\.envelope) == second.outputs.map(\.envelope))
    #expect(first.outputs.map(\.data) == second.outputs.map(\.data))
  }

  /// After any commits, aborts and rejections, a task with decoded rows and a new one over the store give the same output.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func hotRowsEqualTheStore(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var committed: [String: [String: String]] = [:]
    var open = committed
    for number in 0..<600 {
      let key = ["a", "b", "c"].randomElement(using: &random) ?? "a"
      var rows = open[key] ?? [:]
      var acts: [Act] = []
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let name = "r\(Int.random(in: 0..<12, using: &random))"
        if Bool.random(using: &random) {
          acts.append(.put([.text(name)], "\(name)=\(number)"))
          rows[name] = "\(name)=\(number)"
        } else {
          acts.append(.drop([.text(name)]))
          rows[name] = nil
        }
      }
      let rejected = Int.random(in: 0..<5, using: &random) == 0
      if !rejected { open[key] = rows }
      let reported = Reported(
        key: key, id: "t\(number)", at: Instant(milliseconds: 1), acts: acts + [.list([])] + (rejected ? [.reject] : []))
      bench.take(try record(reported, id: "\(number)"))
      if !rejected {
        let expected = rows.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value).joined(separator: " ")
        #expect(try bench.said().last == expected, "event \(number)")
      }
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        try bench.commit()
        committed = open
      case 1:
        bench.task.abort()
        open = committed
      case 2:
        try bench.commit()
        committed = open
        try bench.restart()
      default: break
      }
    }
  }

  // MARK: Failures

  @Test func aStoreThatCannotAnswerFailsTheBatchAndAnAbortMendsIt() throws {
    try bench.tell("a", .put(["x"], "1"))
    try bench.commit()
    try bench.restart()
    bench.store.failure = .corrupt("block 7")
    try bench.tell("a", .get(["x"]))
    #expect(throws: StoreError.corrupt("block 7")) { try bench.task.takeBatch() }
    bench.task.abort()
    #expect(bench.task.failure == nil)
    try bench.tell("a", .get(["x"]))
    #expect(try bench.said() == ["1"])
  }

  @Test func aFailedWriteKeepsTheBatchOpen() throws {
    try bench.tell("a", .put(["x"], "1"))
    _ = try bench.task.takeBatch()
    bench.store.failure = .unavailable("no space")
    #expect(throws: StoreError.unavailable("no space")) { try bench.task.commit() }
    #expect(bench.store.all.isEmpty)
    try bench.task.commit()
    try bench.restart()
    try bench.tell("a", .get(["x"]))
    #expect(try bench.said() == ["1"])
  }
}
