import Foundation
import Synchronization

/// A built program as a separate process, for tests that kill, freeze and restart it. It ends with this process.
public final class ServiceProcess: Sendable {
  public let name: String
  private let logFile: URL
  /// The size of the log from earlier processes of this name, in bytes.
  private let loggedBefore: UInt64
  private let running: Running

  /// The child, and the writing end of the pipe that keeps it alive.
  private struct Running: @unchecked Sendable {
    // Process is not Sendable. After its start only its identifier and its end are read, which it guards itself.
    let process: Process
    let lifeline: FileHandle
  }

  /// - Parameters:
  ///   - executable: a program that the package builds, by its name; or the path of another one.
  ///   - name: names the log file, to which a later process of the same name appends.
  ///   - folder: where the log file is.
  ///   - environment: besides this process's own, and before it.
  public init(
    _ executable: String, name: String, arguments: [String], folder: URL, environment added: [String: String] = [:]
  ) throws {
    self.name = name
    logFile = folder.appending(path: "\(name).log")
    let manager = FileManager.default
    if !manager.fileExists(atPath: logFile.path) { _ = manager.createFile(atPath: logFile.path, contents: nil) }
    let log = try FileHandle(forWritingTo: logFile)
    defer { try? log.close() }
    loggedBefore = try log.seekToEnd()
    let process = Process()
    process.executableURL = try BuiltProgram.url(executable)
    process.arguments = arguments
    process.standardOutput = log
    process.standardError = log
    // With this variable set, a service stops when its standard input ends: ServiceKit's ParentWatch.
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LAUREL_") }
    environment["LAUREL_PARENT_WATCH"] = "stdin"
    process.environment = environment.merging(added) { $1 }
    running = Running(process: process, lifeline: try process.startWithLifeline())
  }

  deinit { kill() }

  public var isRunning: Bool { running.process.isRunning }
  public var processID: Int32 { running.process.processIdentifier }

  /// Sends kill -9 and returns when the process is gone.
  public func kill() {
    signal(SIGKILL)
    running.process.waitUntilExit()
    try? running.lifeline.close()
  }

  /// How a process ended.
  public enum Ending: Equatable, Sendable {
    case status(Int32)
    case signal(Int32)
    case stillRuns
  }

  /// Sends SIGTERM and reports how the process ended within `limit`. Afterwards it is gone in any case.
  public func stop(within limit: Duration = .seconds(10)) -> Ending {
    signal(SIGTERM)
    let ending = ending(within: limit)
    kill()
    return ending
  }

  /// Waits until it ends by itself.
  public func ending(within limit: Duration) -> Ending {
    guard waitUntil(limit, { !self.isRunning }) else { return .stillRuns }
    let status = running.process.terminationStatus
    return running.process.terminationReason == .exit ? .status(status) : .signal(status)
  }

  /// Sends SIGTERM without waiting.
  public func askToStop() { signal(SIGTERM) }

  /// SIGSTOP: the process neither runs nor notices the passing time.
  public func freeze() { signal(SIGSTOP) }
  /// SIGCONT
  public func thaw() { signal(SIGCONT) }

  /// Whether it is stopped by a signal.
  public var isFrozen: Bool { running.process.isRunning && state == "T" }

  /// Whether its main thread sleeps with its signal handlers installed (proc(5): SigCgt).
  public var isIdle: Bool {
    guard state == "S",
      let status = try? String(contentsOfFile: "/proc/\(running.process.processIdentifier)/status", encoding: .utf8),
      let caught = status.firstMatch(of: /SigCgt:\s*([0-9a-f]+)/).flatMap({ UInt64($0.output.1, radix: 16) })
    else { return false }
    return caught & (1 << UInt64(SIGTERM - 1)) != 0
  }

  private func signal(_ number: Int32) {
    // Another process may have the number of one that has ended.
    if running.process.isRunning { Foundation.kill(running.process.processIdentifier, number) }
  }

  /// Sets a resource limit of the running process.
  /// - Parameters:
  ///   - resource: an option of util-linux's prlimit, such as `nofile`.
  ///   - value: a number or `unlimited`. The hard limit still allows raising it again.
  public func limit(_ resource: String, to value: String) throws {
    let prlimit = Process()
    prlimit.executableURL = URL(filePath: "/usr/bin/prlimit")
    prlimit.arguments = ["--pid", "\(processID)", "--\(resource)=\(value):"]
    try prlimit.start()
    prlimit.waitUntilExit()
    guard prlimit.terminationStatus == 0 else { throw BrokerFailure("\(resource) was not set to \(value)") }
  }

  /// The number of its open files and sockets.
  public var openDescriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/fd").count) ?? 0
  }

  /// What it has cost so far; nil once it has gone.
  public var cost: ProcessCost? { ProcessCost(of: processID) }

  /// proc(5): "R", "S", "T" …
  private var state: Substring? { ProcessCost.statFields(of: processID)?.first }

  /// The output of all processes of this name.
  public var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

  /// The JSON log lines of this process.
  public var lines: [[String: Any]] {
    log.split(separator: "\n").compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
  }

  /// Whether it has logged that it started. Before that it may not catch signals yet.
  public var hasStarted: Bool {
    let own = (try? Data(contentsOf: logFile))?.dropFirst(Int(loggedBefore)) ?? Data()
    return String(decoding: own, as: UTF8.self).contains(#""message":"started""#)
  }

  /// Where `/livez`, `/readyz` and `/metrics` are served: from the last `started` line.
  public var httpPort: UInt16? {
    lines.last { $0["message"] as? String == "started" }.flatMap { $0["http"] as? Int }.flatMap(UInt16.init(exactly:))
  }

  /// The status and body of a page; nil if nothing answers.
  public func page(_ path: String) -> (status: Int, body: String)? {
    httpPort.flatMap { httpGet(path, port: $0) }
  }

  public var isReady: Bool { page("/readyz")?.status == 200 }

  /// The value of a metric, summed over its labels; nil if nothing answers, or the metric has no value yet.
  public func metric(_ name: String) -> Double? {
    let lines = page("/metrics")?.body.split(separator: "\n").filter { $0.hasPrefix("\(name) ") || $0.hasPrefix("\(name){") }
    let values = (lines ?? []).compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    return values.isEmpty ? nil : values.reduce(0, +)
  }
}

/// User and system time that a process has used so far, and the most memory it has held, as /proc tells it.
public struct ProcessCost: Sendable {
  public let cpuSeconds: Double
  public let memoryBytesMax: Int

  init?(of process: Int32) {
    guard let fields = Self.statFields(of: process),
      let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    else { return nil }
    // proc(5): fields 14 and 15, in clock ticks; the third is the first after the name.
    let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: { $0 == " " || $0 == "\t" })
    cpuSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    memoryBytesMax = (peak?.dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  /// Of /proc's stat, from the third on.
  static func statFields(of process: Int32) -> ArraySlice<Substring>? {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    return stat[end...].split(separator: " ").dropFirst()
  }
}

/// Programs that the package builds.
public enum BuiltProgram {
  /// Beside this executable, or beside the test bundle that a helper program of the toolchain has loaded.
  ///
  /// A path is taken as it is.
  public static func url(_ name: String) throws -> URL {
    if name.hasPrefix("/") { return URL(filePath: name) }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { [$0] } ?? []
    let bundles = CommandLine.arguments.filter { $0.hasSuffix(".xctest") || $0.contains(".xctest/") }
    for path in bundles + own {
      let url = URL(filePath: path).deletingLastPathComponent().appending(path: name)
      if FileManager.default.isExecutableFile(atPath: url.path) { return url }
    }
    throw BrokerFailure("the program '\(name)' is not built beside the tests")
  }
}

/// Checks a condition 50 times a second until it is true or the time limit is over. Returns whether it was true.
public func waitUntil(_ limit: Duration, _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + limit
  while true {
    if try condition() { return true }
    guard .now < deadline else { return false }
    _ = poll(nil, 0, 20)
  }
}

/// A minimal HTTP/1.0 client for health pages on the loopback address.
private func httpGet(_ path: String, port: UInt16) -> (status: Int, body: String)? {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var limit = timeval(tv_sec: 2, tv_usec: 0)
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  let connected = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  guard connected else { return nil }
  let request = "GET \(path) HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
  guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else { return nil }
  var answer: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count <= 0 { break }
    answer += buffer[..<count]
  }
  let text = String(decoding: answer, as: UTF8.self)
  guard let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
  return (status, text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "")
}
