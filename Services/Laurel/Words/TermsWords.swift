import Contracts
import Terms

/// Explains a version of the terms in sentences, for the people who wrote the program. Pure: terms in, sentences out.
package struct TermsWords {
  /// Sentences about one part of the rules.
  package struct Section: Equatable {
    package let title: String
    package let sentences: [String]
  }

  private let version: TermsVersion

  private init(_ version: TermsVersion) { self.version = version }

  /// - Parameters:
  ///   - before: the version before it.
  ///   - instant: the calendar lists runs from then on.
  ///   - end: when the next version takes effect, or `nil` if there is none.
  package static func sections(
    of version: TermsVersion, after before: TermsVersion? = nil, from instant: Instant, until end: Instant?
  ) -> [Section] {
    let words = TermsWords(version)
    return words.rules + [words.calendar(after: before, from: instant, until: end), words.judging].compactMap(\.self)
  }

  /// The sentences without the calendar's dates, which depend on today's. Rows of tables are sentences too.
  static func rules(of version: TermsVersion) -> [String] {
    let words = TermsWords(version)
    let sentences = (words.rules + [words.judging].compactMap(\.self)).flatMap(\.sentences)
    return sentences.map { $0.hasPrefix("- ") ? $0.dropFirst(2) + "." : $0 }
      + [version.discounts.map { Self.held($0.schedule) }].compactMap(\.self)
  }

  private var rules: [Section] {
    [referring, earning, holding, using, withdrawing, offer, tiers].compactMap(\.self)
  }

  // MARK: Attribution

  private var referring: Section {
    let terms = version.attribution
    var sentences = [
      "A referrer shares \(terms.link.replacing("{code}", with: "CODE")), where CODE is its own code.",
      "A registration that names a code attributes the new account to the code's owner. Only an operator can change that. The code "
        + "is read from the parameter \"\(terms.parameter)\" of the page where the visit began, or is typed in.",
    ]
    if let pattern = terms.codePattern {
      let example = pattern.code(from: version.program.value).map { ", such as \($0)" } ?? ""
      sentences.append("A code matches \"\(pattern.text)\" as a whole\(example); any other text is not a code.")
    }
    if let referrer = terms.referrer {
      sentences.append("\(Self.admitted(referrer).capitalizedFirst) may refer, earn and withdraw; anybody may be referred.")
    } else {
      sentences.append("Anybody may refer, and anybody may be referred.")
    }
    if !terms.paidAdParameters.isEmpty {
      sentences.append(
        "A registration from a paid advertisement (\(listed(terms.paidAdParameters, "or")) in the address) is not attributed.")
    }
    sentences.append(
      terms.refusesPriorAccounts
        ? "A client who had an account before is not attributed." : "Earlier accounts of a new client do not matter.")
    return Section(title: "Who refers whom", sentences: sentences)
  }

  private static func admitted(_ referrer: Eligibility) -> String {
    let kinds = referrer.kinds.isEmpty ? "accounts of any kind" : listed(referrer.kinds.map(Self.kind), "or")
    return "only \(kinds)" + (referrer.countries.isEmpty ? "" : " from \(listed(referrer.countries.map(\.code), "or"))")
  }

  private static func kind(_ kind: AccountKind) -> String {
    switch kind {
    case .individual: "individuals"
    case .soleTrader: "sole traders"
    case .legalEntity: "legal entities"
    }
  }

  // MARK: Rewards

  private var earning: Section? {
    guard let terms = version.reward else { return nil }
    var sentences = [Self.payments(terms), Self.lines(terms)]
    switch terms.pay {
    case .rate(let rate, let statuses) where statuses.isEmpty:
      sentences.append(
        "The reward is \(rate.words) of that, rounded half up once: 1,000.00 earn "
          + "\(MoneyText.figure(Money.share(of: 100_000, rate: rate), "USD")), in the payment's own currency.")
    case .rate(let rate, _):
      sentences.append("The rate depends on what the referee had paid before this payment (plans and services, earning or not):")
      sentences += Self.rates(terms)
      sentences.append("What a referee pays in a currency without thresholds always earns \(rate.words).")
    case .amount(let amounts):
      sentences.append(
        "Each such payment earns \(Self.amounts(amounts)), however much it is; a payment in another currency earns nothing.")
    case .rates(let rates):
      sentences.append("Each line earns by the first of these rates that matches it, rounded half up once for the whole payment:")
      sentences += rates.map { "- \($0.rate.words) of \(Self.lines($0))" }
      sentences.append("A line that matches none of them earns nothing.")
    }
    if let earnsFor = terms.earnsFor {
      sentences.append("Payments earn for \(earnsFor.words) from the start of the referral.")
    }
    if !terms.maxPerReferee.isEmpty {
      sentences.append(
        "All payments of one referee together earn at most \(Self.amounts(terms.maxPerReferee)); a reward beyond that is reduced."
      )
    }
    let leeway = version.attribution.leeway
    sentences.append(
      "A payment made \(leeway.milliseconds == 0 ? "" : "more than \(leeway.words) ")before the referral began earns nothing.")
    if terms.refusesPromoCodes { sentences.append("A payment with a promo code earns nothing.") }
    if !terms.excludedDiscounts.isEmpty {
      sentences.append(
        "A line sold with a discount of the kind \(listed(terms.excludedDiscounts.map(\.rawValue), "or")) "
          + "does not count; other discounts do not matter.")
    }
    return Section(title: "What a payment earns", sentences: sentences)
  }

  static func payments(_ terms: RewardTerms) -> String {
    switch terms.maxPayments {
    case nil: "Every payment of a referee earns its referrer a reward."
    case 1: "Only the first payment of a referee that meets the conditions earns a reward."
    case let count?: "Only the first \(count) payments of a referee that meet the conditions earn a reward."
    }
  }

  static func lines(_ terms: RewardTerms) -> String {
    var text = "A payment counts with its \(listed(terms.lineKinds.map(Self.lineKind))) lines"
    if let categories = terms.categories { text += " of the category \(listed(categories, "or"))" }
    text += ", without tax and minus what was paid with rewards"
    if terms.requiresPlanLine { text += "; a payment without a plan line earns nothing" }
    return text + "."
  }

  private static func amounts(_ amounts: [Currency: Int64]) -> String {
    listed(amounts.sorted { $0.key < $1.key }.map { MoneyText.amount($0.value, $0.key) }, "or")
  }

  /// Which lines a rate is for.
  static func lines(_ rate: RewardTerms.LineRate) -> String {
    let what = (rate.kind.map { "\(lineKind($0)) " } ?? "") + "lines"
    let of = [rate.plan.map { "of the plan \($0)" }, rate.category.map { "of the category \($0)" }].compactMap(\.self)
    return ([what] + of).joined(separator: " ")
  }

  private static func lineKind(_ kind: LineKind) -> String {
    switch kind {
    case .plan: "plan"
    case .service: "service"
    case .topUp: "top-up"
    }
  }

  /// One line per rate, with the turnover above which it applies.
  private static func rates(_ terms: RewardTerms) -> [String] {
    let first = terms.statuses.first.map { amounts($0.above) } ?? "any amount"
    return ["- \(terms.rate?.words ?? "") up to \(first) (no status yet)"]
      + terms.statuses.map { "- \($0.rate.words) above \(amounts($0.above)) (\($0.name))" }
  }

  private var holding: Section? {
    guard let terms = version.reward else { return nil }
    let credited = terms.creditAfter == .zero ? "credited at once" : "credited \(terms.creditAfter.words) later"
    let start = terms.creditAfter == .zero ? "A reward is \(credited)" : "A reward is pending at payment and \(credited)"
    let sentence =
      terms.availableAfter == terms.creditAfter
      ? "\(start), and can be used from then on."
      : "\(start), and can be used \(terms.availableAfter.words) after the payment; until then it is held."
    let window =
      terms.refundWindow.map { "Later than \($0.words) after the payment, refunds and disputes have no effect." }
      ?? "There is no time limit for refunds and disputes."
    return Section(
      title: "When it can be used",
      sentences: [
        sentence,
        "A refund takes back its share of the reward, at the rate of the payment. While a refund is requested or a dispute is "
          + "open, the reward is held. \(window)",
      ])
  }

  private var using: Section? {
    guard let terms = version.spending else {
      return version.reward == nil ? nil : Section(title: "Spending", sentences: ["Rewards cannot be spent on invoices."])
    }
    return Section(
      title: "Spending",
      sentences: [
        "The balance can pay \(listed(terms.kinds.map { "\($0) lines" })) of the account's own invoices. The amount is set "
          + "aside first, then spent or released. It may be a part of the invoice, but never more than is available."
      ])
  }

  private var withdrawing: Section? {
    guard let terms = version.withdrawal else {
      return version.reward == nil ? nil : Section(title: "Withdrawal", sentences: ["Rewards are never paid out."])
    }
    return Section(
      title: "Withdrawal",
      sentences: [
        "An account may request a payout of what is available, one request at a time.", Self.minimum(terms.minimum),
        Self.approval(terms.approvalAbove),
        "If a request is still open after \(terms.dueSoonAfter.words), a reminder is sent; after \(terms.dueAfter.words), a notice "
          + "that it is overdue.",
      ])
  }

  private static func minimum(_ minimum: [Currency: Int64]) -> String {
    guard !minimum.isEmpty else { return "A request may be for any amount." }
    return "A request must be for at least \(amounts(minimum)); in other currencies it may be for any amount."
  }

  private static func approval(_ limits: ApprovalLimits) -> String {
    switch limits {
    case .never: "No request needs an operator's approval, however large."
    case .above(let amounts) where amounts.isEmpty: "An operator must approve every request."
    case .above(let amounts):
      "An operator must approve what is above \(self.amounts(amounts)); exactly that much needs no approval. In other "
        + "currencies an operator must approve every request."
    }
  }

  // MARK: Offers and discounts

  private var offer: Section? {
    guard let terms = version.welcomeOffer else { return nil }
    return Section(
      title: "The new client's own discount",
      sentences: [
        "A referred client gets \(terms.percent) % off its first payment for \(listed(terms.plans, "or")), if it pays within "
          + "\(terms.within.words) of its registration. Unused, the offer expires; the referral stays."
      ])
  }

  private var tiers: Section? {
    guard let terms = version.discounts else { return nil }
    var sentences = ["Once a month each company of a referrer gets a discount on its next invoice, for active referrals:"]
    sentences += Self.table(terms)
    sentences.append(
      "A company takes up to \(terms.maxPerCompany) of its owner's active referrals. The rest go to the next company, in the order "
        + "that the owner sets.")
    if let first = terms.tiers.first {
      let (all, rest) = (terms.maxPerCompany, first.from)
      let (sum, overflow) = all.addingReportingOverflow(rest)
      if !overflow {
        sentences.append(
          "So an owner of two companies with \(sum) active referrals gets \(terms.percent(for: all)) % for the first and "
            + "\(terms.percent(for: min(rest, all))) % for the second.")
      }
    }
    return Section(title: "Monthly discounts", sentences: sentences)
  }

  /// One line per tier: `5 to 9 active referrals: 5 %`.
  private static func table(_ terms: DiscountTerms) -> [String] {
    func line(_ from: Int64, _ to: Int64?, _ percent: Int64) -> String {
      let referrals = from == to ? counted(Int(from), "active referral") : "\(range(from, to)) active referrals"
      return "- \(referrals): " + (percent == 0 ? "nothing" : "\(percent) %")
    }
    var lines: [String] = []
    if let first = terms.tiers.first, first.from > 0 { lines.append(line(0, first.from - 1, 0)) }
    for (index, tier) in terms.tiers.enumerated() {
      lines.append(line(tier.from, index + 1 < terms.tiers.count ? terms.tiers[index + 1].from - 1 : nil, tier.percent))
    }
    return lines
  }

  static func range(_ from: Int64, _ to: Int64?) -> String {
    guard let to else { return "\(from) and more" }
    return from == to ? "\(from)" : "\(from) to \(to)"
  }

  private func calendar(after before: TermsVersion?, from instant: Instant, until end: Instant?) -> Section? {
    guard let schedule = version.discounts?.schedule else { return nil }
    let held = before?.discounts.flatMap { Self.period(heldBy: $0.schedule, before: version.effectiveFrom) }
    // The first version also judges what happens before it.
    let start = before == nil ? instant : max(instant, version.effectiveFrom)
    let runs = Self.runs(schedule, from: start, until: end, held: held, count: 4)
    var sentences = [Self.held(schedule)]
    if runs.isEmpty {
      sentences.append("Under this version there are no more runs.")
    } else {
      sentences.append("The next runs under this version:")
      sentences += runs.map { run in
        schedule.zone == .utc
          ? "- \(run.readable)" : "- \(run.readable(in: schedule.zone)) in \(schedule.zone.name), \(run.readable)"
      }
    }
    return Section(title: "Calendar", sentences: sentences)
  }

  private static func held(_ schedule: MonthlySchedule) -> String {
    let clock = schedule.zone == .utc ? "UTC" : "by the clock of \(schedule.zone.name)"
    return "Discounts are assigned at 00:00 \(clock) on the \(ordinal(schedule.day)) of each month, by the facts dated before "
      + "that instant. An owner with an overdue invoice gets none that month, and nothing is carried over."
  }

  /// The month of an instant, if a schedule has had its run for it by then, otherwise `nil`. There is one run per month, even if
  /// the next version has another schedule.
  static func period(heldBy schedule: MonthlySchedule, before instant: Instant) -> String? {
    let month = schedule.period(of: instant)
    return schedule.period(of: schedule.next(after: instant - .milliseconds(1))) == month ? nil : month
  }

  /// The first runs of a schedule at or after an instant, before an end.
  ///
  /// - Parameter held: the month that has already had its run.
  static func runs(
    _ schedule: MonthlySchedule, from instant: Instant, until end: Instant?, held: String? = nil, count: Int
  ) -> [Instant] {
    var runs: [Instant] = []
    var last = instant - .milliseconds(1)
    while runs.count < count {
      last = schedule.next(after: last)
      guard last <= Instant.range.upperBound, end.map({ last < $0 }) ?? true else { break }
      if schedule.period(of: last) != held { runs.append(last) }
    }
    return runs
  }

  private var judging: Section? {
    switch version.judgedBy {
    case .eventTime: nil
    case .attributionTime:
      Section(
        title: "Which version applies",
        sentences: ["A payment is judged by the version in force when its payer registered, not by the version of its own day."])
    }
  }
}
