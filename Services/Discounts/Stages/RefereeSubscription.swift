import Contracts
import JSON

/// What is known of a referee's subscription: its statuses, its trial and its payments, each with its instant.
struct RefereeSubscription: Stored, Equatable {
  let subscription: SubscriptionID
  var statuses = History<SubscriptionStatus>()
  /// When the trial ends, by when that was said. Once named it holds, also when later messages leave it out (DECISIONS B2).
  var trialEnds = History<Instant>()
  /// Ascending by `paidAt`.
  var payments: [Paid] = []

  /// A payment that counts as one: above zero.
  struct Paid: Stored, Equatable {
    let payment: PaymentID
    let paidAt: Instant
    /// When all of it had gone back.
    var endedAt: Instant?
  }

  init(_ subscription: SubscriptionID) { self.subscription = subscription }

  mutating func change(_ fact: SubscriptionStatusFact) {
    statuses.put(fact.status, at: fact.changedAt)
    if let trialEndsAt = fact.trialEndsAt { trialEnds.put(trialEndsAt, at: fact.changedAt) }
  }

  mutating func pay(_ payment: PaymentID, at paidAt: Instant) {
    let index = payments.lastIndex { $0.paidAt <= paidAt }.map { $0 + 1 } ?? 0
    payments.insert(Paid(payment: payment, paidAt: paidAt), at: index)
    fold()
  }

  mutating func end(_ payment: PaymentID, at endedAt: Instant?) {
    guard let index = payments.firstIndex(where: { $0.payment == payment }) else { return }
    payments[index].endedAt = endedAt
  }

  /// More payments of one subscription than any billing makes in 14 months; the row must not grow with what a sender repeats.
  private static let paymentsMax = 120

  /// One payment that stands is enough, so of many old ones only the earliest that counts is kept beside the newest.
  private mutating func fold() {
    if payments.count > Self.paymentsMax {
      // The earliest say since when, the newest whether anything stands; between them one more or less decides nothing.
      payments.remove(at: Self.paymentsMax / 2)
    }
    guard payments.count > 36, let newest = payments.last?.paidAt else { return }
    let horizon = Retention.horizon(of: newest)
    let earliest = earliestStanding?.payment
    guard let index = payments.firstIndex(where: { $0.payment != earliest }), payments[index].paidAt < horizon else { return }
    payments.remove(at: index)
  }

  /// The first payment after the trial of which something is left, by all that is known.
  private var earliestStanding: Paid? {
    let trialEnd = trialEnds.latest?.value
    return payments.first { paid in paid.endedAt == nil && trialEnd.map { paid.paidAt >= $0 } ?? true }
  }
}

extension RefereeSubscription {
  /// Why a subscription makes its referee active by all that is known (row B2).
  struct Counting: Equatable {
    let subscription: SubscriptionID
    let activeSince: Instant
    let payment: PaymentID
    let paidAt: Instant
    /// The latest among the facts.
    let at: Instant
  }

  func counting(attributedAt: Instant) -> Counting? {
    guard let status = statuses.latest, status.value == .active, let paid = earliestStanding else { return nil }
    return Counting(
      subscription: subscription, activeSince: status.at, payment: paid.payment, paidAt: paid.paidAt,
      at: max(status.at, paid.paidAt, attributedAt))
  }

  /// Whether it made its referee active at an instant, by what is dated up to then: active, past its trial, and with a payment from
  /// the end of the trial on that has not all gone back. A payment after the trial's end says that the trial is over.
  func counts(at instant: Instant) -> Bool {
    guard statuses.entry(at: instant)?.value == .active else { return false }
    let trialEnd = trialEnds.entry(at: instant)?.value
    return payments.contains { paid in
      paid.paidAt <= instant && trialEnd.map { paid.paidAt >= $0 } ?? true && paid.endedAt.map { $0 > instant } ?? true
    }
  }

  /// Every instant at which that may change.
  var instants: [Instant] {
    statuses.entries.map(\.at) + trialEnds.entries.map(\.at) + payments.map(\.paidAt) + payments.compactMap(\.endedAt)
  }
}
