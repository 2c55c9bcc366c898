import Contracts

/// Amounts as people write them. For reading only: no figure is taken from such a text.
package enum MoneyText {
  /// How many digits of the minor unit a currency has (ISO 4217); 2 where nothing else stands here.
  private static let exponents: [String: Int] = {
    let none = [
      "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
    ]
    let three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
    return Dictionary(uniqueKeysWithValues: none.map { ($0, 0) } + three.map { ($0, 3) })
  }()

  /// 40500.00 tenge: `40,500.00 KZT`.
  package static func amount(_ minor: Int64, _ currency: Currency) -> String { "\(figure(minor, currency)) \(currency)" }

  /// Without the currency: `40,500.00`.
  package static func figure(_ minor: Int64, _ currency: Currency) -> String {
    let exponent = exponents[currency.code] ?? 2
    var digits = String(minor.magnitude)
    if digits.count <= exponent { digits = String(repeating: "0", count: exponent + 1 - digits.count) + digits }
    var whole = ""
    for (index, digit) in digits.dropLast(exponent).enumerated() {
      if index > 0, (digits.count - exponent - index) % 3 == 0 { whole += "," }
      whole.append(digit)
    }
    let fraction = exponent == 0 ? "" : "." + digits.suffix(exponent)
    return (minor < 0 ? "-" : "") + whole + fraction
  }
}

extension Instant {
  /// `24 Jan 2026 09:00 UTC`; seconds only where there are any.
  package var readable: String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let day = date
    let seconds = (milliseconds / 1000) % 86_400
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time = two(seconds / 3600) + ":" + two(seconds / 60 % 60) + (seconds % 60 == 0 ? "" : ":" + two(seconds % 60))
    return "\(day.day) \(months[day.month - 1]) \(day.year) \(time) UTC"
  }
}
