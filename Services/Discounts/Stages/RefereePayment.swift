import Contracts
import JSON
import Streaming

/// A referee's payment, or what waits for one that has not arrived yet.
///
/// What takes it back has rows of its own, and they are read again only when together they may take all of it: a payment that is
/// refunded bit by bit costs as much for the last bit as for the first.
struct RefereePayment: Stored, Equatable {
  /// nil: the payment has not arrived.
  var settled: Settled?
  /// How many facts have rows that wait for it.
  var waiting = 0
  /// Minor units that refunds and lost disputes have taken at most; those that were undone are not taken off.
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

  /// Nothing of a payment was left from one instant until just before another.
  struct Gap: Stored, Equatable {
    let from: Instant
    /// nil: for good, by all that is known.
    var to: Instant?

    func contains(_ instant: Instant) -> Bool { from <= instant && (to.map { instant < $0 } ?? true) }
  }

  /// What took money from a payment, and until when it was gone.
  struct Taking: Equatable {
    let gap: Gap
    /// Minor units; nil: all that is left.
    let amount: Int64?
  }

  /// When takings together left nothing, ascending.
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

/// A refund of a referee's payment, or the failure of one that has not arrived.
struct RefereeRefund: Stored, Equatable {
  /// nil: only its failure has arrived.
  var refundedAt: Instant?
  /// Minor units.
  var amount: Int64 = 0
  /// From then on it takes nothing (DECISIONS A9c).
  var failedAt: Instant?

  var taking: RefereePayment.Taking? {
    guard let refundedAt, failedAt.map({ refundedAt < $0 }) ?? true else { return nil }
    return .init(gap: .init(from: refundedAt, to: failedAt), amount: amount)
  }
}

/// A dispute of a referee's payment: of its events the latest instant holds, of equal ones the later arrival (DECISIONS C7c).
struct RefereeDispute: Stored, Equatable {
  var steps = History<Step>()

  enum Kind: String, JSONWord, Sendable {
    case opened, lost
    /// Won, or withdrawn: it takes nothing.
    case ended
  }

  struct Step: Stored, Equatable {
    let kind: Kind
    /// Of an opening, in minor units; nil: all that is left.
    var amount: Int64?
  }

  /// A loss takes the amount of its opening; everything while no opening is known.
  var takings: [RefereePayment.Taking] {
    let entries = steps.entries
    return entries.indices.compactMap { index in
      guard entries[index].value.kind == .lost else { return nil }
      let opening = entries[..<index].last { $0.value.kind == .opened } ?? entries[index...].first { $0.value.kind == .opened }
      let to = index + 1 < entries.count ? entries[index + 1].at : nil
      return .init(gap: .init(from: entries[index].at, to: to), amount: opening?.value.amount)
    }
  }
}

/// The place of a dispute among those of its payment; the one without an id comes first.
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
