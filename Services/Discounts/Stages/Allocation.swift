import Contracts
import JSON
import Streaming
import Terms

/// Per account: its referees' activity, its own companies and invoices, and the monthly run that deals discounts (rows B2–B10).
struct Allocation: Stage {
  static let name = "allocation"

  let programs: Programs

  enum Input: Sendable {
    case told(ActivityTold)
    case subscriptionChanged(SubscriptionChanged)
    case companyClosed(CompanyClosed)
    case invoiceIssued(InvoiceIssued)
    case invoiceSettled(InvoiceSettled)
    case invoiceVoided(InvoiceVoided)
    case accountClosed(AccountClosed)
    case orderSet(CompanyOrderSet)
  }

  enum Output: StageOutput {
    case activated(ReferralActivated)
    case deactivated(ReferralDeactivated)
    case assigned(DiscountAssigned)
    case skipped(DiscountSkipped)
    case applied(DiscountApplied)
    case voided(DiscountVoided)

    var message: any Message {
      switch self {
      case .activated(let notice): notice
      case .deactivated(let notice): notice
      case .assigned(let notice): notice
      case .skipped(let notice): notice
      case .applied(let notice): notice
      case .voided(let notice): notice
      }
    }
  }

  enum Due: String, JSONWord, Sendable { case run }

  static let accepts: [Accepts<Input>] = [
    .on(Input.told), .on(Input.subscriptionChanged), .on(Input.companyClosed), .on(Input.invoiceIssued),
    .on(Input.invoiceSettled),
    .on(Input.invoiceVoided), .on(Input.accountClosed), .on(Input.orderSet),
  ]

  // MARK: State

  struct Account: Stored, Equatable {
    /// nil: nobody is bound to it.
    var runs: RunPlan?
    var closedAt: Instant?
    /// Companies with a subscription so far.
    var companies: Int64 = 0
  }

  /// A referral of the account.
  struct Referee: Stored, Equatable {
    let referee: AccountID
    let isActive: Bool
    /// The instants at which it became active, inactive, … in turn.
    let turns: [Instant]
  }

  enum Rows {
    static let account = Table<Account>("account")
    static let referees = Table<Referee>("referees")
    static let companies = Table<Company>("companies")
    static let subscriptions = Table<OwnSubscription>("subscriptions")
    static let invoices = Table<Invoice>("invoices")
    /// By the instant at which they were set.
    static let order = Table<CompanyOrder>("order")
    /// By company: it has one open assignment at most.
    static let assignments = Table<OpenAssignment>("assignments")
  }

  // MARK: Events

  func handle(_ input: Input, _ turn: Turn<Allocation>) throws(Rejection) {
    guard let program = programs[turn.program], program.hasDiscounts else { return }
    switch input {
    case .told(let told): take(told, program, turn)
    case .subscriptionChanged(let changed): take(changed, turn)
    case .companyClosed(let closed):
      var company = turn[Rows.companies, .id(closed.company)] ?? Company(company: closed.company)
      company.closedAt = min(company.closedAt ?? closed.closedAt, closed.closedAt)
      turn[Rows.companies, .id(closed.company)] = company
      voidIfCanceled(closed.company, turn)
    case .invoiceIssued(let issued): take(issued, turn)
    case .invoiceSettled(let settled): end(settled.invoice, at: settled.settledAt, turn)
    case .invoiceVoided(let voided): end(voided.invoice, at: voided.voidedAt, turn)
    case .accountClosed(let closed):
      var account = turn[Rows.account] ?? Account()
      account.closedAt = min(account.closedAt ?? closed.closedAt, closed.closedAt)
      turn[Rows.account] = account
    case .orderSet(let set):
      turn[Rows.order, .instant(set.requestedAt)] = CompanyOrder(at: set.requestedAt, companies: set.companies)
    }
  }

  /// A referee's activity is as told; a change of the known state is announced (DECISIONS B2).
  private func take(_ told: ActivityTold, _ program: Program, _ turn: Turn<Allocation>) {
    let before = turn[Rows.referees, .id(told.referee)]
    turn[Rows.referees, .id(told.referee)] = Referee(referee: told.referee, isActive: told.isActive, turns: told.turns)
    if before == nil { planRuns(told.attributedAt, program, turn) }
    guard told.isActive != before?.isActive ?? false else { return }
    let terms = program.version(judging: told.at, attributedAt: told.attributedAt).name
    if told.isActive {
      turn.emit(
        .activated(
          ReferralActivated(
            referral: told.referral, referrer: told.referrer, referee: told.referee, at: told.at, terms: terms,
            because: [told.because])))
    } else {
      turn.emit(
        .deactivated(
          ReferralDeactivated(
            referral: told.referral, referrer: told.referrer, referee: told.referee, at: told.at, terms: terms,
            because: [told.because])))
    }
  }

  private func planRuns(_ attributedAt: Instant, _ program: Program, _ turn: Turn<Allocation>) {
    let calendar = RunCalendar(program: program)
    var account = turn[Rows.account] ?? Account()
    let planned = account.runs?.next
    if account.runs == nil {
      account.runs = RunPlan(attributedAt: attributedAt, calendar)
    } else {
      account.runs?.include(attributedAt: attributedAt, calendar)
    }
    turn[Rows.account] = account
    if let next = account.runs?.next, next != planned { turn.setTimer(at: next, .run) }
  }

  private func take(_ changed: SubscriptionChanged, _ turn: Turn<Allocation>) {
    var company = turn[Rows.companies, .id(changed.company)] ?? Company(company: changed.company)
    if let first = company.first {
      company.first?.at = min(first.at, changed.changedAt)
    } else {
      var account = turn[Rows.account] ?? Account()
      account.companies += 1
      turn[Rows.account] = account
      company.first = .init(at: changed.changedAt, number: account.companies)
    }
    turn[Rows.companies, .id(changed.company)] = company
    var subscription = turn[Rows.subscriptions, .id(changed.subscription)] ?? OwnSubscription(subscription: changed.subscription)
    subscription.history.put(.init(company: changed.company, status: changed.status), at: changed.changedAt)
    turn[Rows.subscriptions, .id(changed.subscription)] = subscription
    for company in Set(subscription.history.entries.map(\.value.company)).sorted() { voidIfCanceled(company, turn) }
  }

  /// Row B8: the unused discount of a canceled company is lost; its slots are not dealt again until the next run.
  private func voidIfCanceled(_ company: CompanyID, _ turn: Turn<Allocation>) {
    guard let assignment = turn[Rows.assignments, .id(company)], let row = turn[Rows.companies, .id(company)] else { return }
    let cancellation = Cancellation(of: row, turn.all(Rows.subscriptions))
    let next = turn[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [], cancellation: cancellation, before: next) { self.end(assignment, end, turn) }
  }

  /// Row B7: the first invoice from the run on uses the discount up, whatever becomes of the invoice.
  private func take(_ issued: InvoiceIssued, _ turn: Turn<Allocation>) {
    var invoice = turn[Rows.invoices, .id(issued.invoice)] ?? Invoice(invoice: issued.invoice)
    invoice.issued = .init(company: issued.company, issuedAt: issued.issuedAt, dueAt: issued.dueAt)
    turn[Rows.invoices, .id(issued.invoice)] = invoice
    guard let assignment = turn[Rows.assignments, .id(issued.company)] else { return }
    let next = turn[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [invoice], cancellation: nil, before: next) { self.end(assignment, end, turn) }
  }

  private func end(_ id: InvoiceID, at instant: Instant, _ turn: Turn<Allocation>) {
    var invoice = turn[Rows.invoices, .id(id)] ?? Invoice(invoice: id)
    invoice.end(at: instant)
    turn[Rows.invoices, .id(id)] = invoice
  }

  // MARK: Ends of assignments

  func end(_ assignment: OpenAssignment, _ end: OpenAssignment.End, _ turn: Turn<Allocation>) {
    turn[Rows.assignments, .id(assignment.company)] = nil
    switch end {
    case .used(let invoice, let issuedAt): turn.emit(.applied(assignment.applied(to: invoice, at: issuedAt)))
    case .canceled(let canceledAt): turn.emit(.voided(assignment.voided(.companyCanceled, at: canceledAt)))
    }
  }

  // MARK: Timers

  func fire(_ due: Due, at instant: Instant, _ turn: Turn<Allocation>) throws(Rejection) {
    guard let program = programs[turn.program], var account = turn[Rows.account] else { return }
    switch due {
    case .run:
      // A timer whose run was moved, or held by an earlier one, says nothing any more.
      guard account.runs?.next == instant else { return }
      let calendar = RunCalendar(program: program)
      account.runs?.reckon(calendar)
      if account.runs?.next == instant {
        // A run sees only what is dated before it (DECISIONS T1), the closing of its account too.
        if let closedAt = account.closedAt, closedAt < instant {
          account.runs?.stop()
        } else if let version = program.discounts(at: instant) {
          hold(instant, version.terms, name: version.name, calendar, &account, turn)
        } else {
          account.runs?.stop()
        }
      }
      turn[Rows.account] = account
      if let next = account.runs?.next { turn.setTimer(at: next, .run) }
      settleKnown(before: account.runs?.next, turn)
    }
  }
}

extension OpenAssignment {
  func assigned(_ share: Dealing.Share, active: Int64, orderSetBy: String, _ rule: DiscountTerms) -> DiscountAssigned {
    DiscountAssigned(
      assignment: assignment, account: account, company: company, period: period, percent: numericCast(percent),
      activeReferrals: numericCast(active), slots: numericCast(share.slots), asOf: asOf, terms: terms,
      because: [
        Because(
          "active-referrals",
          [
            "active": .number(active), "slots": .number(share.slots), "percent": .number(percent),
            "maxPerCompany": .number(rule.maxPerCompany),
            "tierFrom": .number(rule.tiers.last { $0.from <= share.slots }?.from ?? 0),
          ]),
        Because("order", ["position": .number(share.position), "setBy": .text(orderSetBy)]),
      ])
  }

  func applied(to invoice: InvoiceID, at issuedAt: Instant) -> DiscountApplied {
    DiscountApplied(
      assignment: assignment, account: account, company: company, period: period, invoice: invoice,
      percent: numericCast(percent), at: issuedAt, terms: terms,
      because: [
        Because(
          "first-invoice-after-run", ["asOf": .text(asOf.description), "issuedAt": .text(issuedAt.description)])
      ])
  }

  func voided(_ reason: VoidReason, at instant: Instant) -> DiscountVoided {
    DiscountVoided(
      assignment: assignment, account: account, company: company, period: period, at: instant, reason: reason, terms: terms,
      because: [
        Because(
          reason.rawValue,
          ["asOf": .text(asOf.description), "percent": .number(percent), "endedAt": .text(instant.description)])
      ])
  }
}

extension Program {
  /// The monthly discounts of the version in force at an instant (row B10); nil: it has none.
  func discounts(at instant: Instant) -> (terms: DiscountTerms, name: String)? {
    let version = version(at: instant)
    return version.discounts.map { ($0, version.name) }
  }
}
