import Contracts

/// Reads the arguments once, from left to right. Finds the command, its options and operands, and collects every problem.
struct CommandLineReader {
  let root: Command
  private(set) var commands: [Command]
  private(set) var operands: [String] = []
  private(set) var given: [String: [Setting]] = [:]
  private(set) var problems: [String] = []
  /// Whether there was an unknown name. Then missing arguments are not reported, because they may only be misspelt.
  private(set) var misunderstood = false
  private var misunderstoodCommand = false

  enum Wish { case run, help, version }

  init(root: Command) {
    self.root = root
    commands = [root]
  }

  /// The options of the command and of the commands above it.
  var options: [Option] { commands.flatMap(\.options) }
  var title: String { commands.map(\.name).joined(separator: " ") }

  mutating func read(_ arguments: [String]) -> Wish {
    var rest = arguments[...]
    var onlyOperands = false
    while let argument = rest.popFirst() {
      if onlyOperands || argument == "-" || !argument.hasPrefix("-") {
        if !onlyOperands, isHelpWord(argument) {
          for name in rest { descend(to: name) }
          return .help
        }
        take(operand: argument)
        // The arguments that follow belong to the unknown command.
        if misunderstoodCommand { return .run }
      } else if argument == "--" {
        onlyOperands = true
      } else if argument.hasPrefix("--") {
        if argument == "--help" { return .help }
        if argument == "--version", root.version != nil { return .version }
        readLong(argument, &rest)
      } else if readShort(argument, &rest) {
        return .help
      }
    }
    reportMissing()
    return .run
  }

  private func isHelpWord(_ argument: String) -> Bool {
    guard let command = commands.last, argument == "help", !command.subcommands.isEmpty else { return false }
    return !command.subcommands.contains { $0.name == "help" }
  }

  private mutating func descend(to name: String) {
    if let next = commands.last?.subcommands.first(where: { $0.name == name }) { commands.append(next) }
  }

  private mutating func take(operand: String) {
    guard let command = commands.last else { return }
    if !command.subcommands.isEmpty {
      if command.subcommands.contains(where: { $0.name == operand }) {
        descend(to: operand)
      } else if !misunderstood {
        misunderstood = true
        misunderstoodCommand = true
        problems.append("unknown command '\(operand)'\(guess(operand, command.subcommands.map(\.name)))")
      }
    } else if operands.count < command.operands.count || command.operands.last?.repeatable == true {
      operands.append(operand)
    } else {
      problems.append("unexpected operand '\(operand)'")
    }
  }

  private func guess(_ name: String, _ known: [String]) -> String {
    if let near = nearest(name, among: known) { return "; did you mean '\(near)'?" }
    return "; the commands are \(known.joined(separator: ", "))"
  }

  private mutating func readLong(_ argument: String, _ rest: inout ArraySlice<String>) {
    let written = argument.prefix { $0 != "=" }
    let value = written.endIndex < argument.endIndex ? String(argument[argument.index(after: written.endIndex)...]) : nil
    let name = String(written.dropFirst(2))
    guard let option = options.first(where: { $0.name == name }) else {
      misunderstood = true
      let near = nearest(name, among: options.map(\.name) + ["help"])
      problems.append("unknown option '\(written)'" + (near.map { "; did you mean '--\($0)'?" } ?? ""))
      // The next argument is most likely its value, so do not report that as an unexpected operand.
      let meant = options.first { $0.name == near }
      if value == nil, meant?.isFlag != true, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
      return
    }
    add(option, value: value, as: String(written), &rest)
  }

  /// `-q`, `-n 5`, `-n5`, and several letters in one: `-qn5`. Returns true if help is requested.
  private mutating func readShort(_ argument: String, _ rest: inout ArraySlice<String>) -> Bool {
    var letters = argument.dropFirst()
    while let letter = letters.popFirst() {
      if letter == "h", !options.contains(where: { $0.short == "h" }) { return true }
      guard let option = options.first(where: { $0.short == letter }) else {
        misunderstood = true
        // `-bootstrap` is probably a long option with one dash missing.
        let near =
          argument.count > 2 ? nearest(String(argument.dropFirst().prefix { $0 != "=" }), among: options.map(\.name)) : nil
        let written = near == nil ? "-\(letter)" : argument
        problems.append("unknown option '\(written)'" + (near.map { "; did you mean '--\($0)'?" } ?? ""))
        if near != nil, let next = rest.first, !next.hasPrefix("-"), !argument.contains("=") { rest.removeFirst() }
        return false
      }
      if option.isFlag {
        add(option, value: nil, as: "-\(letter)", &rest)
      } else {
        add(option, value: letters.isEmpty ? nil : String(letters), as: "-\(letter)", &rest)
        return false
      }
    }
    return false
  }

  private mutating func add(_ option: Option, value: String?, as written: String, _ rest: inout ArraySlice<String>) {
    let found: String
    if let value {
      found = value
    } else if option.isFlag {
      found = "true"
    } else if let next = rest.popFirst() {
      found = next
    } else {
      problems.append("option '\(written)' needs a value: \(written) \(option.placeholder ?? "VALUE")")
      return
    }
    given[option.name, default: []].append(Setting(value: found, origin: "'\(written)'"))
  }

  private mutating func reportMissing() {
    guard let command = commands.last, !misunderstood else { return }
    if !command.subcommands.isEmpty {
      problems.append("a command is missing; the commands are \(command.subcommands.map(\.name).joined(separator: ", "))")
    }
    for operand in command.operands.dropFirst(operands.count) where operand.required {
      problems.append("operand \(operand.name) is missing")
    }
  }
}
