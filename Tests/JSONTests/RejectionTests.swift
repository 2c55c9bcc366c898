import Foundation
import JSON
import Testing

@Suite struct RejectionTests {
  @Test(
    "texts that are not JSON, whatever type is asked for",
    arguments: [
      ("", .malformed),
      (" \n", .malformed),
      ("nul", .malformed),
      ("truex", .malformed),
      ("01", .malformed),
      ("-", .malformed),
      ("1.", .malformed),
      (".5", .malformed),
      ("+1", .malformed),
      ("1e", .malformed),
      ("0x10", .malformed),
      ("12a", .malformed),
      ("NaN", .malformed),
      ("[1,]", .malformed),
      ("[1 2]", .malformed),
      ("[1", .malformed),
      ("]", .malformed),
      (#"{"a":1,}"#, .malformed),
      (#"{"a"}"#, .malformed),
      (#"{a:1}"#, .malformed),
      (#"{1:1}"#, .malformed),
      (#"{'a':1}"#, .malformed),
      (#"{"a":1"#, .malformed),
      ("{} x", .malformed),
      ("{}{}", .malformed),
      ("{},", .malformed),
      ("1 1", .malformed),
      ("\u{FEFF}{}", .malformed),
      ("{}\u{0}", .malformed),
      ("// note\n{}", .malformed),
      (#""abc"#, .malformed),
      (#""a\"#, .malformed),
      (#""\x""#, .malformed),
      (#""\u12g4""#, .malformed),
      (#""\ud800""#, .malformed),
      (#""\ud800\u0041""#, .malformed),
      (#""\udc00""#, .malformed),
      (#""\ud800\ud800""#, .malformed),
      ("\"a\u{1}b\"", .malformed),
      ("\"a\nb\"", .malformed),
      ("18446744073709551616", .outOfRange),
      ("-9223372036854775809", .outOfRange),
      (#"{"a":["01",123456789012345678901234567890]}"#, .outOfRange),
      ("[1e400]", .outOfRange),
      (#"["18446744073709551616\"",01]"#, .malformed),
      (#"{"a":1,"a":1}"#, .duplicateKey),
      (#"{"a":1,"b":2,"\u0061":3}"#, .duplicateKey),
      (#"{"":1,"":1}"#, .duplicateKey),
      (#"[{"x":[{"same name":1,"b":2,"same name":3}]}]"#, .duplicateKey),
      (#"{"a":"\u0000","\u0000":1,"\u0000":2}"#, .duplicateKey),
    ] as [(String, JSONError.Reason)])
  func text(_ text: String, _ reason: JSONError.Reason) {
    #expect(rejection(Nothing.self, utf8(text))?.reason == reason)
  }

  /// Reads nothing, so that every rejection comes from the text itself.
  private struct Nothing: JSONDecodable { init(json: JSONValue) {} }

  @Test(
    "bytes that are not UTF-8",
    arguments: [
      [0xFF], [0x80], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func notUTF8(_ bytes: [UInt8]) {
    #expect(rejection(Nothing.self, utf8(#"{"a":""#) + bytes + utf8(#""}"#))?.reason == .notUTF8)
    #expect(rejection(Nothing.self, utf8(#"{"a"#) + bytes + utf8(#"":1}"#))?.reason == .notUTF8)
  }

  @Test("duplicates are seen in objects of any size, and in parts that no type asks for")
  func duplicates() throws {
    for size in [2, 3, 15, 16, 17, 18, 100, 1000] {
      let names = (0..<size).map { "member-of-one-length-\(1000 + $0)" }
      let members = names.map { "\"\($0)\":{\"inner\":[]}" }
      #expect(rejection(Nothing.self, utf8("{\(members.joined(separator: ","))}")) == nil)
      for repeated in [0, size / 2, size - 1] {
        let text = "{\"unknown\":[1,{\((members + [members[repeated]]).joined(separator: ","))}]}"
        let error = rejection(Nothing.self, utf8(text))
        #expect(error?.reason == .duplicateKey)
        #expect(error?.path == "unknown[1].\(names[repeated])")
      }
    }
  }

  @Test("keys that differ only late, early or in length are not duplicates")
  func nearDuplicates() throws {
    let names = ["", "a", "aa", "aaaaaa", "aaaaaaa", "aaaaaaaa", "aaaaaaab", "aaaaaaaaa", "baaaaaaa", "A", "a ", "ä"]
    let members = names.map { "\"\($0)\":1" }.joined(separator: ",")
    #expect(rejection(Nothing.self, utf8("{\(members)}")) == nil)
  }

  @Test("64 levels of brackets, and no more")
  func depth() {
    func arrays(_ levels: Int) -> [UInt8] {
      utf8(String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels))
    }
    func objects(_ levels: Int) -> [UInt8] {
      utf8(String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels))
    }
    #expect(rejection(Nothing.self, arrays(64)) == nil)
    #expect(rejection(Nothing.self, arrays(65))?.reason == .tooDeep)
    #expect(rejection(Nothing.self, objects(64)) == nil)
    #expect(rejection(Nothing.self, objects(65))?.reason == .tooDeep)
    #expect(rejection(Nothing.self, arrays(100_000))?.reason == .tooDeep)
    #expect(rejection(Nothing.self, utf8(String(repeating: "[", count: 100_000)))?.reason == .tooDeep)
  }

  @Test("a text over the limit of bytes")
  func tooLong() {
    let text = [UInt8](repeating: 0x20, count: JSONParser.byteLimit) + utf8("1")
    #expect(rejection(Nothing.self, text)?.reason == .malformed)
    #expect(rejection(Nothing.self, Array(text.dropFirst())) == nil)
  }

  @Test(
    "integers at the edges of Int64",
    arguments: [
      ("9223372036854775807", nil), ("-9223372036854775808", nil), ("0", nil), ("-0", nil),
      ("9223372036854775808", .outOfRange), ("18446744073709551615", .outOfRange), ("18446744073709551616", .outOfRange),
      ("-9223372036854775809", .outOfRange), ("99999999999999999999999", .outOfRange),
      ("1.0", .malformed), ("1e3", .malformed), ("1E0", .malformed), ("-0.0", .malformed), ("\"1\"", .malformed),
      ("true", .malformed),
      ("null", .malformed), ("[]", .malformed), ("{}", .malformed),
    ] as [(String, JSONError.Reason?)])
  func int64(_ text: String, _ reason: JSONError.Reason?) throws {
    #expect(rejection(Int64.self, utf8(text))?.reason == reason)
    #expect(rejection([Int64].self, utf8("[\(text)]"))?.reason == reason)
    #expect(rejection([String: Int64].self, utf8("{\"a\":\(text)}"))?.reason == reason)
    #expect(rejection(Amount.self, utf8("{\"amount\":\(text)}"))?.reason == reason)
    if reason == nil { #expect(try decode(Int64.self, text) == Int64(text)) }
  }

  private struct Amount: JSONDecodable {
    init(json: JSONValue) throws(JSONError) { _ = try json.object().required("amount", as: Int64.self) }
  }

  @Test(
    "a payment of the wrong shape says where",
    arguments: [
      ("\"amount\":10500000", "\"amount\":\"1\"", .malformed, "lines[1].amount"),
      ("\"amount\":10500000", "\"amount\":10.5", .malformed, "lines[1].amount"),
      ("\"amount\":10500000", "\"amount\":null", .malformed, "lines[1].amount"),
      ("\"amount\":10500000", "\"amount\":9223372036854775808", .outOfRange, "lines[1].amount"),
      (",\"amount\":10500000", "", .malformed, "lines[1].amount"),
      ("\"plan\":\"Corporate\"", "\"plan\":7", .malformed, "lines[0].plan"),
      ("\"account\":\"beta\"", "\"account\":[]", .malformed, "account"),
      ("\"account\":\"beta\",", "", .malformed, "account"),
      ("\"account\":\"beta\"", "\"account\":\"beta\",\"account\":\"eve\"", .duplicateKey, "account"),
      ("\"sku\":\"service\"", "\"sku\":\"service\",\"amount\":1", .duplicateKey, "lines[1].amount"),
      ("\"lines\":[{", "\"lines\":[7,{", .malformed, "lines[0]"),
      ("\"lines\":[", "\"lines\":{},\"x\":[", .malformed, "lines"),
    ] as [(String, String, JSONError.Reason, String)])
  func payment(_ old: String, _ new: String, _ reason: JSONError.Reason, _ path: String) throws {
    let at = try #require(Payment.text.range(of: old))
    let text = Payment.text.replacingCharacters(in: at, with: new)
    let error = rejection(Payment.self, utf8(text))
    #expect(error?.reason == reason)
    #expect(error?.path == path)
    #expect(error?.detail.isEmpty == false)
  }

  @Test(
    "what is no JSON says in which column, and what is expected there",
    arguments: [
      ("", "not valid JSON: the text is empty"),
      (#"{"a":1,}"#, "not valid JSON: a member's name in double quotes is expected in column 8"),
      (#"{"a" 1}"#, "not valid JSON: a colon is expected in column 6"),
      (#"["ä" 1]"#, "not valid JSON: a comma or ] is expected in column 6"),
      ("{\n  \"a\": nope\n}", "not valid JSON: a value is expected in line 2, column 8"),
      (#"{"a":01}"#, "not valid JSON: a number without leading zeros is expected in column 6"),
      (#"{"a":"b"#, "not valid JSON: the text ends where the closing quote of a string is expected"),
      ("{} {}", "not valid JSON: the end of the text is expected in column 4"),
      (#"["\ud800x"]"#, "not valid JSON: the other half of a surrogate pair is expected in column 8"),
      (#"{"a":[1e400]}"#, "1e400 in column 7 does not fit into 64 bits"),
      ("\u{FEFF}{}", "begins with a byte order mark (EF BB BF); save the text as UTF-8 without one"),
    ])
  func places(_ text: String, _ detail: String) {
    #expect(rejection(Nothing.self, utf8(text))?.detail == detail)
  }

  @Test func description() {
    #expect("\(JSONError(reason: .malformed, path: "a.b", detail: "missing"))" == "malformed at a.b: missing")
    #expect("\(JSONError(reason: .notUTF8, detail: "no"))" == "notUTF8: no")
  }
}
