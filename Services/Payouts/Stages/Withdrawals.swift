import Contracts
import JSON
import Streaming
import Terms

/// Keyed by referrer: the withdrawals of one account (row C10). At most one is open at a time.
///
/// A withdrawal is opened here, reserved by the ledger, approved by an operator if the terms require it, instructed here, and ended by the
/// provider's result. `Withdrawal.advance` decides the steps; this stage collects the facts for it.
public struct Withdrawals: Stage {
  public static let name = "withdrawals"

  public static let reads: [Reads<Self>] = [
    .on(Withdrawals.requested),
    .on(Withdrawals.canceled),
    .on(Withdrawals.approved),
    .on(Withdrawals.rejected),
    .on(Withdrawals.reserved),
    .on(Withdrawals.notReserved),
    .on(Withdrawals.settled),
    .on(Withdrawals.failed),
    .on(Withdrawals.unknown),
    .on(Withdrawals.returned),
    .on(Withdrawals.closed),
    .on(Withdrawals.reopened),
  ]
  public static let timers: [Timers<Self>] = [.on(withdrawals, Withdrawals.remind)]
  public static let writes: [any Message.Type] = [
    WithdrawalOpened.self, WithdrawalAwaitingApproval.self, PayoutInstructed.self, WithdrawalPaid.self, WithdrawalFailed.self,
    WithdrawalReturned.self, WithdrawalDeclined.self, WithdrawalDueSoon.self, WithdrawalOverdue.self,
  ]

  // MARK: State

  static let withdrawals = Table<RequestID, Withdrawal>("withdrawal", watched: \.kinds)
  /// Facts about open withdrawals. They may arrive before the request.
  static let facts = Table<RequestID, WithdrawalFacts>("facts")
  /// The account's latest opened withdrawal, the only one that can still be open.
  static let latest = Table<NoKey, RequestID>("latest")
  /// Requests in order of their instants. They wait until the ledger has answered for the latest withdrawal.
  static let line = Table<KeyPair<Instant, RequestID>, Withdrawal>("line")
  /// The request of every payout.
  static let payouts = Table<PayoutID, RequestID>("payout")
  /// Results may arrive before the request. A declined withdrawal has none.
  static let results = Table<PayoutID, PayoutResults>("results")
  /// Bans and reopenings of the account.
  static let bans = Table<NoKey, Closings>("bans")

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func program(_ id: ProgramID) -> Program? { programs[id] }

  // MARK: Reminders

  /// One timer serves both reminders, due soon and overdue: the first sets it for the second.
  private func remind(_ request: RequestID, _ due: Withdrawal, at instant: Instant, _ context: Context<Self>) {
    guard due.isOpen else { return }
    var withdrawal = due
    if instant < withdrawal.dueAt {
      context.emit(withdrawal.dueSoon(at: instant))
      withdrawal.timer = Timer(at: withdrawal.dueAt)
      context[Self.withdrawals, request] = withdrawal
    } else {
      if withdrawal.dueSoonAt == withdrawal.dueAt { context.emit(withdrawal.dueSoon(at: instant)) }
      context.emit(withdrawal.overdue(at: instant))
    }
  }

  // MARK: Requests

  /// If the terms have no withdrawals, nothing is opened and the ledger declines the request.
  private func requested(_ event: WithdrawalRequested, _ context: Context<Self>) {
    let version = context.program.version(at: event.requestedAt)
    guard let terms = version.withdrawal, context[Self.withdrawals, event.request] == nil else { return }
    context[Self.line, event.requestedAt, event.request] = Withdrawal(event, under: version, terms)
    serveLine(context)
  }

  /// Serves the waiting requests. A request waits until the ledger has answered for the one before it, because the speed of the answer must
  /// not decide whether that one was still open.
  private func serveLine(_ context: Context<Self>) {
    for withdrawal in context.all(Self.line) {
      let latest = context[Self.latest].flatMap { context[Self.withdrawals, $0] }
      if latest?.standing == .opened { return }
      context[Self.line, withdrawal.requestedAt, withdrawal.request] = nil
      if let latest, latest.isOpen(at: withdrawal.requestedAt) {
        decline(withdrawal, behind: latest.request, context)
      } else {
        open(withdrawal, context)
      }
    }
  }

  private func decline(_ withdrawal: Withdrawal, behind open: RequestID, _ context: Context<Self>) {
    var withdrawal = withdrawal
    let step = withdrawal.decline(behind: open)
    context[Self.payouts, withdrawal.payout] = withdrawal.request
    keep(withdrawal, context)
    withdrawal.report(step, context)
  }

  private func open(_ withdrawal: Withdrawal, _ context: Context<Self>) {
    context[Self.latest] = withdrawal.request
    context[Self.payouts, withdrawal.payout] = withdrawal.request
    keep(withdrawal, context)
    withdrawal.report(withdrawal.opening, context)
    advance(withdrawal.request, context)
  }

  // MARK: Facts

  private func canceled(_ event: WithdrawalCanceled, _ context: Context<Self>) {
    learn(of: event.request, context) { $0.learn(canceledAt: event.canceledAt) }
  }

  private func approved(_ event: WithdrawalApproved, _ context: Context<Self>) {
    learn(of: event.request, context) { $0.learn(.approved(at: event.decidedAt, operator: event.operator, note: event.note)) }
  }

  private func rejected(_ event: WithdrawalRejected, _ context: Context<Self>) {
    learn(of: event.request, context) { $0.learn(.rejected(at: event.decidedAt, operator: event.operator, note: event.note)) }
  }

  private func reserved(_ event: WithdrawalReserved, _ context: Context<Self>) {
    learn(of: event.request, context) { $0.learn(.reserved) }
  }

  private func notReserved(_ event: ReservationRefused, _ context: Context<Self>) {
    learn(of: event.request, context) { $0.learn(.rejected(reasons: event.reasons, because: event.because)) }
  }

  private func learn(of request: RequestID, _ context: Context<Self>, _ change: (inout WithdrawalFacts) -> Void) {
    // Facts about a finished withdrawal change nothing.
    guard context[Self.withdrawals, request]?.isOpen ?? true else { return }
    var facts = context[Self.facts, request] ?? WithdrawalFacts()
    change(&facts)
    context[Self.facts, request] = facts
    advance(request, context)
    serveLine(context)
  }

  // MARK: Bans

  /// Only a ban stops withdrawals; any other closing does not (DECISIONS "closed", "banned").
  private func closed(_ event: AccountClosed, _ context: Context<Self>) {
    guard event.reason == .banned else { return }
    var bans = context[Self.bans] ?? Closings()
    bans.close(event)
    context[Self.bans] = bans
    guard let latest = context[Self.latest] else { return }
    advance(latest, context)
    serveLine(context)
  }

  private func reopened(_ event: AccountReopened, _ context: Context<Self>) {
    var bans = context[Self.bans] ?? Closings()
    bans.reopen(at: event.reopenedAt)
    context[Self.bans] = bans
  }

  // MARK: Results

  private func settled(_ event: PayoutSettled, _ context: Context<Self>) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    heard(of: event.payout, context) { results throws(Rejection) in try results.settle(result, of: event.payout) }
  }

  private func failed(_ event: PayoutFailed, _ context: Context<Self>) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    heard(of: event.payout, context) { results throws(Rejection) in try results.fail(result, of: event.payout) }
  }

  private func returned(_ event: PayoutReturned, _ context: Context<Self>) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    heard(of: event.payout, context) { results in results.return(result) }
  }

  /// The payout may have been paid. It stays open until a result arrives and is not instructed again.
  private func unknown(_ event: PayoutUnknown, _ context: Context<Self>) { _ = withdrawal(answeredBy: event.payout, context) }

  private func heard(
    of payout: PayoutID, _ context: Context<Self>, _ learn: (inout PayoutResults) throws(Rejection) -> Void
  ) {
    let withdrawal = withdrawal(answeredBy: payout, context)
    var results = context[Self.results, payout] ?? PayoutResults()
    // A contradiction is remembered, so that its repeats are not reported again (DECISIONS R3).
    do throws(Rejection) { try learn(&results) } catch { return context.reject(error) }
    guard let withdrawal else {
      context[Self.results, payout] = results
      return
    }
    if withdrawal.standing == .declined {
      if results.settled != nil { context.reject(withdrawal.contradicted) }
      return
    }
    context[Self.results, payout] = results
    advance(withdrawal.request, context)
    serveLine(context)
  }

  /// The withdrawal of a payout, or nil if there is none yet. Counts results without an instruction, which point to a faulty adapter.
  private func withdrawal(answeredBy payout: PayoutID, _ context: Context<Self>) -> Withdrawal? {
    let withdrawal = context[Self.payouts, payout].flatMap { context[Self.withdrawals, $0] }
    if withdrawal?.instructedPayout == nil { context.count("result-without-instruction") }
    return withdrawal
  }

  // MARK: Steps

  private func advance(_ request: RequestID, _ context: Context<Self>) {
    guard var withdrawal = context[Self.withdrawals, request] else { return }
    let wasUnanswered = withdrawal.standing == .opened
    let steps = withdrawal.advance(
      by: context[Self.facts, request] ?? WithdrawalFacts(), context[Self.results, withdrawal.payout] ?? PayoutResults(),
      bannedAt: context[Self.bans]?.bannedAt(asOf: Instant.range.upperBound))
    guard !steps.isEmpty else { return }
    // Reminders start with the ledger's answer. The due dates of a late request may already be past, and it would be reported as overdue
    // before it is known whether it stays open at all.
    if wasUnanswered { withdrawal.timer = Timer(at: withdrawal.dueSoonAt) }
    keep(withdrawal, context)
    for step in steps { withdrawal.report(step, context) }
  }

  private func keep(_ withdrawal: Withdrawal, _ context: Context<Self>) {
    var withdrawal = withdrawal
    if !withdrawal.isOpen {
      withdrawal.timer = nil
      if context[Self.facts, withdrawal.request] != nil { context[Self.facts, withdrawal.request] = nil }
    }
    context[Self.withdrawals, withdrawal.request] = withdrawal
    guard withdrawal.standing == .declined, let results = context[Self.results, withdrawal.payout] else { return }
    context[Self.results, withdrawal.payout] = nil
    if let settled = results.settled {
      context.reject(
        PayoutSettled(
          payout: withdrawal.payout, referrer: withdrawal.referrer, at: settled.at, reference: settled.reference,
          reason: settled.reason), withdrawal.contradicted)
    }
  }
}

extension Withdrawal {
  /// Money has moved for a withdrawal that was never instructed. Nothing is reserved from which it could be booked.
  fileprivate var contradicted: Rejection {
    Rejection(
      .contradictsResult, "payout '\(payout)' was settled but never instructed: its withdrawal '\(request)' was declined")
  }
}
