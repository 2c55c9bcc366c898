/// The query of a landing URL, as far as referral links use it (rows A1, C2, C4). Text that is no URL has no parameters.
struct LandingURL {
  /// Names and values in order, percent-decoded.
  let parameters: [(name: String, value: String)]

  init(_ text: String) {
    let beforeFragment = text.utf8.prefix { $0 != UInt8(ascii: "#") }
    guard let question = beforeFragment.firstIndex(of: UInt8(ascii: "?")) else {
      parameters = []
      return
    }
    parameters = beforeFragment[beforeFragment.index(after: question)...].split(separator: UInt8(ascii: "&")).map { pair in
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      return (Self.decoded(name), Self.decoded(pair.dropFirst(name.count + 1)))
    }
  }

  /// The first non-empty value of a parameter; names are case-sensitive.
  subscript(name: String) -> String? { parameters.first { $0.name == name && !$0.value.isEmpty }?.value }

  /// The first of these parameters that is there, with or without a value.
  func first(of names: [String]) -> String? { parameters.first { names.contains($0.name) }?.name }

  /// A percent sign that begins no two hexadecimal digits stands for itself.
  private static func decoded(_ text: Substring.UTF8View.SubSequence) -> String {
    guard text.contains(UInt8(ascii: "%")) else { return String(decoding: text, as: UTF8.self) }
    let bytes = Array(text)
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = hexadecimal(bytes[index + 1]),
        let low = hexadecimal(bytes[index + 2])
      {
        out.append(high << 4 | low)
        index += 3
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
