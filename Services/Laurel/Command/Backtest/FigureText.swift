import Contracts

/// Figures of a back-test as people read them. A plain `-` stands for minus; pages put a true minus sign in its place.
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

  /// With a sign; `0` differences are an empty text, so that a table shows what is different.
  static func difference(_ values: Compared, _ unit: FigureRow.Unit) -> String {
    guard values.isChanged else { return "" }
    let text = figure(values.difference, unit)
    let plain = unit == .tenthsOfPercent ? String(text.dropLast(2)) + " points" : text
    return values.difference > 0 ? "+\(plain)" : plain
  }

  /// `+12.4 %`; empty where nothing differs, or where there was nothing to compare with.
  static func share(_ values: Compared, _ unit: FigureRow.Unit) -> String {
    // A share of a share only confuses.
    guard unit != .tenthsOfPercent, values.isChanged, let perMille = values.perMille else { return "" }
    return (perMille > 0 ? "+" : "") + tenths(perMille) + " %"
  }

  /// 124 → `12.4`
  static func tenths(_ value: Int64) -> String {
    let (whole, tenth) = value.magnitude.quotientAndRemainder(dividingBy: 10)
    return (value < 0 ? "-" : "") + grouped(whole) + ".\(tenth)"
  }

  /// 1234567 → `1,234,567`
  static func grouped(_ value: Int64) -> String { (value < 0 ? "-" : "") + grouped(value.magnitude) }

  private static func grouped(_ value: UInt64) -> String {
    var out = ""
    let digits = String(value)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { out += "," }
      out.append(digit)
    }
    return out
  }

  /// `no-plan-line` → `no plan line`
  static func words(_ code: String) -> String { code.replacing("-", with: " ") }

  /// `paidWithBonus` → `paid with bonus`
  static func spaced(_ name: String) -> String {
    var out = ""
    for letter in name {
      if letter.isUppercase { out += " " }
      out += letter.lowercased()
    }
    return out
  }
}

/// The reasons of a notice as people read them.
enum BecauseText {
  /// Facts that are amounts in minor units of the notice's currency.
  private static let amounts: Set<String> = ["lines", "paidWithBonus", "base", "turnover", "amount", "available", "left"]

  /// - Parameter other: whose currency is taken where the notice itself names none: what the other terms said of the same thing.
  static func lines(_ notice: any Notice, or other: (any Notice)? = nil) -> [String] {
    let currency = currency(of: notice) ?? other.flatMap(currency(of:))
    return notice.because.map { line($0, currency: currency) }
  }

  /// `base: lines 405,000.00 KZT, paid with bonus 0.00 KZT, base 405,000.00 KZT`
  private static func line(_ because: Because, currency: Currency?) -> String {
    let facts = because.facts.map { "\(FigureText.spaced($0.name)) \(text($0, currency))" }
    return FigureText.words(because.code) + (facts.isEmpty ? "" : ": " + facts.joined(separator: ", "))
  }

  private static func text(_ fact: Because.NamedFact, _ currency: Currency?) -> String {
    switch fact.fact {
    case .text(let text): Instant(rfc3339: text)?.readable ?? text
    case .number(let number):
      if fact.name == "rate", let rate = BasisPoints(number) {
        rate.description
      } else if amounts.contains(fact.name), let currency {
        MoneyText.amount(number, currency)
      } else {
        FigureText.grouped(number)
      }
    case .flag(let flag): flag ? "yes" : "no"
    case .list(let list): list.joined(separator: ", ")
    }
  }

  private static func currency(of notice: any Notice) -> Currency? {
    switch notice {
    case let n as RewardAccrued: n.currency
    case let n as RewardCredited: n.currency
    case let n as RewardUnlocked: n.currency
    case let n as RewardAdjusted: n.currency
    case let n as RewardReversed: n.currency
    case let n as RewardFrozen: n.balance.currency
    case let n as RewardUnfrozen: n.balance.currency
    case let n as BonusReserved: n.currency
    case let n as WithdrawalReserved: n.currency
    case let n as WithdrawalOpened: n.currency
    case let n as PayoutInstructed: n.currency
    default: nil
    }
  }
}
