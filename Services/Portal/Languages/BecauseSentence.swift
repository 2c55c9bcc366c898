import Contracts
import Terms

/// Turns an entry of a notice's `because` into a sentence for the referrer. Pure.
///
/// A notice contains more facts than a referrer may see. Of a referee's payment only the base of the reward is shown. What the referee has
/// paid in total, which other referrer it belongs to, and which accounts it had are never shown.
struct BecauseSentence {
  let language: Language
  let because: Because
  /// The currency of the amounts, or `nil` if unknown.
  let currency: Currency?

  init(language: Language, because: Because, currency: Currency?) {
    self.language = language
    self.because = because
    self.currency = currency ?? because.text("currency").flatMap { Currency($0) }
  }

  /// `nil` if it would name amounts whose currency is unknown: a declined reward names none.
  var text: String? { composed ?? quoting ?? plain }

  /// An unknown entry, of a later release, is shown by its code.
  private var plain: String? {
    var lacksCurrency = false
    let text = language.known(key) { place in
      let value = value(place)
      if value == nil, currency == nil { lacksCurrency = true }
      return value
    }
    return lacksCurrency ? nil : text ?? language("because.other", ["code": because.code])
  }

  /// The key of the sentence. For some codes it depends on the facts.
  private var key: String {
    let key = "because.\(because.code)"
    return switch because.code {
    case "base" where number("paidWithBonus") ?? 0 != 0: key + ".bonus"
    case "status" where because["above"] != nil: key + ".above"
    case "status" where because["notAbove"] != nil: key + ".none"
    case "max-reward" where because["max"] == nil: key + ".reached"
    case "referral-ended" where because["endedAt"] != nil: key + ".on"
    case "withdrawal" where because["minimum"] != nil: key + ".minimum"
    default: key
    }
  }

  /// What fills a place of the sentence. A fact that is not named here is never shown.
  private func value(_ place: String) -> String? {
    switch place {
    case "amount": amount(because.code == "amount" ? "fixed" : place)
    case "max", "earned": because.code == "max-payments" ? figure(place) : amount(place)
    case "above", "available", "base", "minimum": amount(place)
    case "limit": amount("approvalAbove")
    case "status", "currency", "plan", "invoice", "position", "reason": text(place)
    case "code": text("referralCode")
    case "request": text("openRequest")
    case "skus", "lines", "invoices": language.list(items(place))
    case "slots", "active": figure(place)
    case "from": figure("tierFrom")
    case "percent": language.percent(number(place) ?? 0)
    case "rate": rate
    case "date": date
    case "reasons": items(place).map { language.reason("withdrawal", $0) }.joined(separator: " ")
    default: nil
    }
  }

  /// Sentences composed from other texts.
  private var composed: String? {
    switch because.code {
    case "referrer-not-eligible": ineligible
    case "hold": hold
    case "refunded": refunded
    case "held": held
    case "below-minimum" where because["active"] != nil:
      language("because.below-minimum.discount", count: number("active") ?? 0, ["minimum": figure("minimum")])
    default: nil
    }
  }

  /// Sentences that quote an operator or a payment provider, if there is a quote.
  private var quoting: String? {
    for name in ["note", "reason"] {
      if let words = because.text(name), !words.isEmpty {
        return name == "note"
          ? language.known(key + ".note", ["note": words]) : language.known(key + ".reason", ["reason": words])
      }
    }
    return nil
  }

  private var ineligible: String {
    let kinds = items("allowedKinds").map { language.known("kind.\($0)") ?? $0 }
    let countries = items("allowedCountries").map(language.country)
    guard !kinds.isEmpty || !countries.isEmpty else { return language(key) }
    let (who, origin) = (language.list(kinds, or: true), language.list(countries, or: true))
    return language(
      "because.referrer-not-eligible.allowed",
      ["allowed": kinds.isEmpty || countries.isEmpty ? who + origin : "\(who) (\(origin))"])
  }

  private var hold: String {
    let date = day("availableAt")
    guard let span = because.text("creditAfter").flatMap({ TimeSpan($0) }), span > .zero else {
      return language("because.hold.now", ["date": date])
    }
    return language("because.hold", ["after": language.after(span), "date": date])
  }

  /// Shows the arithmetic only if it needs no more than the base (DECISIONS A9).
  private var refunded: String? {
    guard let taken = amount("amount"), let base = amount("base"), let onLines = amount("onEarningLines") else { return nil }
    guard number("onEarningLines") != nil, because["rate"] != nil, let refunds = number("refunds"), number("base") != nil
    else { return language("because.refunded", ["amount": taken]) }
    if refunds == number("lineRefunds") {
      return language("because.refunded.rate", ["base": base, "refunded": onLines, "rate": rate, "amount": taken])
    }
    return language("because.refunded.share", ["amount": taken])
  }

  private var held: String? {
    guard let amount = amount("amount") else { return nil }
    let causes = items("causes").map { language.reason("freeze", $0) }
    return causes.isEmpty
      ? language("because.held.none", ["amount": amount])
      : language(key, ["amount": amount, "causes": causes.joined(separator: " ")])
  }

  // MARK: Facts

  /// The entry with only the facts that a sentence may show, for the API.
  static func shown(_ because: Because) -> Because {
    let facts = because.facts.filter { fact in
      if case .number = fact.fact { shownNumbers.contains(fact.name) } else { shownWords.contains(fact.name) }
    }
    return Because(because.code, facts.map { ($0.name, $0.fact) })
  }

  private static let shownNumbers: Set = [
    "above", "active", "amount", "approvalAbove", "available", "base", "earned", "fixed", "max", "minimum", "onEarningLines",
    "percent", "position", "rate", "slots", "tierFrom",
  ]

  private static let shownWords: Set = [
    "allowedCountries", "allowedKinds", "attributedAt", "availableAt", "canceledAt", "causes", "closedAt", "creditAfter",
    "creditAt", "currency", "endedAt", "expiresAt", "invoice", "invoices", "lines", "note", "openRequest", "plan", "position",
    "reason", "reasons", "referralCode", "skus", "status",
  ]

  private func number(_ name: String) -> Int64? { because.number(name) }

  private func text(_ name: String) -> String {
    switch because[name] {
    case .text(let text)?: text
    case .number(let number)?: language.number(number)
    case .list(let items)?: language.list(items)
    case .flag, nil: "?"
    }
  }

  private func items(_ name: String) -> [String] { because.list(name) ?? [] }

  private func figure(_ name: String) -> String { number(name).map(language.number) ?? "?" }

  /// `nil` if the currency is unknown.
  private func amount(_ name: String) -> String? {
    currency.map { currency in number(name).map { language.amount($0, currency) } ?? "?" }
  }

  private var rate: String { number("rate").flatMap { BasisPoints($0) }.map(language.percent) ?? "?" }

  private func day(_ name: String) -> String {
    because.text(name).map { text in Instant(rfc3339: text).map { language.date($0) } ?? text } ?? "?"
  }

  /// The main instant of the sentences for this code.
  private var date: String {
    let names = ["endedAt", "closedAt", "canceledAt", "attributedAt", "expiresAt", "creditAt", "availableAt"]
    let reported = because.code == "available-instant" ? "availableAt" : names.first { because[$0] != nil }
    return reported.map(day) ?? "?"
  }
}

extension Language {
  /// An entry of a notice's `because` as a sentence; `nil` if it would name amounts whose currency is unknown.
  func sentence(_ because: Because, currency: Currency?) -> String? {
    BecauseSentence(language: self, because: because, currency: currency).text
  }

  /// A reason code as a sentence or a few words.
  ///
  /// - Parameter kind: the kind of code: `reward`, `attribution`, `bonus`, `withdrawal`, `skip`, `void`, `freeze`, `reversal`, `code`,
  ///   `click`.
  func reason(_ kind: String, _ code: String) -> String {
    known("reason.\(kind).\(code)") ?? self("reason.other", ["code": code])
  }
}
