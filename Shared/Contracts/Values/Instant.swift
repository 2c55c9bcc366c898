import JSON

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// It is written as RFC 3339 in UTC with milliseconds (`2026-01-05T08:00:00.000Z`). Every form of RFC 3339 is read.
public struct Instant: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: Int64

  /// The instants a message may carry: 1970-01-01 to the end of 2199-12-31.
  public static let range = Instant(milliseconds: 0)...Instant(milliseconds: 7_258_118_399_999)

  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Midnight UTC of a calendar day, plus a time of day.
  ///
  /// `nil` if the day does not exist (30 February) or the time of day is invalid.
  public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0) {
    guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
    guard 0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second, 0...999 ~= millisecond else { return nil }
    let seconds = Int64(hour * 3600 + minute * 60 + second)
    milliseconds = (date.daysSince1970 * 86_400 + seconds) * 1000 + Int64(millisecond)
  }

  /// The calendar day in UTC.
  public var date: CivilDate {
    CivilDate(daysSince1970: milliseconds.flooredQuotient(by: TimeSpan.days(1).milliseconds))
  }

  public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

  /// Saturates at `Int64`. From an instant within ``range`` it also saturates at the range. So an instant derived from an event's far
  /// instant can be written and read back, and cannot stop a service.
  public static func + (instant: Instant, span: TimeSpan) -> Instant {
    let (sum, overflow) = instant.milliseconds.addingReportingOverflow(span.milliseconds)
    return Instant(milliseconds: overflow ? (span.milliseconds < 0 ? .min : .max) : sum).clamped(from: instant)
  }

  /// Saturates like `+`.
  public static func - (instant: Instant, span: TimeSpan) -> Instant {
    let (difference, overflow) = instant.milliseconds.subtractingReportingOverflow(span.milliseconds)
    return Instant(milliseconds: overflow ? (span.milliseconds < 0 ? .max : .min) : difference).clamped(from: instant)
  }

  private func clamped(from origin: Instant) -> Instant {
    guard Instant.range.contains(origin) else { return self }
    return min(max(self, Instant.range.lowerBound), Instant.range.upperBound)
  }

  /// The span from `right` to `left`. Saturates at `Int64`.
  public static func - (left: Instant, right: Instant) -> TimeSpan {
    let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
    return .milliseconds(overflow ? (left < right ? .min : .max) : difference)
  }
}

extension Instant {
  /// Reads RFC 3339 in every form (DECISIONS T8): any offset, any number of fractional digits (cut to milliseconds), small `t` and `z`,
  /// a second 60 (the next second).
  ///
  /// `nil` for anything else, and for a day that does not exist. Years outside ``range`` are read; the caller checks the range.
  public init?(rfc3339 text: String) {
    var text = text
    guard let read = text.withUTF8({ Instant(rfc3339: $0) }) else { return nil }
    self = read
  }

  // Reads the bytes by hand, because every message has several instants and a general parser takes microseconds for each.
  init?(rfc3339 bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count >= 20 else { return nil }
    /// The number that two digits write.
    func pair(_ first: Int) -> Int? {
      let (tens, ones) = (bytes[first] &- 0x30, bytes[first + 1] &- 0x30)
      return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
    }
    guard bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let century = pair(0), let yearOfCentury = pair(2), let month = pair(5), let day = pair(8),
      let hour = pair(11), let minute = pair(14), let second = pair(17)
    else { return nil }
    var index = 19
    var millisecond = 0
    if bytes[index] == 0x2E {
      index += 1
      let first = index
      while index < bytes.count, bytes[index] &- 0x30 <= 9 {
        if index - first < 3 { millisecond = millisecond * 10 + Int(bytes[index] &- 0x30) }
        index += 1
      }
      guard index > first, index < bytes.count else { return nil }
      for _ in min(index - first, 3)..<3 { millisecond *= 10 }
    }
    var offset = 0
    switch bytes[index] {
    case 0x5A, 0x7A:
      guard index + 1 == bytes.count else { return nil }
    case 0x2B, 0x2D:
      guard index + 6 == bytes.count, bytes[index + 3] == 0x3A, let hours = pair(index + 1), let minutes = pair(index + 4),
        hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (bytes[index] == 0x2D ? -60_000 : 60_000)
    default: return nil
    }
    let isLeap = second == 60
    guard
      let local = Instant(
        year: century * 100 + yearOfCentury, month: month, day: day, hour: hour, minute: minute, second: isLeap ? 59 : second,
        millisecond: millisecond)
    else { return nil }
    milliseconds = local.milliseconds + (isLeap ? 1000 : 0) - Int64(offset)
  }
}

extension Instant: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds. Exact for the years 0 to 9999.
  public var description: String {
    String(unsafeUninitializedCapacity: Instant.textLength) { text in
      if let start = text.baseAddress { write(to: start) }
      return Instant.textLength
    }
  }

  public static let textLength = 24

  /// The characters of ``description``.
  public func write(to text: UnsafeMutablePointer<UInt8>) {
    let day = date
    let inDay = Int(milliseconds - day.daysSince1970 * TimeSpan.days(1).milliseconds)
    /// Writes the last digit of a number.
    func digit(_ value: Int, _ place: Int) { text[place] = 0x30 &+ UInt8(truncatingIfNeeded: value % 10) }
    func pair(_ value: Int, _ place: Int) {
      digit(value / 10, place)
      digit(value, place + 1)
    }
    let year = min(max(day.year, 0), 9999)
    let second = inDay / 1000
    pair(year / 100, 0)
    pair(year % 100, 2)
    pair(day.month, 5)
    pair(day.day, 8)
    pair(second / 3600, 11)
    pair(second / 60 % 60, 14)
    pair(second % 60, 17)
    digit(inDay / 100, 20)
    pair(inDay % 100, 21)
    text[4] = 0x2D
    text[7] = 0x2D
    text[10] = 0x54
    text[13] = 0x3A
    text[16] = 0x3A
    text[19] = 0x2E
    text[23] = 0x5A
  }
}

extension Instant: TextValue {
  public static let form = "an instant of RFC 3339 from 1970 to 2199, such as 2026-01-06T09:00:00Z"
  public var text: String { description }

  public init?(text: UnsafeBufferPointer<UInt8>) {
    guard let instant = Instant(rfc3339: text), Instant.range.contains(instant) else { return nil }
    self = instant
  }

  public func write(to json: inout JSONWriter) { json.plainString(length: Instant.textLength, write(to:)) }
}

extension Int64 {
  /// Division towards minus infinity by a positive number.
  func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
