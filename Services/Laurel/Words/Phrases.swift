import Contracts
import Terms

// Figures, time spans and lists for use inside a sentence.

extension BasisPoints {
  /// `10 %`, `0.5 %`.
  package var words: String { description.dropLast() + " %" }
}

extension TimeSpan {
  /// `14 days`, `1 hour`; in the longest unit that is exact.
  package var words: String {
    let units: [(name: String, length: TimeSpan)] = [
      ("day", .days(1)), ("hour", .hours(1)), ("minute", .minutes(1)), ("second", .seconds(1)), ("millisecond", .milliseconds(1)),
    ]
    for unit in units where milliseconds != 0 && milliseconds % unit.length.milliseconds == 0 {
      return counted(Int(milliseconds / unit.length.milliseconds), unit.name)
    }
    return "no time"
  }

  /// `14 days after the payment`, or `at payment`.
  package var wordsAfterPayment: String { self == .zero ? "at payment" : "\(words) after the payment" }
}

extension Instant {
  /// `28 Apr 2026 00:00`, as a clock in a zone shows it.
  package func readable(in zone: Zone) -> String {
    (self + .seconds(zone.seconds(at: self))).readable.replacing(" UTC", with: "")
  }
}

/// `1 line`, `2 lines`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// `a`, `a and b`, `a, b and c`.
package func listed(_ words: [String], _ conjunction: String = "and") -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}

/// `1st`, `22nd`, `28th`.
package func ordinal(_ number: Int64) -> String {
  let suffix: String
  switch (number % 100, number % 10) {
  case (11...13, _): suffix = "th"
  case (_, 1): suffix = "st"
  case (_, 2): suffix = "nd"
  case (_, 3): suffix = "rd"
  default: suffix = "th"
  }
  return "\(number)\(suffix)"
}

extension String {
  /// In quotes, with invisible characters escaped: a line break or a zero-width character in a code may be the reason for a
  /// rejection.
  package var inQuotes: String {
    "\""
      + unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
        case .spaceSeparator where scalar != " ": scalar.escaped(asASCII: true)
        default: String(scalar)
        }
      }.joined() + "\""
  }

  /// A code in words: `no-plan-line` → `no plan line`.
  package var plainCode: String { replacing("-", with: " ") }

  /// With an uppercase first letter, to begin a sentence.
  package var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Rows with their columns aligned to the left.
///
/// - Parameter right: the columns to align to the right.
package func columns(_ rows: [[String]], right: Range<Int> = 0..<0) -> [String] {
  let count = rows.map(\.count).max() ?? 0
  let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      let space = String(repeating: " ", count: widths[index] - cell.count)
      return right.contains(index) ? space + cell : cell + space
    }
    let line = cells.joined(separator: "  ")
    return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
  }
}
