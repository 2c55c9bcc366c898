import Dispatch
import Foundation
import Synchronization
import Testing

@testable import ServiceKit

/// Lines from a child's thread, with a way to wait for one.
private final class Lines: Sendable {
  private let collected = Mutex<[String]>([])

  var all: [String] { collected.withLock { $0 } }
  func append(_ line: String) { collected.withLock { $0.append(line) } }
}

private func eventually(within limit: Duration = .seconds(10), _ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now.advanced(by: limit)
  while !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}

@Suite struct ChildProcessTests {
  private let path = ["PATH": "/usr/bin:/bin"]

  private func shell(
    _ script: String, _ lines: Lines, onExit: @escaping @Sendable (ChildProcess.Exit) -> Void = { _ in }
  ) throws -> ChildProcess {
    try ChildProcess.start(
      name: "sh", executable: "/bin/sh", arguments: ["-c", script], environment: path, onLine: { lines.append($0) },
      onExit: onExit)
  }

  @Test func linesOfBothOutputsAndTheExitStatus() throws {
    let lines = Lines()
    let seen = Mutex<(ChildProcess.Exit, Int)?>(nil)
    let child = try shell("echo one; echo two >&2; printf '\\377x\\n'; printf last; exit 3", lines) { exit in
      seen.withLock { $0 = (exit, lines.all.count) }
    }
    #expect(child.wait(upTo: .seconds(10)) == .code(3))
    #expect(child.exit == .code(3))
    #expect(lines.all == ["one", "two", "\u{FFFD}x", "last"])
    #expect(seen.withLock { $0?.0 } == .code(3))
    #expect(seen.withLock { $0?.1 } == 4, "the end must be reported after the last line")
  }

  @Test func argumentsAndEnvironmentArrive() throws {
    let lines = Lines()
    let child = try ChildProcess.start(
      name: "env", executable: "/usr/bin/env", arguments: ["printenv", "A", "LAUREL_PARENT_WATCH"],
      environment: ["A": "b c"].merging(path) { a, _ in a },
      onLine: { lines.append($0) })
    #expect(child.wait(upTo: .seconds(10)) == .code(0))
    #expect(lines.all == ["b c", "stdin"])
  }

  @Test func aLineWithoutAnEndIsCut() throws {
    let lines = Lines()
    let child = try shell("head -c 200000 /dev/zero | tr '\\0' x", lines)
    #expect(child.wait(upTo: .seconds(10)) == .code(0))
    #expect(lines.all.map(\.count) == [65536, 65536, 65536, 3392])
  }

  @Test func aPoliteChildEndsOnSIGTERM() async throws {
    let lines = Lines()
    let child = try shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done", lines)
    #expect(await eventually { lines.all == ["up"] })
    #expect(child.terminate(within: .seconds(10)) == .code(0))
    #expect(lines.all == ["up", "bye"])
    #expect(kill(child.processID, 0) != 0, "the child was not reaped")
  }

  @Test func aStubbornChildIsKilled() async throws {
    let lines = Lines()
    let child = try shell("trap '' TERM; echo up; while :; do sleep 0.01; done", lines)
    let other = try shell("echo up; exec sleep 1000", lines)
    #expect(await eventually { lines.all == ["up", "up"] })
    ChildProcess.terminate([child, other], within: .milliseconds(300))
    #expect(child.exit == .signal(SIGKILL))
    #expect(other.exit == .signal(SIGTERM))
    child.signal(SIGTERM)
    #expect(child.terminate() == .signal(SIGKILL))
  }

  @Test func aChildThatIsDroppedIsKilled() async throws {
    let lines = Lines()
    let ended = Mutex<ChildProcess.Exit?>(nil)
    var child: ChildProcess? = try shell("echo up; exec sleep 1000", lines) { exit in ended.withLock { $0 = exit } }
    #expect(await eventually { lines.all == ["up"] })
    #expect(child?.exit == nil)
    child = nil
    #expect(await eventually { ended.withLock { $0 } == .signal(SIGKILL) })
  }

  @Test func itHasAGroupOfItsOwnAndNoFilesOfOurs() throws {
    let lines = Lines()
    let pipe = Pipe()
    let leaked = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_DUPFD, 200)
    defer { close(leaked) }
    let child = try shell("ls /proc/$$/fd; cut -d' ' -f5 /proc/$$/stat; echo $$", lines)
    #expect(child.wait(upTo: .seconds(10)) == .code(0))
    let all = lines.all
    #expect(!all.contains("\(leaked)"))
    #expect(all.suffix(2) == ["\(child.processID)", "\(child.processID)"])
  }

  @Test func whatCannotBeStartedIsNamed() {
    #expect(throws: ChildProcessError(description: "cannot start '/nowhere/x': No such file or directory")) {
      try ChildProcess.start(name: "x", executable: "/nowhere/x", environment: [:], onLine: { _ in })
    }
    #expect(ChildProcess.besideThisExecutable("no-such-service") == nil)
  }

  @Test func childrenDoNotOutliveAParentThatIsKilled() async throws {
    let file = NSTemporaryDirectory() + "laurel-child-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [file = file as String] in
      // Two children, so that the second could hold the first one's pipe open. A service ends when its standard input closes.
      let lines = Lines()
      let children = try (0..<2).map { _ in
        try ChildProcess.start(
          name: "sh", executable: "/bin/sh", arguments: ["-c", "echo $$ >> \(file); echo up; read line; exit 0"],
          environment: ["PATH": "/bin:/usr/bin"], onLine: { lines.append($0) })
      }
      _ = await eventually { lines.all.count == 2 }
      withExtendedLifetime(children) { _ = kill(getpid(), SIGKILL) }
    }
    let numbers = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap { Int32($0) }
    #expect(numbers.count == 2)
    for number in numbers {
      // A zombie that nobody reaps counts as dead.
      #expect(
        await eventually {
          guard let stat = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) else { return true }
          return stat.contains(") Z ")
        })
    }
  }
}

@Suite struct ShutdownTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func theFirstSignalIsAWish(number: Int32) async {
    await #expect(processExitsWith: .exitCode(7)) { [number = number as Int32] in
      Shutdown.install()
      if Shutdown.requested || Shutdown.signalNumber != nil { exit(1) }
      if Shutdown.wait(upTo: .milliseconds(1)) { exit(2) }
      raise(number)
      if !Shutdown.requested || Shutdown.signalNumber != number { exit(3) }
      let start = ContinuousClock.now
      if !Shutdown.wait(upTo: .seconds(60)) || start.duration(to: .now) > .seconds(30) { exit(4) }
      exit(7)
    }
  }

  @Test func theSecondEndsItAtOnce() async {
    await #expect(processExitsWith: .exitCode(143)) {
      Shutdown.install()
      raise(SIGINT)
      raise(SIGTERM)
    }
    await #expect(processExitsWith: .exitCode(130)) {
      Shutdown.install()
      raise(SIGINT)
      raise(SIGINT)
    }
  }

  @Test func aWaitingLoopIsWoken() async {
    await #expect(processExitsWith: .exitCode(0)) {
      Shutdown.install()
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { kill(getpid(), SIGTERM) }
      let start = ContinuousClock.now
      exit(Shutdown.wait(upTo: .seconds(60)) && start.duration(to: .now) < .seconds(30) ? 0 : 1)
    }
  }

  @Test func theDeadlineEndsALoopThatDoesNotListen() async {
    await #expect(processExitsWith: .exitCode(143)) {
      Shutdown.install(deadlineSeconds: 1)
      raise(SIGTERM)
      _ = await eventually(within: .seconds(60)) { false }
    }
  }

  @Test func aBrokenPipeIsAnError() async {
    await #expect(processExitsWith: .exitCode(0)) {
      Shutdown.install()
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      close(ends[0])
      var byte: UInt8 = 0
      exit(write(ends[1], &byte, 1) == -1 && errno == EPIPE ? 0 : 1)
    }
  }

  @Test func theEndOfStandardInputIsAWishToStopIfTheParentSaidSo() async {
    await #expect(processExitsWith: .exitCode(5)) {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      dup2(ends[0], STDIN_FILENO)
      Shutdown.install()
      ParentWatch.start(environment: ["LAUREL_PARENT_WATCH": "stdin"])
      if Shutdown.wait(upTo: .milliseconds(50)) { exit(1) }
      close(ends[1])
      exit(Shutdown.wait(upTo: .seconds(30)) ? 5 : 2)
    }
    await #expect(processExitsWith: .exitCode(6)) {
      close(STDIN_FILENO)
      Shutdown.install()
      ParentWatch.start(environment: [:])
      exit(Shutdown.wait(upTo: .milliseconds(200)) ? 1 : 6)
    }
  }

  @Test func delaysGrowToALimit() {
    var delay = GrowingDelay(first: .milliseconds(100), limit: .milliseconds(500))
    #expect((0..<5).map { _ in delay.next() } == [100, 200, 400, 500, 500].map { Duration.milliseconds($0) })
    delay.reset()
    #expect(delay.next() == .milliseconds(100))
  }
}
