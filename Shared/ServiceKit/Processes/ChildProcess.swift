import Dispatch
import Foundation
import Synchronization

/// Why a child did not start.
public struct ChildProcessError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// A program started by this one, which receives its output line by line and notices its end. A child that calls
/// `ParentWatch.start()` does not outlive this process. It has its own process group, so Ctrl-C on the terminal reaches only the
/// parent, which then stops its children.
public final class ChildProcess: Sendable {
  public enum Exit: Sendable, Equatable {
    case code(Int32)
    case signal(Int32)
  }

  public let name: String
  public var processID: Int32 { running.processID }
  private let running: RunningProcess
  /// The write end of its standard input. It stays open as long as the child should run.
  private let input: Int32

  /// - Parameters:
  ///   - executable: a path; PATH is not searched.
  ///   - arguments: without the program's name.
  ///   - environment: the complete environment; the variable for `ParentWatch` is added.
  ///   - onLine: called for each line of standard output and standard error, without the line end, on the child's own thread. Invalid UTF-8
  ///     is repaired.
  ///   - onExit: called once, after the last line.
  public static func start(
    name: String, executable: String, arguments: [String] = [], environment: [String: String],
    onLine: @escaping @Sendable (String) -> Void, onExit: @escaping @Sendable (Exit) -> Void = { _ in }
  ) throws(ChildProcessError) -> ChildProcess {
    var environment = environment
    environment[ParentWatch.variable] = "stdin"
    let spawned = try spawn(executable, arguments, environment)
    let running = RunningProcess(processID: spawned.processID)
    let drained = DispatchGroup()
    drained.enter()
    Thread.detachNewThread {
      deliverLines(from: spawned.output, to: onLine)
      drained.leave()
    }
    running.ended.enter()
    Thread.detachNewThread {
      running.waitWithoutReaping()
      // A grandchild may keep the output open forever.
      _ = drained.wait(timeout: .now() + 1)
      if let exit = running.reap() { onExit(exit) }
      running.ended.leave()
    }
    return ChildProcess(name: name, running: running, input: spawned.input)
  }

  private init(name: String, running: RunningProcess, input: Int32) {
    self.name = name
    self.running = running
    self.input = input
  }

  /// Kills the child, because nobody could stop it later.
  deinit {
    running.signal(SIGKILL)
    close(input)
  }

  /// How it ended, or `nil` while it runs.
  public var exit: Exit? { running.exit }

  /// Sends a signal. Does nothing if the child has ended.
  public func signal(_ number: Int32) { running.signal(number) }

  /// Waits for the child to end. Returns `nil` if it has not ended in time.
  public func wait(upTo limit: Duration) -> Exit? {
    let nanoseconds = limit.components.seconds * 1_000_000_000 + limit.components.attoseconds / 1_000_000_000
    _ = running.ended.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
    return exit
  }

  /// Sends SIGTERM, waits, then sends SIGKILL.
  @discardableResult
  public func terminate(within limit: Duration = .seconds(10)) -> Exit? {
    ChildProcess.terminate([self], within: limit)
    return exit
  }

  /// Terminates all of them at once, with the same deadline.
  public static func terminate(_ children: [ChildProcess], within limit: Duration = .seconds(10)) {
    for child in children { child.signal(SIGTERM) }
    let end = ContinuousClock.now.advanced(by: limit)
    for child in children { _ = child.wait(upTo: max(.zero, ContinuousClock.now.duration(to: end))) }
    for child in children where child.exit == nil { child.signal(SIGKILL) }
    // A child cannot ignore SIGKILL. The limit is for a process stuck in the kernel.
    for child in children { _ = child.wait(upTo: .seconds(5)) }
  }

  /// The path of a program in this executable's folder. A build puts all programs there.
  public static func besideThisExecutable(_ name: String) -> String? {
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    let path = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  private static func deliverLines(from descriptor: Int32, to onLine: (String) -> Void) {
    defer { close(descriptor) }
    // Split longer lines, so that a line without an end does not grow forever.
    let lineBytesMax = 1 << 16
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      for byte in buffer[..<count] {
        if byte != 0x0A { line.append(byte) }
        if byte == 0x0A || line.count >= lineBytesMax {
          onLine(String(decoding: line, as: UTF8.self))
          line.removeAll(keepingCapacity: true)
        }
      }
    }
    if !line.isEmpty { onLine(String(decoding: line, as: UTF8.self)) }
  }
}

/// The kernel's view of a child, shared by its handle and the thread that waits for it.
private final class RunningProcess: Sendable {
  let processID: Int32
  /// Left when the end has been observed and reported.
  let ended = DispatchGroup()
  /// Set when the process is reaped. After that, its number may belong to another process.
  private let observed = Mutex<ChildProcess.Exit?>(nil)

  init(processID: Int32) { self.processID = processID }

  var exit: ChildProcess.Exit? { observed.withLock { $0 } }

  func signal(_ number: Int32) {
    observed.withLock { exit in
      if exit == nil { kill(processID, number) }
    }
  }

  /// The process number stays valid until `reap` records the end. `reap` does so under the lock that `signal` takes.
  func waitWithoutReaping() {
    var info = siginfo_t()
    while waitid(P_PID, id_t(processID), &info, Int32(WEXITED | WNOWAIT)) != 0, errno == EINTR {}
  }

  func reap() -> ChildProcess.Exit? {
    observed.withLock { exit in
      var status: Int32 = 0
      while waitpid(processID, &status, 0) != processID {
        if errno != EINTR { return nil }
      }
      let signal = status & 0x7F
      exit = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
      return exit
    }
  }
}
