import Contracts
import JSON

/// A referee's payment, or a payment that has not arrived yet while something of it has come back already.
///
/// What comes back has rows of its own (`TakenBack`), and they are read again only when the payment ends by them: a payment that is
/// refunded bit by bit costs as much for the last bit as for the first.
struct RefereePayment: Stored, Equatable {
  /// nil: the payment has not arrived; what was taken back waits for it.
  var settled: Settled?
  /// How many parts that came back have rows.
  var parts = 0

  struct Settled: Stored, Equatable {
    let subscription: SubscriptionID
    /// Minor units.
    let received: Int64
    let currency: Currency
    /// Minor units that have not come back, of all that is known; 0: nothing is left.
    var left: Int64
    /// When nothing of it was left; nil: something is.
    var endedAt: Instant?

    init(subscription: SubscriptionID, received: Int64, currency: Currency) {
      self.subscription = subscription
      self.received = received
      self.currency = currency
      left = received
    }

    /// Whether a part may end the payment, or end it earlier than is known.
    func isMoved(by part: TakenBack) -> Bool {
      // Currencies never mix: what came back in another one takes nothing from this payment.
      (part.currency ?? currency) == currency && endedAt.map { part.at < $0 } ?? true
    }

    mutating func take(_ part: TakenBack) { left = part.amount.map { $0 < left ? left - $0 : 0 } ?? 0 }

    /// When nothing was left, by parts that take from this payment; nil: something is.
    func end(by parts: [TakenBack]) -> Instant? {
      var left = Int128(received)
      for part in parts.sorted(by: { $0.at < $1.at }) {
        guard let amount = part.amount else { return part.at }
        left -= Int128(amount)
        if left <= 0 { return part.at }
      }
      return nil
    }
  }
}
