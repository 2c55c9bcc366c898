import Contracts
import JSON

/// What is known of a referee's subscription: its statuses, its trial and its payments, each with its instant.
struct RefereeSubscription: Stored, Equatable {
  let subscription: SubscriptionID
  var statuses = History<SubscriptionStatus>()
  /// The first change to `active`. Statuses are folded; this stays.
  var activeFrom: Instant?
  /// The first change to `trialing`, which stays too.
  var trialingFrom: Instant?
  /// When the trial ends, by when that was said. Once named it holds, also when later messages leave it out (DECISIONS B2).
  var trialEnds = History<Instant>()
  /// The subscription whose place it has taken, by when that was said.
  var replaces = History<SubscriptionID>()
  /// Ascending by `paidAt`.
  var payments: [Paid] = []

  /// A payment that counts as one: above zero.
  struct Paid: Stored, Equatable {
    let payment: PaymentID
    let paidAt: Instant
    /// When nothing of it was left, ascending.
    var gaps: [RefereePayment.Gap] = []

    func stands(at instant: Instant) -> Bool { paidAt <= instant && !gaps.contains { $0.contains(instant) } }

    /// Since when it stands, if it does by all that is known.
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

  /// - Returns: whether that is new.
  mutating func setGaps(_ gaps: [RefereePayment.Gap], of payment: PaymentID) -> Bool {
    guard let index = payments.firstIndex(where: { $0.payment == payment }), payments[index].gaps != gaps else { return false }
    payments[index].gaps = gaps
    return true
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
    let earliest = SubscriptionChain([self], asOf: .latest).payment?.payment
    guard let index = payments.firstIndex(where: { $0.payment != earliest }), payments[index].paidAt < horizon else { return }
    payments.remove(at: index)
  }
}

/// A subscription and those that it replaces, one after the other. It has its own status; the trial ends, the changes to `active` and the
/// payments are those of all (DECISIONS B2).
struct SubscriptionChain {
  /// The subscription itself first.
  private let members: [RefereeSubscription]
  /// What is dated later is not looked at.
  private let instant: Instant

  init(_ members: [RefereeSubscription], asOf instant: Instant) {
    self.members = members
    self.instant = instant
  }

  init(of subscription: RefereeSubscription, among all: [RefereeSubscription], asOf instant: Instant) {
    var members = [subscription]
    while let replaced = members.last?.replaces.entry(at: instant)?.value,
      !members.contains(where: { $0.subscription == replaced }), let next = all.first(where: { $0.subscription == replaced })
    {
      members.append(next)
    }
    self.init(members, asOf: instant)
  }

  /// From when on its payments count: from the end of the trial, or from an hour before the first change to `active`, since the charge that
  /// ends a trial comes first (DECISIONS B2). nil: there was no trial (row B2) or its end is not known, and all of them count.
  var paymentsCountFrom: Instant? {
    let trialEnd = members.compactMap { $0.trialEnds.entry(at: instant) }.max { $0.at < $1.at }?.value
    guard trialEnd != nil || members.contains(where: { $0.trialingFrom.map { $0 <= instant } ?? false }) else { return nil }
    let active = members.compactMap(\.activeFrom).filter { $0 <= instant }.min().map { $0 - .hours(1) }
    return [trialEnd, active].compactMap { $0 }.min()
  }

  /// The payment that counts, the one that has stood longest if several do.
  var payment: RefereeSubscription.Paid? {
    let from = paymentsCountFrom
    return members.flatMap(\.payments).filter { paid in
      paid.stands(at: instant) && from.map { paid.paidAt >= $0 } ?? true
    }.min { $0.standsSince < $1.standsSince }
  }

  /// Why it makes its referee active (row B2): it is active, and a payment from the end of the trial on has not gone back. Such a payment
  /// says that the trial is over. nil: it does not.
  func counting(attributedAt: Instant) -> Counting? {
    guard let status = members[0].statuses.entry(at: instant), status.value == .active, let payment else { return nil }
    return Counting(
      subscription: members[0].subscription, activeSince: status.at, payment: payment.payment, paidAt: payment.paidAt,
      at: max(status.at, payment.standsSince, attributedAt))
  }

  struct Counting: Equatable {
    let subscription: SubscriptionID
    let activeSince: Instant
    let payment: PaymentID
    let paidAt: Instant
    /// The latest among the facts.
    let at: Instant
  }

  /// Every instant at which that may change for any of the subscriptions.
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
  /// No message is dated later: as of it, all that is known.
  static let latest = range.upperBound
}
