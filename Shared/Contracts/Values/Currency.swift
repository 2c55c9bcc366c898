extension Currency {
  /// The number of digits of the minor unit (ISO 4217); 2 if the currency is not listed here.
  public var exponent: Int { Currency.exponents[code] ?? 2 }

  private static let exponents: [String: Int] = {
    let none = [
      "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
    ]
    let three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
    let four = ["CLF", "UYW"]
    return Dictionary(uniqueKeysWithValues: none.map { ($0, 0) } + three.map { ($0, 3) } + four.map { ($0, 4) })
  }()

  /// An amount with all digits of its minor unit, without the currency: `40,500.00`.
  ///
  /// - Parameters:
  ///   - minor: minor units.
  ///   - group: the separator between groups of three digits.
  ///   - point: the separator before the minor unit's digits.
  ///   - minus: the sign of an amount below 0.
  public func figure(_ minor: Int64, group: String, point: String, minus: String = "-") -> String {
    let digits = String(minor.magnitude)
    let padded = String(repeating: "0", count: max(0, exponent + 1 - digits.utf8.count)) + digits
    let whole = padded.dropLast(exponent)
    return (minor < 0 ? minus : "") + Currency.grouped(whole, by: group) + (exponent == 0 ? "" : point + padded.suffix(exponent))
  }

  /// Separates decimal digits into groups of three.
  public static func grouped(_ digits: some StringProtocol, by group: String) -> String {
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.utf8.count - index) % 3 == 0 { text += group }
      text.append(digit)
    }
    return text
  }
}
