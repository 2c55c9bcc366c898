import Contracts
import JSON
import Kafka
import TestSupport
import Testing
import Worker

@testable import BusCommands

/// How an operator sees a record on a dead-letter topic, and the obstacles to its replay.
@Suite struct DeadLetterTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A part of the obstacle's text; nil if it can be replayed.
    let obstacle: String?
    let record: WrittenRecord

    init(
      _ description: String, _ obstacle: String?, type: String = PaymentSettled.type, source: String = "/billing",
      topic: String? = "billing", place: (Int, Int) = (1, 7), value: [UInt8]? = Array("{}".utf8), before: [Header] = [],
      late: [Header] = []
    ) {
      testDescription = description
      self.obstacle = obstacle
      let own = Envelope(id: "x", source: source, type: type).headers.map { header($0.0, $0.1) }
      let found =
        topic.map {
          [
            header(PlaceHeader.topic, $0), header(PlaceHeader.partition, "\(place.0)"), header(PlaceHeader.offset, "\(place.1)"),
          ]
        } ?? []
      record = DeadLetterTests.written(
        value, own + before + found + late + [header(PlaceHeader.reason, "overflow"), header(PlaceHeader.detail, "why")])
    }
  }

  static let cases: [Case] = [
    Case("a payment", nil),
    Case("what cannot be read, for the service to judge again", nil, type: ""),
    Case("Laurel's own step", nil, type: "accrual.rewardEarned.v1", source: "/laurel/accrual", topic: "accrual.earnings"),
    Case("another service's notice", nil, type: ReferralAttributed.type, source: "/laurel/attribution", topic: "referrals"),
    Case("a timer", "a timer of accrual's state", topic: "accrual.dead-letters", place: (0, 0)),
    Case("an event out of the state", "a repeat without effect", source: "/laurel/accrual", place: (0, 0)),
    Case("the first record of a topic", nil, place: (0, 0)),
    Case("no place", "do not say where it was found", topic: nil),
    Case("a tick", "laurel clock", type: ClockMoved.type, topic: "clock"),
    Case("no body", "has no body", value: nil),
    Case("a part", "only a part of it", late: [header(PlaceHeader.size, "1000000")]),
    Case("what only says that it is a part", nil, before: [header(PlaceHeader.size, "1000000")]),
    Case(
      "what is too large with its headers", "rejected again as oversized",
      value: [UInt8](repeating: 0x20, count: Envelope.maximumBodyBytes - 10)),
    Case("a type on a topic that is not its own", "does not belong on requests", topic: "requests"),
    Case(
      "a step that somebody has put on an input", "does not belong on billing", type: "accrual.rewardEarned.v1",
      source: "/laurel/accrual"),
    Case(
      "the same, under a place of its own making", "does not belong on billing", type: "accrual.rewardEarned.v1",
      before: [header(PlaceHeader.topic, "accrual.earnings")]),
    Case("a type of others", "accrual reads no \(LinkVisited.type)", type: LinkVisited.type, topic: "clicks"),
  ]

  @Test(arguments: cases)
  func whatStandsAgainstAReplayIsSaid(_ example: Case) throws {
    let record = try Self.read(example.record)
    let letter = try #require(LetterParser().letter(record, of: .accrual))
    if let obstacle = example.obstacle {
      #expect(letter.obstacle?.contains(obstacle) == true, "\(letter.obstacle ?? "nothing")")
    } else {
      #expect(letter.obstacle == nil)
    }
    #expect("\(letter.id)" == "accrual/2/17" && letter.reason == "overflow" && letter.detail == "why")
  }

  @Test func marksAreNotLettersAndLettersAreNoMarks() throws {
    let id = try #require(Letter.ID("accrual/2/5"))
    for kind in [LetterSettlementKind.replayed, .closed(note: "sent again as p-18")] {
      let written = LetterMark(letter: id, kind: kind)
      let mark = try Self.read(nil, written.headers)
      #expect(LetterMark(mark) == written)
      #expect(LetterParser().letter(mark, of: .accrual) == nil)
      // A record from outside with a mark's header.
      let claim = try Self.read(nil, written.headers + [header(PlaceHeader.reason, "malformed")])
      #expect(LetterMark(claim) == nil)
      #expect(LetterParser().letter(claim, of: .accrual) != nil)
      var book = LetterBook()
      for record in [claim, mark] { book.add(record, .accrual) }
      #expect(book.letters.map { "\($0.id)" } == ["accrual/2/17"])
      #expect(Array(book.settled.keys) == [id])
    }
  }

  @Test func eachRecordIsListedOnce() throws {
    var written: [WrittenRecord] = []
    func write(_ service: ServiceName, _ offset: Int64, _ value: [UInt8]?, _ headers: [Header], at time: Int64) {
      written.append(
        WrittenRecord(
          topic: "\(service.rawValue).dead-letters", partition: 2, offset: offset, timestamp: time, key: nil, value: value,
          headers: headers))
    }
    /// A service's dead letter about the record at an offset of billing.
    func letter(_ service: ServiceName, _ offset: Int64, of record: Int?, at time: Int64, replaying earlier: String? = nil) {
      let place = record.map {
        [header(PlaceHeader.topic, "billing"), header(PlaceHeader.partition, "0"), header(PlaceHeader.offset, "\($0)")]
      }
      let again = earlier.map { [header(PlaceHeader.replayOf, $0)] } ?? []
      let why = [header(PlaceHeader.reason, "malformed"), header(PlaceHeader.detail, "why")]
      write(service, offset, Array("x".utf8), again + (place ?? []) + why, at: time)
    }
    func mark(_ id: String, _ kind: LetterSettlementKind) throws {
      let letter = try #require(Letter.ID(id))
      write(letter.service, Int64(written.count), nil, LetterMark(letter: letter, kind: kind).headers, at: 40)
    }
    // Three services reject one record. One of them is replayed and rejects it again.
    letter(.discounts, 0, of: 7, at: 5)
    letter(.accrual, 0, of: 7, at: 4)
    letter(.attribution, 1, of: 7, at: 6)
    try mark("accrual/2/0", .replayed)
    letter(.accrual, 4, of: 7, at: 9, replaying: "accrual/2/0")
    // Another record claims to be that replay. It must not hide anything.
    letter(.accrual, 5, of: 8, at: 10, replaying: "discounts/2/0")
    // Replayed; closed; closed and then replayed; and two without a place.
    for number in 0..<3 { letter(.payouts, Int64(number), of: 20 + number, at: Int64(20 + number)) }
    try mark("payouts/2/0", .replayed)
    try mark("payouts/2/1", .closed(note: "x"))
    try mark("payouts/2/2", .closed(note: "x"))
    try mark("payouts/2/2", .replayed)
    for number in 3..<5 { letter(.payouts, Int64(number), of: nil, at: 30) }

    var book = LetterBook()
    for record in try Kafka.Record.reading(written).sorted(by: { $0.offset < $1.offset }) {
      let service = try #require(ServiceName(rawValue: String(record.topic.prefix { $0 != "." })))
      book.add(record, service)
    }
    let rows = book.records(of: book.letters).map { letters in
      "\(letters.map { "\($0.id)" }.joined(separator: " ")): \(book.state(of: letters[0]))"
    }
    #expect(
      rows == [
        "discounts/2/0 attribution/2/1: open", "accrual/2/4: again", "accrual/2/5: again", "payouts/2/0: replayed",
        "payouts/2/1: closed", "payouts/2/2: replayed", "payouts/2/3: notReplayable", "payouts/2/4: notReplayable",
      ])
    #expect(
      LetterText.summary(book.records(of: book.letters), shown: 2, book)
        == "5 dead letters: 5 malformed; 2 replayed; 1 closed; the newest 2 are shown")
  }

  @Test func itGoesBackAsItWasFound() throws {
    let first = try #require(Letter.ID("accrual/2/17"))
    let letter = try Self.read(#require(Self.cases.first).record)
    let again = letter.headersForReplay(of: first)
    #expect(again.map(\.name) == letter.headers.dropLast(2).map(\.name) + ["laurel_replay_of"])
    // Rejected again and replayed again: it names only its last dead letter.
    let second = try Self.read(letter.value, again + [header(PlaceHeader.reason, "overflow"), header(PlaceHeader.detail, "why")])
    #expect(try #require(LetterParser().letter(second, of: .accrual)).replayOf == first)
    let last = try #require(Letter.ID("accrual/2/90"))
    #expect(second.headersForReplay(of: last) == Array(again.dropLast()) + [header("laurel_replay_of", "accrual/2/90")])
  }

  @Test(arguments: ["accrual", "accrual/2", "accrual/2/17/1", "accrual//17", "accrual/-1/17", "accrual/2/x", "portal/2/17", ""])
  func whatIsNoID(_ text: String) { #expect(Letter.ID(text) == nil) }

  @Test(arguments: [
    (#"{"a":[1,{"b":"x, {y}\""}],"c":{}}"#, ["{", #"  "a": ["#, "    1,", "    {", #"      "b": "x, {y}\"""#, "    }", "  ],"]),
    (#"{"amount":9223372036854775808,"amount":1"#, ["{", #"  "amount": 9223372036854775808,"#, #"  "amount": 1"#]),
    ("plain\u{1B}[2J text\nof two lines", ["plain?[2J text", "of two lines"]), ("", [""]),
  ])
  func aBodyIsShownAsItIs(_ text: String, _ lines: [String]) {
    #expect(Array(LetterText.body(Array(text.utf8)).prefix(lines.count)) == lines)
  }

  @Test func bytesAreShownInHexadecimal() {
    let lines = LetterText.body([0xFF, 0x1B] + Array("fifteen letters!".utf8))
    #expect(lines[0] == "00000000  ff 1b 66 69 66 74 65 65 6e 20 6c 65 74 74 65 72  ..fifteen letter")
    #expect(lines[1] == "00000010  73 21" + String(repeating: " ", count: 14 * 3 + 2) + "s!")
  }

  /// `laurel export` keeps a notice that is larger than an event from outside may be.
  @Test func onlyEventsFromOutsideHaveALimit() throws {
    let envelope = Envelope(id: "x", source: "/laurel/accrual", type: RewardDeclined.type)
    let data = Array(#"{"text":"\#(String(repeating: "x", count: Envelope.maximumBodyBytes))"}"#.utf8)
    let record = try Self.read(data, envelope.headers.map { header($0.0, $0.1) })
    #expect(try BusMessage(record, topic: .rewards, parser: JSONParser()).data == data)
    #expect(throws: Rejection.self) { try BusMessage(record, topic: .billing, parser: JSONParser()) }
  }

  private static func read(_ value: [UInt8]?, _ headers: [Header]) throws -> Kafka.Record { try read(written(value, headers)) }

  private static func read(_ record: WrittenRecord) throws -> Kafka.Record { try #require(Kafka.Record.reading([record]).first) }

  private static func written(_ value: [UInt8]?, _ headers: [Header]) -> WrittenRecord {
    WrittenRecord(
      topic: "accrual.dead-letters", partition: 2, offset: 17, timestamp: 1000, key: Array("e0".utf8), value: value,
      headers: headers)
  }
}

private func header(_ name: String, _ value: String) -> Header { Header(name: name, value: Array(value.utf8)) }
