import Contracts
import Terms

extension TermsReader {
  func reward(_ field: Field) -> RewardTerms? {
    let known = [
      "lines", "refusesPromoCodes", "excludedDiscounts", "rate", "statuses", "maxPayments", "creditAfter", "availableAfter",
      "refundWindow",
    ]
    guard let section = section(field, known: known) else { return nil }
    let lines = required("lines", in: section, lines)
    let refusesPromoCodes = optional("refusesPromoCodes", in: section, flag) ?? false
    let excludedDiscounts = optional("excludedDiscounts", in: section) { set($0, choice(DiscountKind.self)) } ?? []
    let rate = required("rate", in: section, rate)
    let statuses = optional("statuses", in: section, statuses) ?? []
    let maxPayments = optional("maxPayments", in: section, number(1...Int64.max))
    let creditAfter = required("creditAfter", in: section, span)
    let availableAfter = required("availableAfter", in: section, span)
    if let creditAfter, let availableAfter, availableAfter < creditAfter, let field = section.fields["availableAfter"] {
      report(field, "must not be shorter than creditAfter, \(creditAfter): what is not credited cannot be available")
    }
    let refundWindow = optional("refundWindow", in: section, span)
    if refundWindow == .zero, let field = section.fields["refundWindow"] {
      report(field, "must be longer than 0d; leave it out to let refunds count for ever")
    }
    guard let lines, let rate, let creditAfter, let availableAfter else { return nil }
    return RewardTerms(
      lineKinds: lines.kinds, requiresPlanLine: lines.requiresPlanLine, categories: lines.categories,
      refusesPromoCodes: refusesPromoCodes, excludedDiscounts: excludedDiscounts, rate: rate, statuses: statuses,
      maxPayments: maxPayments.map(Int.init), creditAfter: creditAfter, availableAfter: availableAfter,
      refundWindow: refundWindow)
  }

  private func lines(_ field: Field) -> (kinds: [LineKind], categories: [String]?, requiresPlanLine: Bool)? {
    guard let section = section(field, known: ["kinds", "categories", "requiresPlanLine"]) else { return nil }
    let kinds = required("kinds", in: section) { names($0, choice(LineKind.self)) }
    let categories = optional("categories", in: section) { names($0, text) }
    let requiresPlanLine = optional("requiresPlanLine", in: section, flag) ?? false
    return kinds.map { ($0, categories, requiresPlanLine) }
  }

  /// Thresholds must rise in every currency: the last status that a turnover exceeds is the one that counts.
  private func statuses(_ field: Field) -> [RewardTerms.Status]? {
    var named: Set<String> = []
    var reached: [Currency: Int64] = [:]
    return list(field) { item in
      guard let section = section(item, known: ["name", "above", "rate"]) else { return nil }
      let name = required("name", in: section, text)
      let above = required("above", in: section, amounts)
      let rate = required("rate", in: section, rate)
      if let name, !named.insert(name).inserted, let field = section.fields["name"] {
        report(field, "\"\(name)\" is the name of an earlier status")
      }
      if let above, let field = section.fields["above"] {
        for (currency, amount) in above.sorted(by: { $0.key < $1.key }) {
          if let before = reached[currency], amount <= before {
            report(field, "must be more than \(before) \(currency), the status before it")
          }
          reached[currency] = amount
        }
        if above.isEmpty { report(field, "must name at least one currency such as {USD: 7500}") }
      }
      guard let name, let above, let rate else { return nil }
      return RewardTerms.Status(name: name, above: above, rate: rate)
    }
  }
}
