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
  /// On a clock that nobody sets, so that setting the machine's clock cannot kill a service.
  private let lastBeat = Mutex(SuspendingClock.now)

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
  public func beat() { lastBeat.withLock { $0 = .now } }

  /// Seconds since the last beat.
  public var silenceSeconds: Double { lastBeat.withLock { $0.duration(to: .now).seconds } }
}
