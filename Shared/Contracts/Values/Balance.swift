extension Balance {
  /// Amounts are in minor units.
  public init(
    currency: Currency, pending: Int64 = 0, available: Int64 = 0, locked: Int64 = 0, reserved: Int64 = 0, spent: Int64 = 0,
    paid: Int64 = 0, reversed: Int64 = 0
  ) {
    self.init(
      currency: currency, pending: pending, available: available, locked: locked, reserved: reserved, spent: spent, paid: paid,
      reversed: reversed, corrected: nil)
  }

  /// Everything ever accrued: accrued + corrected = pending + available + locked + reserved + spent + paid + reversed. Throws only if
  /// it exceeds `Int64`.
  public var accrued: Int64 {
    get throws(ArithmeticOverflow) {
      let places =
        Int128(pending) + Int128(available) + Int128(locked) + Int128(reserved) + Int128(spent) + Int128(paid) + Int128(reversed)
      guard let accrued = Int64(exactly: places - Int128(corrected ?? 0)) else { throw ArithmeticOverflow() }
      return accrued
    }
  }
}
