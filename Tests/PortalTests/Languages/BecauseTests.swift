import Contracts
import Foundation
import Terms
import Testing

@testable import Portal

/// "Why?" in every language.
@Suite struct BecauseTests {
  /// The codes in the stages' sources, including those taken from a reason.
  static let codes: Set<String> = {
    let written = /Because\(\s*"([a-z-]+)"/
    var codes: Set<String> = []
    for folder in [
      "Services/Attribution/Stages", "Services/Accrual/Stages", "Services/Discounts/Stages", "Services/Payouts/Stages",
    ] {
      let files = FileManager.default.enumerator(at: CatalogueTests.root.appending(path: folder), includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
        for match in text.matches(of: written) { codes.insert(String(match.1)) }
      }
    }
    codes.formUnion(["above-limit", "no-limit", "no-approval-needed", "wished", "derived", "counting-subscription"])
    codes.formUnion(["no-counting-subscription", "no-base", "insufficient-balance", "not-spendable", "kind-not-allowed"])
    codes.formUnion(CodeReason.allCases.map(\.rawValue) + ClickReason.allCases.map(\.rawValue))
    codes.formUnion(AttributionReason.allCases.map(\.rawValue) + SkipReason.allCases.map(\.rawValue))
    codes.formUnion(VoidReason.allCases.map(\.rawValue))
    return codes
  }()

  @Test(arguments: Language.Code.allCases)
  func everyCodeHasASentence(code: Language.Code) {
    #expect(Self.codes.count > 70)
    let language = Language.of(code)
    for name in Self.codes {
      #expect(language.known("because.\(name)") != nil, "\(code) \(name)")
      let text = language.sentence(Because(name), currency: "USD")
      #expect(text?.contains("\u{27E6}") == false, "\(code) \(name)")
    }
    #expect(language.sentence(Because("of-tomorrow"), currency: nil) == language("because.other", ["code": "of-tomorrow"]))
  }

  @Test(
    arguments: [
      (.en, Because("rate", ["rate": 1000, "base": 40_500_000, "amount": 4_050_000]), "405,000.00 KZT × 10% = 40,500.00 KZT"),
      (.ru, Because("rate", ["rate": 1000, "base": 40_500_000, "amount": 4_050_000]), "405 000,00 KZT × 10 % = 40 500,00 KZT"),
      (
        .en, Because("hold", ["creditAfter": "14d", "creditAt": "2026-01-19T00:00:00Z", "availableAt": "2026-01-19T00:00:00Z"]),
        "The reward is credited after 14 days and is available from 19 Jan 2026."
      ),
      (
        .uk, Because("hold", ["creditAfter": "0s", "availableAt": "2026-01-19T00:00:00Z"]),
        "Винагороду зараховано відразу, вона доступна з 19 січ. 2026 р."
      ),
      (
        .en,
        Because(
          "refunded",
          [
            "base": 10_000, "received": 99_000, "refunds": 2_500, "lineRefunds": 2_500, "onEarningLines": 2_500, "rate": 1000,
            "amount": 750,
          ]), "(100.00 KZT − 25.00 KZT refunded) × 10% = 7.50 KZT"
      ),
      (
        .ru,
        Because("referrer-not-eligible", ["kind": "legalEntity", "allowedKinds": ["individual"], "allowedCountries": ["UA"]]),
        "В этой программе зарабатывать и выводить средства могут только физические лица (Украина)."
      ),
      (.en, Because("held", ["amount": 100, "causes": ["dispute"]]), "1.00 KZT is on hold: The payment is disputed."),
      (.en, Because("corrected", ["operator": "ann", "reason": "goodwill"]), "Our team corrected the balance: goodwill"),
      (.en, Because("approved", ["operator": "ann", "note": "ok"]), "Our team approved it: ok"),
      (.en, Because("approved", ["operator": "ann"]), "Our team approved it."),
      (
        .en, Because("below-minimum", ["active": 1, "minimum": 5]),
        "1 active referral is below the 5 that the first discount needs."
      ),
      (.en, Because("below-minimum", ["minimum": 500]), "The amount is below the program’s minimum."),
    ] as [(Language.Code, Because, String)])
  func sentences(_ row: (code: Language.Code, because: Because, text: String)) throws {
    let text = try #require(Language.of(row.code).sentence(row.because, currency: "KZT"))
    #expect(String(text.map { $0.isWhitespace ? " " : $0 }) == row.text)
  }

  /// A declined reward names no currency. Minor units would be read as an amount.
  @Test func amountsOfAnUnknownCurrencyAreLeftOut() {
    let language = Language.of(.en)
    #expect(language.sentence(Because("base", ["base": 40]), currency: nil) == nil)
    #expect(language.sentence(Because("refunded", ["amount": 40]), currency: nil) == nil)
    #expect(language.sentence(Because("held", ["amount": 40]), currency: nil) == nil)
    #expect(language.sentence(Because("max-reward", ["max": 4000, "currency": "USD"]), currency: nil)?.contains("40.00") == true)
    #expect(language.sentence(Because("self-referral"), currency: nil) == language("because.self-referral"))
  }

  /// What the API shows of an entry is what its sentence needs.
  @Test(arguments: Language.Code.allCases)
  func theShownFactsGiveTheSameSentence(code: Language.Code) {
    let entries = [
      Because("rate", ["rate": 1000, "base": 40_500_000, "amount": 4_050_000]),
      Because("hold", ["creditAfter": "14d", "creditAt": "2026-01-19T00:00:00Z", "availableAt": "2026-01-19T00:00:00Z"]),
      Because("status", ["turnover": 999, "status": "Bronze", "above": 75]),
      Because("held", ["amount": 100, "causes": ["dispute"]]), Because("below-minimum", ["active": 1, "minimum": 5]),
      Because("referrer-not-eligible", ["kind": "legalEntity", "allowedKinds": ["individual"], "allowedCountries": ["UA"]]),
    ]
    for entry in entries {
      let language = Language.of(code)
      #expect(language.sentence(BecauseSentence.shown(entry), currency: "KZT") == language.sentence(entry, currency: "KZT"))
    }
  }

  /// Facts about a referee that a referrer must not see: its other payments, its owner, its earlier accounts.
  @Test(arguments: Language.Code.allCases)
  func factsOfOthersStayHidden(code: Language.Code) throws {
    let entries = [
      Because("base", ["plan": 777, "lines": 888, "received": 999, "paidWithBonus": 666, "base": 100]),
      Because("status", ["turnover": 999, "status": "Bronze", "above": 75]),
      Because("status", ["turnover": 999, "notAbove": 75]),
      Because(
        "refunded",
        ["base": 100, "received": 999, "refunds": 888, "lineRefunds": 777, "onEarningLines": 10, "rate": 1000, "amount": 9]),
      Because("already-attributed", ["boundTo": "secret"]), Because("loop", ["boundTo": "secret"]),
      Because("prior-account", ["previousAccounts": ["secret"]]), Because("promo-code", ["promoCode": "secret"]),
      Because("approved", ["operator": "secret"]),
    ]
    for entry in entries {
      let text = try #require(Language.of(code).sentence(entry, currency: "JPY"))
      let inAPI = String(decoding: BecauseSentence.shown(entry).jsonBytes(), as: UTF8.self)
      for hidden in ["777", "888", "999", "666", "secret"] {
        #expect(!text.contains(hidden), "\(code) \(text)")
        #expect(!inAPI.contains(hidden), "\(inAPI)")
      }
    }
  }
}
