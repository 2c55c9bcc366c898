/// What one referee's subscriptions and payments say, each fact with its instant.
struct AuditedActivity {
  struct Payment {
    var subscription: String?
    var amount: Int64 = 0
    /// `nil`: only what follows the payment is known so far.
    var paidAt: Int64?
    var refunds: [(at: Int64, amount: Int64)] = []
    var lostAt: [Int64] = []
  }

  var subscriptions: [String: AuditedSubscription] = [:]
  var payments: [String: Payment] = [:]
  /// The latest instant among the facts.
  var latest: Int64 = 0
  var isActive = false

  /// B2, from the facts dated before an instant.
  func isActive(before instant: Int64) -> Bool {
    subscriptions.contains { id, subscription in
      guard subscription.status(before: instant) == "active" else { return false }
      let trialEndsAt = subscription.trialEnd(before: instant)
      return payments.values.contains { payment in
        guard payment.subscription == id, payment.amount > 0, let paidAt = payment.paidAt, paidAt < instant else { return false }
        if let trialEndsAt, paidAt < trialEndsAt { return false }
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

  /// Once named it holds.
  func trialEnd(before instant: Int64) -> Int64? { known(before: instant).compactMap(\.trialEndsAt).last }

  /// Canceled or expired.
  func isOver(before instant: Int64) -> Bool { ["canceled", "expired"].contains(status(before: instant) ?? "") }
}

extension AuditedProgram {
  /// Something happened to a referee's subscription or payment.
  func act(_ referee: String, referrer: String, _ type: String, _ data: Facts, at instant: Int64) {
    var activity = account(referee).activity
    let payment = data.text("payment") ?? ""
    switch type {
    case "subscription.changed":
      activity.subscriptions[data.text("subscription") ?? "", default: AuditedSubscription()].changes.append(
        (instant, data.text("status") ?? "", data.instant("trialEndsAt")))
    case "payment.settled":
      activity.payments[payment, default: .init()].paidAt = instant
      activity.payments[payment]?.subscription = data.text("subscription")
      activity.payments[payment]?.amount = data.parts("lines").reduce(0) { $0 + ($1.number("amount") ?? 0) }
    case "payment.refunded": activity.payments[payment, default: .init()].refunds.append((instant, data.number("amount") ?? 0))
    case "payment.disputeClosed" where data.text("outcome") == "lost": activity.payments[payment, default: .init()].lostAt.append(instant)
    default: return
    }
    activity.latest = max(activity.latest, instant)
    let isActive = activity.isActive(before: .max)
    let hasChanged = isActive != activity.isActive
    activity.isActive = isActive
    change(referee) { $0.activity = activity }
    guard hasChanged else { return }
    say(
      isActive ? "referral.activated" : "referral.deactivated",
      ["referral": referee, "referrer": referrer, "referee": referee, "at": AuditedTime.write(activity.latest)])
  }
}
