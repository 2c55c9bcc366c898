import Contracts
import Testing

@Suite struct FractionTests {
  @Test(
    "It is rounded half up, once",
    arguments: [
      (1, 2, 1), (-1, 2, 0), (3, 2, 2), (-3, 2, -1), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (7, 1, 7), (0, 5, 0), (.max, 1, .max),
      (.min, 1, .min), (.max, 2, 4_611_686_018_427_387_904),
    ] as [(Int64, Int64, Int64)])
  func rounded(_ numerator: Int64, _ denominator: Int64, _ expected: Int64) throws {
    #expect(try (Fraction(numerator) / Fraction(denominator)).roundedHalfUp() == expected)
  }

  @Test("No step on the way is too large")
  func large() throws {
    let max = Fraction(.max)
    #expect(try (max * max * max / max / max).roundedHalfUp() == .max)
    #expect(try (max * max - max * (max - Fraction(1))).roundedHalfUp() == .max)
    #expect(throws: ArithmeticOverflow.self) { try (max + Fraction(1)).roundedHalfUp() }
    #expect(try (max + Fraction(1) - max).roundedHalfUp() == 1)
    #expect(try (Fraction(.min) + max).roundedHalfUp() == -1)
  }

  /// Checked against `Int128`, which is large enough for these values.
  @Test("It agrees with arithmetic on whole numbers")
  func agrees() throws {
    var state: UInt64 = 7
    func next() -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64(state >> 33) - (1 << 30)
    }
    for _ in 0..<2_000 {
      let (a, b, c, d) = (next(), abs(next()) + 1, next(), abs(next()) + 1)
      let sum = Fraction(a) / Fraction(b) + Fraction(c) / Fraction(d)
      // floor((2n + m) / 2m) of n/m = (ad + cb)/(bd)
      let (n, m) = (Int128(a) * Int128(d) + Int128(c) * Int128(b), Int128(b) * Int128(d))
      let (quotient, rest) = (2 * n + m).quotientAndRemainder(dividingBy: 2 * m)
      #expect(try Int128(sum.roundedHalfUp()) == (rest < 0 ? quotient - 1 : quotient))
      #expect(Fraction.min(Fraction(a), Fraction(c)).isPositive == (min(a, c) > 0))
    }
  }
}
