import Contracts
import JSON

/// How much of a reward's base refunds have left (DECISIONS A9).
///
/// A refund with lines takes from these lines; one without takes the same share of all that is left:
/// remaining = (base − line refunds on earning lines) × (received − all refunds) ÷ (received − line refunds).
struct RefundedBase: Stored, Equatable {
  /// A name that earning lines of the payment bear.
  struct EarningSKU: Stored, Equatable {
    let sku: String
    /// Of the earning lines with this name, minor units; nil: no other line bears it.
    ///
    /// Where a line that does not earn has the same name, a refund takes from the earning ones first and from the other what is
    /// beyond them.
    let atMost: Int64?
    /// Line refunds under this name so far, minor units.
    var refunded: Int64 = 0
  }

  /// Minor units, when the payment was judged.
  let base: Int64
  /// Minor units: all lines less what was paid with bonuses.
  let received: Int64
  var earningSKUs: [EarningSKU]
  /// Minor units of all refunds' lines.
  var lineRefunds: Int64 = 0
  /// Minor units of all refunds.
  var refunds: Int64 = 0

  init(of payment: PaymentSettled, base: Int64, earns: (PaymentLine) -> Bool) throws(ArithmeticOverflow) {
    self.base = base
    received = try payment.received()
    var earning: [(sku: String, amount: Int64)] = []
    var others: Set<String> = []
    var places: [String: Int] = [:]
    for line in payment.lines {
      if !earns(line) {
        others.insert(line.sku)
      } else if let place = places[line.sku] {
        earning[place].amount = try Money.sum(earning[place].amount, line.amount)
      } else {
        places[line.sku] = earning.count
        earning.append((line.sku, line.amount))
      }
    }
    earningSKUs = earning.map { EarningSKU(sku: $0.sku, atMost: others.contains($0.sku) ? max($0.amount, 0) : nil) }
  }

  mutating func take(_ refund: PaymentRefunded) throws(ArithmeticOverflow) {
    refunds = try Money.sum(refunds, refund.amount)
    for line in refund.lines ?? [] {
      lineRefunds = try Money.sum(lineRefunds, line.amount)
      if let place = earningSKUs.firstIndex(where: { $0.sku == line.sku }) {
        earningSKUs[place].refunded = try Money.sum(earningSKUs[place].refunded, line.amount)
      }
    }
  }

  /// The reward on what is left, at the rate of the original reward, rounded once. Never below 0.
  func reward(at rate: BasisPoints) throws(ArithmeticOverflow) -> Int64 {
    let onEarning = try refundedOnEarning()
    let left = try Money.difference(base, onEarning)
    let receivedLeft = try Money.difference(received, refunds)
    let receivedOnLines = try Money.difference(received, lineRefunds)
    // All the money has gone back, so there is nothing left of it that could earn.
    guard left > 0, receivedLeft > 0, receivedOnLines > 0 else { return 0 }
    // The two whole cases are apart because they cannot leave Int64, however large the payment.
    if receivedLeft >= receivedOnLines { return Money.share(of: left, rate: rate) }
    if left == receivedOnLines { return Money.share(of: receivedLeft, rate: rate) }
    return try Money.scaled(left, by: receivedLeft, over: receivedOnLines, rate: rate)
  }

  /// Minor units that refunds' lines have taken from earning lines.
  private func refundedOnEarning() throws(ArithmeticOverflow) -> Int64 {
    try Money.sum(earningSKUs.lazy.map { min($0.refunded, $0.atMost ?? .max) })
  }

  /// The figures that the reward was computed from.
  ///
  /// - Parameter amount: the reward that they leave, minor units.
  func because(rate: BasisPoints, amount: Int64) throws(ArithmeticOverflow) -> [Because] {
    [
      Because(
        "refunded",
        [
          "base": .number(base), "received": .number(received), "refunds": .number(refunds), "lineRefunds": .number(lineRefunds),
          "onEarningLines": .number(try refundedOnEarning()), "rate": .number(rate.value), "amount": .number(amount),
        ])
    ]
  }
}
