import Glibc
import Synchronization

/// The health of a process. A ready process can do its work, and a live one does not need a restart. With several loops, the worst
/// one counts.
public final class Health: Sendable {
  public enum Readiness: Sendable, Equatable {
    case yes
    /// Not ready, with a short reason: "waiting for the broker".
    case no(String)
  }

  /// One loop of the process.
  public final class Loop: Sendable {
    private let readiness = Mutex<Readiness>(.no("starting"))
    private let reported = Mutex<String?>(nil)
    private let lastBeat = Atomic(Health.nanoseconds())

    public var ready: Readiness {
      get { readiness.withLock { $0 } }
      set { readiness.withLock { $0 = newValue } }
    }

    /// A remark that is shown next to "ok" while the loop is ready.
    public var remark: String? {
      get { reported.withLock { $0 } }
      set { reported.withLock { $0 = newValue } }
    }

    /// Reports that the loop is alive. It calls this in every round.
    public func beat() { lastBeat.store(Health.nanoseconds(), ordering: .relaxed) }

    fileprivate var silenceSeconds: Double {
      let beat = lastBeat.load(ordering: .relaxed)
      let now = Health.nanoseconds()
      return now > beat ? Double(now - beat) / 1e9 : 0
    }
  }

  /// The longest silence of a live loop, in seconds.
  public let silenceSecondsMax: Double
  public let loops: [Loop]

  /// - Parameters:
  ///   - silenceSecondsMax: must be longer than any single step of a loop, above all a transaction's time-out.
  ///   - loops: the number of loops.
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

  /// Seconds since the last beat of the most silent loop.
  public var silenceSeconds: Double { loops.map(\.silenceSeconds).max() ?? 0 }

  public var isAlive: Bool { silenceSeconds <= silenceSecondsMax }

  /// Monotonic time, so that setting the machine's clock cannot kill a service.
  private static func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}
