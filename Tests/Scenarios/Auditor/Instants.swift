/// Instants as milliseconds since 1970 in UTC, with separate calendar arithmetic: the auditor shares none with the product.
enum AuditedTime {
  static let day: Int64 = 86_400_000

  /// - Returns: `nil` if the text is not RFC 3339 (T8).
  static func read(_ text: String) -> Int64? {
    let form = /(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))/
    guard let parts = text.wholeMatch(of: form)?.output else { return nil }
    func number(_ text: Substring?) -> Int64 { text.flatMap { Int64($0) } ?? 0 }
    let (hour, minute, second) = (number(parts.4), number(parts.5), number(parts.6))
    let (offsetHour, offsetMinute) = (number(parts.9), number(parts.10))
    guard hour < 24, minute < 60, second <= 60, offsetHour < 24, offsetMinute < 60 else { return nil }
    let offset = (offsetHour * 60 + offsetMinute) * (parts.8 == "-" ? -60_000 : 60_000)
    let days = days(year: number(parts.1), month: number(parts.2), day: number(parts.3))
    let milliseconds = number(((parts.7 ?? "") + "000").prefix(3))
    return days * day + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds - offset
  }

  static func write(_ instant: Int64) -> String {
    var date = (year: Int64(1970), month: Int64(1), day: Int64(1))
    var rest = instant / day
    while rest >= (isLeap(date.year) ? 366 : 365) {
      rest -= isLeap(date.year) ? 366 : 365
      date.year += 1
    }
    while rest >= length(of: date.month, in: date.year) {
      rest -= length(of: date.month, in: date.year)
      date.month += 1
    }
    date.day += rest
    let inDay = instant % day
    let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(date.year)-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock).\(padded(inDay % 1000, 3))Z"
  }

  /// The first midnight of a 28th after this instant.
  static func run(after instant: Int64) -> Int64 {
    var (year, month) = yearAndMonth(instant)
    while true {
      let run = days(year: year, month: month, day: 28) * day
      if run > instant { return run }
      month += 1
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  /// `YYYY-MM`.
  static func period(_ instant: Int64) -> String { String(write(instant).prefix(7)) }

  private static func yearAndMonth(_ instant: Int64) -> (Int64, Int64) {
    let text = write(instant)
    return (Int64(text.prefix(4)) ?? 1970, Int64(text.dropFirst(5).prefix(2)) ?? 1)
  }

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    var days: Int64 = 0
    for earlier in 1970..<max(year, 1970) { days += isLeap(earlier) ? 366 : 365 }
    for earlier in 1..<max(month, 1) { days += length(of: earlier, in: year) }
    return days + day - 1
  }

  private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func length(of month: Int64, in year: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
