/// What a referrer has in one currency, in minor units, by where the money stands (CONTRACTS, *balance*).
///
/// accrued = pending + available + locked + reserved + spent + paid + reversed, always.
public struct Balance: Codable, Hashable, Sendable {
  public var currency: Currency
  /// Accrued, not yet credited.
  public var pending: Int64
  /// May be spent or withdrawn. Negative after a clawback of what was spent before.
  public var available: Int64
  /// Credited but held: cash before its day, or a frozen reward.
  public var locked: Int64
  /// Set aside for a spend or a withdrawal that is under way.
  public var reserved: Int64
  /// Used to pay invoices.
  public var spent: Int64
  /// Paid out.
  public var paid: Int64
  /// Taken back by refunds and lost disputes.
  public var reversed: Int64

  public init(
    currency: Currency, pending: Int64 = 0, available: Int64 = 0, locked: Int64 = 0, reserved: Int64 = 0, spent: Int64 = 0,
    paid: Int64 = 0, reversed: Int64 = 0
  ) {
    self.currency = currency
    self.pending = pending
    self.available = available
    self.locked = locked
    self.reserved = reserved
    self.spent = spent
    self.paid = paid
    self.reversed = reversed
  }

  /// Everything ever accrued. Throws only when it exceeds Int64.
  public var accrued: Int64 {
    get throws(ArithmeticOverflow) {
      try Money.sum([pending, available, locked, reserved, spent, paid, reversed])
    }
  }
}
