import Contracts
import Streaming

/// Handles waiting events in one invocation although they belong to many instants: billing events that waited for their payer's
/// attribution, or facts that waited for their payment.
///
/// The events must give the same notices as if they had arrived in order (DECISIONS T4). So before each event that changes something, the
/// replay's rewards are credited and unlocked as far as they are due by the event's own instant. Their timers are set after the last event.
struct Replay {
  /// A timer that the reward would have had if its events had arrived in order.
  private struct Due: Comparable {
    let at: Instant
    /// Timers due at one instant fire in the order in which they were set (DECISIONS T3).
    let number: Int
    let payment: PaymentID
    /// When this reward's next timer is due, or nil if this is the last.
    let then: Instant?

    static func < (left: Due, right: Due) -> Bool { (left.at, left.number) < (right.at, right.number) }
  }

  /// The payments that earned, in order.
  private(set) var payments: [PaymentID] = []
  private var dues = BinaryHeap<Due>()
  private var count = 0

  mutating func add(_ payment: PaymentID, paidAt: Instant, creditAt: Instant, availableAt: Instant) {
    payments.append(payment)
    if creditAt > paidAt {
      insert(creditAt, payment, then: availableAt > creditAt ? availableAt : nil)
    } else if availableAt > creditAt {
      insert(availableAt, payment, then: nil)
    }
  }

  /// Removes and returns the earliest timer that is due by `instant`, or nil if there is none.
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
