/// A positional operand, as shown in the help text.
public struct Operand: Sendable {
  public let name: String
  public let help: String
  public let required: Bool
  /// Whether it takes all remaining arguments. Only a command's last operand may be repeatable.
  public let repeatable: Bool

  public init(_ name: String, help: String, required: Bool = true, repeatable: Bool = false) {
    self.name = name
    self.help = help
    self.required = required
    self.repeatable = repeatable
  }
}

/// A command and its subcommands. The root's name is the program's.
public struct Command: Sendable {
  public let name: String
  /// One line without a full stop: what the command does.
  public let summary: String
  /// Paragraphs for its own `--help`.
  public let discussion: String
  /// Command lines that work when pasted, one per line; `#` lines explain them.
  public let example: String
  /// Its own options. A subcommand also accepts the options of the commands above it.
  public let options: [Option]
  public let operands: [Operand]
  public let subcommands: [Command]
  /// Printed by `--version`. Only the root's version is used.
  public let version: String?
  /// What it does, and its exit status. Subcommands without an action of their own have this one too.
  public let run: (@Sendable (Invocation) throws -> Int32)?

  public init(
    _ name: String, summary: String, discussion: String = "", example: String = "", options: [Option] = [],
    operands: [Operand] = [], subcommands: [Command] = [], version: String? = nil,
    run: (@Sendable (Invocation) throws -> Int32)? = nil
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.example = example
    self.options = options
    self.operands = operands
    self.subcommands = subcommands
    self.version = version
    self.run = run
  }

  /// Every option of this command and of its subcommands.
  var optionsOfTheTree: [Option] { options + subcommands.flatMap(\.optionsOfTheTree) }
}

/// The result of parsing a command line.
public enum Parsed: Sendable {
  case run(Invocation)
  /// `--help` or `--version`: text for standard output, exit 0.
  case answer(String)
}

/// A command with its checked settings.
public struct Invocation: Sendable {
  /// The names below the root: `["topics", "create"]`. Empty for a program without subcommands.
  public let path: [String]
  public let operands: [String]
  let options: [String: Option]
  let values: [String: [String]]
  /// The action of the command. `nil` if a program's commands have none.
  public let run: (@Sendable (Invocation) throws -> Int32)?

  /// The value of an option that is required or has a default.
  public func text(_ name: String) -> String {
    let option = declared(name)
    precondition(option.required || option.defaultValue != nil, "--\(name) may be missing: use optionalText")
    return optionalText(name) ?? ""
  }

  public func optionalText(_ name: String) -> String? {
    _ = declared(name)
    return values[name]?.last
  }

  /// The value of an integer option that is required or has a default.
  public func integer(_ name: String) -> Int {
    let option = declared(name)
    precondition(option.required || option.defaultValue != nil, "--\(name) may be missing: use optionalInteger")
    return optionalInteger(name) ?? 0
  }

  public func optionalInteger(_ name: String) -> Int? {
    optionalText(name).flatMap { Int($0) }
  }

  public func flag(_ name: String) -> Bool {
    optionalText(name).flatMap(Option.truth(of:)) ?? false
  }

  /// Every value of a repeatable option, in order.
  public func list(_ name: String) -> [String] {
    _ = declared(name)
    return values[name] ?? []
  }

  /// The pairs of a `.keyValue` option.
  public func pairs(_ name: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for text in list(name) {
      let key = text.prefix { $0 != "=" }
      pairs[String(key)] = String(text.dropFirst(key.count + 1))
    }
    return pairs
  }

  /// Traps if no command on the path declares the option, because that is a programming error.
  private func declared(_ name: String) -> Option {
    guard let option = options[name] else { preconditionFailure("no option --\(name) is declared") }
    return option
  }
}

/// All problems with the settings, printed to standard error before exiting with 2.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
  public static let exitCode: Int32 = 2
  /// The command as typed: `laurel topics`.
  public let command: String
  public let problems: [String]

  public init(command: String, problems: [String]) {
    self.command = command
    self.problems = problems
  }

  /// One line per problem, each with the program's name, and a last line that points to the help.
  public var description: String {
    let program = command.prefix { $0 != " " }
    let lines = problems.map { "\(program): \($0)" } + ["Try '\(command) --help' for more information."]
    return lines.joined(separator: "\n")
  }
}
