import Contracts
import Streaming
import Testing

/// A row has one timer. Storing it with another instant moves the timer. Storing it without one, or deleting it, cancels the timer.
@Suite struct RowTimerTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  /// The output since the last call, including everything due by then.
  private func said(by milliseconds: Int64) throws -> [String] {
    bench.advance(milliseconds)
    return try bench.commit().outputs.map(text)
  }

  @Test(arguments: [false, true])
  func aRowIsDueOnceWithItsTimerTakenOut(committed: Bool) throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: nil, []))
    if committed { try bench.commit() }
    #expect(try said(by: 2999) == [])
    #expect(try said(by: 3000) == ["alarm 1"])
    // The row still exists. Storing it unchanged does not set its timer again.
    try bench.tell("a", .keepAlarm(1))
    #expect(try said(by: 90_000) == [])
  }

  @Test(arguments: [false, true])
  func aTimerIsMovedAndCancelled(committed: Bool) throws {
    try bench.tell("a", (1...5).map { .alarm($0, at: 3000, []) })
    if committed { try bench.commit() }
    try bench.tell("a", .alarm(1, at: 5000, []), .alarm(2, at: nil, []), .dropAlarm(3), .keepAlarm(4), .alarm(5, at: 2000, []))
    if committed { try bench.commit() }
    #expect(try said(by: 4000) == ["alarm 5", "alarm 4"])
    #expect(try said(by: 90_000) == ["alarm 1"])
    #expect(bench.task.nextDue == nil)
    #expect(bench.task.counts.timersFired == 3)
  }

  /// Of several timers due at one instant, one that is set again fires last, and one whose row is stored unchanged keeps its place.
  @Test func aTimerThatIsSetAgainIsTheLastOfItsInstant() throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 3000, []), .alarm(3, at: 3000, []))
    try bench.tell("a", .alarm(1, at: 3000, []), .keepAlarm(2))
    #expect(try said(by: 3000) == ["alarm 2", "alarm 3", "alarm 1"])
  }

  @Test func aHandlerMaySetItsOwnRowAgainAndCancelOthers() throws {
    try bench.tell(
      "a", .alarm(1, at: 2000, [.alarm(1, at: 2500, []), .dropAlarm(2), .alarm(3, at: 2200, []), .keepAlarm(4)]),
      .alarm(2, at: 2000, []), .alarm(3, at: 9000, []), .alarm(4, at: 2000, []))
    #expect(try said(by: 90_000) == ["alarm 1", "alarm 4", "alarm 3", "alarm 1"])
  }

  @Test func whatARejectedTurnSetMovedAndCancelledIsAsBefore() throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 4000, []), .alarm(3, at: 5000, []))
    try bench.tell("a", .alarm(1, at: 8000, []), .dropAlarm(2), .alarm(3, at: nil, []), .alarm(4, at: 3000, []), .reject)
    #expect(try said(by: 90_000) == ["alarm 1", "alarm 2", "alarm 3"])
  }

  /// A timer is finished after it has fired, even if its handler fails.
  @Test func aRejectedHandlerLeavesTheRowWithoutItsTimer() throws {
    try bench.tell("a", .alarm(1, at: 3000, [.alarm(1, at: 4000, []), .say("no"), .reject]), .alarm(2, at: 3500, []))
    bench.advance(9000)
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["alarm 2"])
    #expect(batch.deadLetters.map(\.rejection.detail) == ["as told"])
    #expect(batch.deadLetters.first?.record.headers.map(\.name) == ["laurel_timer"])
    #expect(!bench.store.all.contains { $0.key.first == UInt8(ascii: "t") })
    try bench.tell("a", .keepAlarm(1))
    #expect(try said(by: 90_000) == [])
  }

  /// A row that is due derives its own ids, even if only the invocation that set its timer differs.
  @Test func aRowThatIsDueTwiceAtOneInstantHasIDsOfItsOwn() throws {
    // Set again by its own handler, and by two messages from one event.
    try bench.tell("a", .alarm(1, at: 500, [.alarm(1, at: 500, [])]))
    let handed = Handed(key: "a", at: Instant(milliseconds: 1000), acts: [.alarm(2, at: 500, [])])
    bench.advance(1000)
    bench.take(try record(handed, id: "1", causation: "root"))
    bench.take(try record(handed, id: "2", causation: "root"))
    let outputs = try bench.commit().outputs
    #expect(outputs.map(text) == ["alarm 1", "alarm 1", "alarm 2", "alarm 2"])
    #expect(Set(outputs.map(\.envelope.id)).count == 4)
  }

  // MARK: A model

  private struct Model {
    struct Alarm {
      let due: Int64?
      let order: Int
      let acts: [Act]
    }

    var clock: Int64
    var alarms: [Int: Alarm] = [:]
    var order = 0
    var said: [String] = []

    mutating func perform(_ acts: [Act]) {
      for act in acts {
        switch act {
        case .alarm(let number, let due, let acts):
          order += 1
          alarms[number] = Alarm(due: due, order: order, acts: acts)
        case .dropAlarm(let number): alarms[number] = nil
        default: break
        }
      }
    }

    mutating func fire(upTo instant: Int64) {
      func place(_ alarm: Alarm) -> (Int64, Int) { (alarm.due ?? .max, alarm.order) }
      while let (number, alarm) = alarms.min(by: { place($0.value) < place($1.value) }), let due = alarm.due, due <= instant {
        alarms[number] = Alarm(due: nil, order: alarm.order, acts: alarm.acts)
        clock = max(clock, due)
        guard !alarm.acts.contains(.reject) else { continue }
        said.append("alarm \(number)")
        perform(alarm.acts)
      }
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func anySequenceOfSettingMovingCancellingAndCommitting(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var model = Model(clock: 1_000_000)
    var committed = model
    bench.advance(model.clock)
    try bench.commit()
    var reported = 0

    func acts(_ count: Int, depth: Int) -> [Act] {
      (0..<count).map { _ in
        let number = Int.random(in: 0..<40, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .dropAlarm(number)
        case 1: return .keepAlarm(number)
        case 2: return .alarm(number, at: nil, [])
        default:
          let isRejected = Int.random(in: 0..<8, using: &random) == 0
          let more = depth > 1 ? [] : isRejected ? [.reject] : acts(Int.random(in: 0...2, using: &random), depth: depth + 1)
          return .alarm(number, at: model.clock + Int64.random(in: -60...240, using: &random) / 8 * 8, more)
        }
      }
    }

    for step in 0..<700 {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<8:
        let acts = acts(Int.random(in: 1...8, using: &random), depth: 0)
        try bench.tell("a", acts)
        model.perform(acts)
        model.fire(upTo: model.clock)
        reported += 1
      case 8: try bench.tell("a", acts(4, depth: 0) + [.reject])
      case 9..<14:
        let instant = model.clock + Int64.random(in: -20...60, using: &random)
        bench.advance(instant)
        model.fire(upTo: instant)
        model.clock = max(model.clock, instant)
      case 14..<17:
        #expect(try bench.commit().outputs.map(text) == model.said, "step \(step)")
        model.said = []
        committed = model
      case 17:
        bench.task.abort()
        model = committed
      default:
        #expect(try bench.commit().outputs.map(text) == model.said, "step \(step)")
        model.said = []
        committed = model
        // A clock that has moved without making anything due is not stored. The new task starts behind, and catches up.
        try bench.restart()
        bench.advance(model.clock)
        try bench.commit()
      }
      #expect(bench.task.clock.milliseconds == model.clock, "step \(step)")
    }
    #expect(reported > 200)
    bench.advance(model.clock + 1_000_000)
    model.fire(upTo: model.clock + 1_000_000)
    #expect(try bench.commit().outputs.map(text) == model.said)
    #expect(bench.task.nextDue == nil)
    // No timer remains.
    #expect(!bench.store.all.contains { $0.key.first == UInt8(ascii: "t") })
  }
}
