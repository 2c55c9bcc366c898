import Foundation
import FoundationXML

/// Checks the portal's output with an independent XML parser.
final class XMLDocumentCheck: NSObject, XMLParserDelegate {
  /// Elements with their attributes, in order.
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  /// All text.
  private(set) var text = ""

  /// - Returns: nil if the text is not well-formed.
  static func parse(_ text: String) -> XMLDocumentCheck? {
    let check = XMLDocumentCheck()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = check
    return parser.parse() ? check : nil
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { self.text += text }
}
