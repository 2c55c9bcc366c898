import Foundation
import Synchronization

/// A started process with the parent's ends of its pipes.
struct Spawned {
  let processID: Int32
  /// Stays open as long as the parent lives. `ParentWatch` notices when it closes.
  let input: Int32
  /// Standard output and standard error of the child together, in the order in which they were written.
  let output: Int32
}

/// Locked from the creation of a child's pipes until the child is started. Otherwise another child that starts in between could
/// inherit the pipes and keep them open, and the first child would not notice the parent's death.
private let spawning = Mutex<Void>(())

/// posix_spawn with pipes, a new process group, default signals, and none of this process's other open files.
func spawn(_ executable: String, _ arguments: [String], _ environment: [String: String]) throws(ChildProcessError) -> Spawned {
  try spawning.withLock { _ throws(ChildProcessError) in try spawnAlone(executable, arguments, environment) }
}

private func spawnAlone(_ executable: String, _ arguments: [String], _ environment: [String: String]) throws(ChildProcessError)
  -> Spawned
{
  guard let input = closedOnExecutionPipe() else { throw failure("cannot create a pipe", errno) }
  guard let output = closedOnExecutionPipe() else {
    let reason = errno
    close(input.reading)
    close(input.writing)
    throw failure("cannot create a pipe", reason)
  }

  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
  posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
  posix_spawn_file_actions_adddup2(&actions, output.writing, STDERR_FILENO)
  // C libraries open files without close-on-exec, such as the embedded bus's listening sockets. Closing a closed file is no error.
  let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
  for descriptor in open.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO {
    posix_spawn_file_actions_addclose(&actions, descriptor)
  }

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  var defaults = sigset_t()
  sigemptyset(&defaults)
  for number in [SIGTERM, SIGINT, SIGPIPE, SIGALRM, SIGXFSZ] { sigaddset(&defaults, number) }
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &defaults)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  var argumentPointers = ([executable] + arguments).map { strdup($0) } + [nil]
  var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }

  var processID: pid_t = 0
  let status = posix_spawn(&processID, executable, &actions, &attributes, &argumentPointers, &environmentPointers)
  close(input.reading)
  close(output.writing)
  guard status == 0 else {
    close(input.writing)
    close(output.reading)
    throw failure("cannot start '\(executable)'", status)
  }
  return Spawned(processID: processID, input: input.writing, output: output.reading)
}

private func failure(_ what: String, _ reason: Int32) -> ChildProcessError {
  ChildProcessError(description: "\(what): \(String(cString: strerror(reason)))")
}

/// A pipe that started programs do not inherit. (pipe2 is a GNU extension, which Swift's Glibc module hides.)
func closedOnExecutionPipe() -> (reading: Int32, writing: Int32)? {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { return nil }
  for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  return (ends[0], ends[1])
}
