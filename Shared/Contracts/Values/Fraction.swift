/// An exact fraction of any size. What refunds leave of a reward is a product of several shares, rounded once at the end (PROGRAMS.md), so
/// no intermediate step may round or overflow.
public struct Fraction: Sendable {
  private var isNegative: Bool
  private var numerator: Natural
  /// Never 0.
  private var denominator: Natural

  public init(_ value: Int64) {
    isNegative = value < 0
    numerator = Natural(value.magnitude)
    denominator = Natural(1)
  }

  private init(_ isNegative: Bool, _ numerator: Natural, _ denominator: Natural) {
    self.isNegative = isNegative && !numerator.isZero
    self.numerator = numerator
    self.denominator = denominator
  }

  public var isPositive: Bool { !isNegative && !numerator.isZero }

  public static func * (left: Fraction, right: Fraction) -> Fraction {
    Fraction(left.isNegative != right.isNegative, left.numerator * right.numerator, left.denominator * right.denominator)
  }

  /// The divisor must be positive.
  public static func / (left: Fraction, right: Fraction) -> Fraction {
    precondition(right.isPositive)
    return Fraction(left.isNegative, left.numerator * right.denominator, left.denominator * right.numerator)
  }

  public static func - (left: Fraction, right: Fraction) -> Fraction {
    left + Fraction(!right.isNegative, right.numerator, right.denominator)
  }

  public static func + (left: Fraction, right: Fraction) -> Fraction {
    let isLike = left.denominator == right.denominator
    let denominator = isLike ? left.denominator : left.denominator * right.denominator
    let a = isLike ? left.numerator : left.numerator * right.denominator
    let b = isLike ? right.numerator : right.numerator * left.denominator
    if left.isNegative == right.isNegative { return Fraction(left.isNegative, a + b, denominator) }
    return a < b ? Fraction(right.isNegative, b - a, denominator) : Fraction(left.isNegative, a - b, denominator)
  }

  public static func min(_ left: Fraction, _ right: Fraction) -> Fraction { (right - left).isNegative ? right : left }

  /// floor(x + 1/2), like ``Money``.
  public func roundedHalfUp() throws(ArithmeticOverflow) -> Int64 {
    // |x| = whole + rest/denominator. A half rounds towards plus infinity.
    let (whole, rest) = try numerator.quotientAndRemainder(dividingBy: denominator)
    let twice = rest + rest
    let isUp = isNegative ? denominator < twice : !(twice < denominator)
    let magnitude = Int128(whole) + (isUp ? 1 : 0)
    return try Money.narrowed(isNegative ? -magnitude : magnitude)
  }

  /// A natural number of any size.
  private struct Natural: Sendable, Equatable {
    /// Lowest digit first, without leading zeros (which are last here).
    private var digits: [UInt32]

    init(_ value: UInt64) { self.init([UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]) }

    private init(_ digits: [UInt32]) {
      self.digits = digits
      while self.digits.last == 0 { self.digits.removeLast() }
    }

    var isZero: Bool { digits.isEmpty }

    private subscript(place: Int) -> UInt64 { place < digits.count ? UInt64(digits[place]) : 0 }

    static func < (left: Natural, right: Natural) -> Bool {
      if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
      return left.digits.reversed().lexicographicallyPrecedes(right.digits.reversed())
    }

    static func + (left: Natural, right: Natural) -> Natural {
      var carry: UInt64 = 0
      let digits = (0...max(left.digits.count, right.digits.count)).map { place in
        carry = left[place] + right[place] + (carry >> 32)
        return UInt32(truncatingIfNeeded: carry)
      }
      return Natural(digits)
    }

    /// `right` must not be larger than `left`.
    static func - (left: Natural, right: Natural) -> Natural {
      var borrow: Int64 = 0
      let digits = left.digits.indices.map { place in
        let difference = Int64(left[place]) - Int64(right[place]) + borrow
        borrow = difference < 0 ? -1 : 0
        return UInt32(truncatingIfNeeded: difference)
      }
      return Natural(digits)
    }

    static func * (left: Natural, right: Natural) -> Natural {
      var digits = [UInt32](repeating: 0, count: left.digits.count + right.digits.count)
      for (place, digit) in left.digits.enumerated() {
        var carry: UInt64 = 0
        for other in 0...right.digits.count where place + other < digits.count {
          carry = UInt64(digit) * right[other] + UInt64(digits[place + other]) + (carry >> 32)
          digits[place + other] = UInt32(truncatingIfNeeded: carry)
        }
      }
      return Natural(digits)
    }

    /// Throws if the quotient exceeds 64 bits.
    func quotientAndRemainder(dividingBy divisor: Natural) throws(ArithmeticOverflow) -> (UInt64, Natural) {
      var steps: [Natural] = [divisor]
      while let last = steps.last, !(self < last) {
        guard steps.count <= UInt64.bitWidth else { throw ArithmeticOverflow() }
        steps.append(last + last)
      }
      var (quotient, rest): (UInt64, Natural) = (0, self)
      for step in steps.dropLast().reversed() {
        quotient <<= 1
        if !(rest < step) {
          rest = rest - step
          quotient |= 1
        }
      }
      return (quotient, rest)
    }
  }
}
