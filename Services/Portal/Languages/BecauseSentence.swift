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

  var text: String { composed ?? quoting ?? plain }

  /// An unknown entry, of a later release, is shown by its code.
  private var plain: String { language.known(key, value) ?? language("because.other", ["code": because.code]) }

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
  private var refunded: String {
    guard let onLines = number("onEarningLines"), because["rate"] != nil, let refunds = number("refunds"), number("base") != nil
    else {
      return language("because.refunded", ["amount": amount("amount")])
    }
    if refunds == number("lineRefunds") {
      return language(
        "because.refunded.rate",
        ["base": amount("base"), "refunded": money(onLines), "rate": rate, "amount": amount("amount")])
    }
    return language("because.refunded.share", ["amount": amount("amount")])
  }

  private var held: String {
    let causes = items("causes").map { language.reason("freeze", $0) }
    return causes.isEmpty
      ? language("because.held.none", ["amount": amount("amount")])
      : language(key, ["amount": amount("amount"), "causes": causes.joined(separator: " ")])
  }

  // MARK: Facts

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
  private func amount(_ name: String) -> String { number(name).map(money) ?? "?" }

  private func money(_ minor: Int64) -> String {
    currency.map { language.amount(minor, $0) } ?? language.number(minor)
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
  /// An entry of a notice's `because` as a sentence.
  func sentence(_ because: Because, currency: Currency?) -> String {
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
