import Contracts
import Terms

/// What is different in one version of the terms from the one before, in sentences. Pure.
package enum TermsChanges {
  /// Empty: nothing but the instant.
  package static func sentences(from old: TermsVersion, to new: TermsVersion) -> [String] {
    var sentences: [String] = []
    let (before, after) = (facts(old), facts(new))
    for section in Section.allCases {
      let (left, right) = (before[section], after[section])
      switch (left, right) {
      case (nil, nil): continue
      case (nil, _?): sentences.append("New: \(section.rawValue).")
      case (_?, nil): sentences.append("Gone: \(section.rawValue).")
      case (let left?, let right?):
        for (was, now) in zip(left, right) where was.value != now.value {
          sentences.append("\(now.name.capitalizedFirst): \(now.value), instead of \(was.value).")
        }
      }
    }
    return sentences
  }

  /// What a version may hold or lack as a whole.
  private enum Section: String, CaseIterable {
    case judging = "judging"
    case attribution = "referrals"
    case reward = "rewards for payments"
    case spending = "spending of rewards on invoices"
    case withdrawal = "withdrawal of rewards"
    case welcomeOffer = "the new client's own discount"
    case discounts = "monthly discounts"
  }

  private typealias Fact = (name: String, value: String)

  /// Every parameter of a version; those of one section always in one order.
  private static func facts(_ version: TermsVersion) -> [Section: [Fact]] {
    var facts: [Section: [Fact]] = [
      .judging: [
        (
          "a payment is judged by",
          version.judgedBy == .eventTime ? "the version of its own day" : "the version of its payer's registration"
        )
      ],
      .attribution: attribution(version.attribution),
    ]
    facts[.reward] = version.reward.map(reward)
    facts[.spending] = version.spending.map { [("lines that the balance can pay", listed($0.kinds))] }
    facts[.withdrawal] = version.withdrawal.map { terms in
      [
        ("what an operator must approve", limits(terms)),
        ("the reminder of an open withdrawal", "after \(terms.dueSoonAfter.words)"),
        ("a withdrawal is overdue", "after \(terms.dueAfter.words)"),
      ]
    }
    facts[.welcomeOffer] = version.welcomeOffer.map { terms in
      [
        ("the new client's discount", "\(terms.percent) %"), ("plans that it is for", listed(terms.plans, "or")),
        ("time to use it", terms.within.words),
      ]
    }
    facts[.discounts] = version.discounts.map { terms in
      [
        ("discounts by active referrals", TermsWords.table(terms).map { String($0.dropFirst(2)) }.joined(separator: ", ")),
        ("active referrals that one company takes", "up to \(terms.maxPerCompany)"),
        ("the monthly run", TermsWords.day(terms.schedule)),
      ]
    }
    return facts
  }

  private static func attribution(_ terms: AttributionTerms) -> [Fact] {
    [
      ("the link", terms.link), ("the parameter that carries the code", "\"\(terms.parameter)\""),
      (
        "what marks a paid advertisement",
        terms.paidAdParameters.isEmpty ? "nothing" : listed(terms.paidAdParameters, "or")
      ),
      ("who had an account before", terms.refusesPriorAccounts ? "is refused as a referee" : "may be a referee"),
      ("who may refer, earn and withdraw", terms.referrer.map(TermsWords.admitted) ?? "anybody"),
    ]
  }

  private static func reward(_ terms: RewardTerms) -> [Fact] {
    [
      ("lines that count", listed(terms.lineKinds.map(\.rawValue))),
      ("a payment without a plan line", terms.requiresPlanLine ? "earns nothing" : "earns too"),
      ("categories that count", terms.categories.map { listed($0) } ?? "all"),
      ("a payment with a promo code", terms.refusesPromoCodes ? "earns nothing" : "earns too"),
      (
        "discounts that exclude a line",
        terms.excludedDiscounts.isEmpty ? "none" : listed(terms.excludedDiscounts.map(\.rawValue))
      ),
      ("the rate", terms.rate.words),
      (
        "the rates by the referee's status",
        terms.statuses.isEmpty
          ? "none"
          : terms.statuses.map { "\($0.rate.words) above \(TermsWords.thresholds($0, "or")) (\($0.name))" }.joined(
            separator: ", ")
      ),
      ("payments of a referee that earn", terms.maxPayments.map { "the first \($0)" } ?? "all"),
      ("a reward is credited", terms.creditAfter.wordsAfterPayment),
      ("a reward can be used", terms.availableAfter.wordsAfterPayment),
      ("refunds, requests and disputes count", terms.refundWindow.map { "for \($0.words) after the payment" } ?? "for ever"),
    ]
  }

  private static func limits(_ terms: WithdrawalTerms) -> String {
    guard !terms.approvalAbove.isEmpty else { return "nothing" }
    return "what is above "
      + listed(terms.approvalAbove.sorted { $0.key < $1.key }.map { MoneyText.amount($0.value, $0.key) }, "or")
  }
}
