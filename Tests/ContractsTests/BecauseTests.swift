import Contracts
import JSON
import Testing

@Suite("Because")
struct BecauseTests {
  static let because = Because(
    "rate", ["status": "Basic", "turnover": 6000, "first": true, "plans": ["Start+", "Business"], "of": "\(1 + 1)"])

  @Test("It is flat JSON, in the order given")
  func flat() throws {
    let bytes = Self.because.jsonBytes()
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"code":"rate","status":"Basic","turnover":6000,"first":true,"plans":["Start+","Business"],"of":"2"}"#)
    let read = try JSONParser().decode(Because.self, from: bytes)
    #expect(read == Self.because)
    #expect(read["turnover"] == 6000)
    #expect(read["nothing"] == nil)
  }

  @Test("Facts of unknown shapes are left out")
  func tolerant() throws {
    let text = #"{"a":1.5,"code":"x","b":{"c":1},"d":null,"e":[1],"f":"g","h":99999999999999999999}"#
    // An integer beyond 64 bits rejects the whole text, before any fact is read.
    #expect(throws: JSONError.self) { try JSONParser().decode(Because.self, from: Array(text.utf8)) }
    let within = text.replacing(#","h":99999999999999999999"#, with: "")
    #expect(try JSONParser().decode(Because.self, from: Array(within.utf8)) == Because("x", ["f": "g"]))
    #expect(throws: JSONError.self) { try JSONParser().decode(Because.self, from: Array(#"{"f":"g"}"#.utf8)) }
  }

  @Test("Equal whatever the order; a name stands once, and never for the code")
  func names() {
    #expect(Because("x", ["a": 1, "b": 2]) == Because("x", ["b": 2, "a": 1]))
    #expect(Because("x", ["a": 1]) != Because("x", ["a": 2]))
    #expect(Because("x", ["a": 1]) != Because("y", ["a": 1]))
    #expect(Because("x", ["a": 1, "a": 2, "code": "y"]) == Because("x", ["a": 1]))
  }
}
