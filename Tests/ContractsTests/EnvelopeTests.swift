import Contracts
import JSON
import Testing

@Suite("Envelope")
struct EnvelopeTests {
  static let full = Envelope(
    id: "e1", source: "/billing", type: "payment.settled.v1", time: Instant(milliseconds: 1_767_600_000_000), subject: "acme",
    program: "bonus", partitionKey: "acme", sequence: 7, causationID: "e0",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
  static let least = Envelope(id: "e1", source: "/billing", type: "payment.settled.v1")

  static func bytes(_ headers: [(String, String)]) -> [(String, [UInt8])] { headers.map { ($0.0, Array($0.1.utf8)) } }

  @Test("Binary mode goes both ways", arguments: [full, least])
  func binary(_ envelope: Envelope) throws {
    #expect(try Envelope(headers: Self.bytes(envelope.headers)) == envelope)
    #expect(try Envelope(headers: Self.bytes(envelope.headers.reversed() + [("ce_other", "x"), ("x", "y")])) == envelope)
  }

  @Test("The headers of binary mode are those of CONTRACTS.md")
  func names() {
    #expect(
      Self.full.headers.map { "\($0.0): \($0.1)" } == [
        "ce_specversion: 1.0", "ce_id: e1", "ce_source: /billing", "ce_type: payment.settled.v1",
        "ce_time: 2026-01-05T08:00:00.000Z", "ce_subject: acme", "ce_program: bonus", "ce_partitionkey: acme",
        "ce_sequence: 0000000000000000007",
        "ce_causationid: e0", "ce_traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "content-type: application/json",
      ])
  }

  @Test(
    "Headers that are rejected",
    arguments: [
      ("ce_specversion", nil, .malformed), ("ce_specversion", "0.3", .malformed), ("ce_id", nil, .malformed),
      ("ce_id", "", .malformed), ("ce_source", nil, .malformed), ("ce_type", nil, .malformed), ("ce_time", "now", .malformed),
      ("ce_time", "2200-01-01T00:00:00Z", .malformed), ("ce_program", "", .malformed),
      ("content-type", "text/plain", .malformed), ("content-type", "application/cloudevents-batch+json", .malformed),
    ] as [(String, String?, DeadLetterReason)])
  func rejected(_ name: String, _ value: String?, _ reason: DeadLetterReason) {
    var headers = Self.full.headers.filter { $0.0 != name }
    if let value { headers.append((name, value)) }
    let rejection = #expect(throws: Rejection.self) { try Envelope(headers: Self.bytes(headers)) }
    #expect(rejection?.reason == reason)
  }

  @Test("A header twice, and one that is not UTF-8")
  func brokenHeaders() {
    let twice = #expect(throws: Rejection.self) {
      try Envelope(headers: Self.bytes(Self.least.headers + [("ce_id", "e1")]))
    }
    #expect(twice?.reason == .malformed)
    let broken = #expect(throws: Rejection.self) {
      try Envelope(headers: Self.bytes(Self.least.headers.filter { $0.0 != "ce_source" }) + [("ce_source", [0xC3])])
    }
    #expect(broken?.reason == .notUTF8)
  }

  /// An attribute that no rule needs is never a reason to reject an event (DECISIONS T8).
  @Test("Attributes that Laurel does not need never make an event malformed")
  func unneeded() throws {
    for name in [
      "ce_sequence", "ce_traceparent", "traceparent", "ce_subject", "ce_partitionkey", "ce_causationid", "ce_anything",
    ] {
      for bytes in [[0xC3], [], Array("one".utf8), Array("-1".utf8)] as [[UInt8]] {
        let headers = Self.bytes(Self.least.headers) + [(name, bytes), (name, bytes)]
        let envelope = try Envelope(headers: headers)
        #expect(envelope.id == "e1" && envelope.sequence == nil)
      }
    }
    for member in [
      #""sequence":1.5"#, #""sequence":{}"#, #""sequence":-1"#, #""traceparent":7"#, #""subject":[]"#, #""other":{"a":1}"#,
    ] {
      let text = #"{"specversion":"1.0","id":"1","source":"s","type":"t",\#(member),"data":{}}"#
      #expect(try Envelope.structured(Array(text.utf8), parser: JSONParser()).envelope.sequence == nil)
    }
  }

  @Test("A trace comes by either header, ce_traceparent goes first, and what is none is dropped")
  func traceparent() throws {
    let one = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    func read(_ headers: (String, String)...) throws -> String? {
      try Envelope(headers: Self.bytes(Self.least.headers + headers)).traceparent
    }
    #expect(try read(("traceparent", one)) == one)
    #expect(try read(("traceparent", one), ("ce_traceparent", other)) == other)
    #expect(try read(("ce_traceparent", other), ("traceparent", one)) == other)
    for broken in [
      "none", "", one + "-x", one.uppercased(), "ff" + one.dropFirst(2),
      one.replacing("b7ad6b7169203331", with: "0000000000000000"),
    ] {
      #expect(try read(("ce_traceparent", broken)) == nil, "\(broken)")
    }
  }

  @Test("A content type may have parameters, and is JSON of any kind")
  func contentTypes() throws {
    for type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.billing+json"] {
      let headers = Self.least.headers.filter { $0.0 != "content-type" } + [("content-type", type)]
      #expect(try Envelope(headers: Self.bytes(headers)).dataContentType == type)
    }
    #expect(try Envelope(headers: Self.bytes(Self.least.headers.dropLast())).dataContentType == "application/json")
  }

  @Test("Structured mode goes both ways", arguments: [full, least])
  func structured(_ envelope: Envelope) throws {
    var envelope = envelope
    envelope.subject = envelope.subject.map { $0 + "\"\\\u{1}\n/ü" }
    let text = envelope.structuredText(data: Array("{\"a\":1,\r\n\"b\":\"x\\ny\"}".utf8))
    #expect(!text.contains(0x0A) && !text.contains(0x0D))
    let read = try Envelope.structured(text, parser: JSONParser())
    #expect(read.envelope == envelope)
    #expect(String(decoding: read.data, as: UTF8.self) == #"{"a":1,"b":"x\ny"}"#)
  }

  @Test("A line of a file reads as it should")
  func line() throws {
    let line = #"""
      {"specversion":"1.0","id":"e1","source":"/billing","type":"payment.settled.v1","time":"2026-01-05T08:00:00.000Z",\#
      "subject":"acme","program":"bonus","partitionkey":"acme","sequence":"0000000000000000007","causationid":"e0",\#
      "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","datacontenttype":"application/json","data":{}}
      """#
    #expect(String(decoding: Self.full.structuredText(data: Array("{}".utf8)), as: UTF8.self) == line)
    for sequence in ["7", #""7""#] {
      let textual = line.replacing(#""0000000000000000007""#, with: sequence)
      #expect(try Envelope.structured(Array(textual.utf8), parser: JSONParser()).envelope == Self.full)
    }
  }

  @Test(
    "Structured events that are rejected",
    arguments: [
      ("", .malformed), ("nonsense", .malformed), ("[]", .malformed), (#"{"specversion":"1.0"}"#, .malformed),
      (#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#, .malformed),
      (#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"e30="}"#, .malformed),
      (#"{"specversion":"1.0","id":1,"source":"s","type":"t","data":{}}"#, .malformed),
      (#"{"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"text/csv","data":"a"}"#, .malformed),
      (#"{"specversion":"1.0","id":"1","id":"2","source":"s","type":"t","data":{}}"#, .duplicateKey),
      (#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"a":1,"a":2}}"#, .duplicateKey),
      (#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"a":1e999}}"#, .outOfRange),
    ] as [(String, DeadLetterReason)])
  func rejectedText(_ text: String, _ reason: DeadLetterReason) {
    let rejection = #expect(throws: Rejection.self) { try Envelope.structured(Array(text.utf8), parser: JSONParser()) }
    #expect(rejection?.reason == reason, "\(String(describing: rejection))")
  }

  @Test("A body over 256 KiB is rejected in both modes, one of 256 KiB is read")
  func size() throws {
    let parser = JSONParser()
    let headers = Self.bytes(Self.least.headers)
    let largest = [UInt8](repeating: 0x20, count: Envelope.maximumBodyBytes)
    #expect(try Envelope.record(headers: headers, value: largest, parser: parser).data.count == 262_144)
    for headers in [headers, [("content-type", Array("application/cloudevents+json".utf8))]] {
      let rejection = #expect(throws: Rejection.self) {
        try Envelope.record(headers: headers, value: largest + [0x20], parser: parser)
      }
      #expect(rejection?.reason == .oversized)
    }
  }

  @Test("The mode follows from the content type; a record without any ce_ header is structured")
  func modes() throws {
    let parser = JSONParser()
    let text = Self.full.structuredText(data: Array(#"{"a":1}"#.utf8))
    for headers in [
      [], [("trace", "1")], [("content-type", "application/json")],
      [("content-type", "Application/CloudEvents+json; charset=UTF-8")],
    ] {
      let record = try Envelope.record(headers: Self.bytes(headers), value: text, parser: parser)
      #expect(record.envelope == Self.full && record.data == Array(#"{"a":1}"#.utf8))
    }
    let binary = try Envelope.record(headers: Self.bytes(Self.full.headers), value: [1, 2], parser: parser)
    #expect(binary.envelope == Self.full && binary.data == [1, 2])
  }
}
