import Contracts
import Foundation

extension Command {
  /// Finds the command and its settings. Flags override the environment, the environment overrides the `--config` file, the file overrides
  /// defaults. Unknown names and invalid values in any source are rejected, all at once, even if another source overrides them.
  ///
  /// - Parameters:
  ///   - arguments: without the program's own name.
  ///   - alsoKnown: settings of other programs that share this environment or file; they are ignored.
  ///   - width: columns for help text.
  public func parse(
    _ arguments: [String], environment: [String: String], alsoKnown: Set<String> = [], width: Int = 80
  ) throws(UsageError) -> Parsed {
    var reader = CommandLineReader(root: self)
    switch reader.read(arguments) {
    case .help: return .answer(helpText(path: reader.commands, width: width))
    case .version: return .answer("\(name) \(version ?? "")\n")
    case .run: break
    }
    let options = reader.options
    var resolver = SettingsResolver(options: options, known: Set(optionsOfTheTree.map(\.name)).union(alsoKnown))
    resolver.flags = reader.given
    resolver.read(environment: environment, names: optionsOfTheTree.map(\.environment))
    if options.contains(where: { $0.name == Option.config.name }), let path = resolver.strongest(Option.config.name)?.last?.value
    {
      resolver.read(file: path)
    }
    let values = resolver.resolve(reportMissing: !reader.misunderstood)
    let problems = reader.problems + resolver.problems
    if !problems.isEmpty { throw UsageError(command: reader.title, problems: problems) }
    return .run(
      Invocation(
        path: reader.commands.dropFirst().map(\.name), operands: reader.operands,
        options: Dictionary(options.map { ($0.name, $0) }) { _, last in last }, values: values,
        run: reader.commands.compactMap(\.run).last))
  }

  /// For `main`: parses this process's arguments and environment. Prints help and exits with 0, or prints the problems and exits with 2.
  public func parseOrExit(alsoKnown: Set<String> = []) -> Invocation {
    let process = ProcessInfo.processInfo
    do {
      let parsed = try parse(
        Array(process.arguments.dropFirst()), environment: process.environment, alsoKnown: alsoKnown,
        width: min(Terminal.width(of: STDOUT_FILENO) ?? 80, 120))
      switch parsed {
      case .run(let invocation): return invocation
      case .answer(let text):
        LineSink.write(Array(text.utf8), to: STDOUT_FILENO)
        exit(0)
      }
    } catch {
      LineSink.write(Array("\(error)\n".utf8), to: STDERR_FILENO)
      exit(UsageError.exitCode)
    }
  }
}

/// Merges the sources of the settings.
struct SettingsResolver {
  let options: [Option]
  /// Settings of this program's other commands and of other Laurel programs. They are ignored without an error.
  let known: Set<String>
  var flags: [String: [Setting]] = [:]
  private var environment: [String: [Setting]] = [:]
  private var file: [String: [Setting]] = [:]
  private(set) var problems: [String] = []

  init(options: [Option], known: Set<String>) {
    self.options = options
    self.known = known
  }

  mutating func read(environment variables: [String: String], names: [String]) {
    for option in options {
      guard let text = variables[option.environment], !text.isEmpty else { continue }
      let values = option.repeatable ? text.split(separator: "\n").map(String.init) : [text]
      environment[option.name] = values.map { Setting(value: $0, origin: "'\(option.environment)'") }
    }
    let all = Set(names).union(known.map(Option.environmentName(of:))).union(ParentWatch.reservedVariables)
      .union(Self.ofScripts)
    // Check only variables with Laurel's prefix.
    for (name, value) in variables.sorted(by: { $0.key < $1.key })
    where name.hasPrefix(Option.environmentPrefix) && !all.contains(name) && !Self.isOfAnOrchestrator(name, value) {
      let near = nearest(name, among: all.sorted()).map { "; did you mean '\($0)'?" } ?? ""
      problems.append("unknown environment variable '\(name)'\(near)")
    }
  }

  /// Variables that scripts read which start a service. The service itself ignores them.
  private static let ofScripts: Set<String> = ["LAUREL_FLAGS"]

  /// Whether it is a variable that Kubernetes or Docker sets for each service of a namespace: `LAUREL_PORTAL_SERVICE_HOST`,
  /// `LAUREL_PORTAL_PORT_8080_TCP_ADDR`.
  private static func isOfAnOrchestrator(_ name: String, _ value: String) -> Bool {
    // A bare number such as LAUREL_HTTP_PORT=8080 is a user's mistake, so it must be reported.
    if name.hasSuffix("_PORT"), value.wholeMatch(of: /(tcp|udp|sctp):\/\/.+/) != nil { return true }
    return name.wholeMatch(of: /LAUREL_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)/)
      != nil
  }

  mutating func read(file path: String) {
    let contents = ConfigurationFile(path: path)
    problems += contents.problems
    for line in contents.lines {
      let place = "\(path):\(line.number): "
      guard let option = options.first(where: { $0.name == line.name }), option.name != Option.config.name else {
        if known.contains(line.name), line.name != Option.config.name { continue }
        let candidates = known.subtracting([Option.config.name]).sorted()
        let near = nearest(line.name, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
        problems.append("\(place)unknown setting '\(line.name)'\(near)")
        continue
      }
      if file[option.name] != nil, !option.repeatable { problems.append("\(place)'\(option.name)' is set twice") }
      file[option.name, default: []].append(Setting(value: line.value, origin: "\(place)'\(option.name)'"))
    }
  }

  /// The setting from the source with the highest precedence that has it.
  func strongest(_ name: String) -> [Setting]? { flags[name] ?? environment[name] ?? file[name] }

  mutating func resolve(reportMissing: Bool) -> [String: [String]] {
    var values: [String: [String]] = [:]
    for option in options {
      // In order of rising precedence, so that for KEY=VALUE the highest source decides on each key.
      let all = [file, environment, flags].flatMap { $0[option.name] ?? [] }
      for setting in all {
        if let problem = option.problem(with: setting.value) { problems.append("\(setting.origin) \(problem)") }
      }
      if case .keyValue = option.kind {
        values[option.name] = merged(all.map(\.value))
      } else if let settings = strongest(option.name) {
        values[option.name] = settings.map(\.value)
      }
      if values[option.name]?.isEmpty ?? true, let value = option.defaultValue { values[option.name] = [value] }
      if values[option.name] == nil, option.required, reportMissing {
        problems.append(
          "--\(option.name) \(option.placeholder ?? "") is needed (or \(option.environment) in the environment)")
      }
    }
    return values
  }

  private func merged(_ pairs: [String]) -> [String]? {
    var order: [Substring] = []
    var byKey: [Substring: String] = [:]
    for pair in pairs {
      let key = pair.prefix { $0 != "=" }
      if byKey.updateValue(pair, forKey: key) == nil { order.append(key) }
    }
    return order.isEmpty ? nil : order.compactMap { byKey[$0] }
  }
}
