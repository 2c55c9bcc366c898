import Contracts
import Terms

/// Something that terms are allowed to say but that an operator might regret.
package struct TermsConcern: Equatable {
  package enum Weight: String {
    /// Probably a mistake, or it costs somebody something.
    case warning
    /// Harmless; good to know.
    case note
  }

  package let weight: Weight
  /// Counted from 1.
  package let version: Int
  /// The path below the version, as in a ``TermsProblem``.
  package let field: String
  package let message: String
}

/// Finds what an operator might regret. Pure: terms and an instant in, sentences out. TermsFiles rejects what is not allowed.
package struct TermsConcerns {
  private(set) var found: [TermsConcern] = []
  private let program: Program
  private let now: Instant

  /// - Parameter instant: separates the past from the future.
  package static func of(_ program: Program, at instant: Instant) -> [TermsConcern] {
    var concerns = TermsConcerns(program, now: instant)
    for (index, version) in program.versions.enumerated() {
      concerns.look(at: version, before: index > 0 ? program.versions[index - 1] : nil)
    }
    return concerns.found
  }

  private init(_ program: Program, now: Instant) {
    self.program = program
    self.now = now
  }

  private mutating func warn(_ version: TermsVersion, _ field: String, _ message: String) {
    found.append(TermsConcern(weight: .warning, version: version.version, field: field, message: message))
  }

  private mutating func note(_ version: TermsVersion, _ field: String, _ message: String) {
    found.append(TermsConcern(weight: .note, version: version.version, field: field, message: message))
  }

  private mutating func look(at version: TermsVersion, before: TermsVersion?) {
    lookAtStart(version, before)
    lookAtLink(version)
    lookAtCodes(version, before)
    if let reward = version.reward {
      lookAtRates(reward, version)
      lookAtCurrencies(reward, version)
      lookAtUse(reward, version)
    } else if version.spending == nil, version.withdrawal == nil, before?.reward != nil {
      warn(
        version, "",
        "rewards of earlier versions can neither be spent nor withdrawn any more: keep spending or withdrawal until they are used"
      )
    }
    if let withdrawal = version.withdrawal { lookAtWithdrawal(withdrawal, version) }
    if let offer = version.welcomeOffer { lookAtOffer(offer, version) }
    if let discounts = version.discounts { lookAtDiscounts(discounts, version, before?.discounts) }
  }

  // MARK: Versions

  private mutating func lookAtStart(_ version: TermsVersion, _ before: TermsVersion?) {
    guard let before else {
      if version.effectiveFrom > now {
        note(
          version, "effectiveFrom",
          "is in the future, but this version also judges what happens before, because it is the first")
      }
      return
    }
    if version == program.versions.last, version.effectiveFrom <= now {
      warn(
        version, "effectiveFrom",
        "is in the past: services have used version \(before.version) since then, and their decisions stay. This version judges "
          + "events that arrive late, and a replay gives other figures. Choose an instant in the future")
    }
    var same = before
    (same.version, same.effectiveFrom) = (version.version, version.effectiveFrom)
    if same == version { note(version, "", "is the same as version \(before.version)") }
  }

  // MARK: Links

  private mutating func lookAtLink(_ version: TermsVersion) {
    let (link, parameter) = (version.attribution.link, version.attribution.parameter)
    if !link.hasPrefix("https://") {
      warn(
        version, "attribution.link", "is not https: browsers warn of such a page, and anybody on the way can change the code")
    }
    let parts = link.split(separator: "{code}", omittingEmptySubsequences: false)
    guard let before = parts.first, let after = parts.last else { return }
    let carries = ["?", "&", "#"].contains { before.lowercased().hasSuffix("\($0)\(parameter.lowercased())=") }
    if !carries || !(after.isEmpty || after == "/" || after.first.map("&#?".contains) ?? false) {
      warn(
        version, "attribution.link",
        "does not carry the code as \(parameter)={code}: an account that registers on that page is not attributed, unless the site "
          + "adds the code there")
    }
  }

  /// Names of parameters that sites give to their own pages.
  private static let commonParameters = ["page", "p", "id"]
  /// A growing program soon has this many referrers.
  private static let codesMin = 100_000

  private mutating func lookAtCodes(_ version: TermsVersion, _ before: TermsVersion?) {
    let terms = version.attribution
    guard let pattern = terms.codePattern else {
      if Self.commonParameters.contains(terms.parameter.lowercased()) {
        warn(
          version, "attribution.parameter",
          "is a name that sites use themselves: the page ?\(terms.parameter)=2 names the code \"2\", and an account that registers "
            + "from there is not attributed. Set codePattern, so that only what looks like a code is one")
      }
      return
    }
    if pattern.possibleCodes < Self.codesMin {
      warn(
        version, "attribution.codePattern",
        "allows only \(counted(Int(pattern.possibleCodes), "code")) that a link can carry: when they are taken, nobody can get one"
      )
    }
    if let before, before.attribution.codePattern != pattern {
      warn(
        version, "attribution.codePattern",
        "is new: codes issued before that do not match it stop working, and so do their links")
    }
  }

  // MARK: Rewards

  private mutating func lookAtRates(_ reward: RewardTerms, _ version: TermsVersion) {
    if let rate = reward.rate { lookAtRate(rate, "reward.rate", of: "", version) }
    if case .rates(let rates) = reward.pay {
      for (index, rate) in rates.enumerated() {
        lookAtRate(rate.rate, "reward.rates[\(index)].rate", of: " of \(TermsWords.lines(rate))", version)
      }
    }
    if case .amount = reward.pay, reward.maxPayments == nil, reward.earnsFor == nil, reward.maxPerReferee.isEmpty {
      warn(
        version, "reward.amount",
        "has no limit: every payment earns it, however small and however often. Set maxPayments, earnsFor or maxPerReferee")
    }
    for (index, status) in reward.statuses.enumerated() {
      lookAtRate(status.rate, "reward.statuses[\(index)].rate", of: " of a referee with the status \(status.name)", version)
    }
    var before = reward.rate
    var same: [String] = []
    var first: Int?
    for (index, status) in reward.statuses.enumerated() {
      if status.rate == before {
        same.append(status.name)
        first = first ?? index
      }
      before = status.rate
    }
    if let first {
      note(
        version, "reward.statuses[\(first)].rate",
        "changes nothing: \(listed(same)) \(same.count == 1 ? "has" : "have") the same rate as the status before")
    }
    if reward.requiresPlanLine, !reward.lineKinds.contains(.plan) {
      warn(
        version, "reward.lines.kinds",
        "leaves out plan lines, though a payment must have one to earn: the plan itself earns nothing")
    }
  }

  private mutating func lookAtRate(_ rate: BasisPoints, _ field: String, of whose: String, _ version: TermsVersion) {
    if rate == .zero {
      warn(version, field, "is 0 %: every payment\(whose) is declined with the reason no-base")
    } else if rate == .whole {
      warn(version, field, "is 100 %: the referrer gets the whole of every payment\(whose)")
    }
  }

  /// In a currency for which a status has no threshold, a referee skips the status and reaches the next one directly.
  private mutating func lookAtCurrencies(_ reward: RewardTerms, _ version: TermsVersion) {
    let all = Set(reward.statuses.flatMap(\.above.keys)).sorted()
    for (index, status) in reward.statuses.enumerated() {
      let missing = all.filter { status.above[$0] == nil }
      guard !missing.isEmpty else { continue }
      warn(
        version, "reward.statuses[\(index)].above",
        "has no threshold in \(listed(missing.map(\.code))), as other statuses have: nobody who pays in "
          + "\(missing.count == 1 ? "it" : "these") becomes \(status.name)")
    }
    guard case .above(let limits)? = version.withdrawal?.approvalAbove, !all.isEmpty, !limits.isEmpty else { return }
    for currency in limits.keys.sorted() where !all.contains(currency) {
      warn(
        version, "withdrawal.approvalAbove.\(currency)",
        "is a currency that no status has a threshold in: what is paid in \(currency) earns \(reward.rate?.words ?? "the same") for ever. Is it "
          + "mistyped, or are thresholds missing?")
    }
    for currency in all where limits[currency] == nil {
      warn(
        version, "withdrawal.approvalAbove",
        "has no limit in \(currency), although statuses have thresholds in it: an operator must approve every withdrawal in "
          + "\(currency), however small")
    }
  }

  private mutating func lookAtUse(_ reward: RewardTerms, _ version: TermsVersion) {
    if version.spending == nil, version.withdrawal == nil {
      warn(version, "reward", "cannot be used: the version has neither spending nor withdrawal")
    }
    found += Self.aboutHold(reward, refundWindow: reward.refundWindow, version)
  }

  /// - Parameter refundWindow: how long after a payment refunds count, or `nil` if the terms have no limit.
  static func aboutHold(_ reward: RewardTerms, refundWindow: TimeSpan?, _ version: TermsVersion) -> [TermsConcern] {
    guard let refundWindow, reward.availableAfter > refundWindow else { return [] }
    return [
      TermsConcern(
        weight: .warning, version: version.version, field: "reward.availableAfter",
        message:
          "is longer than the refund window of \(refundWindow.words): for the rest of the \(reward.availableAfter.words) "
          + "the referrer waits without a reason")
    ]
  }

  // MARK: Withdrawals and offers

  private mutating func lookAtWithdrawal(_ withdrawal: WithdrawalTerms, _ version: TermsVersion) {
    if withdrawal.dueSoonAfter == withdrawal.dueAfter {
      warn(
        version, "withdrawal.dueSoonAfter",
        "is as long as dueAfter: the reminder comes when the withdrawal is already overdue")
    }
    lookAtLimits(withdrawal, version)
    if version.reward == nil {
      note(version, "withdrawal", "pays out only rewards of earlier versions: this one has no reward")
    }
  }

  private mutating func lookAtLimits(_ withdrawal: WithdrawalTerms, _ version: TermsVersion) {
    guard case .above(let limits) = withdrawal.approvalAbove else {
      warn(version, "withdrawal.approvalAbove", "is none: no operator looks at a withdrawal, however large")
      return
    }
    for (currency, minimum) in withdrawal.minimum.sorted(by: { $0.key < $1.key }) {
      guard let limit = limits[currency], minimum > limit else { continue }
      note(
        version, "withdrawal.minimum.\(currency)",
        "is above approvalAbove, \(MoneyText.amount(limit, currency)): an operator must approve every withdrawal in \(currency)")
    }
  }

  private mutating func lookAtOffer(_ offer: WelcomeOfferTerms, _ version: TermsVersion) {
    if offer.percent == 0 { warn(version, "welcomeOffer.percent", "is 0 %: the offer is worth nothing") }
    if offer.percent == 100 { warn(version, "welcomeOffer.percent", "is 100 %: the first payment costs nothing") }
    if offer.within == .zero { warn(version, "welcomeOffer.within", "is 0: the offer expires as soon as it opens") }
  }

  // MARK: Discounts

  private mutating func lookAtDiscounts(_ terms: DiscountTerms, _ version: TermsVersion, _ before: DiscountTerms?) {
    lookAtTiers(terms, version)
    lookAtRuns(terms.schedule, version)
    if let before { lookAtChange(of: before.schedule, to: terms.schedule, version) }
  }

  private mutating func lookAtTiers(_ terms: DiscountTerms, _ version: TermsVersion) {
    var best: DiscountTerms.Tier?
    for (index, tier) in terms.tiers.enumerated() {
      let field = "discounts.tiers[\(index)]"
      if tier.from > terms.maxPerCompany {
        let who = index == 0 ? "no company ever gets a discount" : "no company ever gets these \(tier.percent) %"
        warn(
          version, field + ".from", "is above maxPerCompany, \(terms.maxPerCompany), the most that a company can have: \(who)"
        )
        continue
      }
      if let best, tier.percent < best.percent {
        let last = index + 1 < terms.tiers.count ? terms.tiers[index + 1].from - 1 : nil
        warn(
          version, field + ".percent",
          tier.percent == 0
            ? "is a hole in the table: \(TermsWords.range(tier.from, last)) active referrals give nothing, but \(best.from) "
              + "give \(best.percent) %"
            : "falls: \(tier.from) active referrals give \(tier.percent) %, fewer than \(tier.from) up to \(best.percent) %")
      } else if let best, tier.percent == best.percent {
        note(version, field + ".percent", "changes nothing: it is \(tier.percent) % from \(best.from) active referrals on")
      } else if best == nil, tier.percent == 0 {
        note(version, field + ".percent", "is 0 %, the same as with fewer referrals")
      }
      if tier.percent >= best?.percent ?? 0 { best = tier }
    }
    if let best, best.from < terms.maxPerCompany, terms.tiers.last?.from == best.from {
      note(
        version, "discounts.maxPerCompany",
        "lets a company take \(terms.maxPerCompany) active referrals, but more than \(best.from) do not raise its discount: the others "
          + "could count for the owner's next company")
    }
  }

  private mutating func lookAtRuns(_ schedule: MonthlySchedule, _ version: TermsVersion) {
    if schedule.day > 28 {
      let short = schedule.day == 31 ? "months that are shorter" : schedule.day == 30 ? "February" : "February of most years"
      note(version, "discounts.day", "is the last day of the month in \(short)")
    }
    // Only the hours of the coming year, because the zone may have had other rules before.
    let start = max(now, version.effectiveFrom)
    let hours = Set(TermsWords.runs(schedule, from: start, until: nil, count: 12).map { ($0.milliseconds / 60_000) % 1440 })
    if hours.count > 1 {
      let clock = hours.sorted().map { Instant(milliseconds: $0 * 60_000).readable.suffix(9) }
      note(
        version, "discounts.zone",
        "has daylight saving time: 00:00 in \(schedule.zone.name) is \(listed(clock.map(String.init), "or")), by season")
    }
  }

  private mutating func lookAtChange(of old: MonthlySchedule, to new: MonthlySchedule, _ version: TermsVersion) {
    let before = version.effectiveFrom - .milliseconds(1)
    let month = new.period(of: version.effectiveFrom)
    let hadRun = TermsWords.period(heldBy: old, before: version.effectiveFrom) == month
    let hasRun = new.period(of: new.next(after: before)) == month
    if !hadRun, !hasRun {
      warn(
        version, "effectiveFrom",
        "leaves \(month) without a run: under version \(version.version - 1) it would come later in the month, under this one it is past"
      )
    } else if hadRun, hasRun {
      note(
        version, "discounts.day",
        "comes once more in \(month), which has already had its run: the first run under this version is a month later")
    }
  }
}
