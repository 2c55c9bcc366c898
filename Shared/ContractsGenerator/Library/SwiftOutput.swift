/// The contract in Swift: one file for the types of fields, one for the topics, and one for the messages of each topic.
extension Description {
  static let notice = """
    // Made by `make contracts` of ops/contracts/messages: change it there.
    // swift-format-ignore-file


    """

  func swiftTypes() -> String {
    var file = Self.notice + "import JSON\n"
    let identifiers = typeNames.map(type).filter { if case .identifier = $0.kind { true } else { false } }
    file += "\n/// What an ``Identifier`` may identify; the names below are what the code uses.\npublic enum IdentifierKind {\n"
    for type in identifiers { file += "  public enum \(type.name) {}\n" }
    file += "}\n"
    for type in identifiers {
      file += "\n/// \(type.doc)\npublic typealias \(type.name) = Identifier<IdentifierKind.\(type.name)>\n"
    }
    for type in typeNames.map(type) {
      switch type.kind {
      case .scalar, .identifier: break
      case .words(let words, let isOpen): file += "\n" + (isOpen ? openWords(type, words) : closedWords(type, words))
      case .object(let fields):
        file +=
          "\n" + swiftStruct(type.name, doc: type.doc, conforming: "Codable, Hashable, Sendable, JSONCodable", head: "", fields)
      }
    }
    return file
  }

  func swiftTopics() -> String {
    var file = Self.notice + "extension Topic {\n"
    for topic in topics {
      file += """
          public static let \(swiftName(of: topic)) = Topic(
            "\(topic.name)", .\(topicKind(topic)), keyedBy: "\(topic.key)", writtenBy: "\(topic.writtenBy)",
            holds: "\(topic.holds)")

        """
    }
    file += "\n  static let described: [Topic] = [\(topics.map(swiftName(of:)).joined(separator: ", "))]\n}\n"
    file += "\nextension MessageRegistry {\n  /// In the order of the topics.\n  public static let all: [any Message.Type] = [\n"
    for message in messages { file += "    \(message.swiftName).self,\n" }
    return file + "  ]\n}\n"
  }

  func swiftMessages(of topic: TopicDescription) -> String? {
    let messages = messages.filter { $0.topic.name == topic.name }
    guard !messages.isEmpty else { return nil }
    return Self.notice + "import JSON\n"
      + messages.map { message in
        let businessID = message.businessID.map { "  public var businessID: String? { \(escaped($0)).value }\n" } ?? ""
        let head = """
            public static let type = "\(message.type)"
            public static let topic = Topic.\(swiftName(of: topic))
            public var key: String { \(keyText(message)) }
            public var instant: Instant { \(message.instant) }
          \(businessID)

          """
        return "\n"
          + swiftStruct(
            message.swiftName, doc: message.doc,
            conforming: ([message.isNotice ? "Notice" : "Message, Codable"] + fieldProtocols(message)).joined(separator: ", "),
            head: head, message.fields)
      }.joined()
  }

  /// The protocols in Message.swift for fields that many messages have.
  private func fieldProtocols(_ message: MessageDescription) -> [String] {
    let shared = ["balance", "company", "currency", "payment", "payout", "referee", "request", "reward"]
    return message.fields.filter { shared.contains($0.name) && !$0.isOptional && !$0.isList }.map {
      "Has\($0.name.prefix(1).uppercased())\($0.name.dropFirst())"
    }
  }

  private func keyText(_ message: MessageDescription) -> String {
    guard let field = message.fields.first(where: { $0.name == message.key }), field.type == "Count" else {
      return "\(message.key).value"
    }
    return field.isOptional ? "\(message.key).map { String($0) } ?? \"\"" : "String(\(message.key))"
  }

  // MARK: Words

  private func closedWords(_ type: TypeDescription, _ words: [TypeDescription.Word]) -> String {
    "\(doc(type.doc))public enum \(type.name): String, Codable, Hashable, Sendable, JSONWord {\n"
      + words.map { "\(doc($0.doc, "  "))  case \(camelCase($0.text))\(rawValue($0.text))\n" }.joined() + "}\n"
  }

  private func openWords(_ type: TypeDescription, _ words: [TypeDescription.Word]) -> String {
    let cases = words.map { "\(doc($0.doc, "  "))  case \(camelCase($0.text))\n" }.joined()
    let texts = words.map { "    case .\(camelCase($0.text)): \"\($0.text)\"\n" }.joined()
    let values = words.map { "    case \"\($0.text)\": self = .\(camelCase($0.text))\n" }.joined()
    return """
      \(doc(type.doc))public enum \(type.name): Hashable, Sendable, JSONOpenWord {
      \(cases)  /// A word of a later version.
        case other(String)

        public static let allCases: [\(type.name)] = [\(words.map { ".\(camelCase($0.text))" }.joined(separator: ", "))]

        public var rawValue: String {
          switch self {
      \(texts)    case .other(let word): word
          }
        }

        public init(rawValue: String) {
          switch rawValue {
      \(values)    default: self = .other(rawValue)
          }
        }
      }

      """
  }

  // MARK: Structs

  private func swiftStruct(
    _ name: String, doc text: String, conforming: String, head: String, _ fields: [FieldDescription]
  ) -> String {
    let properties = fields.map { "\(doc(fieldDoc($0), "  "))  public var \(escaped($0.name)): \(swiftType($0))\n" }.joined()
    let parameters = fields.map { "\(escaped($0.name)): \(swiftType($0))\($0.isOptional ? " = nil" : "")" }
    let assignments = fields.map { "    self.\(escaped($0.name)) = \(escaped($0.name))\n" }.joined()
    let decodings = fields.map {
      "    \(escaped($0.name)) = try object.\($0.isOptional ? "optional" : "required")(\"\($0.name)\")\n"
    }
    let checks = fields.flatMap(checks)
    let writings = fields.map { field in
      let member = "json.member(\"\(field.name)\", \(escaped(field.name)))"
      return "    \(field.since > 1 ? "if json.revision >= \(field.since) { \(member) }" : member)\n"
    }
    return """
      \(doc(text))public struct \(name): \(conforming) {
      \(head)\(properties)
        public init(
          \(parameters.joined(separator: ", "))
        ) {
      \(assignments)  }

        public init(json: JSONValue) throws(JSONError) {
          let object = try json.object()
      \(decodings.joined())\(checks.map { "    try object.check(\($0))\n" }.joined())  }

        public func write(to json: inout JSONWriter) {
          json.beginObject()
      \(writings.joined())    json.endObject()
        }
      \(checks.isEmpty ? "" : codable(fields, checks))}

      """
  }

  /// A `Decodable` initializer for types whose fields have bounds, which the synthesized one would not check.
  private func codable(_ fields: [FieldDescription], _ checks: [String]) -> String {
    let decodings = fields.map {
      let type = $0.isList ? "[\(swiftBase($0))]" : swiftBase($0)
      return
        "    \(escaped($0.name)) = try fields.decode\($0.isOptional ? "IfPresent" : "")(\(type).self, forKey: .\(escaped($0.name)))\n"
    }
    return """

        public init(from decoder: any Decoder) throws {
          let fields = try decoder.container(keyedBy: CodingKeys.self)
      \(decodings.joined())\(checks.map { "    try fields.check(\($0))\n" }.joined())  }

      """
  }

  /// The arguments of a check per bound: the condition, the field and the error message.
  private func checks(_ field: FieldDescription) -> [String] {
    let name = escaped(field.name)
    func check(_ condition: (String) -> String, _ detail: String) -> String {
      let holds = field.isOptional ? "\(name).map { \(condition("$0")) } ?? true" : condition(name)
      let shown = field.isOptional ? "\(name) ?? 0" : name
      return "\(holds), \"\(field.name)\", \(detail.replacingOccurrences(of: "VALUE", with: shown))"
    }
    var checks = field.bounds.map { bound in
      switch bound {
      case .atLeast(let least): check({ "\($0) >= \(least)" }, "\"\\(VALUE) is below \(least)\"")
      case .notZero: check({ "\($0) != 0" }, "\"0 changes nothing\"")
      case .characters(let range):
        check(
          { "\(range.lowerBound)...\(range.upperBound) ~= \($0).unicodeScalars.count" },
          "\"not \(range.lowerBound) to \(range.upperBound) characters\"")
      }
    }
    if field.isList, field.name != "because" {
      checks.append(check({ "\($0).count <= \(Self.listLimit)" }, "\"more than \(Self.listLimit) entries\""))
    }
    return checks
  }

  // MARK: Names

  private func swiftType(_ field: FieldDescription) -> String {
    (field.isList ? "[\(swiftBase(field))]" : swiftBase(field)) + (field.isOptional ? "?" : "")
  }

  private func swiftBase(_ field: FieldDescription) -> String {
    if case .scalar(let swift, _) = type(field.type).kind { swift } else { field.type }
  }

  private func fieldDoc(_ field: FieldDescription) -> String {
    switch field.type {
    case "Amount": "Minor units. \(field.doc)"
    case "BasisPoints": "Basis points. \(field.doc)"
    default: field.doc
    }
  }

  private func doc(_ text: String, _ indent: String = "") -> String {
    text.isEmpty ? "" : text.split(separator: "\n").map { "\(indent)/// \($0)\n" }.joined()
  }

  private func swiftName(of topic: TopicDescription) -> String {
    // An internal topic is named without its service, except `answers`, which two services have.
    let words = topic.name.split { $0 == "." || $0 == "-" }
    let own = topic.kind == "internal" && words.last != "answers" ? words.dropFirst() : words[...]
    return camelCase(own.joined(separator: "-"))
  }

  private func topicKind(_ topic: TopicDescription) -> String {
    topic.kind == "inputs" ? "input" : topic.kind
  }

  private func rawValue(_ word: String) -> String { camelCase(word) == word ? "" : " = \"\(word)\"" }

  private func camelCase(_ text: String) -> String {
    let words = text.split(separator: "-")
    return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }

  private func escaped(_ name: String) -> String { ["operator", "return"].contains(name) ? "`\(name)`" : name }
}
