/// A length of time in whole milliseconds. A day is always 24 hours, so the programs' "14 days" are 14×24 h (PROGRAMS.md, A4).
public struct TimeSpan: Hashable, Comparable, Sendable {
  public let milliseconds: Int64

  private init(count: Int64, unit: Int64) {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    milliseconds = overflow ? (count < 0 ? .min : .max) : product
  }

  public static let zero = TimeSpan(count: 0, unit: 1)

  /// These saturate at `Int64`, like the sums of ``Instant``.
  public static func days(_ count: Int64) -> TimeSpan { TimeSpan(count: count, unit: 86_400_000) }
  public static func hours(_ count: Int64) -> TimeSpan { TimeSpan(count: count, unit: 3_600_000) }
  public static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(count: count, unit: 60_000) }
  public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(count: count, unit: 1000) }
  public static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(count: count, unit: 1) }

  /// Units from long to short with their suffixes in terms, settings and on the command line.
  private static let units: [(suffix: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }
}

extension TimeSpan: CustomStringConvertible {
  /// Reads a whole number and one unit: `14d`, `36h`, `90m`, `30s`, `100ms`. `nil` for anything else and if the span exceeds `Int64`.
  public init?(_ text: String) {
    let digits = text.utf8.prefix { 0x30...0x39 ~= $0 }
    let suffix = String(text.utf8.dropFirst(digits.count))
    guard let digits = String(digits), let suffix, let count = Int64(digits),
      let unit = TimeSpan.units.first(where: { $0.suffix == suffix })
    else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
    guard !overflow else { return nil }
    milliseconds = product
  }

  /// In the longest unit that is exact: 336 hours are `14d`.
  public var description: String {
    for unit in TimeSpan.units where milliseconds != 0 && milliseconds % unit.milliseconds == 0 {
      return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
    return "0s"
  }
}
