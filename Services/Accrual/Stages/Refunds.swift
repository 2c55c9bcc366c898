import Contracts
import JSON

/// The input of a payment's reward, kept to compute the reward again after refunds and lost disputes (DECISIONS A9, C7c).
///
/// Lines with the same sku are merged; the earning part of a merged line is in proportion to the amounts. A refund takes from the lines
/// that it names. The part of a refund that names no lines, and a dispute, take the same share of everything that is left:
/// remaining = (base − refunds of earning lines) × (received − all refunds) ÷ (received − refunds of lines).
struct PaymentBase: Stored, Equatable {
  /// All lines with the same sku.
  struct Line: Stored, Equatable {
    let sku: String
    /// Minor units, earning or not.
    var amount: Int64 = 0
    var earning: [Part] = []
  }

  /// The part of a line that earns at one rate.
  struct Part: Stored, Equatable {
    let rate: BasisPoints
    /// Minor units.
    var amount: Int64
  }

  /// Minor units that earned when the payment was judged.
  let base: Int64
  /// Minor units: all lines less what was paid with bonuses.
  let received: Int64
  /// The fixed reward of the terms in minor units, or nil if the reward follows from rates.
  let fixed: Int64?
  var lines: [Line] = []

  /// - Parameter rate: the rate of a line, or nil if the line does not earn.
  init(
    of payment: PaymentSettled, base: Int64, received: Int64, fixed: Int64?, rate: (PaymentLine) -> BasisPoints?
  ) throws(ArithmeticOverflow) {
    self.base = base
    self.received = received
    self.fixed = fixed
    var places: [String: Int] = [:]
    for line in payment.lines {
      let place = places[line.sku] ?? lines.count
      if place == lines.count {
        places[line.sku] = place
        lines.append(Line(sku: line.sku))
      }
      lines[place].amount = try Money.sum(lines[place].amount, line.amount)
      guard let rate = rate(line) else { continue }
      if let part = lines[place].earning.firstIndex(where: { $0.rate == rate }) {
        lines[place].earning[part].amount = try Money.sum(lines[place].earning[part].amount, line.amount)
      } else {
        lines[place].earning.append(Part(rate: rate, amount: line.amount))
      }
    }
  }

  /// The reward for what is left, in minor units. Rounded once at the end, and never negative.
  func reward(after taken: Taken = Taken()) throws(ArithmeticOverflow) -> (amount: Int64, because: Because) {
    // Disputes may claim any amount. More than was received takes everything, so the sum may stop at the largest number.
    let refunds = taken.amounts.reduce(Int64(0)) { sum, amount in
      let (next, overflow) = sum.addingReportingOverflow(amount)
      return overflow ? .max : next
    }
    var refundedLines = Fraction(0)
    var refundedEarning = Fraction(0)
    var earning = Fraction(0)
    /// Sum over the earning lines, in basis points × minor units.
    var rated = Fraction(0)
    for (place, line) in lines.enumerated() {
      // Nothing can be refunded of a line of 0 or less, and a refund gives nothing to a line.
      let named = taken.lines[place] ?? Fraction(0)
      let refunded = named.isPositive ? Fraction.min(named, Fraction(max(line.amount, 0))) : Fraction(0)
      let leftShare = refunded.isPositive && earns(line) ? Fraction(1) - refunded / Fraction(line.amount) : Fraction(1)
      refundedLines = refundedLines + refunded
      for part in line.earning {
        let amount = Fraction(part.amount)
        refundedEarning = refundedEarning + amount * (Fraction(1) - leftShare)
        earning = earning + amount * leftShare
        rated = rated + amount * leftShare * Fraction(part.rate.value)
      }
    }
    let left = Fraction(base) - refundedEarning
    let receivedLeft = Fraction(received) - Fraction(refunds)
    let receivedOnLines = Fraction(received) - refundedLines
    var amount: Int64 = 0
    // If all the money was returned, nothing is left to earn on.
    if !taken.isAll, left.isPositive, receivedLeft.isPositive, receivedOnLines.isPositive {
      let share = left * receivedLeft / receivedOnLines
      let reward =
        if let fixed { Fraction(fixed) * share / Fraction(base) } else { rated * share / earning / Fraction(10_000) }
      amount = max(try reward.roundedHalfUp(), 0)
    }
    let rates = fixed == nil ? Set(lines.flatMap(\.earning).map(\.rate)) : []
    let because = Because(
      "refunded",
      [
        "base": .number(base), "received": .number(received), "refunds": .number(taken.isAll ? received : refunds),
        "lineRefunds": .number(try refundedLines.roundedHalfUp()),
        "onEarningLines": .number(try refundedEarning.roundedHalfUp()), "fixed": fixed.map { .number($0) },
        // Lines may have different rates.
        "rate": rates.count == 1 ? rates.first.map { .number($0.value) } : nil, "amount": .number(amount),
      ])
    return (amount, because)
  }
}

extension PaymentBase {
  /// Whether the line does not lower the reward. If its credits outweigh what earns, a refund of it would raise the reward, so it takes
  /// nothing.
  private func earns(_ line: Line) -> Bool {
    let earning = line.earning.reduce(Fraction(0)) { $0 + Fraction($1.amount) }
    let rated = line.earning.reduce(Fraction(0)) { $0 + Fraction($1.amount) * Fraction($1.rate.value) }
    return earning.isPositive && (fixed != nil || !(Fraction(0) - rated).isPositive)
  }
}

/// What refunds and lost disputes have taken from a payment.
struct Taken {
  /// Minor units: all refunds together, and each lost dispute.
  var amounts: [Int64] = []
  /// Minor units that refunds name, by the line's index.
  var lines: [Int: Fraction] = [:]
  /// A dispute over the whole payment was lost.
  var isAll = false

  mutating func take(_ amount: Fraction, ofLine place: Int) { lines[place] = (lines[place] ?? Fraction(0)) + amount }
}

/// The totals of a payment's refunds. Totals keep the payment's row from growing with each refund.
struct RefundTotals: Stored, Equatable {
  /// Refunds that have arrived and not failed.
  var count = 0
  /// Minor units.
  var amount: Int64 = 0
  /// The sums that they name, by line.
  var lines: [Refund.Line] = []
  /// Refunds whose lines add up to more than their amount. Their lines are scaled down in proportion.
  var scaled: [Refund] = []

  /// Bounds the size of the row against a faulty sender. Real payments have far fewer.
  private static let scaledMax = 200

  mutating func add(_ refund: Refund) throws(Rejection) {
    try exactly("the sum of the payment's refunds") { () throws(ArithmeticOverflow) in
      amount = try Money.sum(amount, refund.amount)
      if !refund.isScaled { for line in refund.lines { try change(line.place, by: line.amount) } }
    }
    count += 1
    guard refund.isScaled else { return }
    guard scaled.count < Self.scaledMax else {
      throw Rejection(.malformed, "the payment already has \(Self.scaledMax) refunds whose lines exceed their amount")
    }
    scaled.append(refund)
  }

  mutating func remove(_ refund: Refund) throws(Rejection) {
    try exactly("the sum of the payment's refunds") { () throws(ArithmeticOverflow) in
      amount = try Money.difference(amount, refund.amount)
      if !refund.isScaled { for line in refund.lines { try change(line.place, by: -line.amount) } }
    }
    count -= 1
    scaled.removeAll { $0.id == refund.id }
  }

  private mutating func change(_ place: Int, by amount: Int64) throws(ArithmeticOverflow) {
    if let known = lines.firstIndex(where: { $0.place == place }) {
      lines[known].amount = try Money.sum(lines[known].amount, amount)
    } else {
      lines.append(Refund.Line(place: place, amount: amount))
    }
  }

  func take(from taken: inout Taken) {
    taken.amounts.append(amount)
    for line in lines { taken.take(Fraction(line.amount), ofLine: line.place) }
    for refund in scaled {
      for line in refund.lines {
        taken.take(Fraction(line.amount) * Fraction(refund.amount) / Fraction(refund.named), ofLine: line.place)
      }
    }
  }
}

/// A refund of a payment that earned, in its own row. It is kept because a refund can fail later (DECISIONS A9c).
struct Refund: Stored, Equatable {
  struct Line: Stored, Equatable {
    /// The index of the payment's line.
    let place: Int
    /// Minor units.
    var amount: Int64
  }

  let id: RefundID
  /// Minor units.
  let amount: Int64
  /// The named lines that the payment has.
  var lines: [Line] = []
  /// Minor units of all named lines, whether the payment has them or not.
  var named: Int64 = 0
  var hasFailed = false

  /// Whether the lines add up to more than the refund and are scaled down in proportion.
  var isScaled: Bool { named > amount }

  /// A refund whose failure arrived first.
  init(failed id: RefundID) {
    self.id = id
    amount = 0
    hasFailed = true
  }

  init(_ refund: PaymentRefunded, of payment: PaymentBase) throws(ArithmeticOverflow) {
    id = refund.refund
    amount = refund.amount
    for line in refund.lines ?? [] {
      named = try Money.sum(named, line.amount)
      guard let place = payment.lines.firstIndex(where: { $0.sku == line.sku }) else { continue }
      if let known = lines.firstIndex(where: { $0.place == place }) {
        lines[known].amount = try Money.sum(lines[known].amount, line.amount)
      } else {
        lines.append(Line(place: place, amount: line.amount))
      }
    }
    // Lines that add up to nothing name nothing: a refund of 0 takes 0.
    if named <= 0 { lines = [] }
  }
}

/// A dispute of a payment. The latest instant decides its state; at equal instants, the later arrival (DECISIONS C7c).
struct Dispute: Stored, Equatable {
  enum DisputeStatus: String, JSONWord, Sendable {
    case open, lost
    /// Won or withdrawn; takes nothing.
    case over
  }

  /// `nil` for a payment's only dispute if the sender gives it no id.
  let id: DisputeID?
  var standing = DisputeStatus.open
  var at: Instant?
  var openedAt: Instant?
  /// Minor units. `nil` if the dispute is over the whole payment, or if its opening has not arrived.
  var amount: Int64?

  init(id: DisputeID?) { self.id = id }

  mutating func open(_ opening: PaymentDisputed) {
    if openedAt.map({ opening.disputedAt >= $0 }) ?? true { (openedAt, amount) = (opening.disputedAt, opening.amount) }
    stand(.open, at: opening.disputedAt)
  }

  /// Whether a fact of it came in time. If not, only an end that came too late is known.
  func began(before closesAt: Instant?) -> Bool {
    openedAt != nil || closesAt.map { closesAt in at.map { $0 < closesAt } ?? false } ?? true
  }

  mutating func close(_ closing: DisputeClosed) { stand(closing.outcome == .lost ? .lost : .over, at: closing.closedAt) }

  private mutating func stand(_ standing: DisputeStatus, at instant: Instant) {
    if at.map({ instant >= $0 }) ?? true { (self.standing, at) = (standing, instant) }
  }

  func take(from taken: inout Taken) {
    guard standing == .lost else { return }
    if let amount { taken.amounts.append(amount) } else { taken.isAll = true }
  }
}
