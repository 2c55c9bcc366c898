/// Why simdjson refused a number. It gives one code both for `01` and for a number beyond 64 bits, and the two are
/// different refusals for whoever sent them, so the text is read once more, up to the number that it stopped at.
struct NumberFault {
  var reason: JSONError.Reason
  var detail: String

  init(in text: UnsafeRawBufferPointer) {
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") {
        index = NumberFault.afterString(text, index)
      } else if byte == UInt8(ascii: "-") || NumberFault.isDigit(byte) {
        let start = index
        while index < text.count, !NumberFault.endsToken(text[index]) { index += 1 }
        let token = UnsafeRawBufferPointer(rebasing: text[start..<index])
        guard let kind = NumberFault.kind(token) else {
          self.init(reason: .malformed, detail: "not a number at byte \(start)")
          return
        }
        if !NumberFault.fits(token, kind) {
          self.init(reason: .outOfRange, detail: "a number beyond 64 bits at byte \(start)")
          return
        }
      } else {
        index += 1
      }
    }
    self.init(reason: .malformed, detail: "not a number")
  }

  private init(reason: JSONError.Reason, detail: String) {
    self.reason = reason
    self.detail = detail
  }

  private enum Kind { case integer, double }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func endsToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D: true
    case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"): true
    case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\""): true
    default: false
    }
  }

  private static func afterString(_ text: UnsafeRawBufferPointer, _ quote: Int) -> Int {
    var index = quote + 1
    while index < text.count, text[index] != UInt8(ascii: "\"") {
      index += text[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return index + 1
  }

  /// RFC 8259, 6; nil when the token is not a number.
  private static func kind(_ token: UnsafeRawBufferPointer) -> Kind? {
    var index = 0
    func digits() -> Bool {
      let start = index
      while index < token.count, isDigit(token[index]) { index += 1 }
      return index > start
    }
    if token.first == UInt8(ascii: "-") { index = 1 }
    let leading = index
    guard digits(), token[leading] != UInt8(ascii: "0") || index == leading + 1 else { return nil }
    var kind = Kind.integer
    if index < token.count, token[index] == UInt8(ascii: ".") {
      kind = .double
      index += 1
      guard digits() else { return nil }
    }
    if index < token.count, token[index] | 0x20 == UInt8(ascii: "e") {
      kind = .double
      index += 1
      if index < token.count, token[index] == UInt8(ascii: "+") || token[index] == UInt8(ascii: "-") { index += 1 }
      guard digits() else { return nil }
    }
    return index == token.count ? kind : nil
  }

  private static func fits(_ token: UnsafeRawBufferPointer, _ kind: Kind) -> Bool {
    let text = String(decoding: token, as: UTF8.self)
    switch kind {
    case .integer: return Int64(text) != nil || UInt64(text) != nil
    case .double: return Double(text)?.isFinite ?? false
    }
  }
}
