import Glibc
import Synchronization

/// What a process says of itself to whoever runs it. Ready: give it work. Alive: do not restart it.
public final class Health: Sendable {
  public enum Readiness: Sendable, Equatable {
    case yes
    /// Not yet, or not at present, and why, in a few words: "waiting for the broker".
    case no(String)
  }

  /// Longest silence of the loop that still counts as alive, in seconds.
  public let silenceSecondsMax: Double
  private let readiness = Mutex<Readiness>(.no("starting"))
  private let lastBeat: Atomic<UInt64>

  /// - Parameter silenceSecondsMax: more than any single step of the loop may take, a transaction's time-out above all.
  public init(silenceSecondsMax: Double = 30) {
    self.silenceSecondsMax = silenceSecondsMax
    lastBeat = Atomic(Health.nanoseconds())
  }

  public var ready: Readiness {
    get { readiness.withLock { $0 } }
    set { readiness.withLock { $0 = newValue } }
  }

  /// The loop calls this each time around.
  public func beat() { lastBeat.store(Health.nanoseconds(), ordering: .relaxed) }

  /// Seconds since the loop was last heard of.
  public var silenceSeconds: Double {
    let beat = lastBeat.load(ordering: .relaxed)
    let now = Health.nanoseconds()
    return now > beat ? Double(now - beat) / 1e9 : 0
  }

  public var isAlive: Bool { silenceSeconds <= silenceSecondsMax }

  /// Steady time: setting the machine's clock must not kill a service.
  private static func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}
