import Glibc
import Synchronization

/// The severity of a line, least severe first.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, notice, warning, error

  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .notice: "notice"
    case .warning: "warning"
    case .error: "error"
    }
  }

  public init?(name: String) {
    guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// The format of lines. `auto` is text on a terminal and JSON elsewhere.
public enum LogFormat: String, Sendable, CaseIterable {
  case text, json, auto
}

/// The program's log: one line per event on standard error. Each is a JSON object (`time`, `level`, `service`, `instance`, `message`, then
/// the fields) or, on a terminal, a readable line.
public struct Log: Sendable {
  enum Style: Sendable, Equatable { case json, plain, coloured }

  public let level: LogLevel
  let service: String
  let instance: String
  let style: Style
  private let sink: LineSink
  private var context = LogFields()
  private let repeated = Repeated()

  /// Shared by all copies of a log, and by all threads that use them.
  private final class Repeated: Sendable {
    let limit = Mutex(LineLimit())
  }

  /// - Parameters:
  ///   - environment: `NO_COLOR` turns colours off, `CLICOLOR_FORCE` turns them on for a pipe (`laurel dev` sets it for its children).
  public init(
    service: String, instance: String, level: LogLevel = .info, format: LogFormat = .auto, environment: [String: String] = [:],
    sink: LineSink = .standardError
  ) {
    self.service = service
    self.instance = instance
    self.level = level
    self.sink = sink
    let onTerminal = Terminal.isTerminal(sink.descriptor)
    let readable: Style = Terminal.coloured(sink.descriptor, environment: environment) ? .coloured : .plain
    switch format {
    case .json: style = .json
    case .text: style = readable
    case .auto: style = onTerminal ? readable : .json
    }
  }

  /// A log configured by the common options (`Option.common`).
  public init(service: String, instance: String, invocation: Invocation, environment: [String: String]) {
    self.init(
      service: service, instance: instance, level: LogLevel(name: invocation.text(Option.logLevel.name)) ?? .info,
      format: LogFormat(rawValue: invocation.text(Option.logFormat.name)) ?? .auto, environment: environment)
  }

  /// The same log with these fields on every line.
  public func with(_ fields: LogFields) -> Log {
    var log = self
    log.context = context.merging(fields)
    return log
  }

  public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.debug, message, fields)
  }

  public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.info, message, fields)
  }

  public func notice(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.notice, message, fields)
  }

  public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.warning, message, fields)
  }

  public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.error, message, fields)
  }

  /// Writes a line whose level is known only at run time, such as a library's log line.
  public func line(_ level: LogLevel, _ message: String, _ fields: LogFields = [:]) {
    write(level, { message }, { fields })
  }

  /// For lines that may repeat thousands of times. Writes at most one of a kind in ten seconds, with the number of those held back.
  /// - Parameter kind: use only a few different values, because each is remembered.
  public func limited(_ level: LogLevel, kind: String, _ message: String, _ fields: LogFields = [:]) {
    let line = LineLimit.Line(level: level, message: message, fields: context.merging(fields))
    repeated.limit.withLock { $0.hold(line, kind: kind, at: .now) }
    writeHeld()
  }

  /// Writes the lines of `limited` that are due. Call it regularly, because a burst may end before its count is due.
  /// - Parameter all: writes all lines. Use it when the process ends.
  public func writeHeld(all: Bool = false) {
    var plain = self
    plain.context = LogFields()
    for held in repeated.limit.withLock({ $0.due(at: .now, all: all) }) { plain.line(held.level, held.message, held.fields) }
  }

  private func write(_ level: LogLevel, _ message: () -> String, _ fields: () -> LogFields) {
    guard level >= self.level else { return }
    let line = LogLine(
      time: .now, level: level, service: service, instance: instance, message: message(), fields: context.merging(fields()))
    switch style {
    case .json: sink.line(line.json)
    case .plain: sink.line(line.text(coloured: false))
    case .coloured: sink.line(line.text(coloured: true))
    }
  }
}
