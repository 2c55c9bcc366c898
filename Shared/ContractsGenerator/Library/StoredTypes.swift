/// The types of state rows and internal messages in one Swift file. Each is declared once, next to the rules that use it, as `:
/// Stored`, `: Timed` or `: Message`. Its codec is generated from this declaration.
///
/// The reader understands only the Swift that these declarations use. Anything else is an error, because a codec must not lose a
/// field.
struct StoredTypes {
  struct Property {
    let name: String
    let isOptional: Bool
  }

  struct Case {
    let name: String
    /// The associated values. They are named by their labels, or `_0`, `_1` without labels.
    let values: [Property]
    let isBare: Bool
  }

  enum Shape {
    case structure([Property])
    case enumeration([Case])
  }

  struct Declared {
    /// The name with the enclosing types: `History.Entry`.
    let name: String
    /// `public `, `package ` or empty.
    let access: String
    let shape: Shape
  }

  /// In the order of the file.
  let declared: [Declared]

  init(file: String, text: String) throws {
    let code = Self.withoutCommentsAndTexts(text)
    var found: [Declared] = []
    /// The names of the enclosing types; `nil` for any other bracket.
    var around: [String?] = []
    var line = ""
    var index = code.startIndex
    while index < code.endIndex {
      let character = code[index]
      switch character {
      case "{":
        let head = Self.head(line)
        if let head, head.isStored {
          let body = try Self.body(of: code, from: code.index(after: index), file)
          let name = (around.compactMap { $0 } + [head.name]).joined(separator: ".")
          let shape: Shape =
            head.isEnum
            ? .enumeration(try Self.cases(body, of: name, file)) : .structure(try Self.properties(body, of: name, file))
          found.append(Declared(name: name, access: head.access, shape: shape))
        }
        around.append(head?.name)
        line = ""
      case "}":
        _ = around.popLast()
        line = ""
      case "\n":
        // A declaration may continue on the next line.
        line = line.contains("struct ") || line.contains("enum ") || line.contains("extension ") ? line + " " : ""
      default: line.append(character)
      }
      index = code.index(after: index)
    }
    declared = found
  }

  // MARK: Declarations

  private struct Head {
    let name: String
    let isEnum: Bool
    let isStored: Bool
    let access: String
  }

  private static func head(_ line: String) -> Head? {
    let words = line.split { " \t<:".contains($0) }.map(String.init)
    guard let place = words.firstIndex(where: { ["struct", "enum", "class", "extension"].contains($0) }), place + 1 < words.count
    else { return nil }
    let parents = line.split(separator: ":").last.map { $0.split { " ,".contains($0) } } ?? []
    // An enum of words has its own codec.
    let isStored =
      words[place] != "extension" && line.contains(":") && ["Stored", "Timed", "Message"].contains(where: parents.contains)
    return Head(
      name: words[place + 1], isEnum: words[place] == "enum", isStored: isStored,
      access: ["public", "package"].first(where: words.contains).map { "\($0) " } ?? "")
  }

  private static func properties(_ body: [String], of type: String, _ file: String) throws -> [Property] {
    try body.compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let keyword = words.firstIndex(where: { $0 == "let" || $0 == "var" }), !words[..<keyword].contains("static"),
        !words[..<keyword].contains("case"), keyword + 1 < words.count
      else { return nil }
      // Skip computed properties.
      if line.contains("{") { return nil }
      let name = words[keyword + 1].filter { $0 != ":" }
      if words[..<keyword].contains(where: { $0.hasPrefix("private") }) {
        throw DescriptionError(description: "\(file): \(type).\(name) is private, so its codec cannot reach it")
      }
      let declared = line.split(separator: "=", maxSplits: 1)[0].trimmed
      return Property(name: name, isOptional: declared.hasSuffix("?"))
    }
  }

  private static func cases(_ body: [String], of type: String, _ file: String) throws -> [Case] {
    try body.filter { $0.hasPrefix("case ") }.flatMap { line -> [Case] in
      let rest = line.dropFirst("case ".count)
      guard let open = rest.firstIndex(of: "(") else {
        return rest.split(separator: ",").map { Case(name: $0.trimmed, values: [], isBare: false) }
      }
      guard rest.last == ")" else { throw DescriptionError(description: "\(file): \(type): write one case per line: \(line)") }
      let values = rest[rest.index(after: open)...].dropLast().split(separator: ",").enumerated().map { number, value in
        let parts = value.split(separator: ":").map(\.trimmed)
        return Property(name: parts.count == 2 ? parts[0] : "_\(number)", isOptional: parts.last?.hasSuffix("?") ?? false)
      }
      return [Case(name: rest[..<open].trimmed, values: values, isBare: values.count == 1 && values[0].name == "_0")]
    }
  }

  // MARK: Text

  /// The lines of a type's own level. The content of inner braces is left out, and only the opening brace is kept.
  private static func body(of code: String, from start: String.Index, _ file: String) throws -> [String] {
    var body = ""
    var depth = 0
    var index = start
    while index < code.endIndex {
      let character = code[index]
      if character == "}" {
        if depth == 0 { return body.split(separator: "\n").map(\.trimmed).filter { !$0.isEmpty } }
        depth -= 1
      }
      if depth == 0, character != "}" { body.append(character) }
      if character == "{" { depth += 1 }
      index = code.index(after: index)
    }
    throw DescriptionError(description: "\(file): the closing brace of a type is missing")
  }

  private static func withoutCommentsAndTexts(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var kept = ""
      var isInText = false
      var last: Character = " "
      for character in line {
        if character == "\"", last != "\\" { isInText.toggle() }
        if !isInText, character == "/", last == "/" {
          kept.removeLast()
          break
        }
        if !isInText { kept.append(character) }
        last = character
      }
      return kept
    }.joined(separator: "\n")
  }

  // MARK: Output

  func swift() -> String { declared.map(codec).joined(separator: "\n") }

  private func codec(_ type: Declared) -> String {
    let (decoding, encoding) =
      switch type.shape {
      case .structure(let properties):
        (
          "    let row = try json.object()\n"
            + properties.map { "    \($0.name) = \(read($0, from: "row"))\n" }.joined(),
          "    json.beginObject()\n"
            + properties.map { "    json.member(\"\($0.name)\", \($0.name))\n" }.joined() + "    json.endObject()\n"
        )
      case .enumeration(let cases):
        (
          """
              let (name, value) = try json.variant()
              switch name {
          \(cases.map(decoding).joined())    default: throw json.error("\\"\\(name)\\" is not one of \(cases.map(\.name).joined(separator: ", "))")
              }

          """,
          "    switch self {\n\(cases.map(encoding).joined())    }\n"
        )
      }
    return """
      extension \(type.name) {
        \(type.access)init(json: JSONValue) throws(JSONError) {
      \(decoding)  }

        \(type.access)func write(to json: inout JSONWriter) {
      \(encoding)  }
      }

      """
  }

  private func read(_ property: Property, from row: String) -> String {
    "try \(row).\(property.isOptional ? "optional" : "required")(\"\(property.name)\")"
  }

  private func decoding(_ one: Case) -> String {
    if one.values.isEmpty { return "    case \"\(one.name)\": self = .\(one.name)\n" }
    if one.isBare { return "    case \"\(one.name)\": self = .\(one.name)(try value.decode())\n" }
    let values = one.values.map { value in
      value.name.hasPrefix("_") ? read(value, from: "row") : "\(value.name): \(read(value, from: "row"))"
    }
    return """
          case "\(one.name)":
            let row = try value.object()
            self = .\(one.name)(\(values.joined(separator: ", ")))

      """
  }

  private func encoding(_ one: Case) -> String {
    if one.values.isEmpty { return "    case .\(one.name): json.variant(\"\(one.name)\")\n" }
    if one.isBare { return "    case .\(one.name)(let value): json.variant(\"\(one.name)\", value)\n" }
    // An associated value's label may be a Swift keyword.
    let names = one.values.indices.map { "value\($0)" }
    return """
          case .\(one.name)(\(names.map { "let \($0)" }.joined(separator: ", "))):
            json.beginVariant("\(one.name)")
      \(zip(one.values, names).map { "      json.member(\"\($0.name)\", \($1))\n" }.joined())      json.endVariant()

      """
  }
}

extension StringProtocol {
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
