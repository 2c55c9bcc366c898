import Contracts
import Words

/// Formats the figures of a back-test. Negative figures have a plain `-`, which the page replaces by a true minus sign.
enum FigureText {
  /// `1,234.50 USD`, `450 percentage points`.
  static func full(_ value: Int64, _ unit: CostUnit) -> String {
    switch unit {
    case .money(let currency): MoneyText.amount(value, currency)
    case .points: "\(grouped(value)) percentage point\(value == 1 ? "" : "s")"
    }
  }

  /// Without the unit.
  static func figure(_ value: Int64, _ unit: CostUnit) -> String {
    switch unit {
    case .money(let currency): MoneyText.figure(value, currency)
    case .points: grouped(value)
    }
  }

  static func figure(_ value: Int64, _ unit: FigureRow.Unit) -> String {
    switch unit {
    case .cost(let unit): figure(value, unit)
    case .count: grouped(value)
    case .tenthsOfPercent: tenths(value) + " %"
    }
  }

  /// The difference with its sign. Empty if it is 0, so that differences stand out in a table.
  static func difference(_ values: Compared, _ unit: FigureRow.Unit) -> String {
    guard values.isChanged else { return "" }
    let text = figure(values.difference, unit)
    let plain = unit == .tenthsOfPercent ? String(text.dropLast(2)) + " points" : text
    return values.difference > 0 ? "+\(plain)" : plain
  }

  /// `+12.4 %`. Empty if nothing differs, or if the current figure is 0.
  static func share(_ values: Compared, _ unit: FigureRow.Unit) -> String {
    // A percentage of a percentage would confuse.
    guard unit != .tenthsOfPercent, values.isChanged, let perMille = values.perMille else { return "" }
    return (perMille > 0 ? "+" : "") + tenths(perMille) + " %"
  }

  /// 124 → `12.4`
  static func tenths(_ value: Int64) -> String {
    let (whole, tenth) = value.magnitude.quotientAndRemainder(dividingBy: 10)
    return (value < 0 ? "-" : "") + Currency.grouped(String(whole), by: ",") + ".\(tenth)"
  }

  /// 1234567 → `1,234,567`
  static func grouped(_ value: Int64) -> String {
    (value < 0 ? "-" : "") + Currency.grouped(String(value.magnitude), by: ",")
  }
}

extension BecauseText {
  /// The reasons of a notice, one sentence each.
  ///
  /// - Parameter other: the notice of the other side about the same subject. Its currency is used if `notice` names none.
  static func lines(_ notice: any Notice, or other: (any Notice)? = nil) -> [String] {
    let currency = NoticeText.currency(of: notice) ?? other.flatMap(NoticeText.currency(of:))
    return notice.because.map { sentence($0, currency: currency) }
  }
}
