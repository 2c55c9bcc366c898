import Contracts
import Testing

@Suite("Money")
struct MoneyTests {
  @Test(
    "A share is rounded half up, towards plus infinity",
    arguments: [
      (40_500_000, 1000, 4_050_000), (1004, 1000, 100), (1005, 1000, 101), (1006, 1000, 101), (-1004, 1000, -100),
      (-1005, 1000, -100), (-1006, 1000, -101), (5, 1000, 1), (4, 1000, 0), (-5, 1000, 0), (-6, 1000, -1), (0, 1000, 0),
      (1, 5000, 1), (-1, 5000, 0), (1, 4999, 0), (123, 0, 0), (1000, 100, 10), (.max, 10_000, .max), (.min, 10_000, .min),
      (.max, 5000, 4_611_686_018_427_387_904),
    ] as [(Int64, Int64, Int64)])
  func share(_ amount: Int64, _ rate: Int64, _ expected: Int64) throws {
    #expect(Money.share(of: amount, rate: try #require(BasisPoints(rate))) == expected)
  }

  @Test(
    "A share of what is left is rounded once",
    arguments: [
      (10_000, 5000, 10_000, 1000, 500), (999, 333, 999, 1000, 33), (1000, 1, 3, 1000, 33), (1005, 1, 1, 1000, 101),
      (5, 1, 1, 1000, 1), (-5, 1, 1, 1000, 0), (10, 0, 7, 1000, 0), (7, 5, 3, 3333, 4), (-7, 5, 3, 3333, -4),
      (100, 1, 3, 4950, 17), (-100, 1, 3, 4950, -16), (.max, .max, .max, 1000, 922_337_203_685_477_581),
    ] as [(Int64, Int64, Int64, Int64, Int64)])
  func scaled(_ amount: Int64, _ numerator: Int64, _ denominator: Int64, _ rate: Int64, _ expected: Int64) throws {
    #expect(
      try Money.scaled(amount, by: numerator, over: denominator, rate: try #require(BasisPoints(rate))) == expected)
  }

  @Test("What leaves Int64 is rejected, not wrapped")
  func overflow() throws {
    #expect(throws: ArithmeticOverflow.self) { try Money.sum(.max, 1) }
    #expect(throws: ArithmeticOverflow.self) { try Money.sum([.max, .min, .max, 2]) }
    #expect(throws: ArithmeticOverflow.self) { try Money.difference(.min, 1) }
    #expect(throws: ArithmeticOverflow.self) { try Money.scaled(.max, by: 2, over: 1) }
    #expect(throws: ArithmeticOverflow.self) { try Money.scaled(1, by: 1, over: 0) }
    #expect(throws: ArithmeticOverflow.self) { try Money.scaled(1, by: 1, over: -1) }
    #expect(try Money.sum([.max, 1, .min]) == 0)
    #expect(try Money.sum([]) == 0)
    #expect(try Money.difference(3, 5) == -2)
  }

  @Test("A balance accrues the sum of its buckets")
  func balance() throws {
    let balance = Balance(
      currency: "KZT", pending: 1, available: -20, locked: 300, reserved: 4000, spent: 50_000, paid: 600_000, reversed: 7_000_000)
    #expect(try balance.accrued == 7_654_281)
    #expect(throws: ArithmeticOverflow.self) { try Balance(currency: "KZT", pending: .max, available: 1).accrued }
  }

  @Test("Rates and currencies have bounds")
  func bounds() {
    #expect(BasisPoints(-1) == nil)
    #expect(BasisPoints(10_001) == nil)
    #expect([1000, 250, 5, 10_000, 0].map { BasisPoints($0)?.description } == ["10%", "2.5%", "0.05%", "100%", "0%"])
    for text in ["", "us", "usd", "USDT", "U$D", "ÜSD"] { #expect(Currency(text) == nil) }
    #expect(Currency("UAH") == "UAH")
  }

  @Test("Digits are grouped in threes", arguments: [("0", "0"), ("999", "999"), ("1000", "1,000"), ("1234567", "1,234,567")])
  func grouped(digits: String, text: String) { #expect(Currency.grouped(digits, by: ",") == text) }
}
