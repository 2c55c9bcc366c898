/// An exact number. Money is rounded once, at the end (every-base).
struct AuditedFraction {
  let numerator: Int128
  let denominator: Int128

  init(_ numerator: Int128, over denominator: Int128 = 1) {
    var (rest, divisor) = (numerator.magnitude, denominator.magnitude)
    while divisor > 0 { (rest, divisor) = (divisor, rest % divisor) }
    let common = denominator < 0 ? -Int128(rest) : Int128(rest)
    (self.numerator, self.denominator) = (numerator / common, denominator / common)
  }

  init(_ amount: Int64) { self.init(Int128(amount)) }

  static func + (left: Self, right: Self) -> Self {
    Self(left.numerator * right.denominator + right.numerator * left.denominator, over: left.denominator * right.denominator)
  }
  static func - (left: Self, right: Self) -> Self { left + Self(-right.numerator, over: right.denominator) }
  static func * (left: Self, right: Self) -> Self {
    // Reduce crosswise first, so that the numbers stay small.
    let (a, b) = (Self(left.numerator, over: right.denominator), Self(right.numerator, over: left.denominator))
    return Self(a.numerator * b.numerator, over: a.denominator * b.denominator)
  }
  static func / (left: Self, right: Self) -> Self { left * Self(right.denominator, over: right.numerator) }
  static func < (left: Self, right: Self) -> Bool {
    left.numerator * right.denominator < right.numerator * left.denominator
  }

  var isPositive: Bool { numerator > 0 }

  /// Rounded half up, for amounts that are not negative.
  var rounded: Int64 { Int64((numerator * 2 + denominator) / (denominator * 2)) }
}

/// The worth of one payment to its referrer, and what remains after refunds and lost disputes (A9, terms of reward).
struct AuditedWorth {
  /// All lines with one sku.
  struct SKU {
    var total: Int64 = 0
    var earning: Int64 = 0
    /// The sum of the earning lines, each times its rate.
    var rated: Int64 = 0
  }

  private(set) var skus: [String: SKU] = [:]
  let received: Int64
  let base: Int64
  /// A fixed amount, used instead of rates.
  let fixed: Int64?

  init(_ payment: Facts, terms: AuditedTerms, rate: Int64) {
    received = payment.received
    fixed = terms.amounts.map { $0[payment.text("currency") ?? ""] ?? 0 }
    for line in payment.parts("lines") {
      let (sku, amount) = (line.text("sku") ?? "", line.number("amount") ?? 0)
      skus[sku, default: SKU()].total += amount
      guard terms.objections(to: line).isEmpty else { continue }
      skus[sku, default: SKU()].earning += amount
      skus[sku, default: SKU()].rated += amount * (terms.rates == nil ? rate : terms.rate(of: line) ?? 0)
    }
    base = min(skus.values.reduce(0) { $0 + $1.earning } - (payment.number("paidWithBonus") ?? 0), received)
  }

  /// - Parameter others: amounts that were returned without lines.
  func left(after refunds: [Facts] = [], others: Int64 = 0) -> Int64 {
    guard base > 0 else { return 0 }
    var taken: [String: AuditedFraction] = [:]
    var all = AuditedFraction(others)
    for refund in refunds {
      let amount = refund.number("amount") ?? 0
      all = all + AuditedFraction(amount)
      let named = refund.parts("lines").reduce(0) { $0 + ($1.number("amount") ?? 0) }
      for line in refund.parts("lines") where named > 0 {
        let part = AuditedFraction(Int128(line.number("amount") ?? 0) * Int128(min(amount, named)), over: Int128(named))
        taken[line.text("sku") ?? ""] = (taken[line.text("sku") ?? ""] ?? AuditedFraction(0)) + part
      }
    }
    var ofLines = AuditedFraction(0)
    var earning = AuditedFraction(skus.values.reduce(0) { $0 + $1.earning })
    var rated = AuditedFraction(skus.values.reduce(0) { $0 + $1.rated })
    var base = AuditedFraction(base)
    for (name, named) in taken {
      guard let sku = skus[name], sku.total > 0, named.isPositive else { continue }
      let part = AuditedFraction(sku.total) < named ? AuditedFraction(sku.total) : named
      ofLines = ofLines + part
      guard sku.earning > 0, sku.rated >= 0 || fixed != nil else { continue }
      let earned = part * AuditedFraction(Int128(sku.earning), over: Int128(sku.total))
      earning = earning - earned
      base = base - earned
      rated = rated - part * AuditedFraction(Int128(sku.rated), over: Int128(sku.total))
    }
    let (kept, basis) = (AuditedFraction(received) - all, AuditedFraction(received) - ofLines)
    guard kept.isPositive, basis.isPositive, base.isPositive, earning.isPositive, rated.isPositive || fixed != nil else {
      return 0
    }
    if let fixed { return (AuditedFraction(fixed) * (base / AuditedFraction(self.base)) * (kept / basis)).rounded }
    return (rated * AuditedFraction(1, over: 10_000) * (base / earning) * (kept / basis)).rounded
  }
}

extension AuditedTerms {
  /// The reasons against a line (A3, C6, C8, R6).
  func objections(to line: Facts) -> [String] {
    var objections: [String] = []
    let isService =
      lineKinds.contains(line.text("kind") ?? "") && (categories.isEmpty || categories.contains(line.text("category") ?? ""))
      && (rates == nil || rate(of: line) != nil)
    if !isService { objections.append("not-eligible-service") }
    let discounts = line.parts("discounts").filter { $0.number("amount") != 0 }
    if discounts.contains(where: { excludedDiscounts.contains($0.text("kind") ?? "") }) { objections.append("discounted-price") }
    return objections
  }

  func rate(of line: Facts) -> Int64? { rates?.first { line.text($0.field) == $0.value }?.rate }

  /// The rate before the payment (C5).
  func rate(turnover: Int64, _ currency: String) -> Int64 {
    statuses.last { status in status.above[currency].map { turnover > $0 } ?? false }?.rate ?? rate
  }
}
