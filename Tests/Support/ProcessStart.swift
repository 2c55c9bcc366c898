import Foundation
import Synchronization

private let starting = Mutex<Void>(())

/// How tests start programs. Foundation learns that a program has ended when a socket closes which the program inherited. If two threads
/// call `run` at once, the other program can inherit that socket too, and `waitUntilExit` then waits for both
/// (swift-corelibs-foundation issue 4795).
extension Process {
  /// `run`, while this process starts no other program.
  public func start() throws {
    try starting.withLock { _ in try run() }
  }

  /// Starts it with a pipe as its standard input.
  /// - Returns: the writing end, which no other program inherits. It closes when this process ends.
  func startWithLifeline() throws -> FileHandle {
    try starting.withLock { _ in
      let pipe = Pipe()
      guard fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw BrokerFailure("fcntl failed") }
      standardInput = pipe
      try run()
      return pipe.fileHandleForWriting
    }
  }
}
