import Contracts
import JSON
import Streaming
import Terms

/// Per account: its referees' activity, its own companies and invoices, and the monthly run that deals discounts (rows B2–B10).
struct Allocation: Stage {
  static let name = "allocation"

  let programs: Programs

  static let reads: [Reads<Self>] = [
    .on(Allocation.told),
    .on(Allocation.subscriptionChanged),
    .on(Allocation.companyClosed),
    .on(Allocation.invoiceIssued),
    .on(Allocation.invoiceSettled),
    .on(Allocation.invoiceVoided),
    .on(Allocation.accountClosed),
    .on(Allocation.orderSet),
  ]
  static let timers: [Timers<Self>] = [.on(Rows.account, Allocation.run)]
  static let writes: [any Message.Type] = [
    ReferralActivated.self, ReferralDeactivated.self, DiscountAssigned.self, DiscountSkipped.self, DiscountApplied.self,
    DiscountVoided.self,
  ]

  // MARK: State

  struct Account: Timed, Equatable {
    /// nil: nobody is bound to it.
    var runs: RunPlan?
    var closedAt: Instant?
    /// Companies with a subscription so far.
    var companies: Int64 = 0
    /// At the next run.
    var timer: Timer?
  }

  /// A referral of the account.
  struct Referee: Stored, Equatable {
    let referee: AccountID
    let isActive: Bool
    /// The instants at which it became active, inactive, … in turn.
    let turns: [Instant]
  }

  enum Rows {
    static let account = Table<NoKey, Account>("account")
    static let referees = Table<AccountID, Referee>("referees")
    static let companies = Table<CompanyID, Company>("companies")
    static let subscriptions = Table<SubscriptionID, OwnSubscription>("subscriptions")
    static let invoices = Table<InvoiceID, Invoice>("invoices")
    /// By the instant at which they were set.
    static let order = Table<Instant, CompanyOrder>("order")
    /// By company: it has one open assignment at most.
    static let assignments = Table<CompanyID, OpenAssignment>("assignments")
  }

  // MARK: Events

  func program(_ id: ProgramID) -> Program? { programs[id].flatMap { $0.hasDiscounts ? $0 : nil } }

  private func companyClosed(_ closed: CompanyClosed, _ turn: Turn<Self>) {
    var company = turn[Rows.companies, closed.company] ?? Company(company: closed.company)
    company.closedAt = min(company.closedAt ?? closed.closedAt, closed.closedAt)
    turn[Rows.companies, closed.company] = company
    voidIfCanceled(closed.company, turn)
  }

  private func invoiceSettled(_ settled: InvoiceSettled, _ turn: Turn<Self>) {
    end(settled.invoice, at: settled.settledAt, turn)
  }

  private func invoiceVoided(_ voided: InvoiceVoided, _ turn: Turn<Self>) { end(voided.invoice, at: voided.voidedAt, turn) }

  private func accountClosed(_ closed: AccountClosed, _ turn: Turn<Self>) {
    var account = turn[Rows.account] ?? Account()
    account.closedAt = min(account.closedAt ?? closed.closedAt, closed.closedAt)
    turn[Rows.account] = account
  }

  private func orderSet(_ set: CompanyOrderSet, _ turn: Turn<Self>) {
    turn[Rows.order, set.requestedAt] = CompanyOrder(at: set.requestedAt, companies: set.companies)
  }

  /// A referee's activity is as told; a change of the known state is announced (DECISIONS B2).
  private func told(_ told: ActivityTold, _ turn: Turn<Self>) {
    let before = turn[Rows.referees, told.referee]
    turn[Rows.referees, told.referee] = Referee(referee: told.referee, isActive: told.isActive, turns: told.turns)
    if before == nil { planRuns(told.attributedAt, turn) }
    guard told.isActive != before?.isActive ?? false else { return }
    let terms = turn.program.version(judging: told.at, attributedAt: told.attributedAt).name
    if told.isActive {
      turn.emit(
        ReferralActivated(
          referral: told.referral, referrer: told.referrer, referee: told.referee, at: told.at, terms: terms,
          because: [told.because]))
    } else {
      turn.emit(
        ReferralDeactivated(
          referral: told.referral, referrer: told.referrer, referee: told.referee, at: told.at, terms: terms,
          because: [told.because]))
    }
  }

  private func planRuns(_ attributedAt: Instant, _ turn: Turn<Self>) {
    let calendar = RunCalendar(program: turn.program)
    var account = turn[Rows.account] ?? Account()
    if account.runs == nil {
      account.runs = RunPlan(attributedAt: attributedAt, calendar)
    } else {
      account.runs?.include(attributedAt: attributedAt, calendar)
    }
    account.awaitRun()
    turn[Rows.account] = account
  }

  private func subscriptionChanged(_ changed: SubscriptionChanged, _ turn: Turn<Self>) {
    var company = turn[Rows.companies, changed.company] ?? Company(company: changed.company)
    if let first = company.first {
      company.first?.at = min(first.at, changed.changedAt)
    } else {
      var account = turn[Rows.account] ?? Account()
      account.companies += 1
      turn[Rows.account] = account
      company.first = .init(at: changed.changedAt, number: account.companies)
    }
    turn[Rows.companies, changed.company] = company
    var subscription = turn[Rows.subscriptions, changed.subscription] ?? OwnSubscription(subscription: changed.subscription)
    subscription.history.put(.init(company: changed.company, status: changed.status), at: changed.changedAt)
    turn[Rows.subscriptions, changed.subscription] = subscription
    for company in Set(subscription.history.entries.map(\.value.company)).sorted() { voidIfCanceled(company, turn) }
  }

  /// Row B8: the unused discount of a canceled company is lost; its slots are not dealt again until the next run.
  private func voidIfCanceled(_ company: CompanyID, _ turn: Turn<Self>) {
    guard let assignment = turn[Rows.assignments, company], let row = turn[Rows.companies, company] else { return }
    let cancellation = Cancellation(of: row, turn.all(Rows.subscriptions))
    let next = turn[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [], cancellation: cancellation, before: next) { self.end(assignment, end, turn) }
  }

  /// Row B7: the first invoice from the run on uses the discount up, whatever becomes of the invoice.
  private func invoiceIssued(_ issued: InvoiceIssued, _ turn: Turn<Self>) {
    var invoice = turn[Rows.invoices, issued.invoice] ?? Invoice(invoice: issued.invoice)
    invoice.issued = .init(company: issued.company, issuedAt: issued.issuedAt, dueAt: issued.dueAt)
    turn[Rows.invoices, issued.invoice] = invoice
    guard let assignment = turn[Rows.assignments, issued.company] else { return }
    let next = turn[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [invoice], cancellation: nil, before: next) { self.end(assignment, end, turn) }
  }

  private func end(_ id: InvoiceID, at instant: Instant, _ turn: Turn<Self>) {
    var invoice = turn[Rows.invoices, id] ?? Invoice(invoice: id)
    invoice.end(at: instant)
    turn[Rows.invoices, id] = invoice
  }

  // MARK: Ends of assignments

  func end(_ assignment: OpenAssignment, _ end: OpenAssignment.End, _ turn: Turn<Self>) {
    turn[Rows.assignments, assignment.company] = nil
    switch end {
    case .used(let invoice, let issuedAt): turn.emit(assignment.applied(to: invoice, at: issuedAt))
    case .canceled(let canceledAt): turn.emit(assignment.voided(.companyCanceled, at: canceledAt))
    }
  }

  // MARK: Timers

  /// The next run's instant has come.
  private func run(_: NoKey, _ row: Account, at instant: Instant, _ turn: Turn<Self>) {
    var account = row
    let calendar = RunCalendar(program: turn.program)
    account.runs?.reckon(calendar)
    if account.runs?.next == instant {
      // A run sees only what is dated before it (DECISIONS T1), the closing of its account too.
      if let closedAt = account.closedAt, closedAt < instant {
        account.runs?.stop()
      } else if let version = turn.program.discounts(at: instant) {
        hold(instant, version.terms, name: version.name, calendar, &account, turn)
      } else {
        account.runs?.stop()
      }
    }
    account.awaitRun()
    turn[Rows.account] = account
    settleKnown(before: account.runs?.next, turn)
  }
}

extension Allocation.Account {
  mutating func awaitRun() {
    if timer?.at != runs?.next { timer = runs?.next.map(Timer.init(at:)) }
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
