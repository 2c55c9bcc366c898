import CommandKit
import Contracts
import Foundation
import ServiceKit
import Synchronization
import Worker

/// The four services, and optionally the portal, as child processes of this command.
final class Fleet: Sendable {
  struct Plan: Sendable {
    var bus: Bus
    var terms: String
    var state: String
    var instances = 1
    var commitMilliseconds = 20
    var logLevel = LogLevel.info
    var coloured = false
    /// The address of the portal's pages and the path of its key file. `nil` to run no portal.
    var portal: (address: String, keys: String)?
  }

  private struct State {
    var children: [ChildProcess] = []
    var ports: [String: Int] = [:]
    var pagesPort: Int?
    var ended: (name: String, exit: ChildProcess.Exit)?
    var isStopping = false
  }

  private let plan: Plan
  private let print: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// - Parameter print: called with each line of the services' logs, after the instance's name, on one thread per service.
  init(_ plan: Plan, print: @escaping @Sendable (String) -> Void) {
    self.plan = plan
    self.print = print
  }

  /// - Throws: `CommandFailure` if a program is missing, `ChildProcessError` if one does not start.
  func start() throws {
    var programs = ServiceName.allCases.flatMap { service in
      (1...plan.instances).map { number in
        let instance = "\(service.rawValue)-\(number)"
        return Program(name: service.rawValue, instance: instance, arguments: arguments(service, instance))
      }
    }
    if let portal = plan.portal {
      programs.append(
        Program(
          name: "portal", instance: "portal",
          arguments: common(state: "portal") + [
            "--keys", portal.keys, "--pages", portal.address, "--for-trying", "yes",
          ]))
    }
    let width = programs.map(\.instance.count).max() ?? 0
    let kinds = ServiceName.allCases.map(\.rawValue)
    for program in programs {
      let instance = program.instance
      guard let executable = ChildProcess.besideThisExecutable(program.name) else {
        throw CommandFailure("the program '\(program.name)' is missing beside this one; 'make build' builds all programs")
      }
      let colours = Terminal.Colour.allCases
      let colour = colours[(kinds.firstIndex(of: program.name) ?? kinds.count) % (colours.count - 1) + 1]
      let mark = colour.paint(instance + String(repeating: " ", count: width - instance.count) + " |", if: plan.coloured)
      let child = try ChildProcess.start(
        name: instance, executable: executable, arguments: program.arguments, environment: childEnvironment,
        onLine: { [weak self] line in self?.heard(line, from: instance, mark) },
        onExit: { [weak self] exit in self?.ended(instance, exit) })
      state.withLock { $0.children.append(child) }
    }
  }

  /// - Throws: `CommandFailure` if a child has ended without being stopped.
  func requireAll(_ remark: String = "") throws {
    if let (name, exit) = state.withLock({ $0.ended }) { throw CommandFailure("\(name) has ended (\(exit.text))\(remark)") }
  }

  /// The address of the portal's pages, once it has started.
  var pages: String? { state.withLock { $0.pagesPort }.map { "http://127.0.0.1:\($0)/" } }

  /// Waits until every child is ready.
  /// - Throws: `CommandFailure` if one ends or the time runs out; `Interrupted` if the command should stop.
  func waitUntilReady(within limit: Duration) throws {
    let end = ContinuousClock.now + limit
    var waiting = state.withLock { Set($0.children.map(\.name)) }
    while !waiting.isEmpty {
      try requireAll("; see its last lines above")
      for name in waiting {
        guard let port = state.withLock({ $0.ports[name] }) else { continue }
        if HealthProbe.isReady(port: port) { waiting.remove(name) }
      }
      guard .now < end else {
        throw CommandFailure("not ready after \(limit.components.seconds) s: \(waiting.sorted().joined(separator: ", "))")
      }
      if !waiting.isEmpty, Shutdown.wait(upTo: .milliseconds(50)) { throw BusWatch.Interrupted() }
    }
  }

  /// Stops all children. Kills those that still run after 9 s, to keep the promise that everything stops within 10 s.
  func stop() {
    let children = state.withLock { state in
      state.isStopping = true
      return state.children
    }
    ChildProcess.terminate(children, within: .seconds(9))
  }

  // MARK: The children

  private struct Program {
    let name: String
    let instance: String
    let arguments: [String]
  }

  private func arguments(_ service: ServiceName, _ instance: String) -> [String] {
    common(state: instance) + ["--instance", instance, "--commit-ms", String(plan.commitMilliseconds)]
      // Deployments on one broker must not share consumer groups.
      + (plan.bus.prefix.isEmpty ? [] : ["--group", "\(plan.bus.prefix)laurel.\(service.rawValue)"])
  }

  private func common(state folder: String) -> [String] {
    [
      "--bootstrap", plan.bus.bootstrap, "--terms", plan.terms, "--state", "\(plan.state)/\(folder)", "--http", "127.0.0.1:0",
      "--clock", Settings.ClockSetting.bus.rawValue, "--log-format", "text", "--log-level",
      // Programs log their ports at level notice, and `heard` needs that line.
      min(plan.logLevel, .notice).name,
    ] + (plan.bus.prefix.isEmpty ? [] : ["--topic-prefix", plan.bus.prefix])
      + plan.bus.properties.sorted { $0.key < $1.key }.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }
  }

  /// This command's environment without its own settings. The services get their settings as arguments.
  private var childEnvironment: [String: String] {
    var variables = environment.filter { !$0.key.hasPrefix("LAUREL_") }
    variables[plan.coloured ? "CLICOLOR_FORCE" : "NO_COLOR"] = "1"
    if plan.coloured { variables["NO_COLOR"] = nil }
    return variables
  }

  private func heard(_ line: String, from instance: String, _ mark: String) {
    let plain = Self.withoutColours(line)
    if plain.contains("  started  ") {
      func port(_ name: String) -> Int? {
        plain.range(of: " \(name)=").flatMap { Int(plain[$0.upperBound...].prefix { $0.isNumber }) }
      }
      state.withLock { state in
        if let found = port("http") { state.ports[instance] = found }
        if let found = port("pages") { state.pagesPort = found }
      }
    }
    // The level was lowered only to get the line with the ports.
    if plan.logLevel > .notice, plain.dropFirst(13).hasPrefix("NOTICE") { return }
    print("\(mark) \(line)")
  }

  static func withoutColours(_ line: String) -> String { line.replacing(/\u{1B}[^m]*m/, with: "") }

  private func ended(_ instance: String, _ exit: ChildProcess.Exit) {
    state.withLock { state in
      if !state.isStopping, state.ended == nil { state.ended = (instance, exit) }
    }
  }
}

extension ChildProcess.Exit {
  var text: String {
    switch self {
    case .code(let code): "exit code \(code)"
    case .signal(let number): "signal \(number)"
    }
  }
}
