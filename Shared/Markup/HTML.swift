import Foundation

/// Part of a page. Text is always escaped, so whatever it contains is shown and never interpreted.
///
/// Elements are closed as in XML, so that any XML parser can check a page.
package struct HTML: Sendable {
  package private(set) var markup: String

  package static let empty = HTML(trusted: "")

  /// - Parameter trusted: our own markup, such as the picture of a QR code. Never pass text from outside.
  package init(trusted: String) { markup = trusted }

  package init(_ text: String) { markup = escaped(text) }

  package var isEmpty: Bool { markup.isEmpty }
}

/// Joins the parts of a page: text, elements, optional parts and lists.
@resultBuilder package enum HTMLBuilder {
  package static func buildExpression(_ text: String) -> HTML { HTML(text) }
  package static func buildExpression(_ text: String?) -> HTML { text.map { HTML($0) } ?? .empty }
  package static func buildExpression(_ part: HTML) -> HTML { part }
  package static func buildExpression(_ part: HTML?) -> HTML { part ?? .empty }
  package static func buildExpression(_ parts: [HTML]) -> HTML { buildArray(parts) }
  package static func buildBlock(_ parts: HTML...) -> HTML { buildArray(parts) }
  package static func buildOptional(_ part: HTML?) -> HTML { part ?? .empty }
  package static func buildEither(first: HTML) -> HTML { first }
  package static func buildEither(second: HTML) -> HTML { second }
  package static func buildArray(_ parts: [HTML]) -> HTML { HTML(trusted: parts.map(\.markup).joined()) }
}

/// An element.
///
/// - Parameter attributes: an attribute whose value is `nil` is left out. An attribute without a value has an empty one.
package func tag(
  _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String?> = [:], @HTMLBuilder _ content: () -> HTML
) -> HTML {
  HTML(trusted: "<\(name)\(written(attributes))>\(content().markup)</\(name)>")
}

/// An element without content: `input`, `meta`, `img`.
package func emptyTag(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String?> = [:]) -> HTML {
  HTML(trusted: "<\(name)\(written(attributes))/>")
}

private func written(_ attributes: KeyValuePairs<StaticString, String?>) -> String {
  var text = ""
  for (name, value) in attributes {
    if let value { text += " \(name)=\"\(escaped(value))\"" }
  }
  return text
}

private let special = Array("&<>\"'".utf8)

/// Text for content and for attributes in double quotes. Characters that XML 1.0 does not allow become U+FFFD.
private func escaped(_ text: String) -> String {
  // Most text has nothing to escape.
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

private let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

extension String {
  /// Encodes a part of a URL: all bytes but letters, digits and `-._~` become percent escapes (RFC 3986).
  package var percentEncoded: String { addingPercentEncoding(withAllowedCharacters: unreserved) ?? "" }
}
