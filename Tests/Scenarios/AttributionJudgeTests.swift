import Contracts
import Terms
import Testing

@testable import Attribution

/// The checks of a registration (rows A1, B1, C1, C4; DECISIONS R1, A1, A1c). Each lists all of its own reasons.
@Suite struct AttributionJudgeTests {
  static let bonus = AttributionTerms(link: "https://doc.example/?ref={code}", parameter: "ref")
  static let tiers = AttributionTerms(link: "https://app.example/?ref={code}", parameter: "ref", refusesPriorAccounts: true)
  static let cash = AttributionTerms(
    link: "https://hosting.example/?page={code}", parameter: "page", paidAdParameters: ["gclid", "gad_source"],
    referrer: Eligibility(kinds: [.individual], countries: ["UA"]))

  static let patterned = AttributionTerms(
    link: "https://hosting.example/?page={code}", parameter: "page", codePattern: try? CodePattern("[A-Z]{4}"))

  static func noon(_ day: Int) -> Instant { Instant(year: 2026, month: 1, day: day, hour: 12) ?? Instant(milliseconds: 0) }

  // MARK: The registration

  struct Registration: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var terms = cash
    var code: String?
    var url: String?
    var previous: [AccountID] = []
    var bound: Accounts.Referral?
    let judgement: Expected
  }

  struct Expected: Sendable, Equatable {
    let code: String?
    let reasons: [AttributionReason]
  }

  @Test(arguments: [
    Registration(testDescription: "a code", code: "ACME", judgement: .init(code: "ACME", reasons: [])),
    Registration(testDescription: "a link", url: "https://h.example/x?page=ACME", judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "the code goes before the link", code: "ACME", url: "https://h.example/?page=BETA",
      judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "an empty code is none", code: "", url: "https://h.example/?page=BETA",
      judgement: .init(code: "BETA", reasons: [])),
    Registration(testDescription: "neither", judgement: .init(code: nil, reasons: [.noCode])),
    Registration(
      testDescription: "a link of another program", url: "https://h.example/?ref=ACME",
      judgement: .init(code: nil, reasons: [.noCode])),
    Registration(
      testDescription: "its parameter in its program", terms: bonus, url: "https://h.example/?ref=ACME",
      judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "an ad", url: "https://h.example/?page=ACME&gclid=1", judgement: .init(code: "ACME", reasons: [.paidAd])),
    Registration(
      testDescription: "an ad beside a code", code: "ACME", url: "https://h.example/?gad_source=1",
      judgement: .init(code: "ACME", reasons: [.paidAd])),
    Registration(
      testDescription: "an ad without a code", url: "https://h.example/?gclid=1",
      judgement: .init(code: nil, reasons: [.noCode, .paidAd])),
    Registration(
      testDescription: "ads do not matter to bonus", terms: bonus, code: "ACME", url: "https://h.example/?gclid=1",
      judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "an earlier account", terms: tiers, code: "ACME", previous: ["old"],
      judgement: .init(code: "ACME", reasons: [.priorAccount])),
    Registration(
      testDescription: "an earlier account does not matter to bonus", terms: bonus, code: "ACME", previous: ["old"],
      judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "bound already", code: "ACME", bound: .init(referrer: "acme"),
      judgement: .init(code: "ACME", reasons: [.alreadyAttributed])
    ),
    Registration(
      testDescription: "bound until an operator ended it", code: "ACME", bound: .init(referrer: "acme", endedAt: noon(0)),
      judgement: .init(code: "ACME", reasons: [.alreadyAttributed])),
    Registration(
      testDescription: "blanks around a code (R7)", code: "\u{FEFF} ACME\n", judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "a code of blanks is none", code: " \u{200B}", url: "https://h.example/?page=%20BETA%20/",
      judgement: .init(code: "BETA", reasons: [])),
    Registration(
      testDescription: "an ad in capitals, behind the hash", url: "https://h.example/?page=ACME#/x?GCLID=1",
      judgement: .init(code: "ACME", reasons: [.paidAd])),
    Registration(
      testDescription: "the first value that matches the pattern", terms: patterned, code: "2",
      url: "https://h.example/?page=3&page=ACME#page=BETA", judgement: .init(code: "ACME", reasons: [])),
    Registration(
      testDescription: "no value matches the pattern as a whole", terms: patterned, code: "XACMEX",
      url: "https://h.example/?page=acme", judgement: .init(code: nil, reasons: [.noCode])),
    Registration(
      testDescription: "all at once",
      terms: AttributionTerms(link: "", parameter: "ref", paidAdParameters: ["gclid"], refusesPriorAccounts: true),
      url: "https://h.example/?gclid=1", previous: ["old"], bound: .init(referrer: "acme"),
      judgement: .init(code: nil, reasons: [.noCode, .paidAd, .priorAccount, .alreadyAttributed])),
  ])
  func judgesTheRegistration(given: Registration) {
    let referral = RegistrationReferral(code: given.code, landingURL: given.url)
    let event = AccountRegistered(
      account: "beta", registeredAt: Self.noon(1), previousAccounts: given.previous, referral: referral)
    let judgement = judge(event, referral, bound: given.bound, by: given.terms)
    #expect(Expected(code: judgement.code, reasons: judgement.reasons) == given.judgement)
    // Each reason has its facts.
    #expect(judgement.because.map(\.code) == judgement.reasons.map(\.rawValue))
    #expect(judgement.because.allSatisfy { $0.facts.count > 1 })
  }

  // MARK: The referrer

  struct Claim: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var terms = bonus
    var referrer: AccountID = "acme"
    var facts = AccountFacts()
    var identities: [String] = []
    var boundTo: AccountID?
    let reasons: [AttributionReason]
  }

  /// An account after its registration and one later change.
  static func facts(
    _ kind: AccountKind?, _ country: Country?, closed: Instant? = nil, _ reason: ClosingReason? = nil, reopened: Instant? = nil,
    then change: (Instant, AccountKind?, Country?)? = nil
  ) -> AccountFacts {
    var facts = AccountFacts()
    facts.learn(at: noon(1), kind: kind, country: country)
    if let change { facts.learn(at: change.0, kind: change.1, country: change.2) }
    if let closed { facts.close(AccountClosed(account: "acme", closedAt: closed, reason: reason)) }
    if let reopened { facts.reopen(at: reopened) }
    return facts
  }

  /// The registration is dated the 10th. The referee shares the identity `email:b`.
  @Test(arguments: [
    Claim(testDescription: "anybody may refer in bonus", reasons: []),
    Claim(testDescription: "oneself", referrer: "beta", reasons: [.selfReferral]),
    Claim(testDescription: "the same person", identities: ["email:a", "email:b"], reasons: [.selfReferral]),
    Claim(testDescription: "the same person in other letters (R7)", identities: ["Email:B"], reasons: [.selfReferral]),
    Claim(testDescription: "another person", identities: ["email:a"], reasons: []),
    Claim(testDescription: "each other", boundTo: "beta", reasons: [.loop]),
    Claim(testDescription: "a longer circle is none", boundTo: "gamma", reasons: []),
    Claim(testDescription: "closed", facts: facts(nil, nil, closed: noon(10)), reasons: [.referrerNotEligible]),
    Claim(testDescription: "banned", facts: facts(nil, nil, closed: noon(9), .banned), reasons: [.referrerNotEligible]),
    Claim(
      testDescription: "banned, and reopened at that very instant",
      facts: facts(nil, nil, closed: noon(9), .banned, reopened: noon(10)),
      reasons: []),
    Claim(
      testDescription: "closed, and reopened a day later", facts: facts(nil, nil, closed: noon(9), reopened: noon(11)),
      reasons: [.referrerNotEligible]),
    Claim(testDescription: "closed a day later", facts: facts(nil, nil, closed: noon(11)), reasons: []),
    Claim(testDescription: "cash, individual from UA", terms: cash, facts: facts(.individual, "UA"), reasons: []),
    Claim(testDescription: "cash, nothing known", terms: cash, reasons: [.referrerNotEligible]),
    Claim(testDescription: "cash, no kind", terms: cash, facts: facts(nil, "UA"), reasons: [.referrerNotEligible]),
    Claim(testDescription: "cash, no country", terms: cash, facts: facts(.individual, nil), reasons: [.referrerNotEligible]),
    Claim(testDescription: "cash, sole trader", terms: cash, facts: facts(.soleTrader, "UA"), reasons: [.referrerNotEligible]),
    Claim(testDescription: "cash, legal entity", terms: cash, facts: facts(.legalEntity, "UA"), reasons: [.referrerNotEligible]),
    Claim(testDescription: "cash, elsewhere", terms: cash, facts: facts(.individual, "PL"), reasons: [.referrerNotEligible]),
    Claim(
      testDescription: "cash, moved away at that very instant", terms: cash,
      facts: facts(.individual, "UA", then: (noon(10), nil, "PL")),
      reasons: [.referrerNotEligible]),
    Claim(
      testDescription: "cash, moved away later", terms: cash, facts: facts(.individual, "UA", then: (noon(11), nil, "PL")),
      reasons: []),
    Claim(
      testDescription: "all at once", terms: cash, referrer: "beta", boundTo: "beta",
      reasons: [.selfReferral, .loop, .referrerNotEligible]),
  ])
  func judgesTheReferrer(given: Claim) {
    let claim = Attribution.Claim(
      referee: "beta", at: Self.noon(10), identities: ["email:b"], code: "ACME", assignment: nil)
    let objections = judge(
      claim, referrer: given.referrer, facts: given.facts, identities: given.identities, boundTo: given.boundTo, by: given.terms)
    #expect(objections.map(\.reason) == given.reasons)
    #expect(objections.allSatisfy { $0.because.code == $0.reason.rawValue && $0.because.facts.count > 1 })
  }

  /// Of two crossing claims exactly one comes first, and both accounts agree on which.
  @Test(arguments: [(1, "a", 2, "b", true), (2, "a", 1, "b", false), (1, "a", 1, "b", true), (1, "b", 1, "a", false)])
  func oneOfTwoCrossingClaimsComesFirst(day: Int, account: String, otherDay: Int, other: String, isFirst: Bool) throws {
    let one = (at: Self.noon(day), account: try #require(AccountID(account)))
    let another = (at: Self.noon(otherDay), account: try #require(AccountID(other)))
    #expect(comesFirst(one, another) == isFirst)
    #expect(comesFirst(another, one) == !isFirst)
  }
}
