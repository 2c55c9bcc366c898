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
    .on(Withdrawals.refused),
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
  private func remind(_ request: RequestID, _ due: Withdrawal, at instant: Instant, _ turn: Turn<Self>) {
    guard due.isOpen else { return }
    var withdrawal = due
    if instant < withdrawal.dueAt {
      turn.emit(withdrawal.dueSoon(at: instant))
      withdrawal.timer = Timer(at: withdrawal.dueAt)
      turn[Self.withdrawals, request] = withdrawal
    } else {
      if withdrawal.dueSoonAt == withdrawal.dueAt { turn.emit(withdrawal.dueSoon(at: instant)) }
      turn.emit(withdrawal.overdue(at: instant))
    }
  }

  // MARK: Requests

  /// If the terms have no withdrawals, nothing is opened and the ledger declines the request.
  private func requested(_ event: WithdrawalRequested, _ turn: Turn<Self>) {
    let version = turn.program.version(at: event.requestedAt)
    guard let terms = version.withdrawal, turn[Self.withdrawals, event.request] == nil else { return }
    turn[Self.line, event.requestedAt, event.request] = Withdrawal(event, under: version, terms)
    serveLine(turn)
  }

  /// Serves the waiting requests. A request waits until the ledger has answered for the one before it, because the speed of the answer must
  /// not decide whether that one was still open.
  private func serveLine(_ turn: Turn<Self>) {
    for withdrawal in turn.all(Self.line) {
      let latest = turn[Self.latest].flatMap { turn[Self.withdrawals, $0] }
      if latest?.standing == .opened { return }
      turn[Self.line, withdrawal.requestedAt, withdrawal.request] = nil
      if let latest, latest.isOpen(at: withdrawal.requestedAt) {
        decline(withdrawal, behind: latest.request, turn)
      } else {
        open(withdrawal, turn)
      }
    }
  }

  private func decline(_ withdrawal: Withdrawal, behind open: RequestID, _ turn: Turn<Self>) {
    var withdrawal = withdrawal
    let step = withdrawal.decline(behind: open)
    turn[Self.payouts, withdrawal.payout] = withdrawal.request
    keep(withdrawal, turn)
    withdrawal.tell(step, turn)
  }

  private func open(_ withdrawal: Withdrawal, _ turn: Turn<Self>) {
    turn[Self.latest] = withdrawal.request
    turn[Self.payouts, withdrawal.payout] = withdrawal.request
    keep(withdrawal, turn)
    turn.emit(withdrawal.opened())
    advance(withdrawal.request, turn)
  }

  // MARK: Facts

  private func canceled(_ event: WithdrawalCanceled, _ turn: Turn<Self>) {
    learn(of: event.request, turn) { $0.learn(canceledAt: event.canceledAt) }
  }

  private func approved(_ event: WithdrawalApproved, _ turn: Turn<Self>) {
    learn(of: event.request, turn) { $0.learn(.approved(at: event.decidedAt, operator: event.operator, note: event.note)) }
  }

  private func rejected(_ event: WithdrawalRejected, _ turn: Turn<Self>) {
    learn(of: event.request, turn) { $0.learn(.rejected(at: event.decidedAt, operator: event.operator, note: event.note)) }
  }

  private func reserved(_ event: WithdrawalReserved, _ turn: Turn<Self>) {
    learn(of: event.request, turn) { $0.learn(.reserved) }
  }

  private func refused(_ event: ReservationRefused, _ turn: Turn<Self>) {
    learn(of: event.request, turn) { $0.learn(.refused(reasons: event.reasons, because: event.because)) }
  }

  private func learn(of request: RequestID, _ turn: Turn<Self>, _ change: (inout WithdrawalFacts) -> Void) {
    // Facts about a finished withdrawal change nothing.
    guard turn[Self.withdrawals, request]?.isOpen ?? true else { return }
    var facts = turn[Self.facts, request] ?? WithdrawalFacts()
    change(&facts)
    turn[Self.facts, request] = facts
    advance(request, turn)
    serveLine(turn)
  }

  // MARK: Bans

  /// Only a ban stops withdrawals; any other closing does not (DECISIONS "closed", "banned").
  private func closed(_ event: AccountClosed, _ turn: Turn<Self>) {
    guard event.reason == .banned else { return }
    var bans = turn[Self.bans] ?? Closings()
    bans.close(event)
    turn[Self.bans] = bans
    guard let latest = turn[Self.latest] else { return }
    advance(latest, turn)
    serveLine(turn)
  }

  private func reopened(_ event: AccountReopened, _ turn: Turn<Self>) {
    var bans = turn[Self.bans] ?? Closings()
    bans.reopen(at: event.reopenedAt)
    turn[Self.bans] = bans
  }

  // MARK: Results

  private func settled(_ event: PayoutSettled, _ turn: Turn<Self>) throws(Rejection) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    try heard(of: event.payout, turn) { results throws(Rejection) in try results.settle(result, of: event.payout) }
  }

  private func failed(_ event: PayoutFailed, _ turn: Turn<Self>) throws(Rejection) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    try heard(of: event.payout, turn) { results throws(Rejection) in try results.fail(result, of: event.payout) }
  }

  private func returned(_ event: PayoutReturned, _ turn: Turn<Self>) throws(Rejection) {
    let result = PayoutResult(at: event.at, reference: event.reference, reason: event.reason)
    try heard(of: event.payout, turn) { results in results.return(result) }
  }

  /// The payout may have been paid. It stays open until a result arrives and is not instructed again.
  private func unknown(_ event: PayoutUnknown, _ turn: Turn<Self>) { _ = withdrawal(answeredBy: event.payout, turn) }

  private func heard(
    of payout: PayoutID, _ turn: Turn<Self>, _ learn: (inout PayoutResults) throws(Rejection) -> Void
  ) throws(Rejection) {
    let withdrawal = withdrawal(answeredBy: payout, turn)
    var results = turn[Self.results, payout] ?? PayoutResults()
    try learn(&results)
    guard let withdrawal else {
      turn[Self.results, payout] = results
      return
    }
    if withdrawal.standing == .declined {
      if results.settled != nil { throw withdrawal.contradicted }
      return
    }
    turn[Self.results, payout] = results
    advance(withdrawal.request, turn)
    serveLine(turn)
  }

  /// The withdrawal of a payout, or nil if there is none yet. Counts results without an instruction, which point to a faulty adapter.
  private func withdrawal(answeredBy payout: PayoutID, _ turn: Turn<Self>) -> Withdrawal? {
    let withdrawal = turn[Self.payouts, payout].flatMap { turn[Self.withdrawals, $0] }
    if withdrawal?.instructedPayout == nil { turn.count("result-without-instruction") }
    return withdrawal
  }

  // MARK: Steps

  private func advance(_ request: RequestID, _ turn: Turn<Self>) {
    guard var withdrawal = turn[Self.withdrawals, request] else { return }
    let wasUnanswered = withdrawal.standing == .opened
    let steps = withdrawal.advance(
      by: turn[Self.facts, request] ?? WithdrawalFacts(), turn[Self.results, withdrawal.payout] ?? PayoutResults(),
      bannedAt: turn[Self.bans]?.bannedAt(asOf: Instant.range.upperBound))
    guard !steps.isEmpty else { return }
    // Reminders start with the ledger's answer. The due dates of a late request may already be past, and it would be reported as overdue
    // before it is known whether it stays open at all.
    if wasUnanswered { withdrawal.timer = Timer(at: withdrawal.dueSoonAt) }
    keep(withdrawal, turn)
    for step in steps { withdrawal.tell(step, turn) }
  }

  private func keep(_ withdrawal: Withdrawal, _ turn: Turn<Self>) {
    var withdrawal = withdrawal
    if !withdrawal.isOpen {
      withdrawal.timer = nil
      if turn[Self.facts, withdrawal.request] != nil { turn[Self.facts, withdrawal.request] = nil }
    }
    turn[Self.withdrawals, withdrawal.request] = withdrawal
    guard withdrawal.standing == .declined, let results = turn[Self.results, withdrawal.payout] else { return }
    turn[Self.results, withdrawal.payout] = nil
    if let settled = results.settled {
      turn.refuse(
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
