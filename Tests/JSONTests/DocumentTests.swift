import JSON
import Testing

@Suite struct DocumentTests {
  private static let event = #"{"id":"e1","data":{"a":1,"b":[{"c":2,"d":3}],"e":{"f":4}},"x":null,"y":{"z":1,"w":[{}]}}"#

  private struct Envelope: Decodable { var id: String }
  private struct Data: Decodable {
    struct Item: Decodable { var c: Int64 }
    var a: Int64
    var b: [Item]
  }

  @Test("parts are decoded by path")
  func parts() throws {
    let document = try JSONParser().parse(utf8(Self.event))
    #expect(try document.decode(Envelope.self).id == "e1")
    #expect(try document.decode(Data.self, at: "data").b[0].c == 2)
    #expect(try document.decode(Int64.self, at: "data", "e", "f") == 4)
    #expect(document.contains("data", "e"))
    #expect(document.contains("x"))
    #expect(document.contains())
    #expect(!document.contains("data", "g"))
    #expect(!document.contains("id", "e"))

    let missing = #expect(throws: JSONError.self) { try document.decode(Data.self, at: "data", "g") }
    #expect(missing == JSONError(reason: .malformed, path: "data.g", detail: "missing"))
    let wrong = #expect(throws: JSONError.self) { try document.decode(Data.self, at: "data", "e") }
    #expect(wrong?.path == "data.e.a")
  }

  @Test("unknown members are counted once each, of decoded objects only")
  func unknownFields() throws {
    let parser = JSONParser()
    var document = try parser.parse(utf8(Self.event))
    #expect(document.unknownFields == 0)
    _ = try document.decode(Envelope.self)
    #expect(document.unknownFields == 3)  // data, x, y
    _ = try document.decode(Data.self, at: "data")
    #expect(document.unknownFields == 4)  // x, y, data.e, data.b[0].d
    #expect(document.contains("x"))
    #expect(document.unknownFields == 3)
    _ = try document.decode([String: Int64].self, at: "data", "e")
    #expect(document.unknownFields == 2)
    _ = document.serialized(at: "y")
    #expect(document.unknownFields == 1)

    document = try parser.parse(utf8(Payment.text))
    _ = try document.decode(Payment.self)
    #expect(document.unknownFields == 0)

    // An optional that is absent or null was asked for, and is not unknown.
    document = try parser.parse(utf8(#"{"sku":"s","plan":null,"kind":"k","amount":1,"note":""}"#))
    _ = try document.decode(Payment.Line.self)
    #expect(document.unknownFields == 1)
  }

  @Test(
    "a part is written again, compact and in its order",
    arguments: [
      (#" { "b" : [ 1 , -2 , 18446744073709551615 ] , "a" : { } } "#, #"{"b":[1,-2,18446744073709551615],"a":{}}"#),
      (#""\u00e4\/\n\u001f\"\\""#, #""ä/\n\u001f\"\\""#),
      ("[true,false,null,[],{},\"\"]", "[true,false,null,[],{},\"\"]"),
      ("[1.5,1e3,-0.0,1e300,5e-324]", "[1.5,1000.0,-0.0,1e+300,5e-324]"),
    ])
  func serialized(_ text: String, _ written: String) throws {
    let document = try JSONParser().parse(utf8(text))
    #expect(document.serialized().map { String(decoding: $0, as: UTF8.self) } == written)
  }

  @Test func serializedPart() throws {
    let document = try JSONParser().parse(utf8(Self.event))
    #expect(document.serialized(at: "data", "b") == utf8(#"[{"c":2,"d":3}]"#))
    #expect(document.serialized(at: "data", "g") == nil)
  }

  @Test("a document whose parser has moved on refuses, and one without its parser lives")
  func validity() throws {
    let parser = JSONParser()
    let old = try parser.parse(utf8(Self.event))
    let new = try parser.parse(utf8("{}"))
    #expect(throws: JSONError.self) { try old.decode(Envelope.self) }
    #expect(!old.contains("id"))
    #expect(old.serialized() == nil)
    #expect(old.unknownFields == 0)
    #expect(new.contains())
    #expect(throws: JSONError.self) { try parser.parse(utf8("{")) }
    #expect(!new.contains())

    func orphan() throws -> JSONDocument { try JSONParser().parse(utf8(Self.event)) }
    #expect(try orphan().decode(Envelope.self).id == "e1")
  }
}
