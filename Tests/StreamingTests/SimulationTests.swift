import Contracts
import JSON
import Streaming
import Testing

/// All services in memory. All internal messages of an event are processed before the next event is read. Timers fire in the order of
/// time across services.
@Suite struct SimulationTests {
  /// A simulation and its output.
  final class Trial {
    private(set) var simulation: Simulation?
    private(set) var notices: [Output] = []
    /// The notices as lines of a file.
    private(set) var lines: [[UInt8]] = []
    private(set) var letters: [DeadLetter] = []
    private var number: Int64 = 0

    init(_ services: [Service] = SimulationTests.services, programs: Set<ProgramID> = ["bonus"]) throws {
      simulation = try Simulation(
        services: services, programs: programs, notice: { [unowned self] in take($0) },
        rejected: { [unowned self] in letters.append($0) })
    }

    func tell(_ key: String, at milliseconds: Int64, time: Int64? = nil, _ acts: Act...) throws {
      number += 1
      let reported = Reported(key: key, id: "\(number)", at: Instant(milliseconds: milliseconds), acts: acts)
      let envelope = Envelope(id: "\(number)", source: "/test", type: Reported.type, time: time.map(Instant.init(milliseconds:)))
      try simulation?.take(
        InputRecord(topic: .requests, offset: number, key: nil, value: reported.jsonBytes(), headers: headers(envelope)))
    }

    private func take(_ notice: OutputRecord) {
      do { notices.append(try Output(notice)) } catch { Issue.record(error) }
      lines.append(notice.structuredText())
    }

    func advance(_ milliseconds: Int64) throws { try simulation?.advance(to: Instant(milliseconds: milliseconds)) }

    var texts: [String] { notices.map(text) }
  }

  static let services = [Service(.attribution, [AnyStage(Script())]), Service(.accrual, [AnyStage(Echo())])]

  @Test func anEventGoesThroughAllItsHopsBeforeTheNext() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000, .say("1"), .step(to: "b", [.say("2"), .step(to: "a", [.say("3")])]), .say("4"))
    try trial.tell("a", at: 2000, .say("5"))
    #expect(
      trial.texts == [
        "1", "4", "echo of 1", "2", "echo of 4", "echo of 2", "3", "echo of 3", "5", "echo of 5",
      ])
    #expect(trial.letters.isEmpty)
    #expect(trial.notices.filter { $0.topic == .rewards && $0.key == "a" }.map(\.envelope.sequence) == [1, 2, 3, 4])
  }

  @Test func everyHopKeepsTheProgramAndWhatItGoesBackTo() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000, .step(to: "b", [.step(to: "c", [.say("x")])]))
    #expect(trial.notices.map(\.envelope.program) == ["bonus", "bonus"])
    #expect(trial.notices.map(\.envelope.causationID) == ["1", trial.notices[0].envelope.id])
  }

  /// An event without a time does not move it (DECISIONS T8).
  @Test func theClockIsTheLatestTimeSeenAndMovedByHand() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000)
    #expect(trial.simulation?.clock == Instant(milliseconds: 0))
    try trial.tell("a", at: 500, time: 3000)
    #expect(trial.simulation?.clock == Instant(milliseconds: 3000))
    try trial.tell("a", at: 2000)
    #expect(trial.simulation?.clock == Instant(milliseconds: 3000))
    try trial.advance(2500)
    #expect(trial.simulation?.clock == Instant(milliseconds: 3000))
    try trial.advance(4000)
    #expect(trial.simulation?.clock == Instant(milliseconds: 4000))
  }

  @Test func whatIsDueFiresBeforeTheEventThatMovesTheClock() throws {
    let trial = try Trial([Service(.attribution, [AnyStage(Script())])])
    try trial.tell("a", at: 1000, .timer(at: 2000, [.say("timer")]), .timer(at: 2001, [.say("later")]))
    try trial.tell("a", at: 2000, time: 2000, .say("event of the same instant"))
    #expect(trial.texts == ["timer", "event of the same instant"])
    try trial.advance(9000)
    #expect(trial.texts.last == "later")
  }

  /// Both services set a timer for each instant. A timer's notice reaches the other service before any later timer fires there.
  @Test func timersOfAllServicesFireInTheOrderOfTime() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000, .timer(at: 3000, [.say("late")]), .timer(at: 2000, [.say("early")]))
    try trial.advance(9000)
    #expect(
      trial.texts == [
        "early", "echo of a timer", "echo of early", "late", "echo of a timer", "echo of late",
      ])
    #expect(trial.notices.map(\.envelope.time) == [2000, 2000, 2000, 3000, 3000, 3000].map { Instant(milliseconds: $0) })
  }

  /// The other service processes an internal message at the instant of the message, not of its own last event.
  @Test func aHopMeetsAClockThatHasMoved() throws {
    let services = [Service(.attribution, [AnyStage(Script())]), Service(.accrual, [AnyStage(LateBell())])]
    let trial = try Trial(services)
    try trial.tell("a", at: 1000, .timer(at: 5000, [.say("4000"), .say("now")]), .timer(at: 6000, [.say("last")]))
    try trial.advance(9000)
    // At 5000 the bell for 4000 is overdue. It rings right after the event that set it, before the next event.
    #expect(trial.texts == ["4000", "now", "bell", "heard now", "last", "heard last"])
  }

  @Test func timersThatSetTimersFireWithinOneAdvance() throws {
    let trial = try Trial([Service(.attribution, [AnyStage(Script())])])
    try trial.tell(
      "a", at: 1000, .timer(at: 2000, [.say("1"), .timer(at: 3000, [.say("2"), .timer(at: 20_000, [.say("no")])])]))
    try trial.advance(9000)
    #expect(trial.texts == ["1", "2"])
  }

  @Test func theSameEventsGiveTheSameBytes() throws {
    func run() throws -> [[UInt8]] {
      let trial = try Trial()
      var random = SplitMix(state: 7)
      for number in 0..<300 {
        let at = Int64(1000 + number * 10)
        let key = "k\(Int.random(in: 0..<20, using: &random))"
        let later = at + Int64.random(in: -100...400, using: &random)
        try trial.tell(
          key, at: at, .put([.text("r\(number % 7)")], "\(number)"), .list([]), .timer(at: later, [.list([])]),
          .step(to: "k\(number % 20)", [.list([]), .say("\(number)")]))
      }
      try trial.advance(1_000_000)
      #expect(trial.lines == trial.notices.map { $0.envelope.structuredText(data: $0.data) })
      return trial.lines
    }
    let first = try run()
    #expect(first.count > 1500)
    #expect(try first == run())
  }

  // MARK: Rejected input

  @Test func whatTwoServicesRejectIsReportedOnce() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000, .say("no"), .reject)
    #expect(trial.letters.map(\.rejection.reason) == [.overflow])
    try trial.tell("a", at: 1000, .say("yes"))
    #expect(trial.texts == ["yes", "echo of yes"])
  }

  @Test func severalKeptEventsRejectedByOneAreAllReported() throws {
    let trial = try Trial()
    try trial.tell("a", at: 1000, .rejectKept("k1"), .rejectKept("k2"))
    #expect(trial.letters.map(\.rejection.detail) == ["kept k1", "kept k2"])
  }

  @Test func aTimerRejectedAfterARejectedEventIsReported() throws {
    let trial = try Trial([Service(.attribution, [AnyStage(Script())])])
    try trial.tell("a", at: 1000, .timer(at: 3000, [.reject]), .timer(at: 4000, [.reject]))
    try trial.tell("a", at: 1000, .reject)
    try trial.tell("a", at: 3500, .reject)
    try trial.advance(9000)
    #expect(trial.letters.count == 4)
  }

  @Test func aRejectedEventDoesNotMoveTheClock() throws {
    let trial = try Trial()
    let envelope = Envelope(id: "1", source: "/test", type: Reported.type, time: Instant(milliseconds: 9000))
    try trial.simulation?.take(
      InputRecord(topic: .requests, offset: 1, key: nil, value: Array("{}".utf8), headers: headers(envelope)))
    #expect(trial.letters.map(\.rejection.reason) == [.malformed])
    #expect(trial.simulation?.clock == Instant(milliseconds: 0))
  }

  @Test func aServiceReadsEachTopicOnce() {
    #expect(Self.services[0].inputs == [.accounts, .requests, .claims])
    #expect(Self.services[1].inputs == [.requests, .discounts])
  }
}

/// Sets a timer for the instant that a notice names, and reports the other notices that it has read.
private struct LateBell: Stage {
  static let name = "late-bell"

  static let reads: [Reads<LateBell>] = [.on(LateBell.said)]
  static let timers: [Timers<LateBell>] = [.on(Bell.table, LateBell.rang)]
  static let writes: [any Message.Type] = [Echoed.self]

  func program(_ id: ProgramID) -> ProgramID? { id }

  func said(_ said: Said, _ context: Context<LateBell>) {
    guard let milliseconds = Int64(said.text) else {
      return context.emit(Echoed(key: said.key, at: said.at, text: "heard \(said.text)"))
    }
    Bell.set(at: milliseconds, context)
  }

  func rang(_ number: Int, _ bell: Bell, _ instant: Instant, _ context: Context<LateBell>) {
    context.emit(Echoed(key: context.key, at: instant, text: "bell"))
  }
}
