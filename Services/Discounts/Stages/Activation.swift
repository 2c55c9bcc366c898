import Contracts

/// Whether a referee is active, and since when (row B2): pure functions of what is known about its subscriptions.
enum Activation {
  /// The subscription that makes the referee active by all that is known, the earliest if several do; nil: it is not active.
  static func counting(_ subscriptions: [RefereeSubscription], attributedAt: Instant) -> SubscriptionChain.Counting? {
    subscriptions.compactMap {
      SubscriptionChain(of: $0, among: subscriptions, asOf: .latest).counting(attributedAt: attributedAt)
    }.min { $0.at < $1.at }
  }

  /// The instants at which the referee became active, inactive, active, … in turn, each by what is dated up to it; none before it
  /// was bound, and none after its referral ended (DECISIONS A1e).
  static func turns(_ subscriptions: [RefereeSubscription], attributedAt: Instant, endedAt: Instant? = nil) -> [Instant] {
    var turns: [Instant] = []
    for instant in Set(SubscriptionChain.instants(of: subscriptions).map { max($0, attributedAt) }).sorted() {
      if let endedAt, instant >= endedAt { break }
      let counts = subscriptions.contains {
        SubscriptionChain(of: $0, among: subscriptions, asOf: instant).counting(attributedAt: attributedAt) != nil
      }
      if counts != isActive(turns) { turns.append(instant) }
    }
    if let endedAt, isActive(turns) { turns.append(endedAt) }
    return turns
  }

  /// When the referee became inactive: the latest among the facts, which is where its last stretch of activity ended, or the fact
  /// that arrived now if that is later.
  static func deactivatedAt(_ turns: [Instant], fact: Instant, attributedAt: Instant) -> Instant {
    max(fact, turns.last ?? fact, attributedAt)
  }

  /// Active after all turns.
  static func isActive(_ turns: [Instant]) -> Bool { turns.count % 2 == 1 }

  /// Active as of a run: by what is dated before it.
  static func isActive(_ turns: [Instant], before instant: Instant) -> Bool {
    // Ascending, and mostly past.
    (turns.lastIndex { $0 < instant }.map { $0 + 1 } ?? 0) % 2 == 1
  }
}
