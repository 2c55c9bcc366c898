import Contracts
import JSON
import Streaming
import Testing

/// A new task over the same store continues exactly at the position of the old one.
@Suite struct RestartTests {
  @Test func everythingIsInTheStore() throws {
    let bench = try Bench()
    bench.advance(1000)
    bench.task.followBus(from: Instant(milliseconds: 1000))
    bench.moved(.requests, to: 42)
    bench.moved(.claims, to: 7)
    try bench.tell(
      "a", id: "1", .put(["x"], "kept"), .say("one"), .timer(at: 3000, [.say("timer 1")]), .timer(at: 3000, [.say("timer 2")]))
    try bench.commit()
    try bench.restart()
    #expect(bench.task.positions == ["requests": 42, "attribution.claims": 7])
    #expect(bench.task.isVirtual)
    #expect(bench.task.clock == Instant(milliseconds: 1000))
    #expect(bench.task.nextDue == Instant(milliseconds: 3000))
    try bench.tell("a", id: "1", .put(["x"], "kept"), .say("another body"))
    try bench.tell("a", id: "2", .get(["x"]), .timer(at: 3000, [.say("timer 3")]))
    bench.advance(3000)
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["kept", "timer 1", "timer 2", "timer 3"])
    #expect(batch.outputs.map(\.envelope.sequence) == [2, 3, 4, 5])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.conflictingDuplicate])
  }

  /// Sends the same events and ticks to a task that never restarts and to one that restarts after every commit. The records are the same.
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func aRestartChangesNothing(seed: UInt64) throws {
    func run(restarting: Bool) throws -> (outputs: [Output], rows: [Row], letters: [Rejection]) {
      var random = SplitMix(state: seed)
      let bench = try Bench([AnyStage(Script()), AnyStage(Echo())])
      var outputs: [Output] = []
      var letters: [Rejection] = []
      var clock: Int64 = 1000
      for number in 0..<300 {
        var acts: [Act] = []
        for _ in 0..<3 {
          let part = Act.Part.text("r\(Int.random(in: 0..<5, using: &random))")
          switch Int.random(in: 0..<8, using: &random) {
          case 0, 1: acts.append(.put([part], "\(number)"))
          case 2: acts.append(.drop([part]))
          case 3: acts.append(.list([]))
          case 4, 5: acts.append(.timer(at: clock + Int64.random(in: -50...200, using: &random), [.list([]), .drop([part])]))
          case 6: acts.append(.get([part]))
          default: if Int.random(in: 0..<4, using: &random) == 0 { acts.append(.reject) }
          }
        }
        let id = "\(Int.random(in: 0...number, using: &random))"
        try bench.tell(["a", "b"].randomElement(using: &random) ?? "a", at: clock, id: id, acts)
        bench.moved(.requests, to: Int64(number + 1))
        clock += Int64.random(in: 0...20, using: &random)
        bench.advance(clock)
        let isCommitted = Int.random(in: 0..<6, using: &random) == 0
        guard isCommitted || number == 299 else { continue }
        let batch = try bench.commit()
        outputs += batch.outputs
        letters += batch.deadLetters.map(\.rejection)
        if restarting { try bench.restart() }
      }
      return (outputs, bench.store.all, letters)
    }
    let plain = try run(restarting: false)
    let restarted = try run(restarting: true)
    #expect(plain.outputs.count > 100)
    #expect(plain.outputs.map(\.envelope) == restarted.outputs.map(\.envelope))
    #expect(plain.outputs.map(\.data) == restarted.outputs.map(\.data))
    #expect(plain.letters == restarted.letters)
    #expect(plain.rows == restarted.rows)
  }

  @Test func aClockThatMovedAndMadeNothingDueNeedsNoBatch() throws {
    let bench = try Bench()
    bench.advance(5000)
    #expect(try bench.task.takeBatch().isEmpty)
    bench.moved(.requests, to: 1)
    #expect(try !bench.task.takeBatch().isEmpty)
    try bench.commit()
    try bench.restart()
    #expect(bench.task.clock == Instant(milliseconds: 5000))
    #expect(try bench.task.takeBatch().isEmpty)
  }

  @Test func theDriversOwnRowIsWrittenBesideTheBatch() throws {
    let bench = try Bench()
    try bench.tell("a", .put(["x"], "1"))
    let own = RowChange(key: Array("c".utf8), value: [1])
    _ = try bench.task.takeBatch()
    try bench.task.commit(alongside: own)
    #expect(try bench.store.value(for: own.key) == [1])
    try bench.restart()
    try bench.tell("a", .get(["x"]))
    #expect(try bench.said() == ["1"])
  }

  @Test func aWatcherReadsThePositionsFromTheChangelog() throws {
    let bench = try Bench()
    bench.moved(.requests, to: 42)
    try bench.tell("a", .put(["x"], "1"))
    let parser = JSONParser()
    let read = try bench.commit().changes.compactMap {
      try Progress.record(key: $0.key, value: $0.value ?? [], parser: parser)
    }
    #expect(read.map(\.positions) == [["requests": 42]])
  }
}
