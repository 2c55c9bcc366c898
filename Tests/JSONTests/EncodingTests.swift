import JSON
import Testing

@Suite struct EncodingTests {
  @Test func payment() throws {
    #expect(try encoded(Payment.value) == Payment.text)
  }

  @Test("everything comes back", arguments: [Everything.full, .sparse])
  func roundTrip(_ value: Everything) throws {
    #expect(try JSONParser().decode(Everything.self, from: JSONEncoding.encode(value)) == value)
  }

  @Test("nil members are left out, nil elements are null")
  func nils() throws {
    let text = try encoded(Everything.sparse)
    #expect(!text.contains("maybe"))
    #expect(!text.contains("null"))
    #expect(try encoded([1, nil, 3] as [Int64?]) == "[1,null,3]")
    #expect(try encoded(Int64?.none) == "null")
  }

  @Test(
    "integers",
    arguments: [0, 1, -1, 9, 10, 99, 100, -100, 12345, 999_999_999_999, .max, .min] as [Int64])
  func integers(_ value: Int64) throws {
    #expect(try encoded(value) == "\(value)")
    #expect(try encoded([value]) == "[\(value)]")
    #expect(try encoded(value.magnitude) == "\(value.magnitude)")
  }

  @Test("strings of every length around the eight-byte steps, with an escape at every place")
  func escapes() throws {
    for length in 0..<40 {
      let plain = String(repeating: "a", count: length)
      #expect(try encoded(plain) == "\"\(plain)\"")
      for place in 0..<length {
        for (character, escape) in [("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{1f}", "\\u001f"), ("\0", "\\u0000")] {
          var text = Array(repeating: "a", count: length)
          text[place] = character
          var written = text
          written[place] = escape
          #expect(try encoded(text.joined()) == "\"\(written.joined())\"")
        }
      }
    }
    #expect(try encoded("\u{8}\u{9}\u{a}\u{c}\u{d}\u{b}\u{7f}/ä😀") == #""\b\t\n\f\r\u000b"# + "\u{7f}/ä😀\"")
  }

  @Test("dictionaries are written in the order of their keys' bytes as written, nested and empty ones too")
  func dictionaries() throws {
    let keys = ["b", "a", "a!", "aa", "", "Z", "ä", "\n", "10", "9"]
    let value = Dictionary(uniqueKeysWithValues: keys.map { ($0, ["y": [String: Int64](), "x": ["q": 2, "p": 1]]) })
    let inner = #"{"x":{"p":1,"q":2},"y":{}}"#
    let order = ["", "10", "9", "Z", "\\n", "a", "a!", "aa", "b", "ä"]
    #expect(try encoded(value) == "{\(order.map { "\"\($0)\":\(inner)" }.joined(separator: ","))}")
    #expect(try encoded([2: "b", 1: "a"]) == #"{"1":"a","2":"b"}"#)
    #expect(try encoded([["b": 1, "a": 2], ["d": 3, "c": 4]]) == #"[{"a":2,"b":1},{"c":4,"d":3}]"#)
  }

  @Test("JSON has no infinity; a refused member leaves nothing behind")
  func refused() throws {
    let error = #expect(throws: JSONError.self) { try JSONEncoding.encode(["a": [1.0, .infinity]]) }
    #expect(error?.reason == .outOfRange)
    #expect(error?.path == "a[1]")

    struct Lenient: Encodable {
      enum CodingKeys: CodingKey { case a, b, c }
      func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(1, forKey: .a)
        try? object.encode(Double.nan, forKey: .b)
        try? object.encode([["x": 1.0, "w": .nan]], forKey: .b)
        try object.encode(["x": 1.0, "w": 2.0], forKey: .c)
      }
    }
    #expect(try encoded(Lenient()) == #"{"a":1,"c":{"w":2.0,"x":1.0}}"#)

    struct Refusing: Encodable {
      func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(1, .init(codingPath: encoder.codingPath, debugDescription: "never"))
      }
    }
    let refused = #expect(throws: JSONError.self) { try JSONEncoding.encode(["a": [Refusing()]]) }
    #expect(refused == JSONError(reason: .malformed, path: "a[0]", detail: "never"))
  }

  @Test("containers asked for by hand close in time")
  func byHand() throws {
    struct ByHand: Encodable {
      enum CodingKeys: CodingKey { case a, b, c, d, e }
      struct Empty: Encodable {}
      struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
      func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        var list = object.nestedUnkeyedContainer(forKey: .a)
        try list.encode(1)
        var inner = list.nestedContainer(keyedBy: CodingKeys.self)
        try inner.encodeNil(forKey: .a)
        try list.encode("x")
        try list.encodeNil()
        _ = list.nestedUnkeyedContainer()
        try object.encode(list.count, forKey: .b)
        var again = encoder.container(keyedBy: CodingKeys.self)
        try again.encode(Empty(), forKey: .c)
        try object.encode(Silent(), forKey: .d)
        _ = object.nestedContainer(keyedBy: CodingKeys.self, forKey: .e)
      }
    }
    #expect(try encoded(ByHand()) == #"{"a":[1,{"a":null},"x",null,[]],"b":5,"c":{},"d":{},"e":{}}"#)
  }

  private struct Rule: Encodable, Sendable {
    var name: String
    var breach: @Sendable (any Encoder) throws -> Void
    func encode(to encoder: any Encoder) throws { try breach(encoder) }
  }
  private enum Key: CodingKey { case a, b }

  @Test("what would be no JSON is refused")
  func breaches() {
    let rules = [
      Rule(name: "two values") {
        var container = $0.singleValueContainer()
        try container.encode(1)
        try container.encode(2)
      },
      Rule(name: "two shapes") {
        var object = $0.container(keyedBy: Key.self)
        try object.encode(1, forKey: .a)
        var list = $0.unkeyedContainer()
        try list.encode(1)
      },
      Rule(name: "a closed container") {
        var object = $0.container(keyedBy: Key.self)
        var first = object.nestedUnkeyedContainer(forKey: .a)
        _ = object.nestedUnkeyedContainer(forKey: .b)
        try first.encode(1)
      },
      Rule(name: "a superclass's object") {
        var object = $0.container(keyedBy: Key.self)
        try Payment.value.encode(to: object.superEncoder())
      },
    ]
    for rule in rules {
      let error = #expect(throws: JSONError.self, "\(rule.name)") { try JSONEncoding.encode([rule]) }
      #expect(error?.reason == .malformed)
    }
  }

  @Test("as deep as the parser reads, and no deeper")
  func depth() throws {
    indirect enum Nest: Codable {
      case end
      case level(Nest)
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        self = list.isAtEnd ? .end : .level(try list.decode(Nest.self))
      }
      func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        if case .level(let nest) = self { try list.encode(nest) }
      }
    }
    func nest(_ levels: Int) -> Nest { levels == 1 ? .end : .level(nest(levels - 1)) }
    let deep = try JSONEncoding.encode(nest(64))
    #expect(try encoded(JSONParser().decode(Nest.self, from: deep)) == String(decoding: deep, as: UTF8.self))
    let error = #expect(throws: JSONError.self) { try JSONEncoding.encode(nest(65)) }
    #expect(error?.reason == .tooDeep)
  }
}
