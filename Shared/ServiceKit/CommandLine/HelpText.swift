extension Command {
  /// The help text of the last command on the path. The first is the root.
  func helpText(path: [Command], width: Int) -> String {
    guard let command = path.last else { return "" }
    var text = "Usage: \(command.usage(path.map(\.name)))\n\n\(command.summary).\n"
    if !command.discussion.isEmpty { text += "\n" + wrapped(command.discussion, to: width, indent: 0) + "\n" }
    if !command.example.isEmpty {
      text += "\nExample:\n" + command.example.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
    if !command.operands.isEmpty { text += table("Operands", command.operands.map { ($0.name, $0.help) }, width) }
    if !command.subcommands.isEmpty {
      text += table("Commands", command.subcommands.map { ($0.name, $0.summary) }, width)
    }
    var rows = command.options.map { ($0.columnText, $0.helpWithOrigins) }
    rows.append(("-h, --help", "Print this help and exit"))
    if path.count == 1, version != nil { rows.append(("    --version", "Print the version and exit")) }
    text += table("Options", rows, width)
    let inherited = path.dropLast().flatMap(\.options)
    if !inherited.isEmpty {
      text += table("Options of every command", inherited.map { ($0.columnText, $0.helpWithOrigins) }, width)
    }
    if !command.subcommands.isEmpty {
      text += "\nRun '\(path.map(\.name).joined(separator: " ")) COMMAND --help' for more about a command.\n"
    }
    return text
  }

  private func usage(_ names: [String]) -> String {
    var words = names + ["[OPTION]..."]
    if !subcommands.isEmpty { words.append("COMMAND [ARGUMENT]...") }
    for operand in operands {
      let word = operand.name + (operand.repeatable ? "..." : "")
      words.append(operand.required ? word : "[\(word)]")
    }
    return words.joined(separator: " ")
  }
}

extension Option {
  fileprivate var columnText: String { "    --\(name)" + (placeholder.map { " \($0)" } ?? "") }

  fileprivate var helpWithOrigins: String {
    var notes: [String] = []
    if let defaultValue, !defaultValue.isEmpty { notes.append("default \(defaultValue)") }
    if required { notes.append("required") }
    if repeatable { notes.append("repeatable") }
    return notes.isEmpty ? help : "\(help) (\(notes.joined(separator: ", ")))"
  }
}

/// A titled table of two columns. A left cell that is too wide for the column gets its own line.
private func table(_ title: String, _ rows: [(String, String)], _ width: Int) -> String {
  let column = rows.map(\.0.count).filter { $0 <= 26 }.max() ?? 26
  var text = "\n\(title):\n"
  for (left, right) in rows {
    let lines = wrapped(right, to: width, indent: column + 4)
    if left.count > column {
      text += "  \(left)\n" + String(repeating: " ", count: column + 4) + lines + "\n"
    } else {
      text += "  \(left)" + String(repeating: " ", count: column + 2 - left.count) + lines + "\n"
    }
  }
  return text
}

/// Breaks lines between words. The first line is assumed to start at the indent already.
public func wrapped(_ text: String, to width: Int, indent: Int) -> String {
  let room = max(width - indent, 20)
  var lines: [String] = []
  for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
    var line = ""
    for word in paragraph.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > room {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? word : " " + word
    }
    lines.append(line)
  }
  return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
}
