/// Text in a page. Whatever it contains is shown and never interpreted.
package enum XML {
  private static let special = Array("&<>\"'".utf8)

  /// Escapes text for content and for attributes in double quotes. Characters that XML 1.0 forbids become U+FFFD.
  package static func escaped(_ text: String) -> String {
    // Most text needs no escaping.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0xEF && !special.contains($0) }) { return text }
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\t", "\n", "\r": out.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// A figure with a true minus sign and no line break before its percent sign.
  package static func figure(_ text: String) -> String {
    escaped(text.replacing("-", with: "\u{2212}").replacing(" %", with: "\u{A0}%"))
  }

  package static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) -> String {
    "<\(name)\(attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined())>\(content)</\(name)>"
  }

  package static func empty(_ name: String, _ attributes: [(String, String)]) -> String {
    "<\(name)\(attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined())/>"
  }
}
