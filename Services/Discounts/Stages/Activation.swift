import Contracts

/// Whether a referee is active, and since when (row B2). Pure functions of its subscriptions.
enum Activation {
  /// The subscription that makes the referee active by everything that is known; the earliest if there are several. `nil` if the referee is
  /// not active.
  static func counting(_ subscriptions: [RefereeSubscription], attributedAt: Instant) -> SubscriptionChain.Counting? {
    let known = SubscriptionChain.known(subscriptions)
    return subscriptions.compactMap {
      SubscriptionChain.counting($0, among: known, asOf: .latest, attributedAt: attributedAt)
    }.min { $0.at < $1.at }
  }

  /// The instants at which the referee became active, inactive, active, … alternately. Each follows from the facts dated up to it. None is
  /// before the attribution or after the end of the referral (DECISIONS A1e).
  static func turns(_ subscriptions: [RefereeSubscription], attributedAt: Instant, endedAt: Instant? = nil) -> [Instant] {
    let known = SubscriptionChain.known(subscriptions)
    var turns: [Instant] = []
    for instant in Set(SubscriptionChain.instants(of: subscriptions).map { max($0, attributedAt) }).sorted() {
      if let endedAt, instant >= endedAt { break }
      let counts = subscriptions.contains {
        SubscriptionChain.counting($0, among: known, asOf: instant, attributedAt: attributedAt) != nil
      }
      if counts != isActive(turns) { turns.append(instant) }
    }
    if let endedAt, isActive(turns) { turns.append(endedAt) }
    return turns
  }

  /// When the referee became inactive: at the end of its last active period, or at the fact that arrived now if that is later.
  static func deactivatedAt(_ turns: [Instant], fact: Instant, attributedAt: Instant) -> Instant {
    max(fact, turns.last ?? fact, attributedAt)
  }

  /// Whether the referee is active after all changes.
  static func isActive(_ turns: [Instant]) -> Bool { turns.count % 2 == 1 }

  /// Whether the referee is active as of a run, from the changes dated before it.
  static func isActive(_ turns: [Instant], before instant: Instant) -> Bool {
    // Most changes are in the past, so the search starts at the end.
    (turns.lastIndex { $0 < instant }.map { $0 + 1 } ?? 0) % 2 == 1
  }
}
