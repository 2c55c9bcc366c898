/// A discount of a company until its next invoice.
struct AuditedAssignment {
  let company: String
  let period: String
  let percent: Int
  let asOf: Int64
  /// The invoice that used it. Until the next run, a void of the invoice opens the assignment again (B7).
  var invoice: String?
}

/// One account's monthly runs: their facts and results.
struct AuditedDiscounts {
  struct Invoice {
    var company = ""
    var issuedAt: Int64?
    var dueAt: Int64 = 0
    var amount: Int64 = 0
    var settledAt: Int64?
    var voidedAt: Int64?
  }

  var referees: [(account: String, boundAt: Int64, endedAt: Int64?)] = []
  var subscriptions: [String: AuditedSubscription] = [:]
  /// Companies in the order of their first subscription.
  var firstSeen: [(company: String, at: Int64)] = []
  var closedCompanies: [String: [Int64]] = [:]
  var orders: [(at: Int64, companies: [String])] = []
  var invoices: [String: Invoice] = [:]
  /// Assignments that no run has made final yet.
  var assignments: [AuditedAssignment] = []
  /// The first run, past or future.
  var firstRun: Int64?
  var heldRuns: Set<Int64> = []

  /// Closed without an active subscription since, or with all subscriptions ended (B8).
  func isCanceled(_ company: String, before instant: Int64) -> Bool {
    let known = subscriptions.values.filter { $0.company == company && $0.status(before: instant) != nil }
    if let closedAt = closedCompanies[company]?.filter({ $0 < instant }).max(),
      !known.flatMap({ $0.known(before: instant) }).contains(where: { $0.status == "active" && $0.at > closedAt })
    {
      return true
    }
    return !known.isEmpty && known.allSatisfy { $0.isOver(before: instant) }
  }

  /// The user's order, then the order of the first subscription, without canceled companies (B4, B9).
  func companies(before instant: Int64) -> [String] {
    let known = firstSeen.enumerated().filter { $0.element.at < instant }
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element.company)
    let wished =
      orders.enumerated().filter { $0.element.at < instant }
      .max { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }?.element.companies ?? []
    var ordered: [String] = []
    for company in wished.filter(known.contains) + known where !ordered.contains(company) { ordered.append(company) }
    return ordered.filter { !isCanceled($0, before: instant) }
  }

  /// B6.
  func hasOverdue(before instant: Int64) -> Bool {
    invoices.values.contains { invoice in
      guard let issuedAt = invoice.issuedAt, issuedAt < instant, invoice.dueAt < instant, invoice.amount > 0 else { return false }
      return min(invoice.settledAt ?? .max, invoice.voidedAt ?? .max) >= instant
    }
  }
}

/// The monthly runs, and what happens to their discounts.
extension AuditedProgram {
  /// From the first 28th after the first attribution on (B5).
  func scheduleRuns(_ referrer: String, referee: String, boundAt: Int64) {
    change(referrer) { $0.discounts.referees.append((referee, boundAt, nil)) }
    let known = account(referrer).discounts.firstRun
    var run = AuditedTime.run(after: boundAt)
    guard run < known ?? .max else { return }
    change(referrer) { $0.discounts.firstRun = run }
    // A referee attributed late adds the missed runs. Finished runs stay.
    repeat {
      set(.run(account: referrer), at: run)
      run = AuditedTime.run(after: run)
    } while known.map { run < $0 } ?? false
  }

  func run(_ account: String, asOf instant: Int64) {
    guard !self.account(account).discounts.heldRuns.contains(instant) else { return }
    let next = AuditedTime.run(after: instant)
    set(.run(account: account), at: next)
    change(account) { $0.discounts.heldRuns.insert(instant) }
    for assignment in self.account(account).discounts.assignments where assignment.asOf < instant {
      if assignment.invoice == nil {
        void(account, assignment, reason: "superseded", at: instant)
      } else {
        drop(account, assignment)
      }
    }
    if self.account(account).closings.isClosed(at: instant - 1) { return }
    let discounts = self.account(account).discounts
    let active = discounts.referees.filter { referee in
      referee.boundAt < instant && referee.endedAt ?? .max >= instant
        && self.account(referee.account).activity.isActive(before: instant)
    }.count
    let companies = discounts.companies(before: instant)
    var reasons: [String] = []
    if discounts.hasOverdue(before: instant) { reasons.append("pending-payments") }
    if companies.isEmpty { reasons.append("no-active-company") }
    if active < 5 { reasons.append("below-minimum") }
    guard reasons.isEmpty else {
      return say(
        "discount.skipped",
        ["account": account, "period": AuditedTime.period(instant), "asOf": AuditedTime.write(instant), "reasons": reasons])
    }
    var left = active
    for company in companies where left >= 5 {
      let slots = min(left, 20)
      left -= slots
      assign(account, company, slots: slots, active: active, asOf: instant)
    }
  }

  private func assign(_ account: String, _ company: String, slots: Int, active: Int, asOf instant: Int64) {
    let percent = slots >= 20 ? 40 : slots >= 15 ? 20 : slots >= 10 ? 10 : 5
    let assignment = AuditedAssignment(company: company, period: AuditedTime.period(instant), percent: percent, asOf: instant)
    change(account) { $0.discounts.assignments.append(assignment) }
    say(
      "discount.assigned",
      [
        "assignment": "\(account) \(company) \(assignment.period)", "account": account, "company": company,
        "period": assignment.period, "percent": percent, "activeReferrals": active, "slots": slots,
        "asOf": AuditedTime.write(instant),
      ])
    settleKnown(account, assignment)
  }

  /// A run that is caught up applies later facts: the first invoice uses its discount, a cancellation voids it.
  private func settleKnown(_ account: String, _ assignment: AuditedAssignment) {
    let discounts = self.account(account).discounts
    let nextRun = AuditedTime.run(after: assignment.asOf)
    let invoice = discounts.invoices.filter { _, invoice in
      guard let issuedAt = invoice.issuedAt, invoice.amount > 0, invoice.voidedAt == nil else { return false }
      return invoice.company == assignment.company && (assignment.asOf..<nextRun).contains(issuedAt)
    }.min { ($0.value.issuedAt ?? 0, $0.key) < ($1.value.issuedAt ?? 0, $1.key) }
    let ends =
      discounts.subscriptions.values.filter { $0.company == assignment.company }.flatMap(\.changes).map(\.at)
      + (discounts.closedCompanies[assignment.company] ?? [])
    let end = ends.filter { $0 >= assignment.asOf && $0 < nextRun }.sorted().first {
      discounts.isCanceled(assignment.company, before: $0 + 1)
    }
    if let invoice, let issuedAt = invoice.value.issuedAt, issuedAt <= end ?? .max {
      apply(account, assignment, invoice: invoice.key, at: issuedAt)
      if discounts.heldRuns.contains(nextRun) { drop(account, assignment) }
    } else if let end {
      void(account, assignment, reason: "company-canceled", at: end)
    } else if discounts.heldRuns.contains(nextRun) {
      void(account, assignment, reason: "superseded", at: nextRun)
    }
  }

  private func drop(_ account: String, _ assignment: AuditedAssignment) {
    change(account) { $0.discounts.assignments.removeAll { $0.company == assignment.company && $0.asOf == assignment.asOf } }
  }

  private func use(_ account: String, _ assignment: AuditedAssignment, by invoice: String?) {
    change(account) { owner in
      for index in owner.discounts.assignments.indices
      where owner.discounts.assignments[index].company == assignment.company
        && owner.discounts.assignments[index].asOf == assignment.asOf
      {
        owner.discounts.assignments[index].invoice = invoice
      }
    }
  }

  private func void(_ account: String, _ assignment: AuditedAssignment, reason: String, at instant: Int64) {
    drop(account, assignment)
    say(
      "discount.voided",
      [
        "account": account, "company": assignment.company, "period": assignment.period, "percent": assignment.percent,
        "at": AuditedTime.write(instant), "reason": reason,
      ])
  }

  private func apply(_ account: String, _ assignment: AuditedAssignment, invoice: String, at instant: Int64) {
    use(account, assignment, by: invoice)
    sayInvoice("discount.applied", account, assignment, invoice, at: instant)
  }

  /// Opens it again, unless the next run has taken place or the company is canceled (B7).
  private func restore(_ account: String, _ assignment: AuditedAssignment, invoice: String, at instant: Int64) {
    guard instant < AuditedTime.run(after: assignment.asOf),
      !self.account(account).discounts.isCanceled(assignment.company, before: .max)
    else { return }
    use(account, assignment, by: nil)
    sayInvoice("discount.restored", account, assignment, invoice, at: instant)
  }

  private func sayInvoice(
    _ type: String, _ account: String, _ assignment: AuditedAssignment, _ invoice: String, at instant: Int64
  ) {
    say(
      type,
      [
        "account": account, "company": assignment.company, "invoice": invoice, "period": assignment.period,
        "percent": assignment.percent, "at": AuditedTime.write(instant),
      ])
  }

  /// Events about the account's own companies and invoices (B6 to B9).
  func own(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    var discounts = self.account(account).discounts
    let company = data.text("company") ?? ""
    let invoice = data.text("invoice") ?? ""
    switch type {
    case "companyOrder.set": discounts.orders.append((instant, data.texts("companies")))
    case "company.closed": discounts.closedCompanies[company, default: []].append(instant)
    case "subscription.changed":
      let subscription = data.text("subscription") ?? ""
      let order = discounts.subscriptions.values.reduce(0) { $0 + $1.changes.count }
      discounts.subscriptions[subscription, default: AuditedSubscription()].company = company
      discounts.subscriptions[subscription]?.changes.append(.init(at: instant, order: order, status: data.text("status") ?? ""))
      if let seen = discounts.firstSeen.firstIndex(where: { $0.company == company }) {
        discounts.firstSeen[seen].at = min(discounts.firstSeen[seen].at, instant)
      } else {
        discounts.firstSeen.append((company, instant))
      }
    case "invoice.issued":
      discounts.invoices[invoice, default: .init()].company = company
      discounts.invoices[invoice]?.issuedAt = instant
      discounts.invoices[invoice]?.dueAt = data.instant("dueAt") ?? 0
      discounts.invoices[invoice]?.amount = data.number("amount") ?? 0
    case "invoice.settled":
      let settledAt = discounts.invoices[invoice]?.settledAt ?? instant
      discounts.invoices[invoice, default: .init()].settledAt = min(settledAt, instant)
    default:
      let voidedAt = discounts.invoices[invoice]?.voidedAt ?? instant
      discounts.invoices[invoice, default: .init()].voidedAt = min(voidedAt, instant)
    }
    change(account) { $0.discounts = discounts }
    let held = discounts.assignments.filter { $0.company == company && $0.invoice == nil }.sorted { $0.asOf < $1.asOf }
    switch type {
    case "companyOrder.set":
      // B9b.
      let companies = data.texts("companies")
      say(
        "companyOrder.recorded",
        [
          "request": data.text("request") ?? "", "account": account, "companies": companies, "at": AuditedTime.write(instant),
          "unknown": companies.filter { asked in !discounts.firstSeen.contains { $0.company == asked } },
        ])
    case "invoice.issued":
      guard let issued = discounts.invoices[invoice], issued.amount > 0, issued.voidedAt == nil else { return }
      // Charging it again has no effect.
      if discounts.assignments.contains(where: { $0.invoice == invoice }) { return }
      if let assignment = held.last(where: { $0.asOf <= instant }) { apply(account, assignment, invoice: invoice, at: instant) }
    case "invoice.voided":
      for assignment in discounts.assignments where assignment.invoice == invoice {
        restore(account, assignment, invoice: invoice, at: instant)
      }
    default:
      guard discounts.isCanceled(company, before: .max) else { return }
      for assignment in held { void(account, assignment, reason: "company-canceled", at: instant) }
    }
  }
}
