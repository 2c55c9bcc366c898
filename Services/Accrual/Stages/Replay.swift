import Contracts
import Streaming

/// What has waited happens in one turn, though it belongs to many instants: billing events that waited for their payer to be bound, facts
/// that waited for their payment. Each gives the notices that it would have given in order (DECISIONS T4), so before each of them that
/// changes anything the rewards of this replay are credited and unlocked as far as they are due by its own instant, and no further. Their timers are set
/// when all of it is through.
struct Replay {
  /// What a reward's timers would have been.
  private struct Due: Comparable {
    let at: Instant
    /// Of timers due at one instant the one set first goes first (DECISIONS T3).
    let number: Int
    let payment: PaymentID
    /// When the next one of this reward is due; nil: it is the last.
    let then: Instant?

    static func < (left: Due, right: Due) -> Bool { (left.at, left.number) < (right.at, right.number) }
  }

  /// Those that have earned, in order.
  private(set) var payments: [PaymentID] = []
  private var dues = BinaryHeap<Due>()
  private var count = 0

  /// A payment has earned.
  mutating func add(_ payment: PaymentID, paidAt: Instant, creditAt: Instant, availableAt: Instant) {
    payments.append(payment)
    if creditAt > paidAt {
      insert(creditAt, payment, then: availableAt > creditAt ? availableAt : nil)
    } else if availableAt > creditAt {
      insert(availableAt, payment, then: nil)
    }
  }

  /// The earliest instant, of those that have come by `instant`, at which something of a reward is due, taken out; nil: there is none.
  mutating func next(by instant: Instant) -> (payment: PaymentID, at: Instant)? {
    guard let first = dues.first, first.at <= instant else { return nil }
    dues.removeFirst()
    if let then = first.then { insert(then, first.payment, then: nil) }
    return (first.payment, first.at)
  }

  private mutating func insert(_ instant: Instant, _ payment: PaymentID, then: Instant?) {
    dues.insert(Due(at: instant, number: count, payment: payment, then: then))
    count += 1
  }
}
