import Foundation

/// Ends a service together with the `laurel dev` that started it, even if `laurel dev` is killed. The service's standard input is a
/// pipe that only the parent holds open, so the kernel reports the parent's death. (PR_SET_PDEATHSIG watches the thread that
/// forked, not the process.)
public enum ParentWatch {
  /// Set by `ChildProcess` for its children. Without it, standard input is not watched.
  static let variable = "LAUREL_PARENT_WATCH"
  static let reservedVariables: Set<String> = [variable]

  /// Starts watching if the parent requested it. When the parent is gone, the process sends itself SIGTERM.
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
