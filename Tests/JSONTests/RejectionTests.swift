import Foundation
import JSON
import Testing

@Suite struct RefusalTests {
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
    #expect(refusal(Nothing.self, utf8(text))?.reason == reason)
  }

  /// Asks for nothing, so that every refusal is the text's own.
  private struct Nothing: Decodable { init(from decoder: any Decoder) {} }

  @Test(
    "bytes that are not UTF-8",
    arguments: [
      [0xFF], [0x80], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func notUTF8(_ bytes: [UInt8]) {
    #expect(refusal(Nothing.self, utf8(#"{"a":""#) + bytes + utf8(#""}"#))?.reason == .notUTF8)
    #expect(refusal(Nothing.self, utf8(#"{"a"#) + bytes + utf8(#"":1}"#))?.reason == .notUTF8)
  }

  @Test("duplicates are seen in objects of any size, and in parts that no type asks for")
  func duplicates() throws {
    for size in [2, 3, 15, 16, 17, 18, 100, 1000] {
      let names = (0..<size).map { "member-of-one-length-\(1000 + $0)" }
      let members = names.map { "\"\($0)\":{\"inner\":[]}" }
      #expect(refusal(Nothing.self, utf8("{\(members.joined(separator: ","))}")) == nil)
      for repeated in [0, size / 2, size - 1] {
        let text = "{\"unknown\":[1,{\((members + [members[repeated]]).joined(separator: ","))}]}"
        let error = refusal(Nothing.self, utf8(text))
        #expect(error?.reason == .duplicateKey)
        #expect(error?.path == "unknown[1].\(names[repeated])")
      }
    }
  }

  @Test("keys that differ only late, early or in length are not duplicates")
  func nearDuplicates() throws {
    let names = ["", "a", "aa", "aaaaaa", "aaaaaaa", "aaaaaaaa", "aaaaaaab", "aaaaaaaaa", "baaaaaaa", "A", "a ", "ä"]
    let members = names.map { "\"\($0)\":1" }.joined(separator: ",")
    #expect(refusal(Nothing.self, utf8("{\(members)}")) == nil)
  }

  @Test("64 levels of brackets, and no more")
  func depth() {
    func arrays(_ levels: Int) -> [UInt8] {
      utf8(String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels))
    }
    func objects(_ levels: Int) -> [UInt8] {
      utf8(String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels))
    }
    #expect(refusal(Nothing.self, arrays(64)) == nil)
    #expect(refusal(Nothing.self, arrays(65))?.reason == .tooDeep)
    #expect(refusal(Nothing.self, objects(64)) == nil)
    #expect(refusal(Nothing.self, objects(65))?.reason == .tooDeep)
    #expect(refusal(Nothing.self, arrays(100_000))?.reason == .tooDeep)
    #expect(refusal(Nothing.self, utf8(String(repeating: "[", count: 100_000)))?.reason == .malformed)
  }

  @Test("a text over the limit of bytes")
  func tooLong() {
    let text = [UInt8](repeating: 0x20, count: JSONParser.byteLimit) + utf8("1")
    #expect(refusal(Nothing.self, text)?.reason == .malformed)
    #expect(refusal(Nothing.self, Array(text.dropFirst())) == nil)
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
    #expect(refusal(Int64.self, utf8(text))?.reason == reason)
    #expect(refusal([Int64].self, utf8("[\(text)]"))?.reason == reason)
    #expect(refusal([String: Int64].self, utf8("{\"a\":\(text)}"))?.reason == reason)
    #expect(refusal(Amount.self, utf8("{\"amount\":\(text)}"))?.reason == reason)
    if reason == nil { #expect(try decode(Int64.self, text) == Int64(text)) }
  }

  private struct Amount: Decodable { var amount: Int64 }

  @Test("each width has its own edges")
  func widths() throws {
    #expect(try decode([Int8].self, "[127,-128]") == [127, -128])
    #expect(refusal([Int8].self, utf8("[128]")) == JSONError(reason: .outOfRange, path: "[0]", detail: "128 is beyond Int8"))
    #expect(refusal([UInt32].self, utf8("[0,-1]"))?.path == "[1]")
    #expect(try decode([UInt64].self, "[18446744073709551615]") == [.max])
    #expect(refusal([UInt16].self, utf8("[65536]"))?.reason == .outOfRange)
    #expect(try decode([Double].self, "[1,18446744073709551615,-2.5e-3]") == [1, 18_446_744_073_709_551_616, -0.0025])
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
    let error = refusal(Payment.self, utf8(text))
    #expect(error?.reason == reason)
    #expect(error?.path == path)
    #expect(error?.detail.isEmpty == false)
  }

  private struct Coupon: Decodable {
    var codes: [Code]
    var percent: Percent?
    var kind: Kind?
  }

  @Test("a type's own refusal keeps its words and gets a path")
  func ownRefusals() {
    #expect(
      refusal(Coupon.self, utf8(#"{"codes":["A","","B"]}"#))
        == JSONError(reason: .malformed, path: "codes[1]", detail: "a code has 1 to 4 characters"))
    #expect(
      refusal(Coupon.self, utf8(#"{"codes":[],"percent":101}"#))
        == JSONError(reason: .outOfRange, path: "percent", detail: "more than 100 %"))
    #expect(refusal(Coupon.self, utf8(#"{"codes":[],"kind":"cat"}"#))?.path == "kind")
    #expect(refusal(Code.self, utf8(#""""#)) == JSONError(reason: .malformed, detail: "a code has 1 to 4 characters"))
    #expect(refusal(Thrower.self, utf8("{}"))?.detail == "Odd()")
  }

  private struct Thrower: Decodable {
    struct Odd: Error {}
    init(from decoder: any Decoder) throws { throw Odd() }
  }

  @Test func description() {
    #expect("\(JSONError(reason: .malformed, path: "a.b", detail: "missing"))" == "malformed at a.b: missing")
    #expect("\(JSONError(reason: .notUTF8, detail: "no"))" == "notUTF8: no")
  }
}
