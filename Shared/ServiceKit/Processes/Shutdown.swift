import Glibc
import Synchronization

/// The request to stop. SIGTERM and SIGINT set it and loops check it. A second signal ends the process at once.
public enum Shutdown {
  private static let signalReceived = Atomic<Int32>(0)
  private static let wakeDescriptor = Atomic<Int32>(-1)
  private static let watchDescriptor = Atomic<Int32>(-1)
  private static let deadlineSeconds = Atomic<UInt32>(0)

  /// Catches SIGTERM and SIGINT. Also makes a closed pipe or a file at its size limit an error of write(2), which no longer ends
  /// the process. Call it first in main.
  ///
  /// - Parameter deadlineSeconds: the process ends this long after the first signal, even if its loop still runs; 0 means no limit.
  public static func install(deadlineSeconds: UInt32 = 0) {
    // The handler must not be the first to access a global, because the first access takes a lock. So access them here.
    Shutdown.deadlineSeconds.store(deadlineSeconds, ordering: .sequentiallyConsistent)
    signalReceived.store(0, ordering: .sequentiallyConsistent)
    if wakeDescriptor.load(ordering: .sequentiallyConsistent) < 0 {
      if let ends = closedOnExecutionPipe() {
        watchDescriptor.store(ends.reading, ordering: .sequentiallyConsistent)
        wakeDescriptor.store(ends.writing, ordering: .sequentiallyConsistent)
      }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    // A started program inherits a signal mask, and libdispatch's threads block nearly every signal, so unblock these here.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGTERM, SIGINT, SIGALRM] { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in [SIGTERM, SIGINT, SIGALRM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { Shutdown.received($0) }
      // System calls in C libraries restart. Loops check for the request themselves.
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
  }

  public static var requested: Bool { signalReceived.load(ordering: .relaxed) != 0 }

  /// The signal that requested the stop. An interrupted command exits with `128 + n`.
  public static var signalNumber: Int32? {
    let number = signalReceived.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Waits until a stop is requested or the time is up. Returns whether a stop is requested. Any number of threads may wait.
  @discardableResult
  public static func wait(upTo limit: Duration) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while !requested {
      let left = ContinuousClock.now.duration(to: end)
      if left <= .zero { break }
      var watch = pollfd(fd: watchDescriptor.load(ordering: .relaxed), events: Int16(POLLIN), revents: 0)
      // The handler's byte is never read, so the pipe stays readable for every waiting thread.
      _ = poll(&watch, 1, Int32(clamping: max(left.milliseconds, 1)))
    }
    return requested
  }

  /// Waits until there is something to read or the input ends. Returns false if a stop is requested.
  public static func waitToRead(_ descriptor: Int32) -> Bool {
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      // Negative before `install`, so that poll ignores it.
      pollfd(fd: watchDescriptor.load(ordering: .relaxed), events: Int16(POLLIN), revents: 0),
    ]
    while !requested {
      guard poll(&watched, 2, -1) < 0, errno == EINTR else { return !requested }
    }
    return false
  }

  /// Requests a stop from within, as SIGTERM does. Call it when one part of the program has failed and the others must stop.
  public static func request() { received(SIGTERM) }

  /// Runs in the signal handler, so it uses only what signal-safety(7) allows: atomics, alarm, write and _exit.
  private static func received(_ number: Int32) {
    let first = signalReceived.exchange(number == SIGALRM ? SIGTERM : number, ordering: .sequentiallyConsistent)
    if first != 0 { _exit(128 + (number == SIGALRM ? first : number)) }
    let deadline = deadlineSeconds.load(ordering: .sequentiallyConsistent)
    if deadline > 0 { alarm(deadline) }
    let kept = errno
    var byte: UInt8 = 1
    _ = write(wakeDescriptor.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = kept
  }
}

/// Delays between attempts: each is twice the previous one, up to a limit.
public struct GrowingDelay: Sendable {
  private let first: Duration
  private let limit: Duration
  private var upcoming: Duration

  public init(first: Duration = .milliseconds(250), limit: Duration = .seconds(15)) {
    self.first = first
    self.limit = limit
    upcoming = min(first, limit)
  }

  /// The delay to wait now.
  public mutating func next() -> Duration {
    defer { upcoming = min(upcoming * 2, limit) }
    return upcoming
  }

  /// Call it after a success.
  public mutating func reset() { upcoming = min(first, limit) }
}
