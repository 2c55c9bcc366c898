/// A referee's subscriptions and payments, each fact with its instant.
struct AuditedActivity {
  struct Payment {
    var subscription: String?
    var amount: Int64 = 0
    var currency: String?
    var paidAt: Int64
    var refunds: [String: (at: Int64, amount: Int64)] = [:]
    var failures: [String: Int64] = [:]
    var disputes: [String: AuditedDispute] = [:]

    /// A lost dispute counts as a refund of its amount until it is won. A failed refund does not count.
    func isRefunded(before instant: Int64) -> Bool {
      var back: Int64 = 0
      for (id, refund) in refunds where refund.at < instant && failures[id] ?? .max >= instant { back += refund.amount }
      for dispute in disputes.values { back += min(amount, dispute.taken(before: instant)) }
      return back >= amount
    }

    var instants: [Int64] { [paidAt] + refunds.values.map(\.at) + failures.values + disputes.values.flatMap(\.instants) }

    /// The instant from which it counts for good.
    var standsSince: Int64 {
      let refunded = instants.filter { isRefunded(before: $0 + 1) }.max() ?? .min
      return instants.filter { $0 > refunded && $0 >= paidAt }.min() ?? paidAt
    }
  }

  var subscriptions: [String: AuditedSubscription] = [:]
  var payments: [String: Payment] = [:]
  /// Facts that arrived before their payment.
  var waiting: [String: [(type: String, data: Facts, at: Int64)]] = [:]
  var isActive = false
  /// The instant of the last reported activation.
  var activatedAt: Int64 = 0

  /// The latest of the facts that make the referee active: for the subscription that was active first, when it became active and its
  /// first payment that counts.
  var activeSince: Int64? {
    subscriptions.compactMap { id, subscription in
      guard subscription.status(before: .max) == "active", let changedAt = subscription.latestChange else { return nil }
      return counting(for: id, before: .max).map(\.standsSince).min().map { max($0, changedAt) }
    }.min()
  }

  /// When the referee was last active, as known now.
  func lastActiveUntil(from boundAt: Int64) -> Int64 {
    let instants = subscriptions.values.flatMap { $0.changes.map(\.at) } + payments.values.flatMap(\.instants)
    var wasActive = false
    var until = boundAt
    for instant in Set(instants.map { max($0, boundAt) }).sorted() {
      let active = isActive(before: instant + 1)
      if wasActive, !active { until = instant }
      wasActive = active
    }
    return until
  }

  /// B2, from the facts dated before an instant.
  func isActive(before instant: Int64) -> Bool {
    subscriptions.contains { id, subscription in
      subscription.status(before: instant) == "active" && !counting(for: id, before: instant).isEmpty
    }
  }

  /// The payments that count for a subscription, after its trial.
  private func counting(for subscription: String, before instant: Int64) -> [Payment] {
    let chain = chain(of: subscription, before: instant)
    let known = chain.compactMap { subscriptions[$0] }.flatMap { $0.known(before: instant) }
      .sorted { ($0.at, $0.order) < ($1.at, $1.order) }
    var paidFrom = Int64.min
    if known.contains(where: { $0.status == "trialing" || $0.trialEndsAt != nil }) {
      let activeAt = known.first { $0.status == "active" }.map { $0.at - 3_600_000 }
      paidFrom = min(known.compactMap(\.trialEndsAt).last ?? .max, activeAt ?? .max)
    }
    return payments.values.filter { payment in
      payment.amount > 0 && payment.paidAt >= paidFrom && payment.paidAt < instant && !payment.isRefunded(before: instant)
        && chain.contains(payment.subscription ?? "")
    }
  }

  /// A subscription and those that it replaces.
  private func chain(of subscription: String, before instant: Int64) -> [String] {
    var chain = [subscription]
    while let last = chain.last, let next = subscriptions[last]?.known(before: instant).compactMap(\.replaces).last,
      !chain.contains(next)
    {
      chain.append(next)
    }
    return chain
  }
}

/// One subscription: its facts, with the instants from which they hold.
struct AuditedSubscription {
  struct Change {
    let at: Int64
    /// The order of arrival.
    let order: Int
    let status: String
    var trialEndsAt: Int64?
    var replaces: String?
  }

  var company = ""
  var changes: [Change] = []

  func known(before instant: Int64) -> [Change] {
    changes.filter { $0.at < instant }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
  }

  func status(before instant: Int64) -> String? { known(before: instant).last?.status }

  var latestChange: Int64? { known(before: .max).last?.at }

  /// Whether it is canceled or expired.
  func isOver(before instant: Int64) -> Bool { ["canceled", "expired"].contains(status(before: instant) ?? "") }
}

extension AuditedProgram {
  /// An event about a referee's subscription or payment. Facts that arrived before their payment are applied right after it (T4).
  func act(_ referee: String, _ type: String, _ data: Facts, at instant: Int64) {
    var activity = account(referee).activity
    let payment = data.text("payment") ?? ""
    if type == "subscription.changed" {
      let order = activity.subscriptions.values.reduce(0) { $0 + $1.changes.count }
      activity.subscriptions[data.text("subscription") ?? "", default: AuditedSubscription()].changes.append(
        .init(
          at: instant, order: order, status: data.text("status") ?? "", trialEndsAt: data.instant("trialEndsAt"),
          replaces: data.text("replaces")))
    } else if type == "payment.settled" {
      activity.payments[payment] = .init(
        subscription: data.text("subscription"), amount: data.received, currency: data.text("currency"), paidAt: instant)
      let waiting = activity.waiting.removeValue(forKey: payment) ?? []
      tell(referee, activity, at: instant)
      for event in waiting { act(referee, event.type, event.data, at: event.at) }
      return
    } else if activity.payments[payment] == nil {
      activity.waiting[payment, default: []].append((type, data, instant))
    } else {
      let refund = data.text("refund") ?? ""
      switch type {
      case "payment.refunded":
        guard data.text("currency") == activity.payments[payment]?.currency else { return }
        activity.payments[payment]?.refunds[refund] = (instant, data.number("amount") ?? 0)
      case "payment.refundFailed": activity.payments[payment]?.failures[refund] = instant
      case "payment.disputed", "payment.disputeClosed":
        activity.payments[payment]?.disputes[data.text("dispute") ?? "", default: AuditedDispute()].hear(data, at: instant)
      default: return
      }
    }
    tell(referee, activity, at: instant)
  }

  /// Reports the referee's state if it has changed.
  func tell(_ referee: String, _ known: AuditedActivity, at instant: Int64) {
    var activity = known
    guard let referral = account(referee).referrals.last, referral.endedAt == nil else {
      return change(referee) { $0.activity = activity }
    }
    let isActive = activity.isActive(before: .max)
    let hasChanged = isActive != activity.isActive
    activity.isActive = isActive
    // A deactivation is dated neither before its cause nor before the activation that it ends.
    let boundAt = referral.attributedAt
    let at =
      isActive
      ? max(activity.activeSince ?? boundAt, boundAt)
      : max(instant, activity.lastActiveUntil(from: boundAt), activity.activatedAt)
    if hasChanged, isActive { activity.activatedAt = at }
    change(referee) { $0.activity = activity }
    if hasChanged { sayActivity(of: referee, referrer: referral.referrer, isActive: isActive, at: at) }
  }

  /// An ended referral is not active (A1e).
  func endActivity(of referee: String, referrer: String, at instant: Int64) {
    change(referrer) { owner in
      for index in owner.discounts.referees.indices where owner.discounts.referees[index].account == referee {
        owner.discounts.referees[index].endedAt = owner.discounts.referees[index].endedAt ?? instant
      }
    }
    let activity = account(referee).activity
    guard activity.isActive else { return }
    change(referee) { $0.activity.isActive = false }
    sayActivity(of: referee, referrer: referrer, isActive: false, at: max(instant, activity.activatedAt))
  }

  private func sayActivity(of referee: String, referrer: String, isActive: Bool, at instant: Int64) {
    say(
      isActive ? "referral.activated" : "referral.deactivated",
      ["referral": referee, "referrer": referrer, "referee": referee, "at": AuditedTime.write(instant)])
  }
}
