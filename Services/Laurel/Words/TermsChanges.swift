import Contracts
import Terms

/// The differences between versions of the terms, in sentences. Pure.
package enum TermsChanges {
  /// The differences between two versions, except number and start. Empty if there are none.
  package static func sentences(from old: TermsVersion, to new: TermsVersion) -> [String] {
    var sentences: [String] = []
    let (before, after) = (facts(old), facts(new))
    for section in Section.allCases {
      let (left, right) = (before[section], after[section])
      switch (left, right) {
      case (nil, nil): continue
      case (nil, _?): sentences.append("New: \(section.rawValue).")
      case (_?, nil): sentences.append("Removed: \(section.rawValue).")
      case (let left?, let right?):
        for (was, now) in zip(left, right) where was.value != now.value {
          sentences.append("\(now.name.capitalizedFirst): \(now.value), instead of \(was.value).")
        }
      }
    }
    return sentences
  }

  /// The differences between two forms of a program, version by version. Empty if there are none.
  package static func sentences(from old: Program, to new: Program) -> [String] {
    (0..<max(old.versions.count, new.versions.count)).flatMap { index -> [String] in
      guard new.versions.indices.contains(index) else { return ["Version \(old.versions[index].version) is removed."] }
      let version = new.versions[index]
      guard old.versions.indices.contains(index) else {
        let before = index > 0 ? sentences(from: new.versions[index - 1], to: version) : []
        return ["Version \(version.version) is new, from \(version.effectiveFrom.readable)."] + before
      }
      let changes = sentences(from: old.versions[index], to: version)
      let start =
        old.versions[index].effectiveFrom == version.effectiveFrom
        ? []
        : ["It begins on \(version.effectiveFrom.readable), instead of \(old.versions[index].effectiveFrom.readable)."]
      return (start + changes).map { new.versions.count > 1 ? "Version \(version.version): \($0)" : $0 }
    }
  }

  /// A part of a version that may be present or absent as a whole.
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

  /// All parameters of a version. Those of a section are always in the same order, so that two versions can be compared.
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
        ("what an operator must approve", limits(terms.approvalAbove)),
        ("the smallest withdrawal", terms.minimum.isEmpty ? "any amount" : TermsWords.amounts(terms.minimum)),
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
      ("what a code matches", terms.codePattern.map { "\"\($0.text)\"" } ?? "anything"),
      (
        "what marks a paid advertisement",
        terms.paidAdParameters.isEmpty ? "nothing" : listed(terms.paidAdParameters, "or")
      ),
      ("who had an account before", terms.refusesPriorAccounts ? "is rejected as a referee" : "may be a referee"),
      ("a payment before the referral began", "earns up to \(terms.leeway.words) before it"),
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
      ("the reward", pay(terms.pay)),
      (
        "the rates by the referee's status",
        terms.statuses.isEmpty
          ? "none"
          : terms.statuses.map { "\($0.rate.words) above \(TermsWords.thresholds($0, "or")) (\($0.name))" }.joined(
            separator: ", ")
      ),
      ("payments of a referee that earn", terms.maxPayments.map { "the first \($0)" } ?? "all"),
      ("payments earn", terms.earnsFor.map { "for \($0.words) from the start of the referral" } ?? "for ever"),
      (
        "all rewards for one referee",
        terms.maxPerReferee.isEmpty ? "no limit" : "at most \(TermsWords.amounts(terms.maxPerReferee))"
      ),
      ("a reward is credited", terms.creditAfter.wordsAfterPayment),
      ("a reward can be used", terms.availableAfter.wordsAfterPayment),
      ("refunds, requests and disputes count", terms.refundWindow.map { "for \($0.words) after the payment" } ?? "for ever"),
    ]
  }

  private static func pay(_ pay: RewardTerms.Pay) -> String {
    switch pay {
    case .rate(let rate, _): rate.words
    case .amount(let amounts): "\(TermsWords.amounts(amounts)) a payment"
    case .rates(let rates): rates.map { "\($0.rate.words) of \(TermsWords.lines($0))" }.joined(separator: ", ")
    }
  }

  private static func limits(_ limits: ApprovalLimits) -> String {
    switch limits {
    case .never: "nothing"
    case .above(let amounts) where amounts.isEmpty: "every request"
    case .above(let amounts):
      "what is above \(TermsWords.amounts(amounts)), and every request in another currency"
    }
  }
}
