import Glibc
import Synchronization

/// What a process says of itself to whoever runs it. Ready: give it work. Alive: do not restart it. It has one loop or several, and is what
/// the least of them is.
public final class Health: Sendable {
  public enum Readiness: Sendable, Equatable {
    case yes
    /// Not yet, or not at present, and why, in a few words: "waiting for the broker".
    case no(String)
  }

  /// One loop of the process.
  public final class Loop: Sendable {
    private let readiness = Mutex<Readiness>(.no("starting"))
    private let told = Mutex<String?>(nil)
    private let lastBeat = Atomic(Health.nanoseconds())

    public var ready: Readiness {
      get { readiness.withLock { $0 } }
      set { readiness.withLock { $0 = newValue } }
    }

    /// What somebody should know though it is ready: shown beside "ok".
    public var remark: String? {
      get { told.withLock { $0 } }
      set { told.withLock { $0 = newValue } }
    }

    /// The loop calls this each time around.
    public func beat() { lastBeat.store(Health.nanoseconds(), ordering: .relaxed) }

    fileprivate var silenceSeconds: Double {
      let beat = lastBeat.load(ordering: .relaxed)
      let now = Health.nanoseconds()
      return now > beat ? Double(now - beat) / 1e9 : 0
    }
  }

  /// Longest silence of a loop that still counts as alive, in seconds.
  public let silenceSecondsMax: Double
  public let loops: [Loop]

  /// - Parameters:
  ///   - silenceSecondsMax: more than any single step of a loop may take, a transaction's time-out above all.
  ///   - loops: how many there are.
  public init(silenceSecondsMax: Double = 30, loops: Int = 1) {
    self.silenceSecondsMax = silenceSecondsMax
    self.loops = (0..<max(1, loops)).map { _ in Loop() }
  }

  public var ready: Readiness {
    for (number, loop) in loops.enumerated() {
      guard case .no(let reason) = loop.ready else { continue }
      return .no(loops.count > 1 ? "thread \(number + 1): \(reason)" : reason)
    }
    return .yes
  }

  public var remarks: String { loops.compactMap(\.remark).joined(separator: "; ") }

  /// Seconds since the most silent loop was last heard of.
  public var silenceSeconds: Double { loops.map(\.silenceSeconds).max() ?? 0 }

  public var isAlive: Bool { silenceSeconds <= silenceSecondsMax }

  /// Steady time: setting the machine's clock must not kill a service.
  private static func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}
