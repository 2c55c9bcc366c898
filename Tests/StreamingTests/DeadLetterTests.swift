import Contracts
import JSON
import Streaming
import Testing

/// Input that a task rejects: its reason, and that its neighbours are processed.
@Suite struct DeadLetterTests {
  private static let latest = Instant(milliseconds: 10_000)

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: DeadLetterReason
    let topic: Topic
    let value: [UInt8]
    let headers: [(name: String, value: [UInt8])]

    /// The changes of a case to a good record.
    struct Draft {
      var topic = Topic.billing
      var value = body()
      var headers: [(name: String, value: [UInt8])] = []
    }

    init(_ description: String, _ reason: DeadLetterReason, _ change: (inout Draft, inout Envelope) -> Void) {
      testDescription = description
      self.reason = reason
      var envelope = Envelope(id: "x", source: "/test", type: PaymentSettled.type, program: "bonus")
      var draft = Draft()
      change(&draft, &envelope)
      topic = draft.topic
      value = draft.value
      headers = draft.headers.isEmpty ? StreamingTests.headers(envelope) : draft.headers
    }

    var record: InputRecord { InputRecord(topic: topic, offset: 5, key: Array("acct".utf8), value: value, headers: headers) }
  }

  private static func body(_ id: String = "p", amount: String = "5", paidAt: String = "1970-01-01T00:00:01Z", _ more: String = "")
    -> [UInt8]
  {
    Array(
      """
      {"payment":"\(id)","account":"acct","paidAt":"\(paidAt)","currency":"USD",\
      "lines":[{"sku":"s","kind":"plan","amount":\(amount)}]\(more)}
      """.utf8)
  }

  static let cases: [Case] = [
    Case("garbage without headers", .malformed) { record, _ in
      record.value = Array("garbage".utf8)
      record.headers = [("unrelated", [1])]
    },
    Case("no JSON", .malformed) { record, _ in record.value = Array("{\"payment\":".utf8) },
    Case("an empty value", .malformed) { record, _ in record.value = [] },
    Case("a missing field", .malformed) { record, _ in record.value = Array("{}".utf8) },
    Case("a wrong type", .malformed) { record, _ in record.value = body(amount: "\"5\"") },
    Case("an unknown enum value", .malformed) { record, _ in
      record.value = Array(String(decoding: body(), as: UTF8.self).replacing("plan", with: "plane").utf8)
    },
    Case("an instant in no calendar", .malformed) { record, _ in record.value = body(paidAt: "1970-02-30T00:00:00Z") },
    Case("an instant far in the past", .malformed) { record, _ in record.value = body(paidAt: "1969-12-31T23:59:59Z") },
    Case("no id", .malformed) { _, envelope in envelope.id = "" },
    Case("a header twice", .malformed) { record, envelope in
      record.headers = (envelope.headers + [("ce_id", "y")]).map { (name: $0.0, value: Array($0.1.utf8)) }
    },
    Case("not JSON by its content type", .malformed) { _, envelope in envelope.dataContentType = "application/avro" },
    Case("a known type on a topic that is not its own", .wrongTopic) { record, _ in record.topic = .requests },
    Case("a type that looks like one of the contract", .unknownType) { _, envelope in envelope.type = "payment.setled.v1" },
    Case("a body that is too long", .oversized) { record, _ in
      record.value = body("p", #","note":"\#(String(repeating: "x", count: Envelope.maximumBodyBytes))""#)
    },
    Case("headers that are too long", .oversized) { _, envelope in
      envelope.subject = String(repeating: "x", count: Envelope.maximumBodyBytes)
    },
    Case("a member twice", .duplicateKey) { record, _ in record.value = body("p", #","payment":"q""#) },
    Case("an unknown member twice", .duplicateKey) { record, _ in record.value = body("p", #","note":{"a":1,"a":1}"#) },
    Case("an amount beyond Int64", .outOfRange) { record, _ in record.value = body(amount: "9223372036854775808") },
    Case("a body that is not UTF-8", .notUTF8) { record, _ in record.value = body("p", #","note":""#) + [0xFF, 0x22, 0x7D] },
    Case("a header that is not UTF-8", .notUTF8) { record, envelope in
      record.headers = envelope.headers.map { (name: $0.0, value: $0.0 == "ce_source" ? [0xC3] : Array($0.1.utf8)) }
    },
    Case("another body under a known id", .conflictingDuplicate) { record, _ in record.value = body("known", amount: "6") },
    Case("a program that is none of ours", .unknownProgram) { _, envelope in envelope.program = "bonsu" },
    Case("no program where there are two", .missingProgram) { _, envelope in envelope.program = nil },
    Case("an envelope from the future", .futureTime) { _, envelope in envelope.time = Instant(milliseconds: 10_001) },
    Case("data from the future", .futureTime) { record, envelope in
      envelope.time = Instant(milliseconds: 1)
      record.value = body(paidAt: "1970-01-01T00:00:10.001Z")
    },
    Case("a sum beyond Int64", .overflow) { record, _ in
      let more = #","x":0"#
      let lines = #""lines":[{"sku":"s","kind":"plan","amount":9223372036854775807},{"sku":"s","kind":"plan","amount":1}]"#
      record.value = Array(
        #"{"payment":"p","account":"acct","paidAt":"1970-01-01T00:00:01Z","currency":"USD",\#(lines)\#(more)}"#.utf8)
    },
  ]

  @Test(arguments: cases)
  func itIsRejectedWithItsReasonAndItsNeighboursPass(_ example: Case) throws {
    let bench = try Bench([AnyStage(Payments()), AnyStage(Script())], programs: ["bonus", "cash"], service: .accrual)
    func neighbour(_ id: String, _ amount: String) -> InputRecord {
      let envelope = Envelope(id: id, source: "/test", type: PaymentSettled.type, program: "bonus")
      return record(envelope, Self.body(id, amount: amount), topic: .billing, key: "acct")
    }
    bench.take(neighbour("known", "1"), latest: Self.latest)
    let rejected = example.record
    bench.take(rejected, latest: Self.latest)
    bench.take(neighbour("after", "2"), latest: Self.latest)
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["paid 1", "paid 2"])
    #expect(batch.outputs.map(\.envelope.sequence) == [1, 2])
    let letter = try #require(batch.deadLetters.first)
    #expect(batch.deadLetters.count == 1)
    #expect(letter.rejection.reason == example.reason, "\(letter.rejection)")
    #expect(!letter.rejection.detail.isEmpty)
    // Unchanged.
    #expect(letter.record.value == rejected.value)
    #expect(letter.record.key == rejected.key)
    #expect(letter.record.offset == 5)
    #expect(letter.record.headers.map(\.name) == rejected.headers.map(\.name))
    #expect(letter.record.headers.map(\.value) == rejected.headers.map(\.value))
    #expect(bench.task.counts.deadLetters == [example.reason: 1])
  }

  @Test func everyReasonHasACase() {
    // The tests of each service cover the reasons of its rules.
    let ofRules: Set<DeadLetterReason> = [.refundWindowClosed, .contradictsResult, .nothingToReturn, .noBalance, .noReferral]
    #expect(Set(Self.cases.map(\.reason)) == Set(DeadLetterReason.allCases).subtracting(ofRules))
  }

  @Test func exactlyAtTheLimitsItIsTaken() throws {
    let bench = try Bench([AnyStage(Payments())])
    let envelope = Envelope(id: "x", source: "/test", type: PaymentSettled.type, time: Self.latest)
    let headers = envelope.headers.reduce(0) { $0 + $1.1.utf8.count }
    let note = Envelope.maximumBodyBytes - headers - Self.body("p", paidAt: "1970-01-01T00:00:10Z", #","note":"""#).count
    let value = Self.body("p", paidAt: "1970-01-01T00:00:10Z", #","note":"\#(String(repeating: "x", count: note))""#)
    bench.take(record(envelope, value, topic: .billing, key: "acct"), latest: Self.latest)
    #expect(try bench.said() == ["paid 5"])
    bench.take(record(envelope, value + [0x20], topic: .billing, key: "acct"), latest: Self.latest)
    #expect(try bench.task.takeBatch().deadLetters.map(\.rejection.reason) == [.oversized])
  }

  /// Laurel's own record may combine many accepted events. Rejecting it here would lose some of them.
  @Test func laurelsOwnRecordsMayBeLonger() throws {
    let bench = try Bench([AnyStage(Script())])
    let long = String(repeating: "x", count: Envelope.maximumBodyBytes)
    bench.take(try record(Handed(key: "a", at: Instant(milliseconds: 1), acts: [.say(long)]), id: "1"))
    #expect(try bench.said() == [long])
  }

  /// It was checked before, and has since got headers that name its place.
  @Test func aRepartitionedRecordMayBeLonger() throws {
    let bench = try Bench([AnyStage(Payments())])
    let envelope = Envelope(id: "x", source: "/test", type: PaymentSettled.type, time: Self.latest)
    let note = String(repeating: "x", count: Envelope.maximumBodyBytes)
    let value = Self.body("p", paidAt: "1970-01-01T00:00:10Z", #","note":"\#(note)""#)
    bench.take(record(envelope, value, topic: .repartitioned(.attribution), key: "acct"), latest: Self.latest)
    #expect(try bench.said() == ["paid 5"])
  }

  @Test func withoutALimitAnyInstantIsTaken() throws {
    let bench = try Bench([AnyStage(Payments())])
    let envelope = Envelope(id: "x", source: "/test", type: PaymentSettled.type)
    bench.take(record(envelope, Self.body(paidAt: "2199-12-31T00:00:00Z"), topic: .billing, key: "acct"))
    #expect(try bench.said() == ["paid 5"])
  }

  /// The future was checked at its cause. A rejection halfway would leave half of the work done.
  @Test func whatLaurelWroteIsNotRejectedForItsTime() throws {
    let bench = try Bench()
    let handed = Handed(key: "a", at: Instant(milliseconds: 99_000), acts: [.say("x")])
    bench.take(try record(handed, id: "h", time: Instant(milliseconds: 99_000)), latest: Self.latest)
    #expect(try bench.said() == ["x"])
  }

  @Test func theOnlyProgramNeedsNoName() throws {
    let bench = try Bench([AnyStage(Payments())], programs: ["cash"])
    let envelope = Envelope(id: "x", source: "/test", type: PaymentSettled.type)
    bench.take(record(envelope, Self.body(), topic: .billing, key: "acct"))
    #expect(try bench.batch().outputs.map(\.envelope.program) == ["cash"])
  }

  /// An event that a stage has stored and rejects later is rebuilt as a whole record, so that it can be published again.
  @Test func aKeptEventIsAWholeRecord() throws {
    let bench = try Bench()
    try bench.tell("a", .say("goes on"), .rejectKept("k1"), .rejectKept("k2"))
    let batch = try bench.commit()
    #expect(batch.outputs.map(text) == ["goes on"])
    #expect(batch.deadLetters.map(\.rejection.detail) == ["kept k1", "kept k2"])
    let other = try Bench()
    for letter in batch.deadLetters { other.take(letter.record) }
    let again = try other.task.takeBatch()
    #expect(again.deadLetters.isEmpty)
    #expect(other.task.counts.processed == 2)
  }

  // MARK: Ignored

  @Test func tombstonesUnknownTypesAndOtherServicesTypesAreIgnored() throws {
    let bench = try Bench([AnyStage(Payments())])
    let known = Envelope(id: "1", source: "/test", type: PaymentSettled.type, program: "bonus")
    bench.take(record(known, nil, topic: .billing, key: "acct"))
    #expect(bench.task.counts.ignored == ["": 1])
    let unknown = Envelope(id: "2", source: "/test", type: "org.example.imagined", program: "none")
    bench.take(record(unknown, Array("not even JSON".utf8), topic: .billing, key: "acct"))
    #expect(bench.task.counts.ignored == ["": 1, "org.example.imagined": 1])
    // The contracts have this type and other services read it, so it is not reported.
    let others = Envelope(id: "3", source: "/test", type: InvoiceIssued.type, program: "bonus")
    bench.take(record(others, Array("{}".utf8), topic: .billing, key: "acct"))
    #expect(bench.task.counts.ignored.count == 2)
    #expect(try bench.task.takeBatch().isEmpty)
  }

  /// A misspelt type would lose the event silently.
  @Test(arguments: ["payment.setled.v1", "Payment.settled.v1", "payment.settled.v9", "account.x"])
  func typesThatLookLikeOursAreRejected(_ type: String) throws {
    let bench = try Bench([AnyStage(Payments())])
    let event = Envelope(id: "1", source: "/test", type: type, program: "bonus")
    bench.take(record(event, Array("{}".utf8), topic: .billing, key: "acct"))
    let rejection = try #require(try bench.commit().deadLetters.first).rejection
    #expect(rejection.reason == .unknownType)
    #expect(type == "account.x" || rejection.detail.hasSuffix("did you mean payment.settled.v1?"), "\(rejection)")
    // Among notices it may come from a later release.
    bench.take(record(event, Array("{}".utf8), topic: .rewards, key: "acct"))
    #expect(bench.task.counts.ignored == [type: 1])
  }

  @Test func foreignTypesAreRejectedWhereThatIsWanted() throws {
    let bench = try Bench([AnyStage(Payments())])
    bench.task.rejectsForeignTypes = true
    let foreign = Envelope(id: "1", source: "/test", type: "org.example.thing", program: "bonus")
    bench.take(record(foreign, Array("{}".utf8), topic: .billing, key: "acct"))
    #expect(try bench.commit().deadLetters.map(\.rejection.reason) == [.unknownType])
  }

  @Test func namesOfOthersAreCountedUpToABound() throws {
    let bench = try Bench([AnyStage(Payments())])
    for number in 0..<50 {
      let foreign = Envelope(id: "\(number)", source: "/test", type: "org.example.\(number)", program: "bonus")
      bench.take(record(foreign, Array("{}".utf8), topic: .billing, key: "acct"))
    }
    #expect(bench.task.counts.ignored.count == 21)
    #expect(bench.task.counts.ignored["other"] == 30)
  }

  @Test func unknownFieldsAreCountedOnceHoweverManyStagesReadThem() throws {
    for stages in [[AnyStage(Script())], [AnyStage(Script()), AnyStage(Echo())]] {
      let bench = try Bench(stages)
      let envelope = Envelope(id: "1", source: "/test", type: Reported.type)
      let value = Array(#"{"key":"a","at":"1970-01-01T00:00:01Z","acts":[],"x":{"y":1},"z":null,"w":[]}"#.utf8)
      bench.take(record(envelope, value, topic: .requests, key: "a"))
      #expect(
        bench.task.counts.unknownFields.values.reduce(0, +) == 3
          && bench.task.counts.unknownFields.keys.allSatisfy { $0.source == "/test" })
      #expect(try bench.task.takeBatch().deadLetters.isEmpty)
    }
  }

  @Test func structuredModeIsRead() throws {
    let bench = try Bench([AnyStage(Payments())])
    let envelope = Envelope(id: "1", source: "/test", type: PaymentSettled.type, program: "bonus")
    let value = envelope.structuredText(data: Self.body())
    for headers in [[], [("content-type", Array("application/cloudevents+json; charset=utf-8".utf8))]] {
      bench.take(InputRecord(topic: .billing, key: nil, value: value, headers: headers.map { (name: $0.0, value: $0.1) }))
    }
    #expect(try bench.said() == ["paid 5"])
    #expect(bench.task.counts.repeated == 1)
  }

  // MARK: Partitions

  @Test func aRecordOnAWrongPartitionIsSentOnUnderItsKey() throws {
    let bench = try Bench(place: StageTask.Place(partition: 0, partitionOf: { $0.elementsEqual("mine".utf8) ? 0 : 1 }))
    let reported = Reported(key: "not mine", id: "1", at: Instant(milliseconds: 1), acts: [.say("x")])
    let stray = try record(reported, id: "1")
    bench.take(stray)
    bench.take(try record(Reported(key: "mine", id: "1", at: Instant(milliseconds: 1), acts: [.say("y")]), id: "2"))
    let batch = try bench.commit()
    #expect(batch.repartitioned.map(\.key) == ["not mine"])
    #expect(batch.repartitioned.first?.record.value == stray.value)
    #expect(batch.outputs.map(text) == ["y"])
    #expect(batch.deadLetters.isEmpty)
    #expect(bench.task.counts.repartitioned == 1)
  }

  @Test func theServicesOwnRepartitionedTopicIsRead() throws {
    let bench = try Bench()
    let reported = Reported(key: "a", id: "1", at: Instant(milliseconds: 1), acts: [.say("x")])
    bench.take(try record(reported, id: "1", topic: .repartitioned(.attribution)))
    // The same event also arrived directly.
    bench.take(try record(reported, id: "1"))
    #expect(try bench.said() == ["x"])
    #expect(bench.task.counts.repeated == 1)
  }
}
