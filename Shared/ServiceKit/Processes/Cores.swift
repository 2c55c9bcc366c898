import Foundation

/// The processors that this process may use.
public enum Cores {
  /// The number of processors that it may be scheduled on, limited by its control group's quota (`cpu.max` of cgroup v2), rounded
  /// up. At least 1.
  public static var given: Int {
    let scheduled = ProcessInfo.processInfo.activeProcessorCount
    let quota = (try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8)).flatMap(quota)
    return max(1, min(scheduled, quota ?? scheduled))
  }

  /// - Parameter text: the content of `cpu.max`: the microseconds per period and the period's length. `max` means no quota.
  /// - Returns: whole cores; `nil` without a quota.
  static func quota(_ text: String) -> Int? {
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard numbers.count == 2, let used = numbers[0], let period = numbers[1], used > 0, period > 0 else { return nil }
    return (used + period - 1) / period
  }
}
