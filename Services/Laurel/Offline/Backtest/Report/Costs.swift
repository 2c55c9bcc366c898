import Contracts
import Words

/// The costs of one program under both terms. Keeps one row per unit and month, and one per unit and referrer.
struct Costs: Sendable {
  /// One month's cost under one of the terms.
  struct Monthly: Equatable, Sendable, Encodable {
    /// Counted in the month of the accrual, or of the invoice with the discount. Includes what was restored or corrected upwards.
    var accrued: Int64 = 0
    /// At most 0. Counted in the month of the refund, lost dispute, voided invoice or correction, not in that of the reward.
    var takenBack: Int64 = 0
  }

  struct MonthKey: Hashable, Sendable {
    let unit: CostUnit
    let month: Month
  }

  struct ReferrerKey: Hashable, Sendable {
    let unit: CostUnit
    let referrer: AccountID
  }

  /// What one referrer got under one of the terms.
  struct Referrer: Equatable, Sendable {
    /// Accrued minus taken back.
    var net: Int64 = 0
    /// The balance in the latest notice. `nil` in `points`, which have no balance.
    var balance: Balance?
  }

  private(set) var months: [MonthKey: Sides<Monthly>] = [:]
  private(set) var referrers: [ReferrerKey: Sides<Referrer>] = [:]

  /// The applied percent by assignment, to subtract it if the invoice is voided.
  private var applied: [AssignmentID: Sides<Int64>] = [:]

  mutating func take(_ notice: any Notice, _ side: Side) throws(ArithmeticOverflow) {
    switch notice {
    case let n as RewardAccrued: try add(n.amount, .money(n.currency), n.referrer, at: n.accruedAt, side)
    case let n as RewardAdjusted: try add(n.delta, .money(n.currency), n.referrer, at: n.at, side)
    case let n as RewardReversed: try add(n.delta, .money(n.currency), n.referrer, at: n.at, side)
    case let n as RewardRestored: try add(n.delta, .money(n.currency), n.referrer, at: n.at, side)
    case let n as BalanceCorrected: try add(n.delta, .money(n.currency), n.referrer, at: n.at, side)
    case let n as DiscountApplied:
      try add(Int64(n.percent), .points, n.account, at: n.at, side)
      applied[n.assignment, default: Sides(both: 0)][side] = Int64(n.percent)
    case let n as DiscountRestored:
      try add(-(applied[n.assignment]?[side] ?? 0), .points, n.account, at: n.at, side)
    default: break
    }
    if let balance = NoticeText.balance(after: notice) { hold(balance, AccountID(notice.key), side) }
  }

  private mutating func add(
    _ amount: Int64, _ unit: CostUnit, _ referrer: AccountID, at instant: Instant, _ side: Side
  ) throws(ArithmeticOverflow) {
    let key = MonthKey(unit: unit, month: Month(instant))
    var month = months[key] ?? Sides(both: Monthly())
    if amount < 0 {
      month[side].takenBack = try Money.sum(month[side].takenBack, amount)
    } else {
      month[side].accrued = try Money.sum(month[side].accrued, amount)
    }
    months[key] = month
    let holder = ReferrerKey(unit: unit, referrer: referrer)
    let net = try Money.sum(referrers[holder]?[side].net ?? 0, amount)
    referrers[holder, default: Sides(both: Referrer())][side].net = net
  }

  private mutating func hold(_ balance: Balance, _ referrer: AccountID?, _ side: Side) {
    guard let referrer else { return }
    let key = ReferrerKey(unit: .money(balance.currency), referrer: referrer)
    referrers[key, default: Sides(both: Referrer())][side].balance = balance
  }

  /// Accrued minus taken back, over all months.
  func net(_ unit: CostUnit) throws(ArithmeticOverflow) -> Sides<Int64> {
    let months = months.filter { $0.key.unit == unit }.values
    func net(_ side: Side) throws(ArithmeticOverflow) -> Int64 {
      try Money.sum(months.map { $0[side].accrued } + months.map { $0[side].takenBack })
    }
    return Sides(try net(.current), try net(.proposed))
  }

  var units: [CostUnit] { Set(referrers.keys.map(\.unit)).sorted() }
}
