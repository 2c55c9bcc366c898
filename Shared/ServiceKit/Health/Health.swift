import Glibc
import Synchronization

/// The health of a process. A ready process can do its work, and a live one does not need a restart.
public final class Health: Sendable {
  public enum Readiness: Sendable, Equatable {
    case yes
    /// Not ready, with a short reason: "waiting for the broker".
    case no(String)
  }

  /// The longest silence of a live loop, in seconds.
  public let silenceSecondsMax: Double
  private let readiness = Mutex<Readiness>(.no("starting"))
  private let reported = Mutex<String?>(nil)
  private let lastBeat = Atomic(Health.nanoseconds())

  /// - Parameter silenceSecondsMax: must be longer than any single step of the process's loop, above all a transaction's time-out.
  public init(silenceSecondsMax: Double = 30) { self.silenceSecondsMax = silenceSecondsMax }

  public var ready: Readiness {
    get { readiness.withLock { $0 } }
    set { readiness.withLock { $0 = newValue } }
  }

  /// A remark that is shown next to "ok" while the process is ready.
  public var remark: String? {
    get { reported.withLock { $0 } }
    set { reported.withLock { $0 = newValue } }
  }

  /// Reports that the loop is alive. The loop calls this in every round.
  public func beat() { lastBeat.store(Health.nanoseconds(), ordering: .relaxed) }

  /// Seconds since the last beat.
  public var silenceSeconds: Double {
    let beat = lastBeat.load(ordering: .relaxed)
    let now = Health.nanoseconds()
    return now > beat ? Double(now - beat) / 1e9 : 0
  }

  /// Monotonic time, so that setting the machine's clock cannot kill a service.
  private static func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}
