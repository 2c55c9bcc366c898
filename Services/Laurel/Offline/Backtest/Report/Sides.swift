import Contracts

/// One of the two sets of terms that a back-test compares.
enum Side: CaseIterable, Sendable {
  /// The current terms: `--terms`.
  case current
  /// The proposed terms: `--against`.
  case proposed

  var other: Side { self == .current ? .proposed : .current }

  /// The heading of its column.
  var label: String { self == .current ? "Current" : "Proposal" }
}

/// One value for each of the two terms.
struct Sides<Value> {
  var current: Value
  var proposed: Value

  init(_ current: Value, _ proposed: Value) {
    self.current = current
    self.proposed = proposed
  }

  /// The same for both.
  init(both value: Value) { self.init(value, value) }

  subscript(side: Side) -> Value {
    get { side == .current ? current : proposed }
    set {
      if side == .current { current = newValue } else { proposed = newValue }
    }
  }

  func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Sides<Other> {
    Sides<Other>(try transform(current), try transform(proposed))
  }
}

extension Sides: Equatable where Value: Equatable {}
extension Sides: Sendable where Value: Sendable {}
extension Sides: Encodable where Value: Encodable {}

/// One figure under both terms.
struct Compared: Equatable, Sendable, Encodable {
  let current: Int64
  let proposed: Int64
  /// Proposed minus current.
  let difference: Int64
  /// The difference in tenths of a percent of the current figure, rounded half up. `nil` if the current figure is 0.
  let perMille: Int64?

  /// - Throws: if the difference, or its value in tenths of a percent, exceeds `Int64`.
  init(_ values: Sides<Int64>) throws(ArithmeticOverflow) {
    current = values.current
    proposed = values.proposed
    difference = try Money.difference(proposed, current)
    guard current != 0, current != .min else {
      perMille = nil
      return
    }
    perMille = try Money.scaled(1000, by: difference, over: abs(current))
  }

  var isChanged: Bool { difference != 0 }
  var isNothing: Bool { current == 0 && proposed == 0 }
}

/// The unit of a program's cost. Different units are never added.
enum CostUnit: Hashable, Comparable, Sendable {
  /// Minor units of a currency.
  case money(Currency)
  /// Percent off an invoice, added up over the invoices. Notices do not contain the amount of a discounted invoice.
  case points

  var name: String {
    switch self {
    case .money(let currency): currency.code
    case .points: "percentage points"
    }
  }

  /// Number of decimal places.
  var exponent: Int {
    switch self {
    case .money(let currency): currency.exponent
    case .points: 0
    }
  }
}

/// A calendar month in UTC.
struct Month: Hashable, Comparable, Sendable, Strideable {
  /// Months since January of the year 0.
  let number: Int

  init(_ instant: Instant) {
    let day = instant.date
    number = day.year * 12 + day.month - 1
  }

  private init(number: Int) { self.number = number }

  /// `Jan 2026`
  var name: String { "\(Self.names[number % 12]) \(number / 12)" }
  /// `2026-01`
  var iso: String { "\(number / 12)-\(number % 12 < 9 ? "0" : "")\(number % 12 + 1)" }

  func distance(to other: Month) -> Int { other.number - number }
  func advanced(by count: Int) -> Month { Month(number: number + count) }

  private static let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
