import CPortalAssets
import Contracts
import FoundationEssentials
import FoundationInternationalization
import Terms

/// One of the languages of the pages: its texts, and its formats of numbers, amounts and dates.
///
/// There is one value per language, made on first use because date formats are costly to make.
struct Language: Sendable {
  /// BCP 47 tags, for the attribute `lang` and the cookie.
  enum Code: String, Sendable, CaseIterable {
    case en, ru, uk, kk, uz
  }

  let code: Code
  let catalogue: Catalogue
  private let group: String
  private let point: String
  private let day: Date.FormatStyle
  private let month: Date.FormatStyle
  private let locale: Locale

  static func of(_ code: Code) -> Language {
    switch code {
    case .en: english
    case .ru: russian
    case .uk: ukrainian
    case .kk: kazakh
    case .uz: uzbek
    }
  }

  private static let english = Language(.en, PortalAssetEnglish, locale: "en_GB")
  private static let russian = Language(.ru, PortalAssetRussian, locale: "ru")
  private static let ukrainian = Language(.uk, PortalAssetUkrainian, locale: "uk")
  private static let kazakh = Language(.kk, PortalAssetKazakh, locale: "kk")
  private static let uzbek = Language(.uz, PortalAssetUzbek, locale: "uz_Latn")

  private init(_ code: Code, _ asset: PortalAsset, locale identifier: String) {
    self.code = code
    catalogue = Catalogue(Assets.text(asset))
    locale = Locale(identifier: identifier)
    group = locale.groupingSeparator ?? "\u{A0}"
    point = locale.decimalSeparator ?? "."
    // Callers shift instants by their zone's offset, so format in GMT.
    let style = Date.FormatStyle(locale: locale, timeZone: .gmt)
    day = style.day().month(.abbreviated).year()
    month = style.month(.wide).year()
  }

  // MARK: Texts

  /// The text of a key, with its places filled in.
  func callAsFunction(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> String {
    guard let template = catalogue.texts[key] else { return Catalogue.missing(key) }
    return template.filled { name in values.first { $0.key == name }?.value }
  }

  /// The text of a key in the plural form of a number, which replaces `{count}`.
  func callAsFunction(_ key: String, count: Int64, _ values: KeyValuePairs<String, String> = [:]) -> String {
    let forms = catalogue.plurals[key]
    // A language whose nouns do not change after a number has a single form.
    guard let template = forms?[form(of: count)] ?? forms?[.other] else { return Catalogue.missing(key) }
    return template.filled { name in name == "count" ? number(count) : values.first { $0.key == name }?.value }
  }

  /// The text of a key, or `nil` if this release does not have it, only another one.
  func known(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> String? {
    catalogue.texts[key] == nil ? nil : self(key, values)
  }

  /// The same, asking only for the values of the text's places.
  func known(_ key: String, _ value: (String) -> String?) -> String? { catalogue.texts[key]?.filled(value) }

  /// CLDR's plural rule for a whole number.
  func form(of count: Int64) -> PluralForm {
    switch code {
    case .en, .kk, .uz: return count.magnitude == 1 ? .one : .other
    case .ru, .uk:
      switch (count.magnitude % 10, count.magnitude % 100) {
      case (1, let hundred) where hundred != 11: return .one
      case (2...4, let hundred) where !(12...14).contains(hundred): return .few
      default: return .many
      }
    }
  }

  /// `a`, `a and b`, `a, b and c`.
  func list(_ words: [String], or isAlternative: Bool = false) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    let start = words.dropLast().dropFirst().reduce(words[0]) { self("list.comma", ["first": $0, "second": $1]) }
    return self(isAlternative ? "list.or" : "list.and", ["first": start, "second": last])
  }

  /// A country's name by its ISO 3166-1 code.
  func country(_ code: String) -> String { locale.localizedString(forRegionCode: code) ?? code }

  // MARK: Numbers and amounts

  /// A minus sign as wide as a digit, instead of the hyphen.
  static let minus = "\u{2212}"

  func number(_ number: Int64) -> String {
    (number < 0 ? Language.minus : "") + Currency.grouped(String(number.magnitude), by: group)
  }

  /// Minor units without their currency: `40 500,00`.
  func figure(_ minor: Int64, _ currency: Currency) -> String {
    currency.figure(minor, group: group, point: point, minus: Language.minus)
  }

  /// Minor units with their currency: `40 500,00 KZT`. It does not break.
  func amount(_ minor: Int64, _ currency: Currency) -> String { figure(minor, currency) + "\u{A0}" + currency.code }

  /// Parses an amount that a person typed, as minor units. Returns `nil` if it is not an amount.
  ///
  /// There may be fewer decimals than the currency has, but not more: in USD, `10` is 1000 minor units, `10.5` and `10.50` are
  /// 1050, and `10.505` is not an amount. The decimal sign may be a point or that of the language. Groups are separated as in the
  /// language.
  func minor(_ text: String, _ currency: Currency) -> Int64? {
    // Blanks of any kind may separate groups or surround pasted text.
    let given = text.filter { !$0.isWhitespace }
    let hasGroups = group == "," && given.wholeMatch(of: /[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?/) != nil
    let plain = hasGroups ? given.replacing(",", with: "") : given.replacing(point, with: ".")
    guard let (_, whole, decimals) = plain.wholeMatch(of: /([0-9]+)(?:\.([0-9]+))?/)?.output else { return nil }
    let fraction = decimals ?? ""
    guard fraction.count <= currency.exponent else { return nil }
    return Int64(whole + fraction + String(repeating: "0", count: currency.exponent - fraction.count))
  }

  /// Whole percent: `10 %`.
  func percent(_ number: Int64) -> String { self("percent", ["number": self.number(number)]) }

  func percent(_ rate: BasisPoints) -> String {
    self("percent", ["number": String(rate.description.dropLast()).replacing(".", with: point)])
  }

  // MARK: Time

  /// `5 янв. 2026 г.`; it does not break.
  func date(_ instant: Instant, in zone: Zone = .utc) -> String {
    day.format(shifted(instant, zone)).replacing(" ", with: "\u{A0}").replacing("-", with: "\u{2011}")
  }

  /// `10:42`, or `10:42:07`.
  func time(_ instant: Instant, in zone: Zone = .utc, seconds: Bool = false) -> String {
    let text = (instant + .seconds(zone.seconds(at: instant))).description
    return String(text.dropFirst(11).prefix(seconds ? 8 : 5))
  }

  func dateAndTime(_ instant: Instant, in zone: Zone = .utc, seconds: Bool = false) -> String {
    self("list.comma", ["first": date(instant, in: zone), "second": time(instant, in: zone, seconds: seconds)])
  }

  /// The month of a period such as `2026-03`: `Март 2026 г.`. The period itself if it is not a month.
  func month(_ period: String) -> String {
    guard let start = Instant(rfc3339: period + "-01T00:00:00Z") else { return period }
    let text = month.format(shifted(start, .utc))
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  private func shifted(_ instant: Instant, _ zone: Zone) -> Date {
    Date(timeIntervalSince1970: Double((instant.milliseconds) / 1000 + zone.seconds(at: instant)))
  }

  /// `after 14 days`, `через 14 дней`, in the longest unit that is exact.
  func after(_ span: TimeSpan) -> String { words(of: span, "after") }

  /// `within 14 days`, `в течение 14 дней`.
  func within(_ span: TimeSpan) -> String { words(of: span, "within") }

  private func words(of span: TimeSpan, _ relation: String) -> String {
    let units: [(key: String, length: TimeSpan)] = [("days", .days(1)), ("hours", .hours(1)), ("minutes", .minutes(1))]
    for unit in units where span.milliseconds != 0 && span.milliseconds % unit.length.milliseconds == 0 {
      return self("\(relation).\(unit.key)", count: span.milliseconds / unit.length.milliseconds)
    }
    return self("\(relation).seconds", count: (span.milliseconds + 999) / 1000)
  }
}
