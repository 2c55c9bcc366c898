import Contracts
import Glibc

extension Contracts.Instant {
  /// System time. Rules never read it. They receive the time as an argument.
  public static var now: Contracts.Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Contracts.Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

extension Duration {
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
  /// Rounded towards zero.
  public var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
