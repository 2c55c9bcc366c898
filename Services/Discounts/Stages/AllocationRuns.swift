import Contracts
import Streaming
import Terms

/// Holds the monthly run: gathers its facts, asks `MonthlyRun.decide`, applies the decision (rows B4–B9).
extension Allocation {
  func holdRun(
    at run: Instant, _ terms: DiscountTerms, name: String, _ calendar: RunCalendar, _ account: inout Account,
    _ context: Context<Self>
  ) {
    guard let owner = AccountID(context.key) else { return }
    let period = terms.schedule.period(of: run)
    let own = ownFacts(context)
    let wished = wishedOrder(before: run, context)

    // B7: a used assignment is settled, an unused one lapses, even if this run gives nothing.
    for assignment in context.all(Rows.assignments) where assignment.asOf < run {
      context[Rows.assignments, assignment.company] = nil
      conclude(assignment, own, replacedAt: run, context)
    }

    // Set for a missed run: the later run that has already replaced its assignments.
    let replacedAt = account.runs?.replacement(of: run, period: period, calendar)
    account.runs?.held(run, period: period, calendar)
    forget(before: Retention.horizon(of: run), own.invoices, context)
    // A run sees only what is dated before it (DECISIONS T1). If the account was closed before, the run gives nothing (DECISIONS B5).
    if account.closings.isClosed(at: run - .milliseconds(1)) { return }

    // A million referees are counted one by one and not kept in memory.
    var active: Int64 = 0
    context.forEach(Rows.referees) { if Activation.isActive($0.turns, before: run) { active += 1 } }

    switch MonthlyRun(asOf: run, terms: terms, own: own, wished: wished, active: active).decide() {
    case .skipped(let reasons, let because):
      context.emit(
        DiscountSkipped(account: owner, period: period, asOf: run, reasons: reasons, terms: name, because: because))
    case .assigned(let shares):
      for share in shares {
        let assignment = Assignment(
          assignment: AssignmentID(derivedFrom: [owner.value, share.company.value, period]), account: owner,
          company: share.company, period: period, percent: share.percent, asOf: run, terms: name)
        let setBy = wished?.contains(share.company) ?? false ? "user" : "first-subscription"
        context.emit(assignment.assigned(share, active: active, orderSetBy: setBy, terms))
        if let replacedAt {
          conclude(assignment, own, replacedAt: replacedAt, context)
        } else {
          context[Rows.assignments, share.company] = assignment
        }
      }
    }
  }

  /// The end of an assignment that a later run replaces. An assignment of a missed run is replaced at once.
  private func conclude(_ assignment: Assignment, _ own: OwnFacts, replacedAt: Instant, _ context: Context<Self>) {
    guard assignment.usedBy == nil else { return }
    switch end(of: assignment, own, before: replacedAt) {
    case .used(let invoice, let issuedAt): context.emit(assignment.applied(to: invoice, at: issuedAt))
    case .canceled(let canceledAt, let cause): context.emit(assignment.canceled(cause, at: canceledAt))
    case nil: context.emit(assignment.superseded(at: replacedAt))
    }
  }

  private func ownFacts(_ context: Context<Self>) -> OwnFacts {
    OwnFacts(
      invoices: context.all(Rows.invoices), companies: context.all(Rows.companies),
      subscriptions: OwnSubscription.byCompany(context.all(Rows.subscriptions)))
  }

  /// The order as it was just before a run. Deletes orders that no later run can need.
  private func wishedOrder(before run: Instant, _ context: Context<Self>) -> [CompanyID]? {
    let horizon = Retention.horizon(of: run)
    var wished: [CompanyID]?
    var past: [Instant] = []
    context.forEach(Rows.order) { order in
      if order.at < run { wished = order.companies }
      if order.at <= horizon { past.append(order.at) }
    }
    // The last of them is the order at the horizon.
    for instant in past.dropLast() { context[Rows.order, instant] = nil }
    return wished
  }

  /// Ends open assignments by facts that arrived before the assignments were made, or before the next run was known.
  func settleKnown(before next: Instant?, _ context: Context<Self>) {
    let open = context.all(Rows.assignments)
    guard !open.isEmpty else { return }
    let own = ownFacts(context)
    for assignment in open {
      if let end = end(of: assignment, own, before: next) { self.end(assignment, end, context) }
    }
  }

  private func end(of assignment: Assignment, _ own: OwnFacts, before next: Instant?) -> Assignment.End? {
    // A restored discount is used by an invoice that arrives later (DECISIONS B7).
    assignment.end(
      invoices: assignment.restoredAt == nil ? own.invoices : [], cancellation: own.cancellation(of: assignment.company),
      before: next)
  }

  /// Deletes invoices that no later run can need.
  private func forget(before horizon: Instant, _ invoices: [Invoice], _ context: Context<Self>) {
    for invoice in invoices where invoice.isPast(horizon) { context[Rows.invoices, invoice.invoice] = nil }
  }
}
