import JSON
import Testing

@Suite struct DecodingTests {
  @Test func payment() throws {
    #expect(try decode(Payment.self, Payment.text) == Payment.value)
  }

  @Test("members in any order, with white space and escapes in names")
  func anyOrder() throws {
    let text = """
      { "lines" : [ ] ,\t"curren\\u0063y":"KZT", "paidAt":"t","pay\\u006dent":"p1", "account" : "beta" }\r
      """
    #expect(
      try decode(Payment.self, text) == Payment(payment: "p1", account: "beta", paidAt: "t", currency: "KZT", lines: []))
  }

  @Test(
    "strings",
    arguments: [
      (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0000a\u0000""#, "\0a\0"), (#""\u00e4\u20ac""#, "ä€"),
      (#""\ud83d\ude00""#, "😀"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), ("\"😀\u{7f}\u{2028}\"", "😀\u{7f}\u{2028}"),
      (#""\u005c\u0022""#, "\\\""),
    ])
  func strings(_ text: String, _ value: String) throws {
    #expect(utf8(try decode(String.self, text)) == utf8(value))
    #expect(utf8(try decode([String].self, "[\(text)]")[0]) == utf8(value))
  }

  @Test("null and absence are the same for an optional, and nothing else is")
  func optionals() throws {
    struct Some: JSONDecodable, Equatable {
      var a: Int64?
      var b: [String]?
      init(a: Int64? = nil, b: [String]? = nil) { (self.a, self.b) = (a, b) }
      init(json: JSONValue) throws(JSONError) {
        let object = try json.object()
        self.init(a: try object.optional("a"), b: try object.optional("b"))
      }
    }
    #expect(try decode(Some.self, "{}") == Some())
    #expect(try decode(Some.self, #"{"a":null,"b":null}"#) == Some())
    #expect(try decode(Some.self, #"{"a":1,"b":["x"]}"#) == Some(a: 1, b: ["x"]))
    #expect(rejection(Some.self, utf8(#"{"a":""}"#))?.path == "a")
    #expect(rejection([Int64].self, utf8("[null]"))?.reason == .malformed)
  }

  @Test("an enum with values is an object of one member, one without is its name")
  func variants() throws {
    enum Step: Equatable, JSONCodable {
      case over
      case paid(Int64)
      case named(at: Int64, by: String?)

      init(json: JSONValue) throws(JSONError) {
        let (name, value) = try json.variant()
        switch name {
        case "over": self = .over
        case "paid": self = .paid(try value.decode())
        case "named":
          let row = try value.object()
          self = .named(at: try row.required("at"), by: try row.optional("by"))
        default: throw json.error("no step")
        }
      }

      func write(to json: inout JSONWriter) {
        switch self {
        case .over: json.variant("over")
        case .paid(let amount): json.variant("paid", amount)
        case .named(let at, let by):
          json.beginVariant("named")
          json.member("at", at)
          json.member("by", by)
          json.endVariant()
        }
      }
    }
    let steps: [Step] = [.over, .paid(-3), .named(at: 1, by: "x"), .named(at: 2, by: nil)]
    #expect(encoded(steps) == #"["over",{"paid":-3},{"named":{"at":1,"by":"x"}},{"named":{"at":2}}]"#)
    #expect(try decode([Step].self, encoded(steps)) == steps)
    #expect(rejection([Step].self, utf8(#"["gone"]"#))?.path == "[0]")
    #expect(rejection(Step.self, utf8(#"{"paid":1,"over":2}"#))?.detail == "expected one member, found 2")
    #expect(rejection(Step.self, utf8("7"))?.detail == "expected an object, found a whole number")
  }

  @Test("a text is decoded by several types, one after the other")
  func severalTypes() throws {
    let parser = JSONParser()
    let twice = try parser.read(utf8(Payment.text)) { json throws(JSONError) in
      [try Payment(json: json), try Payment(json: json)]
    }
    #expect(twice == [Payment.value, Payment.value])
    // In any order of access.
    let found = try parser.read(utf8(#"{"a":1,"b":2,"c":3,"d":4}"#)) { json throws(JSONError) in
      let object = try json.object()
      let names: [StaticString] = ["d", "a", "c", "e", "b", "a"]
      return names.map { (try? object.member($0)?.integer()) ?? nil }
    }
    #expect(found == [4, 1, 3, nil, 2, 1])
    #expect(parser.unknownFields == [])
  }

  @Test("words of a list, and what is said of another one")
  func words() throws {
    #expect(try decode(Kind.self, #""plan""#) == .plan)
    #expect(
      rejection([Kind].self, utf8(#"["plan","Plan"]"#))
        == JSONError(reason: .malformed, path: "[1]", detail: #""Plan" is not one of plan, service"#))
  }

  @Test("a parser is used over and over, after rejections too")
  func reuse() throws {
    let parser = JSONParser()
    for round in 0..<200 {
      let text = String(repeating: "x", count: round * 37)
      #expect(try parser.decode([String].self, from: utf8("[\"\(text)\"]")) == [text])
      #expect(throws: JSONError.self) { try parser.read(utf8("[\"\(text)\"")) { _ in } }
      #expect(throws: JSONError.self) { try parser.read([]) { _ in } }
    }
  }

  @Test("a megabyte of string, of elements and of members")
  func large() throws {
    let text = String(repeating: "ä\"€\n", count: 125_000)
    let bytes = [text].jsonBytes()
    #expect(bytes.count > 1_000_000)
    #expect(try JSONParser().decode([String].self, from: bytes) == [text])

    let numbers = (0..<150_000).map(Int64.init)
    #expect(try JSONParser().decode([Int64].self, from: numbers.jsonBytes()) == numbers)

    let members = Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("key \($0)", Int64($0)) })
    #expect(try JSONParser().decode([String: Int64].self, from: members.jsonBytes()) == members)
  }
}
