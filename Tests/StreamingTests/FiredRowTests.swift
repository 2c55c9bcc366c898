import Contracts
import JSON
import Testing

@testable import Streaming

/// A row that its timer switches on.
struct Lamp: Timed {
  var timer: Timer?
  var isLit = false
  var acts: [Act] = []

  mutating func timerFired() { isLit = true }
}

/// `alarm` sets a lamp's timer, `list` and `walk` report all lamps, `keepAlarm` stores one again.
private struct Lamps: Stage {
  static let name = "lamps"
  static let reads: [Reads<Lamps>] = [.on(Lamps.reported)]
  static let timers: [Timers<Lamps>] = [.on(lamps, Lamps.came)]
  static let writes: [any Message.Type] = [Said.self]
  static let lamps = Table<Int, Lamp>("lamp", watched: { $0.isLit ? ["lit"] : ["dark"] })

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func reported(_ reported: Reported, _ context: Context<Lamps>) throws(Rejection) {
    try perform(reported.acts, at: reported.at, context)
  }

  private func came(_ number: Int, _ lamp: Lamp, _ instant: Instant, _ context: Context<Lamps>) throws(Rejection) {
    say("\(number) comes \(lamp.isLit ? "on" : "off")", at: instant, context)
    try perform(lamp.acts, at: instant, context)
  }

  private func perform(_ acts: [Act], at instant: Instant, _ context: Context<Lamps>) throws(Rejection) {
    for act in acts {
      switch act {
      case .alarm(let number, let due, let acts):
        context[Self.lamps, number] = Lamp(timer: due.map { Timer(at: Instant(milliseconds: $0)) }, acts: acts)
      case .keepAlarm(let number): context[Self.lamps, number] = context[Self.lamps, number]
      case .dropAlarm(let number): context[Self.lamps, number] = nil
      case .list: say(context.all(Self.lamps).map { $0.isLit ? "on" : "off" }.joined(separator: " "), at: instant, context)
      case .walk:
        var lit = 0
        context.forEach(Self.lamps) { lit += $0.isLit ? 1 : 0 }
        say("\(lit) lit", at: instant, context)
      case .reject: throw Rejection(.overflow, "as told")
      default: break
      }
    }
  }

  private func say(_ text: String, at instant: Instant, _ context: Context<Lamps>) {
    context.emit(Said(key: context.key, at: instant, text: text))
  }
}

/// A timer that fires does not store its row again. It is read as the timer has left it, wherever it is read.
@Suite struct FiredRowTests {
  private let bench: Bench

  init() throws { bench = try Bench([AnyStage(Lamps())], programs: ["bonus", "cash"]) }

  private func lampRows() -> [Row] { bench.store.all.filter { RowKey.parts(of: $0.key)?.table == "lamp" } }

  private func lit() throws -> [Bool] {
    try bench.store.stageRows(naming: "").compactMap { try $0.value(in: Lamps.lamps)?.isLit }
  }

  /// What the script says of all lamps when they are read from the open batch, from the store, and by a tool.
  private func expect(_ lamps: [Bool]) throws {
    let text = lamps.map { $0 ? "on" : "off" }.joined(separator: " ")
    let said = [text, "\(lamps.count { $0 }) lit"]
    try bench.tell("a", .list([]), .walk)
    #expect(try Array(bench.said().suffix(2)) == said)
    try bench.commit()
    try bench.restart()
    // `walk` does not keep what it decodes, so both read the store.
    try bench.tell("a", .walk, .list([]))
    #expect(try bench.said() == said.reversed())
    #expect(try lit() == lamps)
    let counts = bench.task.watchedRows
    #expect(counts["lit", default: 0] == Int64(lamps.count { $0 }))
    #expect(counts["dark", default: 0] == Int64(lamps.count { !$0 }))
    // Counted from the rows, as after an upgrade.
    try bench.commit()
    var progress = try JSONParser().decode(Progress.self, from: try #require(try bench.store.value(for: RowKey.progress)))
    progress.watched = nil
    try bench.store.write([RowChange(key: RowKey.progress, value: progress.jsonBytes())])
    try bench.restart()
    #expect(bench.task.watchedRows == counts.filter { $0.value > 0 })
  }

  @Test(arguments: [false, true])
  func aFiredTimerChangesItsRowWithoutStoringIt(committed: Bool) throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 9000, []), .alarm(3, at: 3000, []))
    try bench.commit()
    let before = lampRows()
    if !committed { try bench.tell("a", .keepAlarm(3)) }
    bench.advance(4000)
    #expect(try bench.said() == ["1 comes on", "3 comes on"])
    let rows = try bench.commit().changes.filter { RowKey.parts(of: $0.key)?.table == "lamp" }
    // Number 3 was stored by the same batch.
    #expect(rows.count == (committed ? 0 : 1))
    if committed { #expect(lampRows() == before) }
    try expect([true, false, true])
    // It has fired once and for all.
    try bench.tell("a", .keepAlarm(1))
    bench.advance(20_000)
    #expect(try bench.said() == ["2 comes on"])
    try expect([true, true, true])
  }

  @Test func aToolReadsChangesThatAreNotInTheStoreYet() throws {
    func lamp(_ row: StageRow) throws -> String? {
      try row.value(in: Lamps.lamps).map { "\(row.key(in: Lamps.lamps) ?? 0) \($0.isLit ? "on" : "off")" }
    }
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 9000, []), .alarm(3, at: nil, []), .alarm(5, at: 3000, []))
    try bench.commit()
    try bench.tell("a", .dropAlarm(3), .alarm(4, at: nil, []), .alarm(5, at: 9000, []))
    bench.advance(4000)
    let open = try bench.task.compactMapRows(lamp)
    #expect(open == ["1 on", "2 off", "4 off", "5 off"])
    #expect(try bench.store.stageRows(naming: "").compactMap(lamp) == ["1 off", "2 off", "3 off", "5 off"])
    try bench.commit()
    #expect(try bench.store.stageRows(naming: "").compactMap(lamp) == open)
  }

  /// The money of a rejected timer has not moved, so its row must not look as if it had.
  @Test func aRejectedTimerLeavesItsRowAsItWas() throws {
    try bench.tell("a", .alarm(1, at: 3000, [.reject]), .alarm(2, at: 3000, []), .alarm(3, at: 3000, [.keepAlarm(3), .reject]))
    try bench.commit()
    bench.advance(4000)
    let batch = try bench.batch()
    #expect(batch.outputs.map(text) == ["2 comes on"])
    #expect(batch.deadLetters.count == 2)
    try expect([false, true, false])
    bench.advance(90_000)
    #expect(try bench.said() == [])
  }

  @Test func aTimerOfAnUnknownProgramLeavesItsRowAsItWas() throws {
    try bench.tell("a", .alarm(1, at: 3000, []))
    try bench.commit()
    let without = try Bench([AnyStage(Lamps())], programs: ["cash"], store: bench.store)
    without.advance(4000)
    #expect(try without.commit().deadLetters.map(\.rejection.reason) == [.unknownProgram])
    try bench.restart()
    try expect([false])
  }

  @Test func anAbortedBatchHasFiredNothing() throws {
    try bench.tell("a", .alarm(1, at: 3000, []))
    try bench.commit()
    bench.advance(4000)
    bench.task.abort()
    #expect(try lit() == [false])
    try bench.tell("a", .list([]))
    #expect(try bench.said() == ["off"])
    bench.advance(4000)
    try expect([true])
  }

  /// The first tick moves the clock back, behind timers that have fired.
  @Test func aClockThatGoesBackDoesNotBringATimerBack() throws {
    try bench.tell("a", .alarm(1, at: 3000, []), .alarm(2, at: 9000, []))
    bench.advance(4000)
    bench.task.followBus(from: Instant(milliseconds: 1000))
    try expect([true, false])
  }

  /// A row that is set for the past within an invocation has not fired in it yet.
  @Test func aTimerForThePastFiresAfterItsInvocation() throws {
    bench.advance(5000)
    try bench.tell("a", at: 5000, .alarm(1, at: 3000, []), .list([]))
    #expect(try bench.said() == ["off", "1 comes on"])
    try expect([true])
  }
}
