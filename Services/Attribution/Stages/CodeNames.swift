import Contracts
import Terms

/// Codes that owners choose and codes that Laurel derives (DECISIONS A1b).
enum CodeNames {
  /// Maximum length of a code that an owner chooses.
  private static let lengthMax = 64
  /// Crockford's base 32, which has no letters that look like digits.
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  /// The code that an owner chose, without blanks around it (DECISIONS R7). It may have only letters, digits, `-` and `_`, which no URL
  /// has to escape. `nil` if it has others or is too long.
  static func vanity(_ wish: String) -> Code? {
    let wish = wish.trimmingBlanks
    let allowed = wish.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    guard allowed, wish.utf8.count <= lengthMax else { return nil }
    return Code(wish)
  }

  /// Derives a code from program and account: eight characters, or a code of the program's pattern. If another account owns it, the next
  /// `attempt` gives a different one.
  static func derived(_ program: ProgramID, _ account: AccountID, attempt: Int, by pattern: CodePattern?) -> Code? {
    let seed = derivedID([program.value, account.value, String(attempt)])
    if let pattern { return pattern.code(from: seed) }
    var bits = StableHash.value64(of: seed)
    var text = ""
    for _ in 0..<8 {
      text.append(alphabet[Int(bits % 32)])
      bits /= 32
    }
    return Code(text)
  }

  static func link(_ template: String, _ code: Code) -> String {
    template.replacing("{code}", with: code.value, maxReplacements: 1)
  }
}
