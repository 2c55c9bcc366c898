import Contracts
import JSON
import Streaming
import Terms

/// The withdrawals of one account (row C10). At most one is open at a time.
///
/// The way of a withdrawal: opened here, reserved by the ledger, approved by an operator if it is large, instructed here, and ended by the
/// provider's result. `Withdrawal.advance` is that way; this stage collects what it waits for.
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
  ]
  public static let timers: [Timers<Self>] = [.on(withdrawals, Withdrawals.remind)]
  public static let writes: [any Message.Type] = [
    WithdrawalOpened.self, WithdrawalAwaitingApproval.self, PayoutInstructed.self, WithdrawalPaid.self, WithdrawalFailed.self,
    WithdrawalDeclined.self, WithdrawalDueSoon.self, WithdrawalOverdue.self,
  ]

  // MARK: State

  static let withdrawals = Table<RequestID, KeptWithdrawal>("withdrawal")
  /// Of withdrawals that are open; may be there before the request.
  static let facts = Table<RequestID, WithdrawalFacts>("facts")
  /// The account's latest opened withdrawal: the one that may still be open.
  static let latest = Table<NoKey, RequestID>("latest")
  /// Requests in order of their instants, while the ledger has not said whether the latest withdrawal stays open.
  static let line = Table<KeyPair<Instant, RequestID>, Withdrawal>("line")
  /// Whose payout it is.
  static let payouts = Table<PayoutID, RequestID>("payout")
  /// Results of payouts that nobody here has asked for yet.
  static let strayResults = Table<PayoutID, PayoutResult>("stray-result")

  /// What is kept of a withdrawal, for good.
  struct KeptWithdrawal: Timed {
    /// nil: it is over and not the latest.
    var whole: Withdrawal?
    /// When its owner and its operators are reminded of it, while it is open.
    var timer: Timer?
  }

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func program(_ id: ProgramID) -> Program? { programs[id] }

  // MARK: What is known of a withdrawal

  /// nil: it is not known, or over and past.
  private func withdrawal(_ request: RequestID, _ turn: Turn<Self>) -> Withdrawal? { turn[Self.withdrawals, request]?.whole }

  /// Whether nothing that is heard of it matters any more.
  private func isOver(_ request: RequestID, _ turn: Turn<Self>) -> Bool {
    turn[Self.withdrawals, request].map { !($0.whole?.isOpen ?? false) } ?? false
  }

  private func keep(_ withdrawal: Withdrawal, timer: Timer?, _ turn: Turn<Self>) {
    turn[Self.withdrawals, withdrawal.request] = KeptWithdrawal(whole: withdrawal, timer: timer)
  }

  /// The days on which an open withdrawal is remembered have their timers one after the other.
  private func remind(_ request: RequestID, _ kept: KeptWithdrawal, at instant: Instant, _ turn: Turn<Self>) {
    guard let withdrawal = kept.whole, withdrawal.isOpen else { return }
    if instant < withdrawal.dueAt {
      turn.emit(withdrawal.dueSoon(at: instant))
      keep(withdrawal, timer: Timer(at: withdrawal.dueAt), turn)
    } else {
      if withdrawal.dueSoonAt == withdrawal.dueAt { turn.emit(withdrawal.dueSoon(at: instant)) }
      turn.emit(withdrawal.overdue(at: instant))
    }
  }

  // MARK: Requests

  /// Terms without withdrawals: the ledger answers, nothing is opened.
  private func requested(_ event: WithdrawalRequested, _ turn: Turn<Self>) {
    let version = turn.program.version(at: event.requestedAt)
    guard let terms = version.withdrawal, turn[Self.withdrawals, event.request] == nil else { return }
    turn[Self.line, event.requestedAt, event.request] = Withdrawal(event, under: version, terms)
    serveLine(turn)
  }

  /// A request waits while the ledger is being asked about the one before it: how fast the ledger answers must not decide whether that
  /// one was still open.
  private func serveLine(_ turn: Turn<Self>) {
    for withdrawal in turn.all(Self.line) {
      let latest = turn[Self.latest].flatMap { self.withdrawal($0, turn) }
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
    turn[Self.withdrawals, withdrawal.request] = KeptWithdrawal()
    if turn[Self.facts, withdrawal.request] != nil { turn[Self.facts, withdrawal.request] = nil }
    withdrawal.tell(step, turn)
  }

  private func open(_ withdrawal: Withdrawal, _ turn: Turn<Self>) {
    let (request, payout) = (withdrawal.request, withdrawal.payout)
    // The one before is over, or this one would not be opened.
    if let before = turn[Self.latest] { turn[Self.withdrawals, before] = KeptWithdrawal() }
    turn[Self.latest] = request
    keep(withdrawal, timer: nil, turn)
    turn[Self.payouts, payout] = request
    if let result = turn[Self.strayResults, payout] {
      turn[Self.strayResults, payout] = nil
      note(of: request, turn) { $0.learn(result) }
    }
    turn.emit(withdrawal.opened())
    advance(request, turn)
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

  private func settled(_ event: PayoutSettled, _ turn: Turn<Self>) {
    ended(event.payout, .settled(at: event.at, reference: event.reference), turn)
  }

  private func failed(_ event: PayoutFailed, _ turn: Turn<Self>) {
    ended(event.payout, .failed(at: event.at, reason: event.reason), turn)
  }

  /// It may have been paid: it stays open until somebody knows, and is not instructed again.
  private func unknown(_ event: PayoutUnknown, _ turn: Turn<Self>) {}

  private func ended(_ payout: PayoutID, _ result: PayoutResult, _ turn: Turn<Self>) {
    if let request = turn[Self.payouts, payout] {
      learn(of: request, turn) { $0.learn(result) }
    } else {
      turn[Self.strayResults, payout] = turn[Self.strayResults, payout] ?? result
    }
  }

  private func learn(of request: RequestID, _ turn: Turn<Self>, _ change: (inout WithdrawalFacts) -> Void) {
    guard !isOver(request, turn) else { return }
    note(of: request, turn, change)
    advance(request, turn)
    serveLine(turn)
  }

  private func note(of request: RequestID, _ turn: Turn<Self>, _ change: (inout WithdrawalFacts) -> Void) {
    var facts = turn[Self.facts, request] ?? WithdrawalFacts()
    change(&facts)
    turn[Self.facts, request] = facts
  }

  private func advance(_ request: RequestID, _ turn: Turn<Self>) {
    guard var withdrawal = withdrawal(request, turn), let facts = turn[Self.facts, request] else { return }
    let wasUnanswered = withdrawal.standing == .opened
    let steps = withdrawal.advance(by: facts)
    guard !steps.isEmpty else { return }
    // Watched from the ledger's answer on: of a late request, the days 7 and 10 may be past already, and it would be called overdue
    // before it is known whether it stays open at all.
    let isFirst = wasUnanswered && withdrawal.isOpen
    keep(withdrawal, timer: isFirst ? Timer(at: withdrawal.dueSoonAt) : turn[Self.withdrawals, request]?.timer, turn)
    if !withdrawal.isOpen { turn[Self.facts, request] = nil }
    for step in steps { withdrawal.tell(step, turn) }
  }
}
