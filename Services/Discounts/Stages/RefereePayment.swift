import Contracts
import JSON
import Streaming

/// A referee's payment, or a placeholder for one that has not arrived yet.
///
/// Its refunds and disputes have their own rows. These are read only once they may add up to the whole payment, so that the last of many
/// partial refunds costs no more than the first.
struct RefereePayment: Stored, Equatable {
  /// `nil` if the payment has not arrived.
  var settled: Settled?
  /// How many facts wait for the payment, each in its own row.
  var waiting = 0
  /// An upper bound of what refunds and lost disputes have taken, in minor units. It does not decrease when one is undone.
  var takenAtMost: Int64 = 0

  struct Settled: Stored, Equatable {
    let subscription: SubscriptionID
    /// Minor units.
    let received: Int64
    let currency: Currency
  }

  mutating func take(_ amount: Int64?) {
    let (sum, overflow) = takenAtMost.addingReportingOverflow(amount ?? .max)
    takenAtMost = overflow ? .max : sum
  }

  /// A time in which nothing of a payment was left: `from..<to`.
  struct Gap: Stored, Equatable {
    let from: Instant
    /// `nil` if the money has not come back.
    var to: Instant?

    func contains(_ instant: Instant) -> Bool { from <= instant && (to.map { instant < $0 } ?? true) }
  }

  /// An amount that was taken from a payment, and for how long.
  struct Taking: Equatable {
    let gap: Gap
    /// Minor units, or nil for everything that is left.
    let amount: Int64?
  }

  /// The times in which the takings together left nothing, ascending.
  static func gaps(received: Int64, _ takings: [Taking]) -> [Gap] {
    var gaps: [Gap] = []
    for instant in Set(takings.flatMap { [$0.gap.from, $0.gap.to].compactMap { $0 } }).sorted() {
      var left = Int128(received)
      for taking in takings where taking.gap.contains(instant) { left = taking.amount.map { left - Int128($0) } ?? 0 }
      let isOpen = gaps.last.map { $0.to == nil } ?? false
      if left <= 0, !isOpen { gaps.append(Gap(from: instant)) }
      if left > 0, isOpen { gaps[gaps.count - 1].to = instant }
    }
    return gaps
  }
}

/// A refund of a referee's payment, or the failure of a refund that has not arrived.
struct RefereeRefund: Stored, Equatable {
  /// `nil` if only its failure has arrived.
  var refundedAt: Instant?
  /// Minor units.
  var amount: Int64 = 0
  /// From this instant on the refund takes nothing (DECISIONS A9c).
  var failedAt: Instant?

  var taking: RefereePayment.Taking? {
    guard let refundedAt, failedAt.map({ refundedAt < $0 }) ?? true else { return nil }
    return .init(gap: .init(from: refundedAt, to: failedAt), amount: amount)
  }
}

/// A dispute of a referee's payment. The event with the latest instant holds; at equal instants, the later arrival (DECISIONS C7c).
struct RefereeDispute: Stored, Equatable {
  var steps = History<Step>()

  enum Kind: String, JSONWord, Sendable {
    case opened, lost
    /// Won or withdrawn; takes nothing.
    case ended
  }

  struct Step: Stored, Equatable {
    let kind: Kind
    /// The amount of an opening in minor units, or nil for everything that is left. A step that replaces an opening of its instant keeps it.
    var amount: Int64?
  }

  mutating func take(_ step: Step, at instant: Instant) {
    var step = step
    if step.kind != .opened, let known = steps.entry(at: instant), known.at == instant { step.amount = known.value.amount }
    steps.put(step, at: instant)
  }

  /// A lost dispute takes the amount of its opening. If no opening is known, it takes everything.
  var takings: [RefereePayment.Taking] {
    let entries = steps.entries
    return entries.indices.compactMap { index in
      guard entries[index].value.kind == .lost else { return nil }
      let opening = entries[..<index].last { $0.value.kind == .opened } ?? entries[index...].first { $0.value.kind == .opened }
      let to = index + 1 < entries.count ? entries[index + 1].at : nil
      return .init(gap: .init(from: entries[index].at, to: to), amount: entries[index].value.amount ?? opening?.value.amount)
    }
  }
}

/// The row key of a dispute within its payment. The dispute without an id comes first.
struct DisputeKey: RowKeyPart {
  let id: DisputeID?

  init(id: DisputeID?) { self.id = id }

  init?(taking bytes: inout ArraySlice<UInt8>) {
    if bytes.first == 0 {
      bytes.removeFirst()
      id = nil
    } else {
      guard let id = DisputeID(taking: &bytes) else { return nil }
      self.id = id
    }
  }

  func append(to bytes: inout [UInt8]) {
    if let id { id.append(to: &bytes) } else { bytes.append(0) }
  }
}
