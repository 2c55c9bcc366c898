import Contracts
import Terms

extension TermsReader {
  func reward(_ field: Field) -> RewardTerms? {
    let known = [
      "lines", "refusesPromoCodes", "excludedDiscounts", "rate", "statuses", "amount", "rates", "maxPayments", "earnsFor",
      "maxPerReferee", "creditAfter", "availableAfter", "refundWindow",
    ]
    guard let section = section(field, known: known) else { return nil }
    let lines = required("lines", in: section, lines)
    let refusesPromoCodes = optional("refusesPromoCodes", in: section, flag) ?? false
    let excludedDiscounts = optional("excludedDiscounts", in: section) { set($0, choice(DiscountKind.self)) } ?? []
    let pay = pay(section)
    let maxPayments = optional("maxPayments", in: section, number(1...Int64.max))
    let earnsFor = optional("earnsFor", in: section) { span($0, forever: "payments earn") }
    let maxPerReferee = optional("maxPerReferee", in: section) { amounts($0, from: 1, such: "{USD: 500}") } ?? [:]
    let creditAfter = required("creditAfter", in: section, span)
    let availableAfter = required("availableAfter", in: section, span)
    if let creditAfter, let availableAfter, availableAfter < creditAfter, let field = section.fields["availableAfter"] {
      report(field, "must not be shorter than creditAfter, \(creditAfter): a reward is credited before it is available")
    }
    let refundWindow = optional("refundWindow", in: section) { span($0, forever: "refunds count") }
    guard let lines, let pay, let creditAfter, let availableAfter else { return nil }
    return RewardTerms(
      lineKinds: lines.kinds, requiresPlanLine: lines.requiresPlanLine, categories: lines.categories,
      refusesPromoCodes: refusesPromoCodes, excludedDiscounts: excludedDiscounts, pay: pay,
      maxPayments: maxPayments.map(Int.init), earnsFor: earnsFor, maxPerReferee: maxPerReferee, creditAfter: creditAfter,
      availableAfter: availableAfter, refundWindow: refundWindow)
  }

  /// A span that is not empty. `forever` says what happens if the field is left out.
  private func span(_ field: Field, forever: String) -> TimeSpan? {
    let span = self.span(field)
    if span == .zero { report(field, "must be longer than 0d; leave it out to let \(forever) forever") }
    return span
  }

  /// Reads exactly one of `rate`, `amount` and `rates`.
  private func pay(_ section: Section) -> RewardTerms.Pay? {
    let rate = optional("rate", in: section, rate)
    let statuses = optional("statuses", in: section, statuses) ?? []
    let amount = optional("amount", in: section) { amounts($0, from: 1, such: "{USD: 500}") }
    let rates = optional("rates", in: section, lineRates)
    let named = ["rate", "amount", "rates"].compactMap { section.fields[$0] }
    if let second = named.dropFirst().first { report(second, "is not allowed here: use only one of rate, amount and rates") }
    guard !named.isEmpty else {
      _ = required("rate", in: section) { self.rate($0) }
      return nil
    }
    if section.fields["rate"] == nil, let field = section.fields["statuses"] {
      report(field, "needs a rate: a status changes the rate")
    }
    if let rate { return .rate(rate, statuses: statuses) }
    if let amount { return .amount(amount) }
    return rates.map { .rates($0) }
  }

  private func lineRates(_ field: Field) -> [RewardTerms.LineRate]? {
    list(field, atLeastOne: "rate such as {kind: plan, rate: 10%}") { item in
      guard let section = section(item, known: ["plan", "kind", "category", "rate"]) else { return nil }
      let plan = optional("plan", in: section, text)
      let kind = optional("kind", in: section, choice(LineKind.self))
      let category = optional("category", in: section, text)
      let rate = required("rate", in: section, rate)
      if section.fields.keys.allSatisfy({ $0 == "rate" }) {
        report(item, "must name a plan, a kind or a category, such as {kind: plan, rate: 10%}")
      }
      return rate.map { RewardTerms.LineRate(plan: plan, kind: kind, category: category, rate: $0) }
    }
  }

  private func lines(_ field: Field) -> (kinds: [LineKind], categories: [String]?, requiresPlanLine: Bool)? {
    guard let section = section(field, known: ["kinds", "categories", "requiresPlanLine"]) else { return nil }
    let kinds = required("kinds", in: section) { names($0, choice(LineKind.self)) }
    let categories = optional("categories", in: section) { names($0, text) }
    let requiresPlanLine = optional("requiresPlanLine", in: section, flag) ?? false
    return kinds.map { ($0, categories, requiresPlanLine) }
  }

  /// Reads statuses. Thresholds must rise in every currency, because the last status that a turnover exceeds applies.
  private func statuses(_ field: Field) -> [RewardTerms.Status]? {
    var named: Set<String> = []
    var reached: [Currency: Int64] = [:]
    return list(field) { item in
      guard let section = section(item, known: ["name", "above", "rate"]) else { return nil }
      let name = required("name", in: section, text)
      let above = required("above", in: section) { amounts($0, from: 0, such: "{USD: 7500}") }
      let rate = required("rate", in: section, rate)
      if let name, !named.insert(name).inserted, let field = section.fields["name"] {
        report(field, "\"\(name)\" is already the name of an earlier status")
      }
      if let above, let field = section.fields["above"] {
        for (currency, amount) in above.sorted(by: { $0.key < $1.key }) {
          if let before = reached[currency], amount <= before {
            report(field, "must be more than \(before) \(currency), the threshold of the status before it")
          }
          reached[currency] = amount
        }
      }
      guard let name, let above, let rate else { return nil }
      return RewardTerms.Status(name: name, above: above, rate: rate)
    }
  }
}
