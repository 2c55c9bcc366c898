/// Finds where and why a text is not JSON.
///
/// simdjson reports neither: it gives the same code for `01` and for a number beyond 64 bits, and no place. So a text that simdjson has
/// rejected is read again by this strict reader (RFC 8259) up to its first fault.
struct JSONFault {
  private let text: UnsafeRawBufferPointer
  private var index = 0
  private var depth = 0

  static func find(in text: UnsafeRawBufferPointer) -> JSONError {
    if text.starts(with: [0xEF, 0xBB, 0xBF]) {
      return JSONError(
        reason: .malformed, detail: "begins with a byte order mark (EF BB BF); save the text as UTF-8 without one")
    }
    if !isUTF8(text) { return JSONError(reason: .notUTF8, detail: "the bytes are not UTF-8") }
    var fault = JSONFault(text: text)
    do throws(JSONError) {
      fault.skipSpace()
      if fault.index == text.count { throw JSONError(reason: .malformed, detail: "not valid JSON: the text is empty") }
      try fault.value()
      fault.skipSpace()
      throw fault.unexpected("the end of the text")
    } catch {
      return error
    }
  }

  private init(text: UnsafeRawBufferPointer) { self.text = text }

  private static func isUTF8(_ text: UnsafeRawBufferPointer) -> Bool { String(validating: text, as: UTF8.self) != nil }

  // MARK: Grammar

  private mutating func value() throws(JSONError) {
    switch next {
    case UInt8(ascii: "{"): try list(closing: UInt8(ascii: "}"), isObject: true)
    case UInt8(ascii: "["): try list(closing: UInt8(ascii: "]"), isObject: false)
    case UInt8(ascii: "\""): try string()
    case let byte? where byte == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte: try number()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: throw unexpected("a value")
    }
  }

  private mutating func list(closing: UInt8, isObject: Bool) throws(JSONError) {
    depth += 1
    guard depth <= JSONParser.depthLimit + 1 else {
      throw JSONError(reason: .tooDeep, detail: "more than \(JSONParser.depthLimit) levels of brackets")
    }
    index += 1
    skipSpace()
    var isFirst = true
    while next != closing {
      if !isFirst {
        guard next == UInt8(ascii: ",") else { throw unexpected(isObject ? "a comma or }" : "a comma or ]") }
        index += 1
        skipSpace()
      }
      isFirst = false
      if isObject {
        guard next == UInt8(ascii: "\"") else { throw unexpected("a member's name in double quotes") }
        try string()
        skipSpace()
        guard next == UInt8(ascii: ":") else { throw unexpected("a colon") }
        index += 1
        skipSpace()
      }
      try value()
      skipSpace()
    }
    index += 1
    depth -= 1
  }

  private mutating func string() throws(JSONError) {
    index += 1
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw unexpected("an escape (there is a control character inside a string)") }
      if byte == UInt8(ascii: "\\") {
        index += 1
        guard let escape = next, #""\/bfnrtu"#.utf8.contains(escape) else { throw unexpected("a valid JSON escape") }
        if escape == UInt8(ascii: "u") { try unicodeEscape() }
      }
      index += 1
    }
    guard next != nil else { throw unexpected("the closing quote of a string") }
    index += 1
  }

  /// A UTF-16 code unit in four digits, or two units for a character beyond U+FFFF. Starts at the `u` and ends at the last digit.
  private mutating func unicodeEscape() throws(JSONError) {
    let unit = try codeUnit()
    guard 0xD800...0xDFFF ~= unit else { return }
    let isPair =
      unit < 0xDC00 && index + 2 < text.count && text[index + 1] == UInt8(ascii: "\\") && text[index + 2] == UInt8(ascii: "u")
    if isPair { index += 2 }
    guard isPair, 0xDC00...0xDFFF ~= (try codeUnit()) else { throw unexpected("the other half of a surrogate pair") }
  }

  private mutating func codeUnit() throws(JSONError) -> Int {
    var unit = 0
    for _ in 0..<4 {
      index += 1
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits after \\u")
      }
      unit = unit * 16 + digit
    }
    return unit
  }

  private mutating func number() throws(JSONError) {
    let start = index
    var isInteger = true
    if next == UInt8(ascii: "-") { index += 1 }
    let leading = index
    try digits()
    if text[leading] == UInt8(ascii: "0"), index > leading + 1 {
      index = leading
      throw unexpected("a number without leading zeros")
    }
    if next == UInt8(ascii: ".") {
      isInteger = false
      index += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      index += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    let token = String(decoding: text[start..<index], as: UTF8.self)
    let fits = isInteger ? Int64(token) != nil || UInt64(token) != nil : Double(token)?.isFinite ?? false
    if !fits {
      throw JSONError(reason: .outOfRange, detail: "\(token.prefix(40)) in column \(column(start)) does not fit into 64 bits")
    }
  }

  private mutating func digits() throws(JSONError) {
    let start = index
    while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { index += 1 }
    if index == start { throw unexpected("a digit") }
  }

  private mutating func word(_ word: String) throws(JSONError) {
    guard text[index...].starts(with: word.utf8) else { throw unexpected("a value") }
    index += word.utf8.count
  }

  // MARK: Bytes

  private var next: UInt8? { index < text.count ? text[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
  }

  /// The column of a byte: the characters before it in its line, plus one.
  private func column(_ index: Int) -> Int {
    let line = text[..<index].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return text[line..<index].count { $0 & 0xC0 != 0x80 } + 1
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard index < text.count else {
      return JSONError(reason: .malformed, detail: "not valid JSON: the text ends where \(expected) is expected")
    }
    let line = text[..<index].count { $0 == 0x0A } + 1
    let place = line == 1 ? "column \(column(index))" : "line \(line), column \(column(index))"
    return JSONError(reason: .malformed, detail: "not valid JSON: \(expected) is expected in \(place)")
  }
}
