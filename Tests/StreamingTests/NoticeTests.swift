import Contracts
import JSON
import Streaming
import Testing

/// Sequence numbers and ids of a task's output.
@Suite struct NoticeTests {
  private let bench: Bench

  init() throws { bench = try Bench([AnyStage(Script()), AnyStage(Echo())], programs: ["bonus", "cash"]) }

  private func say(_ key: String, _ id: String, program: ProgramID = "bonus", _ acts: [Act]) throws {
    bench.take(
      try record(Reported(key: key, id: id, at: Instant(milliseconds: 1000), acts: acts), id: "e-\(id)", program: program))
  }

  // MARK: Sequence

  @Test func sequencesCountFromOneForEachProgramTopicAndKey() throws {
    try say("a", "1", [.say("a1"), .say("a2"), .step(to: "b", [])])
    try say("b", "2", [.say("b1")])
    try say("a", "3", program: "cash", [.say("cash a1")])
    bench.take(try record(Said(key: "a", at: Instant(milliseconds: 1), text: "x"), id: "s"))
    try say("a", "4", [.say("a3")])
    let outputs = try bench.commit().outputs
    #expect(
      outputs.filter { $0.topic == .discounts }.map { "\(text($0)) \($0.envelope.sequence ?? -1)" }
        == ["a1 1", "a2 2", "b1 1", "cash a1 1", "a3 3"])
    // Another topic has its own numbers. An internal message has none.
    #expect(outputs.filter { $0.topic == .rewards }.map(\.envelope.sequence) == [1])
    #expect(outputs.filter { $0.topic == .claims }.map(\.envelope.sequence) == [nil])
  }

  @Test func sequencesHaveNoGapAfterRejectionsAbortsTimersAndRestarts() throws {
    var random = SplitMix(state: 3)
    var kept: [Int64] = []
    func sequences(_ batch: TakenBatch) -> [Int64] {
      batch.outputs.filter { $0.topic == .discounts }.compactMap(\.envelope.sequence)
    }
    for number in 0..<400 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4: try say("a", "\(number)", [.say("x"), .say("y")])
      case 4: try say("a", "\(number)", [.say("x"), .reject])
      case 5:
        try say(
          "a", "\(number)", [.timer(at: Int64(number * 10), [.say("t"), .say("t")]), .timer(at: 0, [.say("t"), .reject])])
      case 6: bench.advance(Int64(number * 10))
      case 7: bench.task.abort()
      default:
        kept += try sequences(bench.commit())
        if number % 3 == 0 { try bench.restart() }
      }
    }
    kept += try sequences(bench.commit())
    #expect(kept.count > 100)
    #expect(kept == Array(1...Int64(kept.count)))
  }

  // MARK: Ids

  private func ids(_ records: InputRecord...) throws -> [String] {
    let bench = try Bench([AnyStage(Script()), AnyStage(Payments())], programs: ["bonus", "cash"])
    for record in records { bench.take(record) }
    bench.advance(50_000)
    return try bench.commit().outputs.map(\.envelope.id)
  }

  private func reported(_ key: String, _ id: String?, _ acts: [Act]) -> Reported {
    Reported(key: key, id: id, at: Instant(milliseconds: 1000), acts: acts)
  }

  private static let several: [Act] = [
    .say("1"), .say("1"), .step(to: "b", []), .step(to: "b", []),
    .timer(at: 5000, [.say("t"), .say("t"), .timer(at: 5000, [.say("t")])]),
    .timer(at: 5000, [.say("t")]), .timer(at: 500, [.say("t")]),
  ]

  @Test func theSameInputGivesTheSameIDs() throws {
    let record = try record(reported("a", "1", Self.several), id: "x")
    #expect(try ids(record) == ids(record))
    // In another envelope it is the same event, if it has its own id.
    let again = try StreamingTests.record(reported("a", "1", Self.several), id: "y", source: "/other")
    #expect(try ids(record) == ids(again))
  }

  @Test func distinctOutputsHaveDistinctIDs() throws {
    let all = try ids(
      record(reported("a", "1", Self.several), id: "x"),
      record(reported("b", "1", Self.several), id: "x"),
      record(reported("a", "1", Self.several), id: "x", program: "cash"),
      record(reported("a", "2", Self.several), id: "w"),
      // Types without their own id.
      record(reported("a", nil, Self.several), id: "y"),
      record(reported("a", nil, Self.several), id: "z"),
      record(reported("a", nil, Self.several), id: "x", source: "/other"),
      // Two registrations to which the producer has given the same id.
      record(Registered(key: "a", at: Instant(milliseconds: 1), name: "one"), id: "x"),
      record(Registered(key: "a", at: Instant(milliseconds: 1), name: "two"), id: "x"),
      // Another type with the same source and id.
      record(AccountUpdated(account: "a", updatedAt: Instant(milliseconds: 1), plan: "p"), id: "x"))
    #expect(all.count == 7 * 9 + 3)
    #expect(Set(all).count == all.count)
  }

  /// A trace is copied to everything that an event causes at once, also through internal messages, but not to what a timer does later.
  @Test func aTraceIsHandedOn() throws {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let bench = try Bench()
    let record = try record(
      reported("a", "1", [.say("now"), .step(to: "a", [.say("then")]), .timer(at: 9000, [.say("later")])]), id: "x")
    bench.take(
      InputRecord(
        topic: record.topic, key: record.key, value: record.value,
        headers: record.headers + [(name: "traceparent", value: Array(trace.utf8))]))
    bench.advance(10_000)
    let outputs = try bench.commit().outputs
    #expect(outputs.map { text($0) } == ["now", text(outputs[1]), "later"])
    #expect(outputs.map(\.envelope.traceparent) == [trace, trace, nil])
    #expect(outputs[0].envelope.headers.contains { $0 == ("ce_traceparent", trace) })
  }

  /// A tracing library sets the plain header whatever the event's mode. A rejected record has its trace too.
  @Test func aStructuredEventHasTheTraceOfItsHeaderUnlessItNamesOne() throws {
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let member = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    func structured(_ extra: String, _ type: String = Reported.type) -> InputRecord {
      let data = String(decoding: reported("a", "1", [.say("now")]).jsonBytes(), as: UTF8.self)
      let text = #"{"specversion":"1.0","id":"x","source":"/s","type":"\#(type)","program":"bonus",\#(extra)"data":\#(data)}"#
      return InputRecord(
        topic: Reported.topic, key: Array("a".utf8), value: Array(text.utf8), headers: [("traceparent", Array(header.utf8))])
    }
    for (extra, trace) in [("", header), (#""traceparent":"\#(member)","#, member), (#""traceparent":"none","#, header)] {
      let bench = try Bench()
      bench.take(structured(extra))
      #expect(try bench.commit().outputs.map(\.envelope.traceparent) == [trace])
      #expect(structured(extra).traceID(JSONParser()) == String(trace.dropFirst(3).prefix(32)))
    }
    let broken = InputRecord(
      topic: Reported.topic, key: nil, value: Array("{".utf8), headers: [("traceparent", Array(header.utf8))])
    #expect(broken.traceID(JSONParser()) == "0af7651916cd43dd8448eb211c80319c")
    #expect(InputRecord(topic: Reported.topic, key: nil, value: nil).traceID(JSONParser()) == nil)
  }

  /// Two pairs with the same concatenated text are not the same source and id.
  @Test func sourceAndIDDoNotRunTogether() throws {
    let all = try ids(
      record(reported("a", nil, [.say("1")]), id: "c", source: "a\u{1f}b"),
      record(reported("a", nil, [.say("1")]), id: "b\u{1f}c", source: "a"))
    #expect(Set(all).count == 2)
  }

  @Test func aRecordThatTookTheWayOverTheRepartitionedTopicGivesTheSameIDsAndCause() throws {
    func envelopes(_ record: InputRecord) throws -> [Envelope] {
      let bench = try Bench()
      bench.take(record)
      bench.advance(50_000)
      return try bench.commit().outputs.map(\.envelope)
    }
    for id in ["1", nil] {
      let event = reported("a", id, Self.several)
      let direct = try envelopes(record(event, id: "x", causation: "something outside"))
      let repartitioned = try envelopes(
        record(event, id: "x", topic: .repartitioned(.attribution), causation: "something outside"))
      #expect(direct == repartitioned)
      #expect(direct.allSatisfy { $0.causationID == "x" })
    }
    let handed = Handed(key: "a", at: Instant(milliseconds: 1), acts: [.say("1")])
    let direct = try envelopes(record(handed, id: "h", causation: "root"))
    #expect(try envelopes(record(handed, id: "h", topic: .repartitioned(.attribution), causation: "root")) == direct)
    #expect(direct.map(\.causationID) == ["root"])
  }

  @Test func anOutputSaysWhereItComesFrom() throws {
    try say("a", "1", [.say("hello")])
    let output = try #require(try bench.commit().outputs.first)
    #expect(output.topic == .discounts)
    #expect(output.key == "a")
    #expect(
      output.envelope
        == Envelope(
          id: output.envelope.id, source: "/laurel/attribution", type: "toy.said.v1", time: Instant(milliseconds: 1000),
          subject: "a", program: "bonus", partitionKey: "a", sequence: 1, causationID: "e-1",
          hop: Hop(partition: 0, number: 1)))
    #expect(String(decoding: output.data, as: UTF8.self) == #"{"key":"a","at":"1970-01-01T00:00:01.000Z","text":"hello"}"#)
  }
}
