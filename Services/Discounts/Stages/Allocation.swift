import Contracts
import JSON
import Streaming
import Terms

/// Keyed by account: its referees' activity, its own companies and invoices, and the monthly run that assigns discounts (rows B2–B10).
struct Allocation: Stage {
  static let name = "allocation"

  let programs: Programs

  static let reads: [Reads<Self>] = [
    .on(Allocation.reported),
    .on(Allocation.subscriptionChanged),
    .on(Allocation.companyClosed),
    .on(Allocation.invoiceIssued),
    .on(Allocation.invoiceSettled),
    .on(Allocation.invoiceVoided),
    .on(Allocation.accountClosed),
    .on(Allocation.accountReopened),
    .on(Allocation.orderSet),
  ]
  static let timers: [Timers<Self>] = [.on(Rows.account, Allocation.run)]
  static let writes: [any Message.Type] = [
    ReferralActivated.self, ReferralDeactivated.self, DiscountAssigned.self, DiscountSkipped.self, DiscountApplied.self,
    DiscountVoided.self, DiscountRestored.self, CompanyOrderRecorded.self,
  ]

  // MARK: State

  struct Account: Timed, Equatable {
    /// `nil` if the account has no referees.
    var runs: RunPlan?
    var closings = Closings()
    /// How many companies have had a subscription.
    var companies: Int64 = 0
    /// Fires at the next run.
    var timer: Timer?
  }

  /// An account that this one referred, perhaps more than once (DECISIONS A1e).
  struct Referee: Stored, Equatable {
    let referee: AccountID
    /// From the last reported referral.
    let attributedAt: Instant
    let isActive: Bool
    /// The instants at which it became active, inactive, … alternately, under all its referrals.
    let turns: [Instant]
    /// How many of `turns` belong to referrals before the last.
    let earlier: Int
  }

  enum Rows {
    static let account = Table<NoKey, Account>("account")
    static let referees = Table<AccountID, Referee>("referees")
    static let companies = Table<CompanyID, Company>("companies")
    static let subscriptions = Table<SubscriptionID, OwnSubscription>("subscriptions")
    static let invoices = Table<InvoiceID, Invoice>("invoices")
    /// By the instant at which the order was set.
    static let order = Table<Instant, CompanyOrder>("order")
    /// By company, which has at most one assignment, from one run to the next.
    static let assignments = Table<CompanyID, Assignment>("assignments")
  }

  // MARK: Events

  func program(_ id: ProgramID) -> Program? { programs[id].flatMap { $0.hasDiscounts ? $0 : nil } }

  private func companyClosed(_ closed: CompanyClosed, _ context: Context<Self>) {
    var company = context[Rows.companies, closed.company] ?? Company(company: closed.company)
    company.isClosed.put(true, at: closed.closedAt)
    context[Rows.companies, closed.company] = company
    voidIfCanceled(closed.company, context)
  }

  private func invoiceSettled(_ settled: InvoiceSettled, _ context: Context<Self>) {
    followTerms(context)
    end(settled.invoice, at: settled.settledAt, isVoided: false, context)
  }

  /// Row B7: if the invoice that used a discount is voided before the next run, the discount is open again, unless the company is canceled.
  private func invoiceVoided(_ voided: InvoiceVoided, _ context: Context<Self>) {
    followTerms(context)
    end(voided.invoice, at: voided.voidedAt, isVoided: true, context)
    guard let company = context[Rows.invoices, voided.invoice]?.issued?.company, let row = context[Rows.companies, company],
      var assignment = context[Rows.assignments, company], assignment.usedBy == voided.invoice,
      context[Rows.account]?.runs?.next.map({ voided.voidedAt < $0 }) ?? true,
      !Cancellation(of: row, context.all(Rows.subscriptions)).holds(at: voided.voidedAt)
    else { return }
    assignment.restore(at: voided.voidedAt)
    context[Rows.assignments, company] = assignment
    context.emit(assignment.restored(from: voided.invoice, at: voided.voidedAt))
    voidIfCanceled(company, context)
  }

  private func accountClosed(_ closed: AccountClosed, _ context: Context<Self>) {
    var account = context[Rows.account] ?? Account()
    account.closings.close(closed)
    context[Rows.account] = account
  }

  private func accountReopened(_ reopened: AccountReopened, _ context: Context<Self>) {
    var account = context[Rows.account] ?? Account()
    account.closings.reopen(at: reopened.reopenedAt)
    context[Rows.account] = account
  }

  /// Records the order and lists the companies that are unknown when it arrives (DECISIONS B9b).
  private func orderSet(_ set: CompanyOrderSet, _ context: Context<Self>) {
    context[Rows.order, set.requestedAt] = CompanyOrder(at: set.requestedAt, companies: set.companies)
    let unknown = set.companies.filter { context[Rows.companies, $0]?.first == nil }
    context.emit(
      CompanyOrderRecorded(
        request: set.request, account: set.account, companies: set.companies, unknown: unknown, at: set.requestedAt,
        terms: context.program.version(at: set.requestedAt).name,
        because: [
          Because("recorded", ["companies": .number(Int64(set.companies.count)), "unknown": .number(Int64(unknown.count))])
        ]))
  }

  /// Stores a referee's reported activity and publishes a notice if it has changed (DECISIONS B2).
  private func reported(_ reported: ActivityReported, _ context: Context<Self>) {
    followTerms(context)
    let before = context[Rows.referees, reported.referee]
    // Changes that belong to an earlier referral of the same referee are kept.
    let earlier = before.map { $0.attributedAt == reported.attributedAt ? Array($0.turns.prefix($0.earlier)) : $0.turns } ?? []
    context[Rows.referees, reported.referee] = Referee(
      referee: reported.referee, attributedAt: reported.attributedAt, isActive: reported.isActive,
      turns: earlier + reported.turns,
      earlier: earlier.count)
    if before == nil { planRuns(reported.attributedAt, context) }
    guard reported.isActive != before?.isActive ?? false else { return }
    let terms = context.program.version(judging: reported.at, attributedAt: reported.attributedAt).name
    if reported.isActive {
      context.emit(
        ReferralActivated(
          referral: reported.referral, referrer: reported.referrer, referee: reported.referee, at: reported.at, terms: terms,
          because: [reported.because]))
    } else {
      context.emit(
        ReferralDeactivated(
          referral: reported.referral, referrer: reported.referrer, referee: reported.referee, at: reported.at, terms: terms,
          because: [reported.because]))
    }
  }

  private func planRuns(_ attributedAt: Instant, _ context: Context<Self>) {
    let calendar = RunCalendar(program: context.program)
    var account = context[Rows.account] ?? Account()
    if account.runs == nil {
      account.runs = RunPlan(attributedAt: attributedAt, calendar)
    } else {
      account.runs?.include(attributedAt: attributedAt, calendar)
    }
    account.awaitRun()
    context[Rows.account] = account
  }

  /// Terms that were added since the last run may have runs at other times, or again.
  private func followTerms(_ context: Context<Self>) {
    guard var account = context[Rows.account], let plan = account.runs else { return }
    account.runs?.compute(RunCalendar(program: context.program))
    guard account.runs != plan else { return }
    account.awaitRun()
    context[Rows.account] = account
  }

  private func subscriptionChanged(_ changed: SubscriptionChanged, _ context: Context<Self>) {
    followTerms(context)
    var company = context[Rows.companies, changed.company] ?? Company(company: changed.company)
    if let first = company.first {
      company.first?.at = min(first.at, changed.changedAt)
    } else {
      var account = context[Rows.account] ?? Account()
      account.companies += 1
      context[Rows.account] = account
      company.first = .init(at: changed.changedAt, number: account.companies)
    }
    if changed.status == .active { company.open(at: changed.changedAt) }
    context[Rows.companies, changed.company] = company
    var subscription = context[Rows.subscriptions, changed.subscription] ?? OwnSubscription(subscription: changed.subscription)
    subscription.history.put(.init(company: changed.company, status: changed.status), at: changed.changedAt)
    context[Rows.subscriptions, changed.subscription] = subscription
    for company in Set(subscription.history.entries.map(\.value.company)).sorted() { voidIfCanceled(company, context) }
  }

  /// Row B8: a canceled company loses its unused discount. Its slots are not assigned again before the next run.
  private func voidIfCanceled(_ company: CompanyID, _ context: Context<Self>) {
    guard let assignment = context[Rows.assignments, company], let row = context[Rows.companies, company] else { return }
    let cancellation = Cancellation(of: row, context.all(Rows.subscriptions))
    let next = context[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [], cancellation: cancellation, before: next) { self.end(assignment, end, context) }
  }

  /// Row B7: the first invoice that is issued at or after the run uses the discount. An invoice that is charged again changes nothing.
  private func invoiceIssued(_ issued: InvoiceIssued, _ context: Context<Self>) {
    followTerms(context)
    var invoice = context[Rows.invoices, issued.invoice] ?? Invoice(invoice: issued.invoice)
    guard invoice.issued == nil else { return }
    invoice.issued = .init(company: issued.company, issuedAt: issued.issuedAt, dueAt: issued.dueAt, isCharge: issued.amount > 0)
    context[Rows.invoices, issued.invoice] = invoice
    guard let assignment = context[Rows.assignments, issued.company] else { return }
    let next = context[Rows.account]?.runs?.next
    if let end = assignment.end(invoices: [invoice], cancellation: nil, before: next) { self.end(assignment, end, context) }
  }

  private func end(_ id: InvoiceID, at instant: Instant, isVoided: Bool, _ context: Context<Self>) {
    var invoice = context[Rows.invoices, id] ?? Invoice(invoice: id)
    invoice.end(at: instant, isVoided: isVoided)
    context[Rows.invoices, id] = invoice
  }

  // MARK: Ends of assignments

  func end(_ assignment: Assignment, _ end: Assignment.End, _ context: Context<Self>) {
    switch end {
    case .used(let invoice, let issuedAt):
      var used = assignment
      used.usedBy = invoice
      context[Rows.assignments, assignment.company] = used
      context.emit(assignment.applied(to: invoice, at: issuedAt))
    case .canceled(let canceledAt, let cause):
      context[Rows.assignments, assignment.company] = nil
      context.emit(assignment.canceled(cause, at: canceledAt))
    }
  }

  // MARK: Timers

  /// The run's timer has fired.
  private func run(_: NoKey, _ row: Account, at instant: Instant, _ context: Context<Self>) {
    var account = row
    let calendar = RunCalendar(program: context.program)
    account.runs?.compute(calendar)
    if account.runs?.next == instant {
      if let version = context.program.discounts(at: instant) {
        holdRun(at: instant, version.terms, name: version.name, calendar, &account, context)
      } else {
        account.runs?.stop()
      }
    }
    account.awaitRun()
    context[Rows.account] = account
    settleKnown(before: account.runs?.next, context)
  }
}

extension Allocation.Account {
  mutating func awaitRun() {
    if timer?.at != runs?.next { timer = runs?.next.map(Timer.init(at:)) }
  }
}

extension Assignment {
  func assigned(_ share: DiscountTerms.Share, active: Int64, orderSetBy: String, _ rule: DiscountTerms) -> DiscountAssigned {
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
          "first-invoice-after-run",
          ["asOf": "\(asOf)", "issuedAt": "\(issuedAt)", "restored": restoredAt == nil ? nil : .flag(true)])
      ])
  }

  func restored(from invoice: InvoiceID, at voidedAt: Instant) -> DiscountRestored {
    DiscountRestored(
      assignment: assignment, account: account, company: company, period: period, invoice: invoice, at: voidedAt, terms: terms,
      because: [
        Because(
          "invoice-voided",
          ["invoice": .text(invoice.value), "voidedAt": .text(voidedAt.description), "asOf": .text(asOf.description)])
      ])
  }

  func superseded(at instant: Instant) -> DiscountVoided { voided(.superseded, at: instant) }

  func canceled(_ cause: Cancellation.Cause, at instant: Instant) -> DiscountVoided {
    voided(.companyCanceled, at: instant, cause)
  }

  private func voided(_ reason: VoidReason, at instant: Instant, _ cause: Cancellation.Cause? = nil) -> DiscountVoided {
    DiscountVoided(
      assignment: assignment, account: account, company: company, period: period, at: instant, reason: reason, terms: terms,
      because: [
        Because(
          reason.rawValue,
          [
            "asOf": "\(asOf)", "percent": .number(percent), "endedAt": "\(instant)", "cause": cause.map { .text($0.rawValue) },
          ])
      ])
  }
}

extension Program {
  /// The monthly discounts of the version in force at an instant (row B10), or nil if it has none.
  func discounts(at instant: Instant) -> (terms: DiscountTerms, name: String)? {
    let version = version(at: instant)
    return version.discounts.map { ($0, version.name) }
  }
}
