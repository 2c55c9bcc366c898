/// The reference of ops/docs/MESSAGES.md: every message, field by field, with a complete example.
extension Description {
  func page() -> String {
    var page = ""
    for topic in topics {
      let messages = messages.filter { $0.topic.name == topic.name }
      guard !messages.isEmpty, topic.kind != "clock" else { continue }
      page += "\n## Topic `\(topic.name)`\n\n\(topic.holds) Key: \(topic.key). Written by: \(topic.writtenBy).\n"
      page += messages.map(section).joined()
    }
    page += "\n## Types\n\n| type | form | meaning |\n|---|---|---|\n"
    for type in typeNames.map(type) {
      switch type.kind {
      case .scalar: page += "| `\(type.name)` | \(form(type)) | \(type.doc) |\n"
      case .identifier: page += "| `\(type.name)` | identifier | \(type.doc) |\n"
      case .words, .object: break
      }
    }
    page += "\nAn *identifier* is 1 to 128 printable ASCII characters, compared byte by byte.\n"
    for type in typeNames.map(type) {
      switch type.kind {
      case .words(let words, let isOpen):
        page += "\n### \(type.name)\n\n\(type.doc) \(isOpen ? "Later versions may add words." : "No other word is accepted.")\n\n"
        page += words.map { "- `\($0.text)`\($0.doc.isEmpty ? "" : ": \($0.doc)")\n" }.joined()
      case .object(let fields):
        page += "\n### \(type.name)\n\n\(type.doc)\n\n\(table(fields))"
      case .scalar, .identifier: break
      }
    }
    return page
  }

  private func section(_ message: MessageDescription) -> String {
    let identity =
      message.businessID.map { "Repeats are recognized by `account` and `\($0)`." }
      ?? "Repeats are recognized by the envelope's `source` and `id`."
    return """

      ### \(message.type)

      \(message.doc)

      Key: `\(message.key)`. Instant: `\(message.instant)`.\(message.isNotice ? "" : " \(identity)")

      \(table(message.fields))
      ```json
      \(example(of: message).json())
      ```

      """
  }

  private func table(_ fields: [FieldDescription]) -> String {
    "| field | type | meaning |\n|---|---|---|\n"
      + fields.map { field in
        let type = "`\(field.type)`"
        let bounds = field.bounds.map { bound in
          switch bound {
          case .atLeast(let least): ", at least \(least)"
          case .notZero: ", not 0"
          case .characters(let range): ", \(range.lowerBound) to \(range.upperBound) characters"
          }
        }.joined()
        return
          "| `\(field.name)`\(field.isOptional ? " (optional)" : "") | \(field.isList ? "list of \(type)" : type)\(bounds) | \(field.doc) |\n"
      }.joined()
  }

  private func form(_ type: TypeDescription) -> String {
    guard case .scalar(_, let schema) = type.kind, case .text(let name)? = schema.members.first?.1 else { return "" }
    return name
  }
}
