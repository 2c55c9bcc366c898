import Contracts

/// Formats and parses amounts as people write them.
package enum MoneyText {
  /// 40500.00 tenge: `40,500.00 KZT`.
  package static func amount(_ minor: Int64, _ currency: Currency) -> String { "\(figure(minor, currency)) \(currency)" }

  /// Without the currency: `40,500.00`.
  package static func figure(_ minor: Int64, _ currency: Currency) -> String { currency.figure(minor, group: ",", point: ".") }

  /// For files: `40500.00`.
  package static func plain(_ minor: Int64, _ currency: Currency) -> String {
    figure(minor, currency).filter { $0 != "," }
  }

  /// Parses an amount in the format of ``plain(_:_:)``, with an optional sign. Returns minor units.
  ///
  /// Returns `nil` unless all decimals are there: `1250` USD could mean 1250.00 or 12.50.
  package static func minor(_ text: String, _ currency: Currency) -> Int64? {
    let exponent = currency.exponent
    let sign = text.prefix { $0 == "+" || $0 == "-" }
    let parts = text.dropFirst(sign.count).split(separator: ".", omittingEmptySubsequences: false)
    guard sign.count <= 1, parts.count == (exponent == 0 ? 1 : 2), parts[0].count > 0,
      parts.count == 1 || parts[1].count == exponent,
      parts.allSatisfy({ $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } })
    else { return nil }
    return Int64(sign + parts.joined())
  }
}

extension HasCurrency {
  /// An amount of the message, such as `40,500.00 KZT`.
  func money(_ minor: Int64) -> String { MoneyText.amount(minor, currency) }

  /// Without the currency: `40,500.00`.
  func figure(_ minor: Int64) -> String { MoneyText.figure(minor, currency) }
}

extension Instant {
  /// `24 Jan 2026 09:00 UTC`; seconds only if they are not 0.
  package var readable: String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let day = date
    let seconds = (milliseconds / 1000) % 86_400
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time = two(seconds / 3600) + ":" + two(seconds / 60 % 60) + (seconds % 60 == 0 ? "" : ":" + two(seconds % 60))
    return "\(day.day) \(months[day.month - 1]) \(day.year) \(time) UTC"
  }
}
