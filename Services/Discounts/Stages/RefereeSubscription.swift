import Contracts
import JSON

/// A referee's subscription: the history of its statuses and its trial, and its payments.
struct RefereeSubscription: Stored, Equatable {
  let subscription: SubscriptionID
  var statuses = History<SubscriptionStatus>()
  /// The first change to `active`. It stays when old statuses are removed.
  var activeFrom: Instant?
  /// The first change to `trialing`, which also stays.
  var trialingFrom: Instant?
  /// The end of the trial, by the instant of the change that named it. It holds even if later changes leave it out (DECISIONS B2).
  var trialEnds = History<Instant>()
  /// The subscription that this one replaces, by the instant of the change that named it.
  var replaces = History<SubscriptionID>()
  /// Ascending by `paidAt`.
  var payments: [Paid] = []

  /// A payment above 0.
  struct Paid: Stored, Equatable {
    let payment: PaymentID
    let paidAt: Instant
    /// The times in which nothing of it was left, ascending.
    var gaps: [RefereePayment.Gap] = []

    func stands(at instant: Instant) -> Bool { paidAt <= instant && !gaps.contains { $0.contains(instant) } }

    /// Since when some of the payment is left without interruption. Meaningful only if some is left now.
    var standsSince: Instant { max(paidAt, gaps.last?.to ?? paidAt) }
  }

  init(_ subscription: SubscriptionID) { self.subscription = subscription }

  mutating func change(_ fact: SubscriptionStatusFact) {
    statuses.put(fact.status, at: fact.changedAt)
    if fact.status == .active { activeFrom = min(activeFrom ?? fact.changedAt, fact.changedAt) }
    if fact.status == .trialing { trialingFrom = min(trialingFrom ?? fact.changedAt, fact.changedAt) }
    if let trialEndsAt = fact.trialEndsAt { trialEnds.put(trialEndsAt, at: fact.changedAt) }
    if let replaced = fact.replaces { replaces.put(replaced, at: fact.changedAt) }
  }

  mutating func pay(_ payment: PaymentID, at paidAt: Instant) {
    let index = payments.lastIndex { $0.paidAt <= paidAt }.map { $0 + 1 } ?? 0
    payments.insert(Paid(payment: payment, paidAt: paidAt), at: index)
    fold()
  }

  /// - Returns: whether the gaps have changed.
  mutating func setGaps(_ gaps: [RefereePayment.Gap], of payment: PaymentID) -> Bool {
    guard let index = payments.firstIndex(where: { $0.payment == payment }), payments[index].gaps != gaps else { return false }
    payments[index].gaps = gaps
    return true
  }

  /// Bounds the size of the row against a faulty sender. No billing makes as many payments in 14 months.
  private static let paymentsMax = 120

  /// Removes old payments. One payment is enough to count, so beside the newest only the earliest that counts is kept.
  private mutating func fold() {
    if payments.count > Self.paymentsMax {
      // The earliest payments decide since when the referee is active, the newest whether it still is. Removing one from the middle matters
      // only if all others are refunded.
      payments.remove(at: Self.paymentsMax / 2)
    }
    guard payments.count > 36, let newest = payments.last?.paidAt else { return }
    let horizon = Retention.horizon(of: newest)
    let earliest = SubscriptionChain([self], asOf: .latest).payment?.payment
    guard let index = payments.firstIndex(where: { $0.payment != earliest }), payments[index].paidAt < horizon else { return }
    payments.remove(at: index)
  }
}

/// A subscription and those that it replaces, directly or indirectly. The status is its own; the trial ends, the changes to `active` and
/// the payments of all members count (DECISIONS B2).
struct SubscriptionChain {
  /// The subscription itself first.
  private let members: [RefereeSubscription]
  /// Later facts are ignored.
  private let instant: Instant

  init(_ members: [RefereeSubscription], asOf instant: Instant) {
    self.members = members
    self.instant = instant
  }

  typealias Known = [SubscriptionID: RefereeSubscription]

  static func known(_ subscriptions: [RefereeSubscription]) -> Known {
    Dictionary(subscriptions.map { ($0.subscription, $0) }) { first, _ in first }
  }

  init(of subscription: RefereeSubscription, among known: Known, asOf instant: Instant) {
    var members = [subscription]
    var seen: Set = [subscription.subscription]
    while let replaced = members.last?.replaces.entry(at: instant)?.value, seen.insert(replaced).inserted,
      let next = known[replaced]
    {
      members.append(next)
    }
    self.init(members, asOf: instant)
  }

  /// From when on payments count: from the end of the trial, or from one hour before the first change to `active`, because the charge that
  /// ends a trial comes shortly before it (DECISIONS B2). `nil` if all payments count: there was no trial (row B2) or its end is unknown.
  var paymentsCountFrom: Instant? {
    let trialEnd = members.compactMap { $0.trialEnds.entry(at: instant) }.max { $0.at < $1.at }?.value
    guard trialEnd != nil || members.contains(where: { $0.trialingFrom.map { $0 <= instant } ?? false }) else { return nil }
    let active = members.compactMap(\.activeFrom).filter { $0 <= instant }.min().map { $0 - .hours(1) }
    return [trialEnd, active].compactMap { $0 }.min()
  }

  /// The payment that counts. If there are several, the one that has counted longest.
  var payment: RefereeSubscription.Paid? {
    let from = paymentsCountFrom
    return members.flatMap(\.payments).filter { paid in
      paid.stands(at: instant) && from.map { paid.paidAt >= $0 } ?? true
    }.min { $0.standsSince < $1.standsSince }
  }

  /// The facts by which a subscription makes its referee active (row B2): its status is active, and a payment from the end of the trial
  /// on was not given back. `nil` if it does not make the referee active.
  static func counting(
    _ subscription: RefereeSubscription, among known: Known, asOf instant: Instant, attributedAt: Instant
  ) -> Counting? {
    guard let status = subscription.statuses.entry(at: instant), status.value == .active,
      let payment = SubscriptionChain(of: subscription, among: known, asOf: instant).payment
    else { return nil }
    return Counting(
      subscription: subscription.subscription, activeSince: status.at, payment: payment.payment, paidAt: payment.paidAt,
      at: max(status.at, payment.standsSince, attributedAt))
  }

  struct Counting: Equatable {
    let subscription: SubscriptionID
    let activeSince: Instant
    let payment: PaymentID
    let paidAt: Instant
    /// The latest instant among the facts.
    let at: Instant
  }

  /// All instants at which the result may change for any of the subscriptions.
  static func instants(of subscriptions: [RefereeSubscription]) -> Set<Instant> {
    var instants: Set<Instant> = []
    for subscription in subscriptions {
      instants.formUnion(subscription.statuses.entries.map(\.at))
      instants.formUnion(subscription.trialEnds.entries.map(\.at))
      instants.formUnion(subscription.replaces.entries.map(\.at))
      if let activeFrom = subscription.activeFrom { instants.insert(activeFrom) }
      if let trialingFrom = subscription.trialingFrom { instants.insert(trialingFrom) }
      for paid in subscription.payments {
        instants.insert(paid.paidAt)
        for gap in paid.gaps {
          instants.insert(gap.from)
          if let to = gap.to { instants.insert(to) }
        }
      }
    }
    return instants
  }
}

extension Instant {
  /// The last instant that a message can carry. Facts as of it are all facts.
  static let latest = range.upperBound
}
