import JSON
import Testing

@Suite struct EncodingTests {
  @Test func payment() throws {
    #expect(encoded(Payment.value) == Payment.text)
  }

  @Test(
    "integers",
    arguments: [0, 1, -1, 9, 10, 99, 100, -100, 12345, 999_999_999_999, .max, .min] as [Int64])
  func integers(_ value: Int64) throws {
    #expect(encoded(value) == "\(value)")
    #expect(encoded([value]) == "[\(value)]")
  }

  @Test("strings of every length around the eight-byte steps, with an escape at every place")
  func escapes() throws {
    for length in 0..<40 {
      let plain = String(repeating: "a", count: length)
      #expect(encoded(plain) == "\"\(plain)\"")
      for place in 0..<length {
        for (character, escape) in [("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{1f}", "\\u001f"), ("\0", "\\u0000")] {
          var text = Array(repeating: "a", count: length)
          text[place] = character
          var written = text
          written[place] = escape
          #expect(encoded(text.joined()) == "\"\(written.joined())\"")
        }
      }
    }
    #expect(encoded("\u{8}\u{9}\u{a}\u{c}\u{d}\u{b}\u{7f}/ä😀") == #""\b\t\n\f\r\u000b"# + "\u{7f}/ä😀\"")
  }

  @Test("dictionaries are written in the order of their keys, nested and empty ones too")
  func dictionaries() throws {
    let keys = ["b", "a", "a!", "aa", "", "Z", "ä", "\n", "10", "9"]
    let value = Dictionary(uniqueKeysWithValues: keys.map { ($0, ["y": [String: Int64](), "x": ["q": Int64(2), "p": 1]]) })
    let inner = #"{"x":{"p":1,"q":2},"y":{}}"#
    let order = ["", "\\n", "10", "9", "Z", "a", "a!", "aa", "b", "ä"]
    #expect(encoded(value) == "{\(order.map { "\"\($0)\":\(inner)" }.joined(separator: ","))}")
    #expect(encoded([["b": Int64(1), "a": 2], ["d": 3, "c": 4]]) == #"[{"a":2,"b":1},{"c":4,"d":3}]"#)
  }

  @Test("members in their order; absent ones are left out; a writer is used over and over")
  func members() {
    var json = JSONWriter(capacity: 1)
    for _ in 0..<3 {
      json.removeAll()
      json.beginObject()
      json.member("b", "x")
      json.member("none", String?.none)
      json.member(named: "a", [1, 2] as [Int64])
      json.member("e", [String]())
      json.endObject()
      #expect(String(decoding: json.bytes(), as: UTF8.self) == #"{"b":"x","a":[1,2],"e":[]}"#)
    }
  }
}
