import Contracts
import Streaming
import Testing

/// Timers fire at most once, never early, never lost, in the order of their instants and then in which they were set (DECISIONS T1–T3).
@Suite struct TimerTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  @Test(arguments: [false, true])
  func theyFireByInstantThenByOrderOfSetting(committed: Bool) throws {
    try bench.tell("a", .timer(at: 5000, [.say("5000")]), .timer(at: 3000, [.say("3000 first")]))
    if committed { try bench.commit() }
    try bench.tell(
      "b", .timer(at: 3000, [.say("3000 second")]), .timer(at: 3000, [.say("3000 third")]), .timer(at: 2000, [.say("2000")]))
    if committed { try bench.commit() }
    try bench.tell("a", .timer(at: 3000, [.say("3000 fourth")]))
    bench.advance(1999)
    #expect(try bench.said() == [])
    bench.advance(4000)
    #expect(try bench.said() == ["2000", "3000 first", "3000 second", "3000 third", "3000 fourth"])
    try bench.commit()
    bench.advance(5000)
    #expect(try bench.said() == ["5000"])
    try bench.commit()
    bench.advance(90_000)
    #expect(try bench.said() == [])
    #expect(bench.task.counts.timersFired == 6)
  }

  /// A driver may limit how many fire at once. The clock waits with the rest, and none is skipped.
  @Test func aRoundMayBeLimited() throws {
    let acts = (1...5).map { number in Act.timer(at: Int64(1000 * number), [.say("\(number)")]) }
    bench.take(try record(Reported(key: "a", id: "1", at: Instant(milliseconds: 1), acts: acts), id: "1"))
    try bench.commit()
    let end = Instant(milliseconds: 9000)
    bench.task.advance(to: end, timersMax: 2)
    #expect(try bench.commit().outputs.map(text) == ["1", "2"])
    #expect(bench.task.clock == Instant(milliseconds: 2000))
    bench.task.advance(to: end, timersMax: 2)
    #expect(try bench.commit().outputs.map(text) == ["3", "4"])
    bench.task.advance(to: end, timersMax: 2)
    #expect(try bench.commit().outputs.map(text) == ["5"])
    #expect(bench.task.clock == end)
  }

  @Test func theyAreStampedWithTheirInstantAndKeepTheirCause() throws {
    bench.take(
      try record(
        Reported(key: "a", id: "1", at: Instant(milliseconds: 1), acts: [.timer(at: 3000, [.say("x")])]), id: "the-cause"))
    bench.advance(1_000_000)
    let output = try #require(try bench.batch().outputs.first)
    #expect(output.envelope.time == Instant(milliseconds: 3000))
    #expect(output.envelope.causationID == "the-cause")
    #expect(output.envelope.program == "bonus")
    #expect(output.key == "a")
  }

  @Test func anInstantAlreadyPastFiresRightAfterItsEvent() throws {
    bench.advance(10_000)
    try bench.tell(
      "a", .timer(at: 9000, [.say("9000")]), .timer(at: 10_000, [.say("10000")]), .timer(at: 4000, [.say("4000")]), .say("event"))
    try bench.tell("a", .say("next event"))
    #expect(try bench.said() == ["event", "4000", "9000", "10000", "next event"])
  }

  /// Even if the last timer fired from the store is later than the new one.
  @Test func anInstantBeforeTheLastFiredOneIsNotLost() throws {
    try bench.tell(
      "a", .timer(at: 8000, [.say("8000"), .timer(at: 5000, [.say("5000")]), .timer(at: 8000, [.say("8000 again")])]))
    try bench.commit()
    bench.task.advance(to: Instant(milliseconds: 9000), timersMax: 1)
    #expect(bench.task.clock == Instant(milliseconds: 8000))
    #expect(try bench.commit().outputs.map(text) == ["8000"])
    // The driver has not read further, and has committed meanwhile.
    #expect(bench.task.nextDue == Instant(milliseconds: 5000))
    bench.advance(8000)
    #expect(try bench.commit().outputs.map(text) == ["5000", "8000 again"])
    #expect(bench.task.nextDue == nil)
  }

  /// The only way in which a clock moves back: the bus has its own clock, which starts before the system's time.
  @Test func timersOfABusWhoseClockStartsEarlierAreNotLost() throws {
    bench.advance(50_000)
    try bench.tell("a", .timer(at: 60_000, [.say("60000")]))
    try bench.commit()
    bench.advance(70_000)
    #expect(try bench.commit().outputs.map(text) == ["60000"])
    bench.task.followBus(from: Instant(milliseconds: 1000))
    #expect(bench.task.clock == Instant(milliseconds: 1000))
    // Both are before the last timer that fired.
    try bench.tell("a", .timer(at: 3000, [.say("3000")]))
    try bench.commit()
    try bench.tell("a", .timer(at: 2000, [.say("2000")]))
    try bench.commit()
    bench.advance(2500)
    #expect(try bench.commit().outputs.map(text) == ["2000"])
    // For good: a second tick does not move the clock back.
    bench.task.followBus(from: Instant(milliseconds: 100))
    #expect(bench.task.clock == Instant(milliseconds: 2500))
    bench.advance(70_000)
    #expect(try bench.commit().outputs.map(text) == ["3000"])
  }

  @Test func timersSetTimers() throws {
    try bench.tell(
      "a",
      .timer(
        at: 2000,
        [.say("2000"), .timer(at: 2500, [.say("2500")]), .timer(at: 1500, [.say("1500")]), .timer(at: 9000, [.say("9000")])]),
      .timer(at: 2400, [.say("2400")]))
    bench.advance(3000)
    #expect(try bench.said() == ["2000", "1500", "2400", "2500"])
    try bench.commit()
    bench.advance(9000)
    #expect(try bench.said() == ["9000"])
  }

  @Test func theClockNeverGoesBack() throws {
    bench.advance(5000)
    bench.advance(2000)
    #expect(bench.task.clock == Instant(milliseconds: 5000))
    try bench.tell("a", at: 1000, .timer(at: 3000, [.say("late")]))
    #expect(bench.task.clock == Instant(milliseconds: 5000))
    bench.advance(4000)
    #expect(bench.task.clock == Instant(milliseconds: 5000))
  }

  @Test func whileATimerFiresTheClockStandsAtItsInstant() throws {
    // A timer that the first one sets for an instant before the second must not wait until the clock reaches its target.
    try bench.tell("a", .timer(at: 1000, [.timer(at: 1200, [.say("1200")])]), .timer(at: 1500, [.say("1500")]))
    try bench.commit()
    bench.advance(90_000)
    #expect(try bench.said() == ["1200", "1500"])
  }

  @Test func aRejectedTimerIsDeadLetteredOnceAndItsNeighboursFire() throws {
    try bench.tell(
      "a", .timer(at: 2000, [.say("no"), .put(["x"], "no"), .reject]), .timer(at: 2000, [.get(["x"])]),
      .timer(at: 3000, [.say("yes")]))
    try bench.commit()
    bench.advance(5000)
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["-", "yes"])
    #expect(batch.deadLetters.map(\.rejection.reason) == [.overflow])
    try bench.restart()
    bench.advance(9000)
    #expect(try bench.task.takeBatch().deadLetters.isEmpty)
  }

  @Test func aTimerOfAStageThatIsNoMoreIsLetGo() throws {
    try bench.tell("a", .timer(at: 2000, [.say("no")]))
    try bench.commit()
    let task = try StageTask(service: .attribution, stages: [AnyStage(Echo())], programs: ["bonus"], store: bench.store)
    task.advance(to: Instant(milliseconds: 3000))
    #expect(try task.takeBatch().outbox.isEmpty)
    try task.commit()
    #expect(task.nextDue == nil)
  }

  /// The queue reads 64 timers at a time from the store.
  @Test(arguments: [1, 63, 64, 65, 127, 128, 129, 300], [1, 40, 64, 1000])
  func piecesOfTheStoreJoin(count: Int, perBatch: Int) throws {
    for number in 0..<count {
      try bench.tell("a", .timer(at: Int64(2000 + number / 3), [.say("\(number)")]))
      if number % 50 == 0 { try bench.commit() }
    }
    try bench.commit()
    var said: [String] = []
    var fired = 0
    while let due = bench.task.nextDue, fired < count {
      bench.task.advance(to: due, timersMax: 1)
      fired += 1
      if fired % perBatch == 0 { said += try bench.commit().outputs.map(text) }
      // Some timers of the open batch among those of the store.
      if fired == count / 2 { try bench.tell("a", .timer(at: due.milliseconds, [.say("fresh")])) }
    }
    bench.advance(1_000_000)
    said += try bench.commit().outputs.map(text)
    #expect(said.filter { $0 != "fresh" } == (0..<count).map(String.init))
    #expect(said.filter { $0 == "fresh" }.count == (count > 1 ? 1 : 0))
    #expect(bench.task.nextDue == nil)
  }

  // MARK: A model

  /// A naive queue: a list that is sorted each time.
  private struct Model {
    struct Timer {
      let due: Int64
      let order: Int
      let acts: [Act]
    }

    var clock: Int64
    var timers: [Timer] = []
    var order = 0
    var said: [String] = []

    mutating func perform(_ acts: [Act]) {
      var set: [(Int64, [Act])] = []
      for act in acts {
        switch act {
        case .say(let text): said.append(text)
        case .timer(let due, let acts): set.append((due, acts))
        default: break
        }
      }
      for (due, acts) in set {
        order += 1
        timers.append(Timer(due: due, order: order, acts: acts))
      }
    }

    mutating func fire(upTo instant: Int64) {
      while let next = timers.min(by: { ($0.due, $0.order) < ($1.due, $1.order) }), next.due <= instant {
        timers.removeAll { $0.order == next.order }
        clock = max(clock, next.due)
        perform(next.acts)
      }
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func anySequenceOfSettingAdvancingCommittingAndAborting(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var model = Model(clock: 1_000_000)
    var committed = model
    bench.advance(model.clock)
    try bench.commit()
    var number = 0

    func timers(_ count: Int, depth: Int) -> [Act] {
      (0..<count).map { _ in
        number += 1
        let due = model.clock + Int64.random(in: -60...240, using: &random) / 4 * 4
        let more = depth < 2 && Int.random(in: 0..<4, using: &random) == 0
        return .timer(at: due, [.say("\(number) due \(due)")] + (more ? timers(2, depth: depth + 1) : []))
      }
    }

    for step in 0..<700 {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<9:
        let acts = timers(Int.random(in: 1...8, using: &random), depth: 0)
        try bench.tell("k\(step % 5)", acts)
        model.perform(acts)
        model.fire(upTo: model.clock)
      case 9..<13:
        let instant = model.clock + Int64.random(in: -20...60, using: &random)
        bench.advance(instant)
        model.fire(upTo: instant)
        model.clock = max(model.clock, instant)
      case 13:
        // As the simulation does: one at a time.
        let instant = model.clock + 30
        let next = model.timers.map(\.due).min()
        #expect(bench.task.nextDue?.milliseconds == next)
        if let next, next <= instant { model.fire(upTo: next) }
        if let next, next <= instant { bench.advance(next) }
      case 14..<18:
        #expect(try bench.commit().outputs.map(text) == model.said, "step \(step)")
        model.said = []
        committed = model
      case 18:
        #expect(try bench.said() == model.said, "step \(step)")
        bench.task.abort()
        model = committed
      default:
        #expect(try bench.commit().outputs.map(text) == model.said, "step \(step)")
        model.said = []
        committed = model
        // A clock that has moved without making anything due is not stored. The new task starts behind, and catches up.
        try bench.restart()
        bench.advance(model.clock)
      }
      #expect(bench.task.clock.milliseconds == model.clock, "step \(step)")
    }
    // Otherwise the test would have covered little.
    #expect(model.order > 1000)
    bench.advance(model.clock + 1_000_000)
    model.fire(upTo: model.clock + 1_000_000)
    #expect(try bench.commit().outputs.map(text) == model.said)
    #expect(bench.task.nextDue == nil)
    // No timer row remains.
    #expect(!bench.store.all.contains { $0.key.first == UInt8(ascii: "t") })
  }
}
