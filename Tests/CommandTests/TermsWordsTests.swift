import CommandKit
import Contracts
import Terms
import TermsFiles
import TestSupport
import Testing

@testable import Words

/// The output of `laurel terms check`.
@Suite struct TermsWordsTests {
  /// Terms without any warning. Each case below changes one thing in them.
  static let sound = """
    program: p
    versions:
      - version: 1
        effectiveFrom: 2020-01-01T00:00:00Z
        attribution:
          link: "https://a.example/?ref={code}"
          parameter: ref
        reward:
          lines: {kinds: [plan]}
          rate: 10%
          statuses:
            - {name: A, above: {USD: 100, EUR: 100}, rate: 5%}
            - {name: B, above: {USD: 200, EUR: 200}, rate: 1%}
          creditAfter: 1d
          availableAfter: 2d
        withdrawal: {approvalAbove: {USD: 5, EUR: 5}, dueSoonAfter: 1d, dueAfter: 2d}
        welcomeOffer: {percent: 10, plans: [X], within: 21d}
        discounts:
          tiers:
            - {from: 5, percent: 5}
            - {from: 10, percent: 10}
            - {from: 20, percent: 20}
          maxPerCompany: 20
          day: 28
      - version: 2
        effectiveFrom: 2026-06-01T00:00:00Z
        attribution: {link: "https://a.example/?ref={code}", parameter: ref}
        reward: {lines: {kinds: [plan]}, rate: 8%, creditAfter: 1d, availableAfter: 2d}
        spending: {kinds: [plan]}
    """

  static let now = day("2026-05-01")

  static func day(_ text: String) -> Instant { Instant(written: text) ?? Instant(milliseconds: 0) }

  struct Case: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    var at = TermsWordsTests.now
    /// The beginnings of the expected lines, in order.
    let lines: [String]

    init(_ old: String, _ new: String, at: Instant = TermsWordsTests.now, _ lines: String...) {
      (self.old, self.new, self.at, self.lines) = (old, new, at, lines)
    }

    var testDescription: String { "\(old) → \(new)" }
  }

  private func concerns(_ text: String, at instant: Instant) throws -> [String] {
    let file = try TermsFiles.parseFile(Array(text.utf8), file: "p.yaml")
    return TermsConcerns.of(file.program, at: instant).map { concern in
      file.problem(version: concern.version, field: concern.field, "\(concern.weight.rawValue): \(concern.message)").description
    }
  }

  @Test func nothingIsSaidOfSoundTerms() throws { #expect(try concerns(Self.sound, at: Self.now) == []) }

  @Test(arguments: rewards + discounts + versions)
  func concern(_ given: Case) throws {
    try #require(Self.sound.contains(given.old))
    let found = try concerns(Self.sound.replacing(given.old, with: given.new, maxReplacements: 1), at: given.at)
    try #require(found.count == given.lines.count, "\(found)")
    for (line, expected) in zip(found, given.lines) { #expect(line.hasPrefix(expected), "\(line)") }
  }

  static let rewards = [
    Case("https://a", "http://a", "p.yaml:6:13: attribution.link: warning: is not https"),
    Case("/?ref={code}", "/{code}", "p.yaml:6:13: attribution.link: warning: does not carry the code as ref={code}"),
    Case("/?ref={code}", "/#/in?REF={code}/"),
    Case(
      "ref={code}\"\n      parameter: ref", "id={code}\"\n      parameter: id",
      "p.yaml:7:18: attribution.parameter: warning: is a name that sites use themselves: the page ?id=2 names the code \"2\""),
    Case("ref={code}\"\n      parameter: ref", "P={code}\"\n      parameter: P\n      codePattern: \"[A-Z]{6}\""),
    Case(
      "parameter: ref", "parameter: ref\n      codePattern: \"[A-Z]{3}\"",
      "p.yaml:8:20: attribution.codePattern: warning: allows only 17576 codes that a link can carry"),
    Case(
      "parameter: ref}", "parameter: ref, codePattern: \"[A-Z]{6}\"}",
      "p.yaml:27:87: attribution.codePattern: warning: is new: codes issued before that do not match"),
    Case("rate: 10%", "rate: 0%", "p.yaml:10:13: reward.rate: warning: is 0 %: every payment is declined"),
    Case("rate: 10%", "rate: 100%", "p.yaml:10:13: reward.rate: warning: is 100 %"),
    Case(
      "rate: 1%", "rate: 0%",
      "p.yaml:13:56: reward.statuses[1].rate: warning: is 0 %: every payment of a referee with the status B"),
    Case("rate: 1%", "rate: 5%", "p.yaml:13:56: reward.statuses[1].rate: note: changes nothing: B has the same rate"),
    Case(
      "kinds: [plan]}", "kinds: [service], requiresPlanLine: true}",
      "p.yaml:9:22: reward.lines.kinds: warning: leaves out plan lines"),
    Case(
      "kinds: [plan]}\n      rate: 10%\n      statuses:\n        - {name: A, above: {USD: 100, EUR: 100}, rate: 5%}\n        "
        + "- {name: B, above: {USD: 200, EUR: 200}, rate: 1%}",
      "kinds: [plan, topUp], categories: [a]}\n      rates: [{kind: plan, rate: 1%}, {kind: plan, category: a, rate: 2%}, {kind: service, rate: 3%}, "
        + "{category: b, rate: 4%}]",
      "p.yaml:9:22: reward.lines.kinds: warning: has topUp", "p.yaml:10:39: reward.rates[1]: warning: never applies: rates[0]",
      "p.yaml:10:76: reward.rates[2]: warning: never applies: reward.lines.kinds leaves out service",
      "p.yaml:10:103: reward.rates[3]: warning: never applies: reward.lines.categories leaves out b"),
    Case(
      "{USD: 200, EUR: 200}", "{USD: 200}",
      "p.yaml:13:28: reward.statuses[1].above: warning: has no threshold in EUR, as other statuses have: nobody who pays in it becomes B"
    ),
    Case(
      "approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: {USD: 5, EUR: 5, UAH: 5}",
      "p.yaml:16:55: withdrawal.approvalAbove.UAH: warning: is a currency that no status has a threshold in"),
    Case(
      "approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: {USD: 5}",
      "p.yaml:16:33: withdrawal.approvalAbove: warning: has no limit in EUR, although statuses have thresholds in it"),
    Case(
      "approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: none",
      "p.yaml:16:33: withdrawal.approvalAbove: warning: is none: no operator looks at a withdrawal, however large"),
    Case("approvalAbove: {USD: 5, EUR: 5}, ", ""),
    Case(
      "approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: {USD: 5, EUR: 5}, minimum: {USD: 5, EUR: 6}",
      "p.yaml:16:74: withdrawal.minimum.EUR: note: is above approvalAbove, 0.05 EUR: an operator must approve every withdrawal in EUR"
    ),
    Case(
      "    withdrawal: {approvalAbove: {USD: 5, EUR: 5}, dueSoonAfter: 1d, dueAfter: 2d}\n", "",
      "p.yaml:9:7: reward: warning: cannot be used: the version has neither"),
    Case("dueAfter: 2d", "dueAfter: 1d", "p.yaml:16:65: withdrawal.dueSoonAfter: warning: is as long as dueAfter"),
    Case("percent: 10, plans", "percent: 0, plans", "p.yaml:17:29: welcomeOffer.percent: warning: is 0 %"),
    Case("percent: 10, plans", "percent: 100, plans", "p.yaml:17:29: welcomeOffer.percent: warning: is 100 %"),
    Case("within: 21d", "within: 0d", "p.yaml:17:53: welcomeOffer.within: warning: is 0: the offer expires"),
  ]

  static let discounts = [
    Case(
      "{from: 10, percent: 10}", "{from: 10, percent: 4}",
      "p.yaml:21:31: discounts.tiers[1].percent: warning: falls: 10 active referrals give 4 %, fewer than 10 up to 5 %"),
    Case(
      "{from: 10, percent: 10}", "{from: 10, percent: 0}",
      "p.yaml:21:31: discounts.tiers[1].percent: warning: is a hole in the table: 10 to 19 active referrals give nothing"
    ),
    Case(
      "{from: 10, percent: 10}", "{from: 10, percent: 5}",
      "p.yaml:21:31: discounts.tiers[1].percent: note: changes nothing: it is 5 % from 5"),
    Case("{from: 5, percent: 5}", "{from: 5, percent: 0}", "p.yaml:20:30: discounts.tiers[0].percent: note: is 0 %"),
    Case(
      "maxPerCompany: 20", "maxPerCompany: 15",
      "p.yaml:22:18: discounts.tiers[2].from: warning: is above maxPerCompany, 15, the most that a company can have: no company ever gets these 20 %"
    ),
    Case(
      "maxPerCompany: 20", "maxPerCompany: 4",
      "p.yaml:20:18: discounts.tiers[0].from: warning: is above maxPerCompany, 4, the most that a company can have: no company ever gets a discount",
      "p.yaml:21:18: discounts.tiers[1].from: warning: is above", "p.yaml:22:18: discounts.tiers[2].from: warning: is above"),
    Case("maxPerCompany: 20", "maxPerCompany: 25", "p.yaml:23:22: discounts.maxPerCompany: note: lets a company take 25"),
    Case("day: 28", "day: 31", "p.yaml:24:12: discounts.day: note: is the last day of the month in months that are shorter"),
    Case("day: 28", "day: 30", "p.yaml:24:12: discounts.day: note: is the last day of the month in February"),
    Case(
      "day: 28", "day: 28\n      zone: Europe/Kyiv",
      "p.yaml:25:13: discounts.zone: note: has daylight saving time: 00:00 in Europe/Kyiv is 21:00 UTC or 22:00 UTC"),
  ]

  static let versions = [
    Case("2026-06-01", "2026-04-30", "p.yaml:26:20: effectiveFrom: warning: is in the past"),
    Case("2026-06-01", "2026-05-01", "p.yaml:26:20: effectiveFrom: warning: is in the past"),
    Case("2020-01-01", "2026-05-02", "p.yaml:4:20: effectiveFrom: note: is in the future"),
    Case(
      "    reward: {lines: {kinds: [plan]}, rate: 8%, creditAfter: 1d, availableAfter: 2d}\n    spending: {kinds: [plan]}",
      "", "p.yaml:25:5: warning: rewards of earlier versions can neither be spent nor withdrawn"),
    Case(
      "    spending: {kinds: [plan]}",
      "    spending: {kinds: [plan]}\n    discounts: {tiers: [{from: 20, percent: 1}], maxPerCompany: 20, day: 15}"),
  ]

  @Test func aMonthBetweenTwoSchedules() throws {
    let second = "    discounts: {tiers: [{from: 20, percent: 1}], maxPerCompany: 20, day: DAY}"
    let text = Self.sound.replacing("2026-06-01", with: "2026-06-20") + "\n" + second
    #expect(
      try concerns(text.replacing("DAY", with: "15"), at: Self.now).map { String($0.prefix(60)) }
        == ["p.yaml:26:20: effectiveFrom: warning: leaves 2026-06 without"])
    let late = text.replacing("day: 28", with: "day: 10").replacing("DAY", with: "25")
    let again = try concerns(late, at: Self.now)
    // The calendar names only runs that will take place.
    let versions = try TermsFiles.parse(late, file: "p.yaml").versions
    let sentences = TermsWords.sections(of: versions[1], after: versions[0], from: Self.now, until: nil).flatMap(\.sentences)
    #expect(sentences.first { $0.hasPrefix("- ") && $0.hasSuffix("UTC") } == "- 25 Jul 2026 00:00 UTC")
    #expect(again.count == 1 && again[0].hasPrefix("p.yaml:30:74: discounts.day: note: comes once more in 2026-06"), "\(again)")
  }

  /// The first version also judges what happens before it.
  @Test func theFirstCalendarBeginsNow() throws {
    let version = try #require(try TermsFiles.parse(Self.sound, file: "p.yaml").versions.first)
    let now = version.effectiveFrom - .days(60)
    let run = try #require(version.discounts?.schedule.next(after: now))
    #expect(run < version.effectiveFrom)
    let sentences = TermsWords.sections(of: version, after: nil, from: now, until: nil).flatMap(\.sentences)
    #expect(sentences.contains("- \(run.readable)"), "\(sentences)")
  }

  @Test func aHoldLongerThanTheRefundWindow() throws {
    let program = try TermsFiles.parse(Self.sound, file: "p.yaml")
    for (window, isReported) in [(TimeSpan.days(1), true), (.days(2), false), (nil, false)] as [(TimeSpan?, Bool)] {
      var version = program.versions[0]
      version.reward?.refundWindow = window
      let concerns = TermsConcerns.of(Program(id: program.id, versions: [version]), at: Self.now)
      #expect(concerns.contains { $0.field == "reward.availableAfter" } == isReported)
    }
  }

  /// Every changed parameter is listed, and nothing else.
  @Test(arguments: [
    (
      "?ref={code}", "?a=1&ref={code}",
      "A referrer shares https://a.example/?a=1&ref=CODE (was https://a.example/?ref=CODE), where CODE is its own code."
    ),
    (
      "parameter: ref", "parameter: ref\n      refusesPriorAccounts: true",
      "New: A client who had an account before is not attributed. No longer: Earlier accounts of a new client do not matter."
    ),
    (
      "parameter: ref", "parameter: ref\n      codePattern: \"[A-Z]{6}\"",
      "New: A code matches \"[A-Z]{6}\" as a whole, such as QBHQHG; any other text is not a code."
    ),
    (
      "rate: 10%", "rate: 12.5%",
      "12.5 % (was 10 %) up to 1.00 EUR or 1.00 USD (no status yet). "
        + "What a referee pays in a currency without thresholds always earns 12.5 % (was 10 %)."
    ),
    ("USD: 200", "USD: 300", "1 % above 2.00 EUR or 3.00 (was 2.00) USD (B)."),
    (
      "creditAfter: 1d", "creditAfter: 0d",
      "A reward is (no longer: pending at payment and) credited at once (was 1 day later), and can be used 2 days after the payment; "
        + "until then it is held."
    ),
    (
      "availableAfter: 2d", "availableAfter: 48h\n      maxPayments: 3",
      "New: Only the first 3 payments of a referee that meet the conditions earn a reward. "
        + "No longer: Every payment of a referee earns its referrer a reward."
    ),
    (
      "kinds: [plan]}", "kinds: [plan], categories: [x]}",
      "A payment counts with its plan lines (new: of the category x), without tax and minus what was paid with rewards."
    ),
    ("rate: 10%", "rate: 10%\n      refusesPromoCodes: true", "New: A payment with a promo code earns nothing."),
    (
      "{USD: 5, EUR: 5}", "{USD: 6, EUR: 5}",
      "An operator must approve what is above 0.05 EUR or 0.06 (was 0.05) USD; exactly that much needs no approval. In other "
        + "currencies an operator must approve every request."
    ),
    (
      "approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: none",
      "New: No request needs an operator's approval, however large. "
        + "No longer: An operator must approve what is above 0.05 EUR or 0.05 USD; exactly that much needs no approval. In other "
        + "currencies an operator must approve every request."
    ),
    (
      "approvalAbove: {USD: 5, EUR: 5}, ", "",
      "New: An operator must approve every request. "
        + "No longer: An operator must approve what is above 0.05 EUR or 0.05 USD; exactly that much needs no approval. In other "
        + "currencies an operator must approve every request."
    ),
    (
      "dueSoonAfter: 1d", "minimum: {USD: 3}, dueSoonAfter: 1d",
      "New: A request must be for at least 0.03 USD; in other currencies it may be for any amount. "
        + "No longer: A request may be for any amount."
    ),
    (
      "dueAfter: 2d", "dueAfter: 3d",
      "If a request is still open after 1 day, a reminder is sent; after 3 (was 2) days, a notice that it is overdue."
    ),
    (
      "percent: 10, plans", "percent: 15, plans",
      "A referred client gets 15 % (was 10 %) off its first payment for X, if it pays within 21 days of its registration. Unused, "
        + "the offer expires; the referral stays."
    ),
    (
      "maxPerCompany: 20", "maxPerCompany: 30",
      "A company takes up to 30 (was 20) of its owner's active referrals. The rest go to the next company, in the order that the "
        + "owner sets. "
        + "So an owner of two companies with 35 (was 25) active referrals gets 20 % for the first and 5 % for the second."
    ),
    (
      "day: 28", "day: 1",
      "Discounts are assigned at 00:00 UTC on the 1st (was 28th) of each month, by the facts dated before that instant. An owner with "
        + "an overdue invoice gets none that month, and nothing is carried over."
    ),
    (
      "    welcomeOffer: {percent: 10, plans: [X], within: 21d}\n", "",
      "No longer: A referred client gets 10 % off its first payment for X, if it pays within 21 days of its registration. Unused, "
        + "the offer expires; the referral stays."
    ),
    (
      "    attribution:", "    judgedBy: attribution-time\n    attribution:",
      "New: A payment is judged by the version in force when its payer registered, not by the version of its own day."
    ),
  ])
  func change(_ old: String, _ new: String, _ sentence: String) throws {
    try #require(Self.sound.contains(old))
    let before = try TermsFiles.parse(Self.sound, file: "p.yaml").versions[0]
    let after = try TermsFiles.parse(Self.sound.replacing(old, with: new, maxReplacements: 1), file: "p.yaml").versions[0]
    #expect(TermsChanges.sentences(from: before, to: after).joined(separator: " ") == sentence)
    #expect(TermsChanges.sentences(from: before, to: before) == [])
  }

  // MARK: What a version means

  @Test(arguments: [
    ("bonus", "The reward is 10 % of that, rounded half up once: 1,000.00 earn 100.00, in the payment's own currency."),
    ("bonus", "A reward is pending at payment and credited 14 days later, and can be used from then on."),
    ("bonus", "Rewards are never paid out."),
    (
      "bonus",
      "A referred client gets 10 % off its first payment for Business or Start+, if it pays within 21 days of its registration. "
        + "Unused, the offer expires; the referral stays."
    ),
    ("cash", "Only individuals from UA may refer, earn and withdraw; anybody may be referred."),
    ("cash", "- 1 % above 75.00 USD (Bronze)"),
    ("cash", "A reward is credited at once, and can be used 30 days after the payment; until then it is held."),
    (
      "cash",
      "An operator must approve what is above 500.00 USD; exactly that much needs no approval. In other currencies an operator must "
        + "approve every request."
    ),
    ("tiers", "- 0 to 4 active referrals: nothing"), ("tiers", "- 20 and more active referrals: 40 %"),
    ("tiers", "- 28 Apr 2026 00:00 UTC"),
    ("tiers", "So an owner of two companies with 25 active referrals gets 40 % for the first and 5 % for the second."),
  ])
  func theProgramsAreExplained(program: String, sentence: String) throws {
    let version = try #require(try TermsFiles.files(at: "\(Example.terms)/\(program).yaml").first).program.versions[0]
    let sentences = TermsWords.sections(of: version, from: Self.day("2026-04-01"), until: nil).flatMap(\.sentences)
    #expect(sentences.contains(sentence), "\(sentences)")
  }

  @Test func whatACodeMatchesIsSaid() throws {
    let text = Self.sound.replacing(
      "parameter: ref", with: "parameter: ref\n      codePattern: \"[A-C]{1}9\"", maxReplacements: 1)
    let version = try TermsFiles.parse(text, file: "p.yaml").versions[0]
    let sentences = TermsWords.sections(of: version, from: Self.now, until: nil).flatMap(\.sentences)
    let expected = /A code matches "\[A-C\]\{1\}9" as a whole, such as [ABC]9; any other text is not a code\./
    #expect(sentences.contains { $0.wholeMatch(of: expected) != nil }, "\(sentences)")
  }

  @Test func runsOfAZoneAreNamedInItAndInUTC() throws {
    let text = Self.sound.replacing("day: 28", with: "day: 31\n      zone: Europe/Kyiv")
    let version = try TermsFiles.parse(text, file: "p.yaml").versions[0]
    let sentences = TermsWords.sections(of: version, from: Self.day("2026-02-01"), until: Self.day("2026-05-01")).flatMap(
      \.sentences)
    #expect(
      sentences.filter { $0.hasPrefix("- ") && $0.contains("Kyiv") } == [
        "- 28 Feb 2026 00:00 in Europe/Kyiv, 27 Feb 2026 22:00 UTC", "- 31 Mar 2026 00:00 in Europe/Kyiv, 30 Mar 2026 21:00 UTC",
        "- 30 Apr 2026 00:00 in Europe/Kyiv, 29 Apr 2026 21:00 UTC",
      ])
  }

  @Test(
    arguments: [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (30, "30th")] as [(Int64, String)])
  func ordinals(_ number: Int64, _ text: String) { #expect(ordinal(number) == text) }
}
