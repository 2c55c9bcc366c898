/// A JSON value whose members keep their order. It can be written as JSON or YAML for people.
package indirect enum JSONTree: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByDictionaryLiteral
{
  case object([(String, JSONTree)])
  case array([JSONTree])
  case text(String)
  case integer(Int64)
  case flag(Bool)

  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
  /// Members in the order of the literal.
  package init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(elements) }

  /// The members of an object. Empty for other values.
  var members: [(String, JSONTree)] { if case .object(let members) = self { members } else { [] } }

  /// Indented by two spaces, with lists of plain values on one line.
  package func json(_ indent: String = "") -> String {
    switch self {
    case .object(let members) where members.isEmpty: return "{}"
    case .object(let members):
      let lines = members.map { "\(indent)  \(Self.quoted($0.0)): \($0.1.json(indent + "  "))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    case .array(let items):
      if items.allSatisfy(\.isPlain) { return "[\(items.map { $0.json() }.joined(separator: ", "))]" }
      return "[\n\(items.map { "\(indent)  \($0.json(indent + "  "))" }.joined(separator: ",\n"))\n\(indent)]"
    case .text(let text): return Self.quoted(text)
    case .integer(let number): return "\(number)"
    case .flag(let flag): return "\(flag)"
    }
  }

  /// Without white space, like Laurel's own messages.
  package var compact: String {
    switch self {
    case .object(let members):
      "{\(members.map { "\(Self.quoted($0.0)):\($0.1.compact)" }.joined(separator: ","))}"
    case .array(let items): "[\(items.map(\.compact).joined(separator: ","))]"
    case .text, .integer, .flag: json()
    }
  }

  /// Block style. Text is always in double quotes, so that YAML readers do not read it as a number or a date.
  package func yaml(_ indent: String = "") -> String {
    switch self {
    case .object(let members) where !members.isEmpty:
      members.map { "\(indent)\(Self.key($0.0)):\($0.1.yamlValue(indent + "  "))" }.joined(separator: "\n")
    case .array(let items) where !items.isEmpty:
      items.map { item in
        let block = item.yaml(indent + "  ")
        return item.isPlain ? "\(indent)- \(item.json())" : "\(indent)- \(block.dropFirst(indent.count + 2))"
      }.joined(separator: "\n")
    default: json()
    }
  }

  private func yamlValue(_ indent: String) -> String { isPlain ? " \(json())" : "\n\(yaml(indent))" }

  private static func key(_ text: String) -> String {
    let isSimple =
      text.first?.isLetter == true && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    return isSimple ? text : quoted(text)
  }

  private var isPlain: Bool {
    switch self {
    case .object(let members): members.isEmpty
    case .array(let items): items.isEmpty
    case .text, .integer, .flag: true
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
