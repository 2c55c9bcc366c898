import Contracts

/// A time zone as a table of offsets from UTC. TermsFiles fills it from the system's IANA data when it reads the terms, so that the
/// rules do no I/O, as a calendar API would.
public struct Zone: Sendable, Equatable {
  /// The IANA name, as in the terms file.
  public let name: String
  /// Ascending by `from`. The first offset also applies to all instants before it.
  public let offsets: [Offset]

  public struct Offset: Sendable, Equatable {
    public let from: Instant
    public let seconds: Int64

    public init(from: Instant, seconds: Int64) {
      self.from = from
      self.seconds = seconds
    }
  }

  /// `offsets` must not be empty.
  public init(name: String, offsets: [Offset]) {
    self.name = name
    self.offsets = offsets
  }

  public static let utc = Zone(name: "UTC", offsets: [Offset(from: Instant(milliseconds: 0), seconds: 0)])

  /// The seconds to add to UTC to get local time at an instant.
  public func seconds(at instant: Instant) -> Int64 {
    var low = 0
    var high = offsets.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if offsets[middle].from <= instant { low = middle } else { high = middle }
    }
    return offsets[low].seconds
  }

  /// The first instant at which a local clock shows at least this time. A time that clocks skip (DST) becomes the instant of the jump. A
  /// time that they show twice becomes the first of the two.
  public func instant(ofLocalMilliseconds local: Int64) -> Instant {
    for (index, offset) in offsets.enumerated() {
      let start = index == 0 ? Instant(milliseconds: .min) : offset.from
      let candidate = max(Instant(milliseconds: local) - .seconds(offset.seconds), start)
      // The offsets ascend, so the first that fits is the earliest.
      if index + 1 == offsets.count || candidate < offsets[index + 1].from { return candidate }
    }
    return Instant(milliseconds: local)
  }
}

/// "At 00:00 on the 28th in the program's zone" (row B5). In a month without this day, the run is on the last day.
public struct MonthlySchedule: Sendable, Equatable {
  /// 1–31.
  public var day: Int64
  public var zone: Zone

  public init(day: Int64, zone: Zone) {
    self.day = day
    self.zone = zone
  }

  /// The first run strictly after an instant. The maximum instant if the calendar ends before that run.
  public func next(after instant: Instant) -> Instant {
    var month = localMonth(of: instant)
    while true {
      guard let run = self.run(in: month) else { return Instant(milliseconds: .max) }
      if run > instant { return run }
      month += 1
    }
  }

  /// `YYYY-MM` of the run's local month (DECISIONS B5).
  public func period(of instant: Instant) -> String {
    let month = localMonth(of: instant)
    let number = String(month % 12 + 1)
    return "\(month / 12)-\(number.count < 2 ? "0" : "")\(number)"
  }

  /// Months since year 0, in local time.
  private func localMonth(of instant: Instant) -> Int {
    let date = (instant + .seconds(zone.seconds(at: instant))).date
    return date.year * 12 + date.month - 1
  }

  /// `nil` if the calendar has no such month.
  private func run(in month: Int) -> Instant? {
    let year = month / 12
    let number = month % 12 + 1
    let day = min(Int(day), CivilDate.daysInMonth(year: year, month: number))
    return CivilDate(year: year, month: number, day: day).map {
      zone.instant(ofLocalMilliseconds: $0.daysSince1970 * TimeSpan.days(1).milliseconds)
    }
  }
}
