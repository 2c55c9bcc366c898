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
      } else if argument == "--help" || argument == "-h" {
        return .help
      } else if argument == "--version", root.version != nil {
        return .version
      } else {
        readOption(argument, &rest)
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

  private mutating func readOption(_ argument: String, _ rest: inout ArraySlice<String>) {
    let written = argument.prefix { $0 != "=" }
    let value = written.endIndex < argument.endIndex ? String(argument[argument.index(after: written.endIndex)...]) : nil
    guard let option = options.first(where: { "--" + $0.name == written }) else {
      misunderstood = true
      // A dash may be missing: `-bootstrap`.
      let near = nearest(String(written.drop { $0 == "-" }), among: options.map(\.name) + ["help"])
      problems.append("unknown option '\(written)'" + (near.map { "; did you mean '--\($0)'?" } ?? ""))
      // The next argument is most likely its value, so do not report that as an unexpected operand.
      let meant = options.first { $0.name == near }
      if value == nil, meant?.isFlag != true, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
      return
    }
    add(option, value: value, as: String(written), &rest)
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
