import JSON

/// Exact, overflow-checked arithmetic on amounts: `Int64` minor units of one currency.
///
/// Amounts are rounded once, at the end: half up, so exactly one half rounds towards plus infinity (PROGRAMS.md).
public enum Money {
  /// `a + b`.
  public static func sum(_ a: Int64, _ b: Int64) throws(ArithmeticOverflow) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { throw ArithmeticOverflow() }
    return sum
  }

  /// The sum of all amounts; 0 if there are none. Only the result must fit into `Int64`; intermediate sums may exceed it.
  @inlinable public static func sum(_ amounts: some Sequence<Int64>) throws(ArithmeticOverflow) -> Int64 {
    var total: Int128 = 0
    for amount in amounts { total += Int128(amount) }
    return try narrowed(total)
  }

  /// `a - b`.
  public static func difference(_ a: Int64, _ b: Int64) throws(ArithmeticOverflow) -> Int64 {
    let (difference, overflow) = a.subtractingReportingOverflow(b)
    if overflow { throw ArithmeticOverflow() }
    return difference
  }

  /// half-up(`amount` × `rate`): 1005 at 10 % gives 101, −1005 gives −100.
  ///
  /// Cannot overflow, because a rate is at most 100 %.
  public static func share(of amount: Int64, rate: BasisPoints) -> Int64 {
    Int64(truncatingIfNeeded: halfUp(Int128(amount) * Int128(rate.value), over: 10_000))
  }

  /// half-up(`amount` × `numerator` ÷ `denominator` × `rate`), rounded once: the share of what refunds leave of a base (DECISIONS A9).
  /// Throws only if the result exceeds `Int64` or the denominator is not positive.
  public static func scaled(
    _ amount: Int64, by numerator: Int64, over denominator: Int64, rate: BasisPoints = .whole
  ) throws(ArithmeticOverflow) -> Int64 {
    guard denominator > 0 else { throw ArithmeticOverflow() }
    // With a·b = q·d + r, the value is q·rate/10000 + r·rate/(d·10000). No intermediate value exceeds Int128 unless the result exceeds
    // Int64.
    let (quotient, rest) = (Int128(amount) * Int128(numerator)).quotientAndRemainder(dividingBy: Int128(denominator))
    let (rated, overflow) = quotient.multipliedReportingOverflow(by: Int128(rate.value))
    if overflow { throw ArithmeticOverflow() }
    let (whole, ratedRest) = rated.quotientAndRemainder(dividingBy: 10_000)
    let fraction = ratedRest * Int128(denominator) + rest * Int128(rate.value)
    return try narrowed(whole + halfUp(fraction, over: Int128(denominator) * 10_000))
  }

  // floor(n/d + 1/2) without forming 2n, which could overflow.
  private static func halfUp(_ numerator: Int128, over denominator: Int128) -> Int128 {
    var (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
    if remainder < 0 {
      quotient -= 1
      remainder += denominator
    }
    return remainder >= denominator - remainder ? quotient + 1 : quotient
  }

  @usableFromInline static func narrowed(_ value: Int128) throws(ArithmeticOverflow) -> Int64 {
    guard let narrow = Int64(exactly: value) else { throw ArithmeticOverflow() }
    return narrow
  }
}

/// An amount beyond `Int64`. The event that causes it is rejected with ``DeadLetterReason/overflow``.
public struct ArithmeticOverflow: Error, Equatable, Sendable {
  public init() {}
}

/// A currency by its ISO 4217 code: three capital letters. Unassigned codes are accepted.
public struct Currency: Hashable, Comparable, Sendable {
  public let code: String

  public static func < (left: Currency, right: Currency) -> Bool { left.code < right.code }
}

extension Currency: TextValue, ExpressibleByStringLiteral {
  public static let form = "a currency of three capital letters, such as USD"
  public var text: String { code }

  public init?(text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 3, 0x41...0x5A ~= text[0], 0x41...0x5A ~= text[1], 0x41...0x5A ~= text[2] else { return nil }
    code = String(decoding: text, as: UTF8.self)
  }
}

/// A rate in integer basis points, 0...10000: 1000 is 10 % (DECISIONS, *rate*).
public struct BasisPoints: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: Int64

  public static let zero = BasisPoints(unchecked: 0)
  /// 100 %
  public static let whole = BasisPoints(unchecked: 10_000)

  /// `nil` outside 0...10000.
  public init?(_ value: Int64) {
    guard 0...10_000 ~= value else { return nil }
    self.value = value
  }

  private init(unchecked value: Int64) { self.value = value }

  public static func < (left: BasisPoints, right: BasisPoints) -> Bool { left.value < right.value }

  /// For people: `10%`, `2.5%`, `0.05%`.
  public var description: String {
    let (percent, rest) = value.quotientAndRemainder(dividingBy: 100)
    if rest == 0 { return "\(percent)%" }
    return rest % 10 == 0 ? "\(percent).\(rest / 10)%" : "\(percent).\(rest < 10 ? "0" : "")\(rest)%"
  }
}

extension BasisPoints: JSONCodable {
  public init(json: JSONValue) throws(JSONError) {
    guard let rate = BasisPoints(try json.integer()) else { throw json.error("a rate outside 0 to 10000 basis points") }
    self = rate
  }

  public func write(to json: inout JSONWriter) { json.integer(value) }
}

extension BasisPoints: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let rate = BasisPoints(try container.decode(Int64.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a rate outside 0 to 10000 basis points")
    }
    self = rate
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
