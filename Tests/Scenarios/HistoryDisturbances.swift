import Foundation

/// The part of a history that is about companies, and the disturbances of a bus.
extension HistoryMaker {
  // MARK: Companies and subscriptions (tiers)

  mutating func subscribeAndPay(_ account: String) {
    let subscription = (id: named("sub"), account: account, company: "\(account)-co")
    subscriptions.append(subscription)
    changeStatus(subscription, to: random.chance(80) ? "active" : "trialing")
    if random.chance(85) {
      now += random.pick([0, 60_000, 3_600_000])
      pay(account, subscription: (subscription.id, subscription.company))
    }
  }

  mutating func changeStatus(
    _ subscription: (id: String, account: String, company: String), to status: String, replaces: String? = nil
  ) {
    var data: [String: Any] = [
      "subscription": subscription.id, "account": subscription.account, "company": subscription.company, "plan": "Pro",
      "status": status,
    ]
    if let replaces { data["replaces"] = replaces }
    if status == "trialing" && random.chance(85) || random.chance(10) {
      let end = now + Int64(random.upTo(4)) * 3 * AuditedTime.day
      data["trialEndsAt"] = AuditedTime.write(end)
      limits.append(end)
    }
    add("subscription.changed", "changedAt", data)
  }

  private mutating func anyOwner() -> String { random.chance(80) ? favourite : random.pick(referrers) }

  mutating func tier() {
    switch random.upTo(99) {
    case 0..<6:
      guard let old = subscriptions.isEmpty ? nil : random.pick(subscriptions) else {
        return subscribeAndPay(random.pick(referees))
      }
      let new = (id: random.chance(90) ? named("sub") : random.pick(subscriptions).id, account: old.account, company: old.company)
      subscriptions.append(new)
      changeStatus(new, to: random.pick(["active", "active", "trialing"]), replaces: old.id)
    case 6..<22:
      guard let known = subscriptions.isEmpty ? nil : random.pick(subscriptions) else {
        return subscribeAndPay(random.pick(referees))
      }
      changeStatus(
        known,
        to: random.pick([
          "active", "active", "active", "active", "pastDue", "unpaid", "canceled", "expired", "trialing", "lapsed",
        ]))
    case 22..<34: subscribeAndPay(random.pick(referees))
    case 34..<40:
      // A charge just before the change that it causes (B2).
      guard let known = subscriptions.isEmpty ? nil : random.pick(subscriptions) else { return }
      pay(known.account, subscription: (known.id, known.company))
      now += random.pick([0, 60_000, 3_599_999, 3_600_000, 3_600_001])
      changeStatus(known, to: "active")
    case 40..<46:
      let known = subscriptions.isEmpty ? nil : random.pick(subscriptions)
      pay(known?.account ?? random.pick(referees), subscription: known.map { ($0.id, $0.company) })
    case 46..<56: if payments.isEmpty { pay(random.pick(referees)) } else { follow() }
    case 56..<62:
      let owner = anyOwner()
      changeStatus(
        (named("own"), owner, "\(owner)-\(random.pick(["a", "b", "c"]))"),
        to: random.pick(["active", "active", "trialing", "canceled"]))
    case 62..<65:
      let owner = anyOwner()
      add("company.closed", "closedAt", ["account": owner, "company": "\(owner)-\(random.pick(["a", "b"]))"])
    case 65..<70:
      let owner = anyOwner()
      let order = ["a", "b", "c", "zzz"].shuffled(using: &random).prefix(1 + random.upTo(3)).map { "\(owner)-\($0)" }
      add("companyOrder.set", "requestedAt", ["request": named("o"), "account": owner, "companies": Array(order)])
    case 70..<84:
      let invoice = (id: named("i"), account: anyOwner(), company: "")
      let company = "\(invoice.account)-\(random.pick(["a", "a", "b", "c"]))"
      invoices.append((invoice.id, invoice.account, company))
      if random.chance(40) { now = AuditedTime.run(after: now) + random.pick([-1, 0, 0, 1, 3_600_000]) }
      let dueAt = now + random.pick([0, 3, 20, 30, 40, 50]) * AuditedTime.day
      limits += [dueAt, AuditedTime.run(after: now)]
      let data: [String: Any] = [
        "invoice": invoice.id, "account": invoice.account, "company": company, "dueAt": AuditedTime.write(dueAt),
        "amount": random.chance(85) ? 5000 : random.pick([0, -700]), "currency": "USD",
      ]
      add("invoice.issued", "issuedAt", data)
    default:
      guard !invoices.isEmpty else { return subscribeAndPay(random.pick(referees)) }
      let invoice = random.pick([invoices[0], invoices[0], random.pick(invoices), invoices[invoices.count - 1]])
      invoices.removeAll { $0.id == invoice.id && random.chance(85) }
      let data: [String: Any] = ["invoice": invoice.id, "account": invoice.account, "company": invoice.company]
      if random.chance(60) { add("invoice.settled", "settledAt", data) } else { add("invoice.voided", "voidedAt", data) }
    }
    limits.append(AuditedTime.run(after: now))
  }

  // MARK: Disturbances of a bus

  /// Late deliveries, repeated ones, and repeats with different content.
  mutating func disturb() {
    // Most histories are slightly out of order, some very much.
    let (share, reach) = random.chance(80) ? (10, 14) : (45, 40)
    for index in events.indices where random.chance(share) {
      let event = events.remove(at: index)
      events.insert(event, at: min(events.count, max(0, index + random.upTo(reach) - reach / 4)))
    }
    for _ in 0..<random.upTo(4) {
      let index = random.upTo(events.count - 1)
      var copy = events[index]
      switch random.upTo(3) {
      case 0: break  // the same envelope again
      case 1: copy.id = named("again-")  // another envelope for the same event
      case 2:
        copy.id = named("again-")
        contradict(&copy)
      default: contradict(&copy)
      }
      events.insert(copy, at: index + 1 + random.upTo(events.count - index - 1))
    }
  }

  private mutating func contradict(_ event: inout HistoryEvent) {
    for name in ["amount", "vanity", "kind", "companies", "dueAt", "referrer"] where event.data[name] != nil {
      switch event.data[name] {
      case let number as Int: event.data[name] = number + 7
      case is [String]: event.data[name] = ["ann-c"]
      case is String where name == "referrer": event.data[name] = event.data["payout"] == nil ? "bob" : event.data[name]
      case let text as String where name == "dueAt": event.data[name] = AuditedTime.write((AuditedTime.read(text) ?? 0) + 1)
      case is String where name == "kind": event.data[name] = "legalEntity"
      default: event.data[name] = "BOB"
      }
      return
    }
    guard var lines = event.data["lines"] as? [[String: Any]], !lines.isEmpty else { return }
    lines[0]["amount"] = (lines[0]["amount"] as? Int ?? 0) + 990
    event.data["lines"] = lines
  }
}
