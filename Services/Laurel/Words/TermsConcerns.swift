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
  private let version: TermsVersion
  private let before: TermsVersion?
  private let now: Instant

  /// - Parameter instant: separates the past from the future.
  package static func of(_ program: Program, at instant: Instant) -> [TermsConcern] {
    program.versions.enumerated().flatMap { index, version in
      var concerns = TermsConcerns(
        program: program, version: version, before: index > 0 ? program.versions[index - 1] : nil, now: instant)
      concerns.look()
      return concerns.found
    }
  }

  private init(program: Program, version: TermsVersion, before: TermsVersion?, now: Instant) {
    (self.program, self.version, self.before, self.now) = (program, version, before, now)
  }

  private mutating func warn(_ field: String, _ message: String) { add(.warning, field, message) }
  private mutating func note(_ field: String, _ message: String) { add(.note, field, message) }

  private mutating func add(_ weight: TermsConcern.Weight, _ field: String, _ message: String) {
    found.append(TermsConcern(weight: weight, version: version.version, field: field, message: message))
  }

  private mutating func look() {
    lookAtStart()
    lookAtLink()
    lookAtCodes()
    if let reward = version.reward {
      lookAtRates(reward)
      lookAtCurrencies(reward)
      lookAtUse(reward)
    } else if version.spending == nil, version.withdrawal == nil, before?.reward != nil {
      warn(
        "",
        "rewards of earlier versions can neither be spent nor withdrawn any more: keep spending or withdrawal until they are used"
      )
    }
    if let withdrawal = version.withdrawal { lookAtWithdrawal(withdrawal) }
    if let offer = version.welcomeOffer { lookAtOffer(offer) }
    if let discounts = version.discounts { lookAtDiscounts(discounts) }
  }

  // MARK: Versions

  private mutating func lookAtStart() {
    guard let before else {
      if version.effectiveFrom > now {
        note(
          "effectiveFrom",
          "is in the future, but this version also judges what happens before, because it is the first")
      }
      return
    }
    if version == program.versions.last, version.effectiveFrom <= now {
      warn(
        "effectiveFrom",
        "is in the past: services have used version \(before.version) since then, and their decisions stay. This version judges "
          + "events that arrive late, and a replay gives other figures. Choose an instant in the future")
    }
    var same = before
    (same.version, same.effectiveFrom) = (version.version, version.effectiveFrom)
    if same == version { note("", "is the same as version \(before.version)") }
  }

  // MARK: Links

  private mutating func lookAtLink() {
    let (link, parameter) = (version.attribution.link, version.attribution.parameter)
    if !link.hasPrefix("https://") {
      warn(
        "attribution.link", "is not https: browsers warn of such a page, and anybody on the way can change the code")
    }
    let parts = link.split(separator: "{code}", omittingEmptySubsequences: false)
    guard let before = parts.first, let after = parts.last else { return }
    let carries = ["?", "&", "#"].contains { before.lowercased().hasSuffix("\($0)\(parameter.lowercased())=") }
    if !carries || !(after.isEmpty || after == "/" || after.first.map("&#?".contains) ?? false) {
      warn(
        "attribution.link",
        "does not carry the code as \(parameter)={code}: an account that registers on that page is not attributed, unless the site "
          + "adds the code there")
    }
  }

  /// Names of parameters that sites give to their own pages.
  private static let commonParameters = ["page", "p", "id"]
  /// A growing program soon has this many referrers.
  private static let codesMin = 100_000

  private mutating func lookAtCodes() {
    let terms = version.attribution
    guard let pattern = terms.codePattern else {
      if Self.commonParameters.contains(terms.parameter.lowercased()) {
        warn(
          "attribution.parameter",
          "is a name that sites use themselves: the page ?\(terms.parameter)=2 names the code \"2\", and an account that registers "
            + "from there is not attributed. Set codePattern, so that only what looks like a code is one")
      }
      return
    }
    if pattern.possibleCodes < Self.codesMin {
      warn(
        "attribution.codePattern",
        "allows only \(counted(Int(pattern.possibleCodes), "code")) that a link can carry: when they are taken, nobody can get one"
      )
    }
    if let before, before.attribution.codePattern != pattern {
      warn(
        "attribution.codePattern",
        "is new: codes issued before that do not match it stop working, and so do their links")
    }
  }

  // MARK: Rewards

  private mutating func lookAtRates(_ reward: RewardTerms) {
    if reward.lineKinds.contains(.topUp) {
      warn("reward.lines.kinds", "has topUp: what is put on an account earns, and what is bought with it earns again")
    }
    if let rate = reward.rate { lookAtRate(rate, "reward.rate", of: "") }
    if case .rates(let rates) = reward.pay {
      for (index, rate) in rates.enumerated() {
        lookAtRate(rate.rate, "reward.rates[\(index)].rate", of: " of \(TermsWords.lines(rate))")
        if let earlier = rates[..<index].firstIndex(where: { $0.covers(rate) }) {
          warn("reward.rates[\(index)]", "never applies: rates[\(earlier)], which comes first, fits all its lines")
        } else if let kind = rate.kind, !reward.lineKinds.contains(kind) {
          warn("reward.rates[\(index)]", "never applies: reward.lines.kinds leaves out \(kind.rawValue)")
        } else if let category = rate.category, !(reward.categories?.contains(category) ?? true) {
          warn("reward.rates[\(index)]", "never applies: reward.lines.categories leaves out \(category)")
        }
      }
    }
    if case .amount = reward.pay, reward.maxPayments == nil, reward.earnsFor == nil, reward.maxPerReferee.isEmpty {
      warn(
        "reward.amount",
        "has no limit: every payment earns it, however small and however often. Set maxPayments, earnsFor or maxPerReferee")
    }
    for (index, status) in reward.statuses.enumerated() {
      lookAtRate(status.rate, "reward.statuses[\(index)].rate", of: " of a referee with the status \(status.name)")
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
        "reward.statuses[\(first)].rate",
        "changes nothing: \(listed(same)) \(same.count == 1 ? "has" : "have") the same rate as the status before")
    }
    if reward.requiresPlanLine, !reward.lineKinds.contains(.plan) {
      warn(
        "reward.lines.kinds",
        "leaves out plan lines, though a payment must have one to earn: the plan itself earns nothing")
    }
  }

  private mutating func lookAtRate(_ rate: BasisPoints, _ field: String, of whose: String) {
    if rate == .zero {
      warn(field, "is 0 %: every payment\(whose) is declined with the reason no-base")
    } else if rate == .whole {
      warn(field, "is 100 %: the referrer gets the whole of every payment\(whose)")
    }
  }

  /// In a currency for which a status has no threshold, a referee skips the status and reaches the next one directly.
  private mutating func lookAtCurrencies(_ reward: RewardTerms) {
    let all = Set(reward.statuses.flatMap(\.above.keys)).sorted()
    for (index, status) in reward.statuses.enumerated() {
      let missing = all.filter { status.above[$0] == nil }
      guard !missing.isEmpty else { continue }
      warn(
        "reward.statuses[\(index)].above",
        "has no threshold in \(listed(missing.map(\.code))), as other statuses have: nobody who pays in "
          + "\(missing.count == 1 ? "it" : "these") becomes \(status.name)")
    }
    guard case .above(let limits)? = version.withdrawal?.approvalAbove, !all.isEmpty, !limits.isEmpty else { return }
    for currency in limits.keys.sorted() where !all.contains(currency) {
      warn(
        "withdrawal.approvalAbove.\(currency)",
        "is a currency that no status has a threshold in: what is paid in \(currency) earns \(reward.rate?.words ?? "the same") forever. Is it "
          + "mistyped, or are thresholds missing?")
    }
    for currency in all where limits[currency] == nil {
      warn(
        "withdrawal.approvalAbove",
        "has no limit in \(currency), although statuses have thresholds in it: an operator must approve every withdrawal in "
          + "\(currency), however small")
    }
  }

  private mutating func lookAtUse(_ reward: RewardTerms) {
    if version.spending == nil, version.withdrawal == nil {
      warn("reward", "cannot be used: the version has neither spending nor withdrawal")
    }
    if let refundWindow = reward.refundWindow, reward.availableAfter > refundWindow {
      warn(
        "reward.availableAfter",
        "is longer than the refund window of \(refundWindow.words): for the rest of the \(reward.availableAfter.words) the referrer "
          + "waits without a reason")
    }
  }

  // MARK: Withdrawals and offers

  private mutating func lookAtWithdrawal(_ withdrawal: WithdrawalTerms) {
    if withdrawal.dueSoonAfter == withdrawal.dueAfter {
      warn(
        "withdrawal.dueSoonAfter",
        "is as long as dueAfter: the reminder comes when the withdrawal is already overdue")
    }
    lookAtLimits(withdrawal)
    if version.reward == nil {
      note("withdrawal", "pays out only rewards of earlier versions: this one has no reward")
    }
  }

  private mutating func lookAtLimits(_ withdrawal: WithdrawalTerms) {
    guard case .above(let limits) = withdrawal.approvalAbove else {
      warn("withdrawal.approvalAbove", "is none: no operator looks at a withdrawal, however large")
      return
    }
    for (currency, minimum) in withdrawal.minimum.sorted(by: { $0.key < $1.key }) {
      guard let limit = limits[currency], minimum > limit else { continue }
      note(
        "withdrawal.minimum.\(currency)",
        "is above approvalAbove, \(MoneyText.amount(limit, currency)): an operator must approve every withdrawal in \(currency)")
    }
  }

  private mutating func lookAtOffer(_ offer: WelcomeOfferTerms) {
    if offer.percent == 0 { warn("welcomeOffer.percent", "is 0 %: the offer is worth nothing") }
    if offer.percent == 100 { warn("welcomeOffer.percent", "is 100 %: the first payment costs nothing") }
    if offer.within == .zero { warn("welcomeOffer.within", "is 0: the offer expires as soon as it opens") }
  }

  // MARK: Discounts

  private mutating func lookAtDiscounts(_ terms: DiscountTerms) {
    lookAtTiers(terms)
    lookAtRuns(terms.schedule)
    if let before = before?.discounts { lookAtChange(of: before.schedule, to: terms.schedule) }
  }

  private mutating func lookAtTiers(_ terms: DiscountTerms) {
    var best: DiscountTerms.Tier?
    for (index, tier) in terms.tiers.enumerated() {
      let field = "discounts.tiers[\(index)]"
      if tier.from > terms.maxPerCompany {
        let who = index == 0 ? "no company ever gets a discount" : "no company ever gets these \(tier.percent) %"
        warn(
          field + ".from", "is above maxPerCompany, \(terms.maxPerCompany), the most that a company can have: \(who)"
        )
        continue
      }
      if let best, tier.percent < best.percent {
        let last = index + 1 < terms.tiers.count ? terms.tiers[index + 1].from - 1 : nil
        warn(
          field + ".percent",
          tier.percent == 0
            ? "is a hole in the table: \(TermsWords.range(tier.from, last)) active referrals give nothing, but \(best.from) "
              + "give \(best.percent) %"
            : "falls: \(tier.from) active referrals give \(tier.percent) %, fewer than \(tier.from) up to \(best.percent) %")
      } else if let best, tier.percent == best.percent {
        note(field + ".percent", "changes nothing: it is \(tier.percent) % from \(best.from) active referrals on")
      } else if best == nil, tier.percent == 0 {
        note(field + ".percent", "is 0 %, the same as with fewer referrals")
      }
      if tier.percent >= best?.percent ?? 0 { best = tier }
    }
    if let best, best.from < terms.maxPerCompany, terms.tiers.last?.from == best.from {
      note(
        "discounts.maxPerCompany",
        "lets a company take \(terms.maxPerCompany) active referrals, but more than \(best.from) do not raise its discount: the others "
          + "could count for the owner's next company")
    }
  }

  private mutating func lookAtRuns(_ schedule: MonthlySchedule) {
    if schedule.day > 28 {
      let short = schedule.day == 31 ? "months that are shorter" : schedule.day == 30 ? "February" : "February of most years"
      note("discounts.day", "is the last day of the month in \(short)")
    }
    // Only the hours of the coming year, because the zone may have had other rules before.
    let start = max(now, version.effectiveFrom)
    let hours = Set(TermsWords.runs(schedule, from: start, until: nil, count: 12).map { ($0.milliseconds / 60_000) % 1440 })
    if hours.count > 1 {
      let clock = hours.sorted().map { Instant(milliseconds: $0 * 60_000).readable.suffix(9) }
      note(
        "discounts.zone",
        "has daylight saving time: 00:00 in \(schedule.zone.name) is \(listed(clock.map(String.init), "or")), by season")
    }
  }

  private mutating func lookAtChange(of old: MonthlySchedule, to new: MonthlySchedule) {
    let before = version.effectiveFrom - .milliseconds(1)
    let month = new.period(of: version.effectiveFrom)
    let hadRun = TermsWords.period(heldBy: old, before: version.effectiveFrom) == month
    let hasRun = new.period(of: new.next(after: before)) == month
    if !hadRun, !hasRun {
      warn(
        "effectiveFrom",
        "leaves \(month) without a run: under version \(version.version - 1) it would come later in the month, under this one it is past"
      )
    } else if hadRun, hasRun {
      note(
        "discounts.day",
        "comes once more in \(month), which has already had its run: the first run under this version is a month later")
    }
  }
}
