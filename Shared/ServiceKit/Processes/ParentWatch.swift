import Foundation

/// Lets a service that `laurel dev` started end with it, even when it is killed: its standard input is a pipe that only the
/// parent holds open, so the kernel itself reports the parent's death. (PR_SET_PDEATHSIG follows the thread that forked, not
/// the process.)
public enum ParentWatch {
  /// Set by `ChildProcess` in the environment of its children; without it standard input means nothing.
  static let variable = "LAUREL_PARENT_WATCH"
  static let reservedVariables: Set<String> = [variable]

  /// Starts to watch if the parent asked for it. When it is gone, the process sends itself SIGTERM and takes the usual way out.
  public static func start(environment: [String: String] = ProcessInfo.processInfo.environment) {
    guard environment[variable] == "stdin" else { return }
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      kill(getpid(), SIGTERM)
    }
  }
}
