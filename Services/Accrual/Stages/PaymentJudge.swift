import Contracts
import Terms

/// The terms' decision about a payment, which is the same for any referrer.
enum PaymentJudgement: Equatable {
  /// - Parameters:
  ///   - amount: minor units, above 0.
  ///   - rate: nil if the terms give a fixed amount or rates by line.
  case earns(amount: Int64, of: PaymentBase, rate: BasisPoints?, because: [Because])
  case earnsNothing(reasons: [RewardReason], because: [Because])
}

extension RewardTerms {
  /// Judges a payment (rows A2, A3, C5, C6, C8; DECISIONS R1, R2, R6, "terms of reward").
  ///
  /// - Parameter turnover: the referee's turnover before this payment, in minor units of its currency (row C5).
  func judge(_ payment: PaymentSettled, turnover: Int64) throws(ArithmeticOverflow) -> PaymentJudgement {
    var reasons: [RewardReason] = []
    var because: [Because] = []
    if refusesPromoCodes, let promoCode = payment.promoCode, !promoCode.trimmingBlanks.isEmpty {
      reasons.append(.promoCode)
      because.append(Because("promo-code", ["promoCode": .text(String(promoCode.prefix(128)))]))
    }
    let lineReasons = reasonsAboutLines(of: payment)
    reasons += lineReasons.map(\.reason)
    because += lineReasons.map(\.because)
    guard reasons.isEmpty else { return .earnsNothing(reasons: reasons, because: because) }

    let lines = try Money.sum(payment.lines.lazy.filter(earns).map(\.amount))
    let received = try payment.received()
    let base = min(try Money.difference(lines, payment.paidWithBonus ?? 0), received)
    because.append(baseFacts(of: payment, lines: lines, received: received, base: base))
    let status = status(turnover: turnover, in: payment.currency)
    var fixed: Int64?
    var rate: BasisPoints?
    switch pay {
    case .rate(let first, let statuses):
      rate = status?.rate ?? first
      if !statuses.isEmpty { because.append(facts(of: status, turnover: turnover, in: payment.currency)) }
    case .amount(let amounts):
      fixed = amounts[payment.currency]
      guard fixed != nil else {
        because.append(Because("no-amount", ["currency": .text(payment.currency.code)]))
        return .earnsNothing(reasons: [.noBase], because: because)
      }
    case .rates: break
    }
    let of = try PaymentBase(of: payment, base: base, received: received, fixed: fixed) { line in
      earns(line) ? rate ?? self.rate(of: line) ?? .whole : nil
    }
    let amount = if let rate { base > 0 ? Money.share(of: base, rate: rate) : 0 } else { try of.reward().amount }
    because.append(payFacts(rate: rate, fixed: fixed, payment, base: base, amount: amount))
    guard amount > 0 else { return .earnsNothing(reasons: [.noBase], because: because) }
    return .earns(amount: amount, of: of, rate: rate, because: because)
  }

  /// The first of the rates by line that fits the line, or nil if none does.
  private func rate(of line: PaymentLine) -> BasisPoints? {
    if case .rates(let rates) = pay { rates.first { $0.fits(line) }?.rate } else { nil }
  }

  private func payFacts(rate: BasisPoints?, fixed: Int64?, _ payment: PaymentSettled, base: Int64, amount: Int64) -> Because {
    if let rate { return Because("rate", ["rate": .number(rate.value), "base": .number(base), "amount": .number(amount)]) }
    if let fixed { return Because("amount", ["fixed": .number(fixed), "base": .number(base), "amount": .number(amount)]) }
    let rates = payment.lines.filter(earns).prefix(20).map { "\($0.sku.prefix(128)) \(self.rate(of: $0)?.description ?? "")" }
    return Because("rates", ["lines": .list(rates), "base": .number(base), "amount": .number(amount)])
  }

  /// How the base adds up: the earning lines by kind, and the excluded lines.
  private func baseFacts(of payment: PaymentSettled, lines: Int64, received: Int64, base: Int64) -> Because {
    var facts: [(String, Because.Fact)] = []
    for kind in lineKinds {
      // An explanation must never reject a payment, so a subtotal that overflows is left out. Negative lines of another kind can bring the
      // total back into range.
      let ofKind = try? Money.sum(payment.lines.lazy.filter { $0.kind == kind && earns($0) }.map(\.amount))
      if let ofKind, ofKind != 0 { facts.append((kind.rawValue, .number(ofKind))) }
    }
    let excluded = payment.lines.filter { !earns($0) }
    if !excluded.isEmpty { facts.append(("excluded", skus(excluded))) }
    return Because(
      "base",
      facts + [
        ("lines", .number(lines)), ("paidWithBonus", .number(payment.paidWithBonus ?? 0)), ("received", .number(received)),
        ("base", .number(base)),
      ])
  }

  /// The referee's previous turnover with the threshold that it exceeds, or with the first threshold if it exceeds none.
  private func facts(of status: Status?, turnover: Int64, in currency: Currency) -> Because {
    let above = status?.above[currency]
    let next = above == nil ? statuses.lazy.compactMap { $0.above[currency] }.first : nil
    return Because(
      "status",
      [
        "status": .text(status?.name ?? "Basic"), "turnover": .number(turnover), "above": above.map { .number($0) },
        "notAbove": next.map { .number($0) },
      ])
  }

  /// Whether a line counts towards the base.
  func earns(_ line: PaymentLine) -> Bool {
    isEligible(line) && excludedDiscount(of: line) == nil
  }

  private func isEligible(_ line: PaymentLine) -> Bool {
    guard lineKinds.contains(line.kind) else { return false }
    if case .rates = pay, rate(of: line) == nil { return false }
    guard let categories else { return true }
    return line.category.map(categories.contains) ?? false
  }

  private func excludedDiscount(of line: PaymentLine) -> DiscountKind? {
    line.discounts?.first { $0.amount != 0 && excludedDiscounts.contains($0.kind) }?.kind
  }

  /// Empty if a line earns and no required plan line is missing; otherwise all reasons of all lines (DECISIONS R2).
  private func reasonsAboutLines(of payment: PaymentSettled) -> [(reason: RewardReason, because: Because)] {
    // A plan line of 0 counts as a plan line (row A3).
    let lacksPlan = requiresPlanLine && !payment.lines.contains { $0.kind == .plan }
    if !lacksPlan, payment.lines.contains(where: earns) { return [] }
    var found: [(reason: RewardReason, because: Because)] = []
    if lacksPlan {
      found.append((.noPlanLine, Because("no-plan-line", ["skus": skus(payment.lines)])))
    }
    // If the plan line is missing, lines of kinds that never earn, such as top-ups, add no reason of their own.
    let ineligible = payment.lines.filter { !isEligible($0) && !(lacksPlan && !lineKinds.contains($0.kind)) }
    if !ineligible.isEmpty {
      let because = Because(
        "not-eligible-service",
        [
          "kinds": .list(lineKinds.map(\.rawValue)), "categories": categories.map { .list(Array($0.prefix(20))) },
          "skus": skus(ineligible),
        ])
      found.append((.notEligibleService, because))
    }
    let discounted = payment.lines.filter { excludedDiscount(of: $0) != nil }
    if !discounted.isEmpty {
      let kinds = Set(discounted.compactMap { excludedDiscount(of: $0)?.rawValue })
      found.append(
        (.discountedPrice, Because("discounted-price", ["skus": skus(discounted), "discounts": .list(kinds.sorted())])))
    }
    return found
  }

  /// The skus of the first lines, cut. An explanation must not make a notice too large for the bus.
  private func skus(_ lines: [PaymentLine]) -> Because.Fact { .list(lines.prefix(20).map { String($0.sku.prefix(128)) }) }
}

extension PaymentSettled {
  /// What the payment adds to the referee's turnover, in minor units: its plan and service lines, earning or not (DECISIONS C5). Never
  /// negative, and 0 if the payment brought no money (DECISIONS R6).
  func turnover() throws(ArithmeticOverflow) -> Int64 {
    guard try received() > 0 else { return 0 }
    let counted = try Money.sum(
      lines.lazy.filter { line in
        switch line.kind {
        case .plan, .service: true
        case .topUp: false
        }
      }.map(\.amount))
    return max(counted, 0)
  }

  /// The money received, in minor units: all lines less what was paid with bonuses (DECISIONS A9).
  func received() throws(ArithmeticOverflow) -> Int64 {
    try Money.difference(Money.sum(lines.lazy.map(\.amount)), paidWithBonus ?? 0)
  }
}
