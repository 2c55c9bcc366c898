import Contracts
import Streaming
import Testing

/// Reading rows one at a time, for tables of any length, and a stage's own memory of processed events.
@Suite struct WalkTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  /// Fixed length, so that texts sort like their rows.
  private static func text(_ number: Int) -> String { String(String(100_001 + number).dropFirst()) }

  @Test(arguments: [0, 1, 511, 512, 513, 1024, 1300])
  func aWalkGivesWhatAListGives(count: Int) throws {
    for number in 0..<count {
      try bench.tell("a", .put([.text(Self.text(2 * number))], Self.text(2 * number)))
    }
    try bench.commit()
    try bench.restart()
    // Rows of the open batch before, between and after those of the store, one changed, one deleted.
    for number in stride(from: -1, to: 2 * count + 3, by: 301) {
      try bench.tell("a", .put([.text(Self.text(number))], Self.text(number)))
    }
    try bench.tell("a", .put([.text(Self.text(20))], "changed"), .drop([.text(Self.text(40))]))
    try bench.tell("b", .put(["x"], "another key's"))
    try bench.tell("a", .walk, .list([]), .walk)
    let said = try bench.said()
    #expect(Set(said).count == 1)
    #expect(said.first?.contains("changed") == true)
    try bench.commit()
    try bench.restart()
    try bench.tell("a", .walk)
    #expect(try bench.said() == [said[0]])
  }

  @Test func aListUnderPartsSeesOnlyThose() throws {
    try bench.tell("a", .put(["x", "1"], "x1"), .put(["x", "2"], "x2"), .put(["xy", "1"], "xy1"))
    try bench.tell("a", .list(["x"]))
    try bench.commit()
    try bench.tell("a", .list(["x"]))
    #expect(try bench.said() == ["x1 x2"])
  }

  /// Reading a million rows does not keep them in memory: rows that were only walked are read from the store again.
  @Test func aWalkKeepsNothingDecoded() throws {
    try bench.tell("a", .put(["x"], "1"), .put(["y"], "2"))
    try bench.commit()
    try bench.restart()
    try bench.tell("a", .walk)
    let before = bench.store.gets
    // Two rows, and the memory of the event itself.
    try bench.tell("a", .get(["x"]), .get(["y"]))
    #expect(bench.store.gets - before == 3)
  }

  /// An event is known by the row that remembers it, with its key, even if its invocation was rejected.
  @Test func whatWasTakenIsKnown() throws {
    let bench = try Bench([AnyStage(Diary())])
    try bench.tell("a", id: "one")
    try bench.tell("a", id: "rejected", .reject)
    try bench.commit()
    try bench.restart()
    try bench.tell("b", id: "one")
    try bench.tell("a", id: "one")
    try bench.tell("a", id: "rejected")
    try bench.tell("a", id: "self")
    try bench.tell("a", id: "self")
    try bench.tell("a", id: "one", .say("another body"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(StreamingTests.text) == ["took one", "took rejected", "took self"])
    #expect(batch.outputs.map(\.key) == ["b", "a", "a"])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.conflictingDuplicate])
    #expect(bench.task.counts.repeated == 2)
    // The driver itself has no memory of it.
    #expect(!bench.store.all.contains { $0.key.first == UInt8(ascii: "d") })
  }
}
