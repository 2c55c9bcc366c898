import Glibc
import Synchronization

/// The wish to stop. SIGTERM and SIGINT set it, loops ask for it; a second signal ends the process at once.
public enum Shutdown {
  private static let signalReceived = Atomic<Int32>(0)
  private static let wakeDescriptor = Atomic<Int32>(-1)
  private static let watchDescriptor = Atomic<Int32>(-1)
  private static let deadlineSeconds = Atomic<UInt32>(0)

  /// Catches SIGTERM and SIGINT. A reader that goes away and a file at its size limit become errors of write(2), not the end. Call
  /// it first in main.
  ///
  /// - Parameter deadlineSeconds: how long after the first signal the process ends whether its loop agrees or not; 0 for no
  ///   limit.
  public static func install(deadlineSeconds: UInt32 = 0) {
    // These stores also make sure that the handler never is the first to touch a global, which would take a lock.
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
    // A started program inherits a mask, and threads of libdispatch block nearly every signal: here they are wanted.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGTERM, SIGINT, SIGALRM] { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in [SIGTERM, SIGINT, SIGALRM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { Shutdown.received($0) }
      // Calls of C libraries go on; loops learn of the wish by asking.
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
  }

  public static var requested: Bool { signalReceived.load(ordering: .relaxed) != 0 }

  /// The signal that asked: what `128 + n` makes the exit status of an interrupted command.
  public static var signalNumber: Int32? {
    let number = signalReceived.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Waits until stopping is asked for or the time is over; true when it was asked for. Any number of threads may wait.
  @discardableResult
  public static func wait(upTo limit: Duration) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while !requested {
      let left = ContinuousClock.now.duration(to: end)
      if left <= .zero { break }
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      var watch = pollfd(fd: watchDescriptor.load(ordering: .relaxed), events: Int16(POLLIN), revents: 0)
      // What the handler writes is never read, so the pipe stays readable for everyone who waits.
      _ = poll(&watch, 1, Int32(clamping: max(milliseconds, 1)))
    }
    return requested
  }

  /// Waits until there is something to read, or its end; false: stopping is asked for.
  public static func waitToRead(_ descriptor: Int32) -> Bool {
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      // Negative before `install`, which poll passes over.
      pollfd(fd: watchDescriptor.load(ordering: .relaxed), events: Int16(POLLIN), revents: 0),
    ]
    while !requested {
      guard poll(&watched, 2, -1) < 0, errno == EINTR else { return !requested }
    }
    return false
  }

  /// The wish from within, as if SIGTERM had come: one part of the program cannot go on, and the others are to stop.
  public static func request() { received(SIGTERM) }

  /// In the signal handler: only atomics, alarm, write and _exit, which signal-safety(7) allows.
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

/// Delays between attempts at something that is not there yet: each twice the one before, up to a limit.
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

  /// After a success.
  public mutating func reset() { upcoming = min(first, limit) }
}
