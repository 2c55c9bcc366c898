import Contracts
import Terms
import TermsFiles
import TestSupport
import Testing

/// Every possible mistake in a terms file, with the exact lines that its operator reads.
@Suite struct BrokenFiles {
  /// A valid file. Each case below breaks one thing in it. Line numbers refer to the joined text.
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
          creditAfter: 1d
          availableAfter: 2d
        discounts:
          tiers:
            - {from: 5, percent: 5}
            - {from: 10, percent: 10}
          maxPerCompany: 20
          day: 28
    """

  struct Case: Sendable, CustomTestStringConvertible {
    /// The replaced text in the valid file, and its replacement.
    let old: String
    let new: String
    let lines: [String]

    init(_ old: String, _ new: String, _ lines: String...) {
      self.old = old
      self.new = new
      self.lines = lines
    }

    var testDescription: String { "\(old) → \(new)" }
  }

  @Test func theSoundFileIsSound() throws {
    let program = try TermsFiles.parse(Self.sound, file: "p.yaml")
    #expect(program.id == "p")
    #expect(program.versions.count == 1)
  }

  @Test(arguments: values + patterns + fields + rules)
  func isRejectedWithItsPlaceAndReason(_ broken: Case) throws {
    try #require(Self.sound.contains(broken.old))
    expectProblems(of: Self.sound.replacing(broken.old, with: broken.new, maxReplacements: 1), broken.lines)
  }

  static let values = [
    Case(
      "rate: 10%", "rate: 10",
      #"p.yaml:10:13: reward.rate: must be a percentage such as "10%" or "0.5%", or basis points such as "1000bp", not "10""#),
    Case(
      "rate: 10%", "rate: 0.005%",
      "p.yaml:10:13: reward.rate: must be whole basis points; 0.005% is finer than one basis point (0.01%)"),
    Case("rate: 10%", "rate: 100.01%", #"p.yaml:10:13: reward.rate: must be from 0% to 100%, not "100.01%""#),
    Case("rate: 10%", "rate: -1%", #"p.yaml:10:13: reward.rate: must be from 0% to 100%, not "-1%""#),
    Case("rate: 10%", "rate: 10001bp", #"p.yaml:10:13: reward.rate: must be from 0bp to 10000bp, not "10001bp""#),
    Case(
      "rate: 10%", "rate:",
      #"p.yaml:10:7: reward.rate: is empty; it must be a percentage such as "10%" or "0.5%", or basis points such as "1000bp""#),
    Case(
      "creditAfter: 1d", "creditAfter: 14",
      #"p.yaml:11:20: reward.creditAfter: must be a whole number with a unit (d, h, m or s) such as "14d", not "14""#),
    Case(
      "creditAfter: 1d", "creditAfter: 1d\n      refundWindow: 0d",
      "p.yaml:12:21: reward.refundWindow: must be longer than 0d; leave it out to let refunds count forever"),
    Case("creditAfter: 1d", "creditAfter: 36501d", #"p.yaml:11:20: reward.creditAfter: must be at most 36500d, not "36501d""#),
    Case(
      "2020-01-01T00:00:00Z", "2020-02-30T00:00:00Z",
      #"p.yaml:4:20: effectiveFrom: must be an instant in UTC such as 2026-01-01T00:00:00Z, not "2020-02-30T00:00:00Z""#),
    Case(
      "2020-01-01T00:00:00Z", "1969-12-31T00:00:00Z",
      #"p.yaml:4:20: effectiveFrom: must be an instant from 1970 to 2199, not "1969-12-31T00:00:00Z""#),
    Case(
      "maxPerCompany: 20", #"maxPerCompany: "20""#,
      #"p.yaml:17:22: discounts.maxPerCompany: must be a whole number of at least 1, not "20""#),
    Case("day: 28", "day: 32", #"p.yaml:18:12: discounts.day: must be a whole number from 1 to 31, not "32""#),
    Case("day: 28", "day: 0", #"p.yaml:18:12: discounts.day: must be a whole number from 1 to 31, not "0""#),
    Case("day: 28", "day: 028", #"p.yaml:18:12: discounts.day: must be a whole number from 1 to 31, not "028""#),
    Case("day: 28", "day: [28]", "p.yaml:18:12: discounts.day: must be a whole number from 1 to 31, not a list"),
    Case(
      "percent: 5}", "percent: 101}",
      #"p.yaml:15:30: discounts.tiers[0].percent: must be a whole percent from 0 to 100, not "101""#),
    Case(
      "day: 28", "day: 28\n      zone: Europe/Kyev",
      #"p.yaml:19:13: discounts.zone: must be the IANA name of a time zone such as UTC or Europe/Kyiv, "#
        + #"not "Europe/Kyev"; did you mean "Europe/Kiev"?"#
    ),
    Case(
      "day: 28", "day: 28\n      zone: EST",
      #"p.yaml:19:13: discounts.zone: must be the IANA name of a time zone such as UTC or Europe/Kyiv, not "EST""#),
    Case(
      "kinds: [plan]", "kinds: [plam]",
      #"p.yaml:9:23: reward.lines.kinds[0]: must be one of plan, service, topUp, not "plam"; did you mean "plan"?"#),
    Case("kinds: [plan]", "kinds: plan", #"p.yaml:9:22: reward.lines.kinds: must be a list such as [a, b], not "plan""#),
    Case(
      "kinds: [plan]", "kinds: []",
      "p.yaml:9:22: reward.lines.kinds: must not be an empty list; leave the field out if it is optional"),
    Case("kinds: [plan]", "kinds: [plan, plan]", #"p.yaml:9:29: reward.lines.kinds[1]: "plan" is listed twice"#),
    Case(
      "kinds: [plan]", "kinds: [plan], requiresPlanLine: yes",
      #"p.yaml:9:48: reward.lines.requiresPlanLine: must be true or false, not "yes""#),
    Case(
      "rate: 10%", "rate: 10%\n      maxPayments: 0",
      #"p.yaml:11:20: reward.maxPayments: must be a whole number of at least 1, not "0""#),
    Case(
      "rate: 10%", "rate: 10%\n      amount: {USD: 500}",
      "p.yaml:11:15: reward.amount: is not allowed here: use only one of rate, amount and rates"),
    Case("rate: 10%", "amount: {USD: 0}", #"p.yaml:10:21: reward.amount.USD: must be a whole number of at least 1, not "0""#),
    Case(
      "rate: 10%", "amount: {USD: abc}", #"p.yaml:10:21: reward.amount.USD: must be a whole number of at least 1, not "abc""#),
    Case(
      "?ref={code}\"\n      parameter: ref", "?ref={code}&Gclid=1\"\n      parameter: ref\n      paidAdParameters: [x, gclid]",
      #"p.yaml:6:13: attribution.link: must not carry "gclid", a parameter of paid ads: every referral link would be an advertisement"#
    ),
    Case(
      "rate: 10%", "rates: [{rate: 10%}]",
      "p.yaml:10:15: reward.rates[0]: must name a plan, a kind or a category, such as {kind: plan, rate: 10%}"),
    Case(
      "rate: 10%", "amount: {USD: 5}\n      statuses: [{name: A, above: {USD: 5}, rate: 1%}]",
      "p.yaml:11:17: reward.statuses: needs a rate: a status changes the rate"),
    Case(
      "rate: 10%", "rate: 10%\n      earnsFor: 0d",
      "p.yaml:11:17: reward.earnsFor: must be longer than 0d; leave it out to let payments earn forever"),
    Case(
      "rate: 10%", "rate: 10%\n      maxPerReferee: {}",
      "p.yaml:11:22: reward.maxPerReferee: must name at least one currency such as {USD: 500}"),
    Case("program: p", "program: пп", #"p.yaml:1:10: program: must be 1 to 128 printable ASCII characters, not "пп""#),
    Case(
      "parameter: ref", "parameter: a b",
      #"p.yaml:7:18: attribution.parameter: must be a query parameter's name of letters, digits, "-", ".", "_" or "~", not "a b""#
    ),
    Case(
      "{code}", "CODE",
      #"p.yaml:6:13: attribution.link: must be a URL with {code} once, such as "#
        + #""https://example.com/?ref={code}", not "https://a.example/?ref=CODE""#
    ),
  ]

  static let patterns = [
    Case(
      "parameter: ref", "parameter: ref\n      codePattern: [A-Z]",
      #"p.yaml:8:20: attribution.codePattern: must be a pattern in quotes such as "[A-Z0-9]{6}", not a list"#),
    Case(
      "parameter: ref", #"parameter: ref\#n      codePattern: "[A-Z""#,
      #"p.yaml:8:20: attribution.codePattern: must be a pattern of codes; character 1: "[" is not closed"#),
    Case(
      "parameter: ref", #"parameter: ref\#n      codePattern: "AC(?i)ME""#,
      #"p.yaml:8:20: attribution.codePattern: must be a pattern of codes; character 3: "(?" is supported only as "(?:""#),
    Case(
      "parameter: ref", #"parameter: ref\#n      codePattern: "[A-Z]{4} [0-9]""#,
      "p.yaml:8:20: attribution.codePattern: must allow a code that a link can carry: 1 to 64 letters, digits, "
        + #""-" or "_""#),
    Case(
      "parameter: ref", "parameter: ref\n      paidAdParameters: [REF]",
      #"p.yaml:8:25: attribution.paidAdParameters: must not name "ref", which carries the code: every referral link would be an advertisement"#
    ),
  ]

  static let fields = [
    Case(
      "parameter: ref", "paramter: ref", #"p.yaml:7:7: attribution.paramter: is not a known field; did you mean "parameter"?"#),
    Case(
      "parameter: ref", "parameter: ref\n      colour: red",
      "p.yaml:8:7: attribution.colour: is not a known field; known fields are link, parameter, codePattern, "
        + "paidAdParameters, refusesPriorAccounts, referrer, leeway"
    ),
    Case(
      "parameter: ref", "parameter: ref\n      parameter: ref",
      "p.yaml:8:7: attribution.parameter: occurs twice; the first is on line 7"),
    Case("      parameter: ref\n", "", "p.yaml:5:5: attribution.parameter: is missing"),
    Case("program: p\n", "", "p.yaml:1:1: program: is missing"),
    Case("version: 1\n    effectiveFrom: 2020-01-01T00:00:00Z", "version: 1", "p.yaml:3:5: effectiveFrom: is missing"),
    Case("{from: 5, percent: 5}", "{percent: 5}", "p.yaml:15:11: discounts.tiers[0].from: is missing"),
    Case("lines: {kinds: [plan]}", "lines: 5", #"p.yaml:9:14: reward.lines: must be a mapping of names to values, not "5""#),
    Case(
      "parameter: ref", "parameter: ref\n      referrer: {}",
      "p.yaml:8:7: attribution.referrer: must contain kinds or countries; leave it out to let any account refer"),
    Case(
      "parameter: ref", "parameter: ref\n      referrer: {countries: [ua]}",
      #"p.yaml:8:30: attribution.referrer.countries[0]: must be a country's two capital letters (ISO "#
        + #"3166-1) such as UA, not "ua""#
    ),
  ]

  static let rules = [
    Case("version: 1", "version: 2", "p.yaml:3:14: version: must be 1: versions count from 1 in the order of effectiveFrom"),
    Case(
      "availableAfter: 2d", "availableAfter: 23h",
      "p.yaml:12:23: reward.availableAfter: must not be shorter than creditAfter, 1d: a reward is credited before it is available"
    ),
    Case("from: 10", "from: 5", "p.yaml:16:18: discounts.tiers[1].from: must be more than 5, the value of the tier before it"),
    Case(
      "\n        - {from: 5, percent: 5}\n        - {from: 10, percent: 10}", " []",
      "p.yaml:14:14: discounts.tiers: must contain at least one tier such as {from: 5, percent: 5}"),
    Case(
      "?ref=", "?page=",
      #"p.yaml:6:13: attribution.link: must carry the code in "ref" as attribution.parameter says, not in "page""#),
    Case(
      "parameter: ref", "parameter: ref\n      paidAdParameters: [ref]",
      #"p.yaml:8:25: attribution.paidAdParameters: must not name "ref", which carries the code: every "#
        + #"referral link would be an advertisement"#
    ),
    Case(
      "    discounts:", "    withdrawal: {approvalAbove: {usd: 5}, dueSoonAfter: 2d, dueAfter: 1d}\n    discounts:",
      #"p.yaml:13:34: withdrawal.approvalAbove: "usd" is not a currency; write three capital letters such as USD"#,
      "p.yaml:13:71: withdrawal.dueAfter: must not be shorter than dueSoonAfter, 2d"),
    Case(
      "    discounts:", "    withdrawal: {approvalAbove: never, minimum: 5, dueSoonAfter: 1d, dueAfter: 2d}\n    discounts:",
      #"p.yaml:13:33: withdrawal.approvalAbove: must be none, or amounts by currency such as {USD: 50000}, not "never""#,
      #"p.yaml:13:49: withdrawal.minimum: must be a mapping of names to values, not "5""#),
    Case(
      "rate: 10%",
      """
      rate: 10%
            statuses:
              - {name: A, above: {USD: 5, EUR: 5}, rate: 1%}
              - {name: A, above: {USD: 5, EUR: 6}, rate: 1%}
              - {name: B, above: {}, rate: 1%}
      """,
      #"p.yaml:13:18: reward.statuses[1].name: "A" is already the name of an earlier status"#,
      "p.yaml:13:28: reward.statuses[1].above: must be more than 5 USD, the threshold of the status before it",
      "p.yaml:14:28: reward.statuses[2].above: must name at least one currency such as {USD: 7500}"),
  ]

  static let secondVersion = """

      - version: 2
        effectiveFrom: 2020-01-01T00:00:00Z
        attribution: {link: "https://a.example/{code}", parameter: ref}
    """

  @Test func versionsMustFollowOneAnotherInTime() {
    let line = "p.yaml:20:20: effectiveFrom: must be later than that of version 1, 2020-01-01T00:00:00.000Z"
    expectProblems(of: Self.sound + Self.secondVersion, [line])
    expectProblems(of: Self.sound + Self.secondVersion.replacing("2020", with: "2019"), [line])
  }

  @Test func aLaterVersionIsInForceFromItsInstantOn() throws {
    let program = try TermsFiles.parse(Self.sound + Self.secondVersion.replacing("2020", with: "2021"), file: "p.yaml")
    let change = try #require(Instant(rfc3339: "2021-01-01T00:00:00Z"))
    #expect(program.version(at: change).name == "p@2")
    #expect(program.version(at: change - .milliseconds(1)).name == "p@1")
  }

  @Test(arguments: [
    ("", "p.yaml: is empty"),
    ("# only a comment\n", "p.yaml: is empty"),
    ("just text", "p.yaml:1:1: must be a mapping of names to values, not \"just text\""),
    ("program: p\nversions: []", "p.yaml:2:11: versions: must contain at least one version"),
    ("program: p\nversions: [1]", "p.yaml:2:12: versions[0]: must be a mapping of names to values, not \"1\""),
    ("program: p\n---\nprogram: q", "p.yaml:2:1: a second document begins here; a file must have only one"),
    ("program: &a p", "p.yaml:1:10: anchors (&name) and aliases (*name) are not allowed; write the value out"),
    ("program: *a", "p.yaml:1:10: anchors (&name) and aliases (*name) are not allowed; write the value out"),
    ("program: !!str p", "p.yaml:1:10: tags (!name) are not allowed; write the plain value"),
    ("? [a]\n: b", "p.yaml:1:3: the name of a field must be plain text, not a list or a mapping"),
    (String(repeating: "[", count: 40), "p.yaml:1:34: is nested more than 32 levels deep"),
    (
      "program: p\n\tversions: 1",
      "p.yaml:2:1: is not YAML: found a tab character that violates indentation (while scanning a "
        + "plain scalar that began on line 1)"
    ),
    (
      "versions: [1,\nprogram: \"p",
      "p.yaml:2:12: is not YAML: found unexpected end of stream (while scanning a quoted scalar that began on line 2)"
    ),
  ])
  func textThatHoldsNoTerms(_ text: String, _ line: String) {
    expectProblems(of: text, [line])
  }

  @Test func bytesThatAreNotUTF8() {
    let problems = #expect(throws: TermsProblems.self) {
      try TermsFiles.parseFile(Array("program: p\n# я ".utf8) + [0xFF, 0x0A], file: "p.yaml")
    }
    #expect(problems?.description == "p.yaml:2:5: is not UTF-8 text: invalid leading UTF-8 octet")
  }

  @Test func allProblemsOfAFileAtOnceInTheOrderOfLines() {
    let text = Self.sound
      .replacing("day: 28", with: "day: 0").replacing("rate: 10%", with: "rate: ten").replacing("program", with: "programme")
    expectProblems(
      of: text,
      [
        #"p.yaml:1:1: programme: is not a known field; did you mean "program"?"#,
        #"p.yaml:10:13: reward.rate: must be a percentage such as "10%" or "0.5%", or basis points such as "1000bp", not "ten""#,
        #"p.yaml:18:12: discounts.day: must be a whole number from 1 to 31, not "0""#,
      ])
  }

  private func expectProblems(of text: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    let problems = #expect(throws: TermsProblems.self, sourceLocation: sourceLocation) {
      try TermsFiles.parse(text, file: "p.yaml")
    }
    #expect(problems?.problems.map(\.description) == lines, sourceLocation: sourceLocation)
  }
}
