import Testing

@testable import Portal

/// The sample numbers of CLDR's plurals.xml, for the categories of whole numbers.
@Suite struct PluralTests {
  @Test(
    arguments: [
      (.en, .one, [1]), (.en, .other, [0] + Array(2...16) + [100, 1000, 10_000, 100_000, 1_000_000]),
      (.kk, .one, [1]), (.kk, .other, [0] + Array(2...16) + [100, 1000, 10_000, 100_000, 1_000_000]),
      (.uz, .one, [1]), (.uz, .other, [0] + Array(2...16) + [100, 1000, 10_000, 100_000, 1_000_000]),
      (.ru, .one, [1, 21, 31, 41, 51, 61, 71, 81, 101, 1001]),
      (.ru, .few, [2, 3, 4, 22, 23, 24, 32, 33, 34, 42, 43, 44, 52, 53, 54, 62, 102, 1002]),
      (.ru, .many, [0] + Array(5...19) + [100, 1000, 10_000, 100_000, 1_000_000]),
      (.uk, .one, [1, 21, 31, 41, 51, 61, 71, 81, 101, 1001]),
      (.uk, .few, [2, 3, 4, 22, 23, 24, 32, 33, 34, 42, 43, 44, 52, 53, 54, 62, 102, 1002]),
      (.uk, .many, [0] + Array(5...19) + [100, 1000, 10_000, 100_000, 1_000_000]),
    ] as [(Language.Code, PluralForm, [Int64])])
  func samples(_ row: (code: Language.Code, form: PluralForm, numbers: [Int64])) {
    for number in row.numbers { #expect(Language.of(row.code).form(of: number) == row.form, "\(row.code) \(number)") }
  }

  @Test(
    arguments: [
      (.en, 1, "1 active referral"), (.en, 0, "0 active referrals"), (.en, 1234, "1,234 active referrals"),
      (.ru, 1, "1 активный реферал"), (.ru, 3, "3 активных реферала"), (.ru, 11, "11 активных рефералов"),
      (.ru, 21, "21 активный реферал"), (.ru, 1_000_000, "1\u{A0}000\u{A0}000 активных рефералов"),
      (.uk, 2, "2 активні реферали"), (.uk, 112, "112 активних рефералів"), (.uk, 101, "101 активний реферал"),
      (.kk, 1, "1 белсенді реферал"), (.kk, 25, "25 белсенді реферал"), (.uz, 1, "1 ta faol referal"),
      (.uz, 5, "5 ta faol referal"),
    ] as [(Language.Code, Int64, String)])
  func sentences(_ row: (code: Language.Code, count: Int64, text: String)) {
    #expect(Language.of(row.code)("discounts.active", count: row.count) == row.text)
  }
}
