import Contracts

/// One setting: `--name` on the command line, `LAUREL_NAME` in the environment, a line `name = value` in the configuration file.
public struct Option: Sendable {
  /// The format of a value. The program rejects any other value at start, naming the setting.
  public enum Kind: Sendable {
    /// Takes no value on the command line. Elsewhere `true`/`false`, `yes`/`no`, `on`/`off`, `1`/`0`.
    case flag
    case text
    /// A whole number within the range, in decimal digits.
    case integer(ClosedRange<Int>)
    case choice([String])
    /// `KEY=VALUE`, usually repeatable. Sources are merged key by key, so a flag replaces only one property of the file.
    case keyValue
    /// Text that `accepts` allows. `expected` completes the sentence "must be …".
    case checked(expected: String, accepts: @Sendable (String) -> Bool)
  }

  /// The long name without dashes: lower case, words joined by `-`.
  public let name: String
  /// The name of the value in the help text; `nil` for a flag.
  public let placeholder: String?
  public let kind: Kind
  public let help: String
  /// Whether all values count, in order. Otherwise the last one on the command line wins, as in GNU programs.
  public let repeatable: Bool
  /// Whether the program rejects settings without a value for this option.
  public let required: Bool
  public let defaultValue: String?
  /// The environment variable: by default `LAUREL_` and the name in upper snake case. An empty variable counts as not set. The
  /// variable of a repeatable option holds one value per line.
  public let environment: String

  /// - Parameter placeholder: `nil` makes the option a flag. Otherwise the kind is text unless `kind` is given.
  public init(
    _ name: String, placeholder: String? = nil, kind: Kind? = nil, help: String, repeatable: Bool = false,
    required: Bool = false, defaultValue: String? = nil, environment: String? = nil
  ) {
    self.name = name
    self.placeholder = placeholder
    self.kind = kind ?? (placeholder == nil ? .flag : .text)
    self.help = help
    self.repeatable = repeatable
    self.required = required
    self.defaultValue = defaultValue
    self.environment = environment ?? Option.environmentName(of: name)
  }

  /// `commit-ms` → `LAUREL_COMMIT_MS`.
  public static func environmentName(of name: String) -> String {
    environmentPrefix + name.uppercased().replacing("-", with: "_")
  }

  static let environmentPrefix = "LAUREL_"

  var isFlag: Bool {
    if case .flag = kind { true } else { false }
  }

  /// The problem with the value; `nil` if there is none. The text completes a sentence that starts with the setting's name.
  func problem(with value: String) -> String? {
    switch kind {
    case .flag:
      return Option.truth(of: value) == nil ? "must be true or false, not '\(value)'" : nil
    case .text:
      return value.isEmpty ? "must not be empty" : nil
    case .integer(let range):
      if let number = Int(value), range.contains(number) { return nil }
      return "must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(value)'"
    case .choice(let choices):
      if choices.contains(value) { return nil }
      let meant = nearest(value, among: choices).map { "; did you mean '\($0)'?" } ?? ""
      return "must be one of \(choices.joined(separator: ", ")), not '\(value)'\(meant)"
    case .keyValue:
      // The message leaves out the value, which may be a password.
      let key = value.prefix { $0 != "=" }
      return key.isEmpty || key.endIndex == value.endIndex ? "must be KEY=VALUE" : nil
    case .checked(let expected, let accepts):
      return accepts(value) ? nil : "must be \(expected), not '\(value)'"
    }
  }

  static func truth(of value: String) -> Bool? {
    switch value.lowercased() {
    case "true", "yes", "on", "1": true
    case "false", "no", "off", "0": false
    default: nil
    }
  }
}

extension Option {
  /// `--config FILE`: a command with this option reads the file.
  public static let config = Option("config", placeholder: "FILE", help: "Read settings from FILE, lines of 'name = value'")
  public static let logLevel = Option(
    "log-level", placeholder: "LEVEL", kind: .choice(LogLevel.allCases.map(\.name)),
    help: "Minimum log level: debug, info, notice, warning or error", defaultValue: LogLevel.info.name)
  public static let logFormat = Option(
    "log-format", placeholder: "FORMAT", kind: .choice(LogFormat.allCases.map(\.rawValue)),
    help: "Log as text, json, or auto: text on a terminal and JSON elsewhere", defaultValue: LogFormat.auto.rawValue)
  /// Options that every Laurel program accepts.
  public static let common: [Option] = [.config, .logLevel, .logFormat]
}
