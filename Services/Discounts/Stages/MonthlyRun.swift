import Contracts
import Streaming
import Terms

/// The monthly run of one account (rows B4–B9). It uses the facts as of its instant, even if it is held late.
extension Allocation {
  func hold(
    _ run: Instant, _ terms: DiscountTerms, name: String, _ calendar: RunCalendar, _ account: inout Account,
    _ turn: Turn<Self>
  ) {
    guard let owner = AccountID(turn.key) else { return }
    let period = terms.schedule.period(of: run)
    let invoices = turn.all(Rows.invoices)
    let companies = turn.all(Rows.companies)
    let subscriptions = OwnSubscription.byCompany(turn.all(Rows.subscriptions))

    // B7: a run ends all assignments of the run before, even if it assigns nothing itself. Unused ones are superseded.
    for assignment in turn.all(Rows.assignments) where assignment.asOf < run {
      settle(assignment, invoices, companies, subscriptions, before: run, turn)
      lapse(assignment.company, at: run, turn)
    }

    // Set if this is a missed run and later runs are already held. The next of them has superseded what this run leaves unused.
    let replacedAt = account.runs?.replacement(of: run, period: period, calendar)
    account.runs?.held(run, period: period, calendar)
    forget(before: Retention.horizon(of: run), invoices, turn)
    // A run sees only what is dated before it (DECISIONS T1). If the account was closed by then, the run assigns nothing (DECISIONS B5).
    if account.closings.isClosed(at: run - .milliseconds(1)) { return }

    let pending = invoices.filter { $0.isOverdue(before: run) }
    let canceled = Dictionary(
      uniqueKeysWithValues: companies.filter { $0.isKnown(before: run) }.map {
        ($0.company, Cancellation(of: $0, subscriptions[$0.company] ?? []).cause(before: run))
      })
    let living = companies.filter { canceled[$0.company] == .some(nil) }
    let wished = wishedOrder(before: run, turn)
    let order = Dealing.order(living, wished: wished ?? []).map(\.company)
    // Counted row by row, because a million referees must not be in memory at once.
    var active: Int64 = 0
    turn.forEach(Rows.referees) { if Activation.isActive($0.turns, before: run) { active += 1 } }

    switch Dealing.verdict(hasPendingPayments: !pending.isEmpty, companies: order, active: active, terms) {
    case .skipped(let reasons):
      turn.emit(
        DiscountSkipped(
          account: owner, period: period, asOf: run, reasons: reasons, terms: name,
          because: reasons.map {
            because($0, pending: pending, canceled: canceled.compactMapValues { $0 }, active: active, terms)
          }))
    case .dealt(let shares):
      for share in shares {
        let assignment = Assignment(
          assignment: AssignmentID(derivedFrom: [owner.value, share.company.value, period]), account: owner,
          company: share.company, period: period, percent: share.percent, asOf: run, terms: name)
        let setBy = wished?.contains(share.company) ?? false ? "user" : "first-subscription"
        turn.emit(assignment.assigned(share, active: active, orderSetBy: setBy, terms))
        guard let replacedAt else {
          turn[Rows.assignments, share.company] = assignment
          continue
        }
        let company = living.first { $0.company == share.company }
        let end = assignment.end(
          invoices: invoices, cancellation: company.map { Cancellation(of: $0, subscriptions[$0.company] ?? []) },
          before: replacedAt)
        switch end {
        case .used(let invoice, let issuedAt): turn.emit(assignment.applied(to: invoice, at: issuedAt))
        case .canceled(let canceledAt, let cause): turn.emit(assignment.canceled(cause, at: canceledAt))
        case nil: turn.emit(assignment.superseded(at: replacedAt))
        }
      }
    }
  }

  private func because(
    _ reason: SkipReason, pending: [Invoice], canceled: [CompanyID: Cancellation.Cause], active: Int64, _ terms: DiscountTerms
  ) -> Because {
    switch reason {
    case .pendingPayments:
      return Because(
        reason.rawValue, ["invoices": .list(pending.prefix(10).map(\.invoice.value)), "count": .number(Int64(pending.count))])
    case .noActiveCompany:
      func companies(_ cause: Cancellation.Cause) -> Because.Fact {
        .list(canceled.filter { $0.value == cause }.keys.sorted().prefix(10).map(\.value))
      }
      return Because(
        reason.rawValue,
        [
          "companies": .number(Int64(canceled.count)), "closed": companies(.closed), "ended": companies(.subscriptionsEnded),
        ])
    case .belowMinimum:
      return Because(reason.rawValue, ["active": .number(active), "minimum": .number(terms.tiers.first?.from ?? 0)])
    case .other(let word): return Because(word)
    }
  }
}

extension Allocation {
  /// The user's order as of a run. Also deletes orders that no future run can need.
  private func wishedOrder(before run: Instant, _ turn: Turn<Self>) -> [CompanyID]? {
    let horizon = Retention.horizon(of: run)
    var wished: [CompanyID]?
    var past: [Instant] = []
    turn.forEach(Rows.order) { order in
      if order.at < run { wished = order.companies }
      if order.at <= horizon { past.append(order.at) }
    }
    // The last of them stays, because it holds at the horizon.
    for instant in past.dropLast() { turn[Rows.order, instant] = nil }
    return wished
  }
}

/// Facts that are already known when a run is held late, or that are dated ahead of the clock.
extension Allocation {
  /// Ends open assignments by facts that arrived before the assignment was made, or before the next run was known.
  func settleKnown(before next: Instant?, _ turn: Turn<Self>) {
    let open = turn.all(Rows.assignments)
    guard !open.isEmpty else { return }
    let invoices = turn.all(Rows.invoices)
    let companies = turn.all(Rows.companies)
    let subscriptions = OwnSubscription.byCompany(turn.all(Rows.subscriptions))
    for assignment in open { settle(assignment, invoices, companies, subscriptions, before: next, turn) }
  }

  private func settle(
    _ assignment: Assignment, _ invoices: [Invoice], _ companies: [Company], _ subscriptions: [CompanyID: [OwnSubscription]],
    before next: Instant?, _ turn: Turn<Self>
  ) {
    let company = companies.first { $0.company == assignment.company }
    let cancellation = company.map { Cancellation(of: $0, subscriptions[$0.company] ?? []) }
    // A restored discount can be used only by an invoice that arrives later (DECISIONS B7).
    let end = assignment.end(invoices: assignment.isRestored ? [] : invoices, cancellation: cancellation, before: next)
    if let end { self.end(assignment, end, turn) }
  }

  /// Ends a company's assignment at the next run.
  private func lapse(_ company: CompanyID, at run: Instant, _ turn: Turn<Self>) {
    guard let assignment = turn[Rows.assignments, company] else { return }
    turn[Rows.assignments, company] = nil
    if assignment.usedBy == nil { turn.emit(assignment.superseded(at: run)) }
  }

  /// Deletes invoices that no future run can need.
  private func forget(before horizon: Instant, _ invoices: [Invoice], _ turn: Turn<Self>) {
    for invoice in invoices where invoice.isPast(horizon) { turn[Rows.invoices, invoice.invoice] = nil }
  }
}
