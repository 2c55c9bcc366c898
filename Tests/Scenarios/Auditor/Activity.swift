/// What one referee's subscriptions and payments say, each fact with its instant.
struct AuditedActivity {
  struct Payment {
    var subscription: String?
    var amount: Int64 = 0
    var currency: String?
    var paidAt: Int64
    var refunds: [(at: Int64, amount: Int64)] = []
    var lostAt: [Int64] = []
  }

  var subscriptions: [String: AuditedSubscription] = [:]
  var payments: [String: Payment] = [:]
  /// What came before its payment.
  var waiting: [String: [(type: String, data: Facts, at: Int64)]] = [:]
  var boundAt: Int64 = 0
  var isActive = false
  /// The instant of the last activation that was told.
  var activatedAt: Int64 = 0

  /// The latest among the facts that make the referee active: of the subscription that did so first, since when it is active and
  /// its first payment that counts.
  var activeSince: Int64 {
    let since = subscriptions.compactMap { id, subscription -> Int64? in
      guard subscription.status(before: .max) == "active", let changedAt = subscription.latestChange else { return nil }
      let counting = payments.filter { payment in
        var alone = self
        alone.payments = [payment.key: payment.value]
        alone.subscriptions = [id: subscription]
        return alone.isActive(before: .max)
      }
      return counting.map(\.value.paidAt).min().map { max($0, changedAt, boundAt) }
    }
    return since.min() ?? boundAt
  }

  /// When the referee was last active, as seen from now.
  var lastActiveUntil: Int64 {
    var instants: Set<Int64> = []
    for subscription in subscriptions.values { instants.formUnion(subscription.changes.map(\.at)) }
    for payment in payments.values {
      instants.insert(payment.paidAt)
      instants.formUnion(payment.refunds.map(\.at))
      instants.formUnion(payment.lostAt)
    }
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
      guard subscription.status(before: instant) == "active" else { return false }
      let trialEndsAt = subscription.trialEnd(before: instant)
      return payments.values.contains { payment in
        guard payment.subscription == id, payment.amount > 0, payment.paidAt < instant else { return false }
        if let trialEndsAt, payment.paidAt < trialEndsAt { return false }
        let refunded = payment.refunds.filter { $0.at < instant }.reduce(0) { $0 + $1.amount }
        return refunded < payment.amount && !payment.lostAt.contains { $0 < instant }
      }
    }
  }
}

/// One subscription: what was said about it, with the instants from which it holds.
struct AuditedSubscription {
  var company = ""
  var changes: [(at: Int64, status: String, trialEndsAt: Int64?)] = []

  private func known(before instant: Int64) -> [(at: Int64, status: String, trialEndsAt: Int64?)] {
    changes.enumerated().filter { $0.element.at < instant }.sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
  }

  func status(before instant: Int64) -> String? { known(before: instant).last?.status }

  var latestChange: Int64? { known(before: .max).last?.at }

  /// Once named it holds.
  func trialEnd(before instant: Int64) -> Int64? { known(before: instant).compactMap(\.trialEndsAt).last }

  /// Canceled or expired.
  func isOver(before instant: Int64) -> Bool { ["canceled", "expired"].contains(status(before: instant) ?? "") }
}

extension AuditedProgram {
  /// Something happened to a referee's subscription or payment. What came before its payment is told right after it (T4).
  func act(_ referee: String, referrer: String, _ type: String, _ data: Facts, at instant: Int64) {
    var activity = account(referee).activity
    let payment = data.text("payment") ?? ""
    switch type {
    case "subscription.changed":
      activity.subscriptions[data.text("subscription") ?? "", default: AuditedSubscription()].changes.append(
        (instant, data.text("status") ?? "", data.instant("trialEndsAt")))
      tell(referee, referrer, activity, at: instant)
    case "payment.settled":
      let amount = data.parts("lines").reduce(0) { $0 + ($1.number("amount") ?? 0) } - (data.number("paidWithBonus") ?? 0)
      activity.payments[payment] = .init(
        subscription: data.text("subscription"), amount: amount, currency: data.text("currency"), paidAt: instant)
      let waiting = activity.waiting.removeValue(forKey: payment) ?? []
      tell(referee, referrer, activity, at: instant)
      for event in waiting { act(referee, referrer: referrer, event.type, event.data, at: event.at) }
    case "payment.refunded", "payment.disputeClosed":
      if activity.payments[payment] == nil {
        activity.waiting[payment, default: []].append((type, data, instant))
      } else if type == "payment.refunded", data.text("currency") == activity.payments[payment]?.currency {
        activity.payments[payment]?.refunds.append((instant, data.number("amount") ?? 0))
      } else if data.text("outcome") == "lost" {
        activity.payments[payment]?.lostAt.append(instant)
      }
      tell(referee, referrer, activity, at: instant)
    default: return
    }
  }

  private func tell(_ referee: String, _ referrer: String, _ known: AuditedActivity, at instant: Int64) {
    var activity = known
    let isActive = activity.isActive(before: .max)
    let hasChanged = isActive != activity.isActive
    activity.isActive = isActive
    // A deactivation is dated neither before what made it nor before the activation that it ends.
    let told = isActive ? activity.activeSince : max(instant, activity.lastActiveUntil, activity.activatedAt)
    if hasChanged, isActive { activity.activatedAt = told }
    change(referee) { $0.activity = activity }
    guard hasChanged else { return }
    say(
      isActive ? "referral.activated" : "referral.deactivated",
      ["referral": referee, "referrer": referrer, "referee": referee, "at": AuditedTime.write(told)])
  }
}
