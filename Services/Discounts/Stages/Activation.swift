import Contracts

/// Whether a referee is active, and since when (row B2): pure functions of what is known about its subscriptions.
enum Activation {
  /// The subscription that makes the referee active by all that is known, the earliest if several do; nil: it is not active.
  static func counting(_ subscriptions: [RefereeSubscription], attributedAt: Instant) -> RefereeSubscription.Counting? {
    subscriptions.compactMap { $0.counting(attributedAt: attributedAt) }.min { $0.at < $1.at }
  }

  /// The instants at which the referee became active, inactive, active, … in turn, each by what is dated up to it; none before it
  /// was bound.
  static func turns(_ subscriptions: [RefereeSubscription], attributedAt: Instant) -> [Instant] {
    var changes: [(at: Instant, by: Int)] = []
    for subscription in subscriptions {
      var counted = false
      for instant in Set(subscription.instants.map { max($0, attributedAt) }).sorted() {
        let counts = subscription.counts(at: instant)
        if counts != counted { changes.append((instant, counts ? 1 : -1)) }
        counted = counts
      }
    }
    changes.sort { $0.at < $1.at }
    var turns: [Instant] = []
    var counting = 0
    for (index, change) in changes.enumerated() {
      counting += change.by
      // Changes of one instant count together: a subscription that takes another's place leaves no gap.
      let isLastOfInstant = index + 1 == changes.count || changes[index + 1].at != change.at
      if isLastOfInstant, (counting > 0) != isActive(turns) { turns.append(change.at) }
    }
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
