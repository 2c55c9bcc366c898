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
    struct Some: Decodable, Equatable {
      var a: Int64?
      var b: [Int64?]?
      var c: Code?
    }
    #expect(try decode(Some.self, "{}") == Some())
    #expect(try decode(Some.self, #"{"a":null,"b":null,"c":null}"#) == Some())
    #expect(try decode(Some.self, #"{"a":1,"b":[null,2]}"#) == Some(a: 1, b: [nil, 2]))
    #expect(try decode(Int64?.self, "null") == nil)
    #expect(refusal(Some.self, utf8(#"{"a":""}"#))?.path == "a")
    #expect(refusal([Int64].self, utf8("[null]"))?.reason == .malformed)
  }

  @Test("containers asked for by hand")
  func byHand() throws {
    struct ByHand: Decodable {
      var seen: [String] = []

      init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Name.self)
        seen.append(object.allKeys.map(\.stringValue).joined(separator: " "))
        seen.append(
          "\(object.contains(Name("list"))) \(object.contains(Name("no"))) \(try object.decodeNil(forKey: Name("nil")))")
        var list = try object.nestedUnkeyedContainer(forKey: Name("list"))
        seen.append("\(list.count ?? -1) \(try list.decodeNil()) \(try list.decodeNil()) \(list.currentIndex)")
        seen.append(Name.path(list.codingPath))
        let inner = try list.nestedContainer(keyedBy: Name.self)
        seen.append("\(Name.path(inner.codingPath)) \(try inner.decode(Int64.self, forKey: Name("x")))")
        var deepest = try list.nestedUnkeyedContainer()
        seen.append("\(deepest.isAtEnd) \(list.isAtEnd)")
        seen.append("\(try Int64(from: object.superDecoder(forKey: Name("super")))) \(try Int64(from: object.superDecoder()))")
        do {
          _ = try deepest.decode(Int64.self)
        } catch let error as JSONError {
          seen.append(error.path)
        }
      }
    }
    struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(_ text: String) { stringValue = text }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
      static func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: "/") }
    }
    let seen = try decode(ByHand.self, #"{"nil":null,"list":[null,{"x":5},[]],"super":3}"#).seen
    #expect(
      seen == ["nil list super", "true false true", "3 true false 1", "list", "list/Index 1 5", "true true", "3 3", "list[2][0]"])
  }

  @Test("a refused element stays to be tried as something else")
  func alternatives() throws {
    struct Alternatives: Decodable {
      var texts: [String] = []
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
          if let number = try? list.decode(Int64.self) {
            texts.append("number \(number)")
          } else {
            texts.append("string \(try list.decode(String.self))")
          }
        }
      }
    }
    #expect(try decode(Alternatives.self, #"[1,"a",2]"#).texts == ["number 1", "string a", "number 2"])
  }

  @Test("a parser is used over and over, after refusals too")
  func reuse() throws {
    let parser = JSONParser()
    for round in 0..<200 {
      let text = String(repeating: "x", count: round * 37)
      #expect(try parser.decode([String].self, from: utf8("[\"\(text)\"]")) == [text])
      #expect(throws: JSONError.self) { try parser.parse(utf8("[\"\(text)\"")) }
      #expect(throws: JSONError.self) { try parser.parse([]) }
    }
  }

  @Test("a megabyte of string, of elements and of members")
  func large() throws {
    let text = String(repeating: "ä\"€\n", count: 125_000)
    let bytes = try JSONEncoding.encode([text])
    #expect(bytes.count > 1_000_000)
    #expect(try JSONParser().decode([String].self, from: bytes) == [text])

    let numbers = (0..<150_000).map(Int64.init)
    #expect(try JSONParser().decode([Int64].self, from: JSONEncoding.encode(numbers)) == numbers)

    let members = Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("key \($0)", Int64($0)) })
    #expect(try JSONParser().decode([String: Int64].self, from: JSONEncoding.encode(members)) == members)
  }
}
