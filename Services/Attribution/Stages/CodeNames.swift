import Contracts
import Terms

/// Codes that owners wish for and codes that Laurel derives (DECISIONS A1b).
enum CodeNames {
  /// Longest code an owner may choose.
  private static let lengthMax = 64
  /// Crockford's base 32: no letters that look like digits.
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  /// The code of a wish: letters, digits, `-` and `_`, so that it stands in any URL as it is; nil: not one.
  static func vanity(_ wish: String) -> Code? {
    let allowed = wish.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard allowed, wish.utf8.count <= lengthMax else { return nil }
    return Code(wish)
  }

  /// Eight characters from program and account; the next `attempt` when another account has them.
  static func derived(_ program: ProgramID, _ account: AccountID, attempt: Int) -> Code? {
    var bits = StableHash.value64(of: derivedID([program.value, account.value, String(attempt)]))
    var text = ""
    for _ in 0..<8 {
      text.append(alphabet[Int(bits % 32)])
      bits /= 32
    }
    return Code(text)
  }

  static func link(_ template: String, _ code: Code) -> String {
    guard let place = template.firstRange(of: "{code}") else { return template }
    return template.replacingCharacters(in: place, with: code.value)
  }
}

extension String {
  fileprivate func firstRange(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
