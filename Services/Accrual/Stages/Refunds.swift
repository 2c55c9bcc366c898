import Contracts
import JSON

/// What a payment's reward is computed from, and computed from again when refunds and lost disputes take some of it (DECISIONS A9, C7c).
///
/// Lines of one name are one line, whose earning part is in proportion to the amounts. A refund takes from the lines that it names; what
/// it takes beyond them, and what a dispute takes, takes the same share of all that is left:
/// remaining = (base − refunds of earning lines) × (received − all refunds) ÷ (received − refunds of lines).
struct PaymentBase: Stored, Equatable {
  /// The lines of one name.
  struct Line: Stored, Equatable {
    let sku: String
    /// Minor units, earning or not.
    var amount: Int64 = 0
    var earning: [Part] = []
  }

  /// What of a line earns at one rate.
  struct Part: Stored, Equatable {
    let rate: BasisPoints
    /// Minor units.
    var amount: Int64
  }

  /// Minor units that earn, when the payment was judged.
  let base: Int64
  /// Minor units: all lines less what was paid with bonuses.
  let received: Int64
  /// The reward that the terms fix, minor units; nil: it follows from the rates.
  let fixed: Int64?
  var lines: [Line] = []

  /// - Parameter rate: of a line that earns; nil: it does not.
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

  /// The reward on what is left, minor units, rounded once; never below 0.
  func reward(after taken: Taken = Taken()) throws(ArithmeticOverflow) -> (amount: Int64, because: Because) {
    let refunds = try Money.sum(taken.amounts)
    var refundedLines = Fraction(0)
    var refundedEarning = Fraction(0)
    var earning = Fraction(0)
    /// Of the earning lines, basis points times minor units.
    var rated = Fraction(0)
    for (place, line) in lines.enumerated() {
      let refunded = Fraction.min(taken.lines[place] ?? Fraction(0), Fraction(max(line.amount, 0)))
      // A line of 0 or less has nothing to refund.
      let leftShare = refunded.isPositive ? Fraction(1) - refunded / Fraction(line.amount) : Fraction(1)
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
    // Where all the money has gone back nothing is left that could earn.
    if !taken.isAll, left.isPositive, receivedLeft.isPositive, receivedOnLines.isPositive {
      let share = left * receivedLeft / receivedOnLines
      let reward =
        if let fixed { Fraction(fixed) * share / Fraction(base) } else { rated * share / earning / Fraction(10_000) }
      amount = max(try reward.roundedHalfUp(), 0)
    }
    let facts: [(String, Because.Fact)] = [
      ("base", .number(base)), ("received", .number(received)), ("refunds", .number(taken.isAll ? received : refunds)),
      ("lineRefunds", .number(try refundedLines.roundedHalfUp())),
      ("onEarningLines", .number(try refundedEarning.roundedHalfUp())),
    ]
    return (amount, Because("refunded", facts + rateFacts + [("amount", .number(amount))]))
  }

  /// The one rate, or the fixed amount; neither where lines have rates of their own.
  private var rateFacts: [(String, Because.Fact)] {
    if let fixed { return [("fixed", .number(fixed))] }
    let rates = Set(lines.flatMap(\.earning).map(\.rate))
    return rates.count == 1 ? rates.map { ("rate", .number($0.value)) } : []
  }
}

/// What refunds and lost disputes have taken of a payment.
struct Taken {
  /// Minor units of each.
  var amounts: [Int64] = []
  /// By the line's place: what refunds name of it, minor units.
  var lines: [Int: Fraction] = [:]
  /// A dispute over all of it is lost.
  var isAll = false

  mutating func take(_ amount: Fraction, ofLine place: Int) { lines[place] = (lines[place] ?? Fraction(0)) + amount }
}

/// The refunds of a payment together: its row must not grow with each of them.
struct RefundTotals: Stored, Equatable {
  /// How many have come and not failed.
  var count = 0
  /// Minor units.
  var amount: Int64 = 0
  /// What they name of the payment's lines.
  var lines: [Refund.Line] = []
  /// Refunds of less than the lines that they name: of these each line is taken in proportion.
  var scaled: [Refund] = []

  /// No payment has as many.
  private static let scaledMax = 200

  mutating func add(_ refund: Refund) throws(Rejection) {
    try exactly("the refunds of a payment") { () throws(ArithmeticOverflow) in
      amount = try Money.sum(amount, refund.amount)
      if !refund.isScaled { for line in refund.lines { try change(line.place, by: line.amount) } }
    }
    count += 1
    guard refund.isScaled else { return }
    guard scaled.count < Self.scaledMax else {
      throw Rejection(.malformed, "a payment has \(Self.scaledMax) refunds that name more than their amount already")
    }
    scaled.append(refund)
  }

  mutating func remove(_ refund: Refund) throws(Rejection) {
    try exactly("the refunds of a payment") { () throws(ArithmeticOverflow) in
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

/// A refund of a payment that has earned, in a row of its own; it is kept because it may fail (DECISIONS A9c).
struct Refund: Stored, Equatable {
  struct Line: Stored, Equatable {
    /// Of the payment's line.
    let place: Int
    /// Minor units.
    var amount: Int64
  }

  let id: RefundID
  /// Minor units.
  let amount: Int64
  /// Lines of the payment that it names.
  var lines: [Line] = []
  /// Of all lines that it names, known or not, minor units.
  var named: Int64 = 0
  var hasFailed = false

  /// Lines that add up to more than the refund are taken in proportion.
  var isScaled: Bool { named > amount }

  /// One that failed before it came.
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
  }
}

/// A dispute of a payment, as the latest that is known of it says; at equal instants the later arrival (DECISIONS C7c).
struct Dispute: Stored, Equatable {
  enum Standing: String, JSONWord, Sendable {
    case open, lost
    /// Won or withdrawn: nothing is taken.
    case over
  }

  /// nil: the payment's only one.
  let id: DisputeID?
  var standing = Standing.open
  var at: Instant?
  var openedAt: Instant?
  /// Minor units; nil: all of the payment, or its opening is not known.
  var amount: Int64?

  init(id: DisputeID?) { self.id = id }

  mutating func open(_ opening: PaymentDisputed) {
    if openedAt.map({ opening.disputedAt >= $0 }) ?? true { (openedAt, amount) = (opening.disputedAt, opening.amount) }
    stand(.open, at: opening.disputedAt)
  }

  mutating func close(_ closing: DisputeClosed) { stand(closing.outcome == .lost ? .lost : .over, at: closing.closedAt) }

  private mutating func stand(_ standing: Standing, at instant: Instant) {
    if at.map({ instant >= $0 }) ?? true { (self.standing, at) = (standing, instant) }
  }

  func take(from taken: inout Taken) {
    guard standing == .lost else { return }
    if let amount { taken.amounts.append(amount) } else { taken.isAll = true }
  }
}
