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

  public enum Input: Sendable {
    case requested(WithdrawalRequested)
    case canceled(WithdrawalCanceled)
    case approved(WithdrawalApproved)
    case rejected(WithdrawalRejected)
    case reserved(WithdrawalReserved)
    case refused(ReservationRefused)
    case settled(PayoutSettled)
    case failed(PayoutFailed)
    case unknown(PayoutUnknown)
  }

  public enum Output: StageOutput {
    case opened(WithdrawalOpened)
    case awaitingApproval(WithdrawalAwaitingApproval)
    case instructed(PayoutInstructed)
    case paid(WithdrawalPaid)
    case failed(WithdrawalFailed)
    case declined(WithdrawalDeclined)
    case dueSoon(WithdrawalDueSoon)
    case overdue(WithdrawalOverdue)

    public var message: any Message {
      switch self {
      case .opened(let message): message
      case .awaitingApproval(let message): message
      case .instructed(let message): message
      case .paid(let message): message
      case .failed(let message): message
      case .declined(let message): message
      case .dueSoon(let message): message
      case .overdue(let message): message
      }
    }
  }

  public enum Due: Stored {
    case dueSoon(RequestID)
    case overdue(RequestID)
  }

  public static let accepts: [Accepts<Input>] = [
    .on(Input.requested),
    .on(Input.canceled),
    .on(Input.approved),
    .on(Input.rejected),
    .on(Input.reserved),
    .on(Input.refused),
    .on(Input.settled),
    .on(Input.failed),
    .on(Input.unknown),
  ]

  // MARK: State

  /// By request.
  static let withdrawals = Table<Kept>("withdrawal")
  /// By request, while it is open; may be there before the request.
  static let facts = Table<WithdrawalFacts>("facts")
  /// The account's latest opened withdrawal: the one that may still be open.
  static let latest = Table<RequestID>("latest")
  /// Requests in order of their instants, while the ledger has not said whether the latest withdrawal stays open.
  static let line = Table<Withdrawal>("line")
  /// Whose payout it is.
  static let payouts = Table<RequestID>("payout")
  /// By payout: results of payouts that nobody here has asked for yet.
  static let strayResults = Table<PayoutResult>("stray-result")

  /// What is kept of a withdrawal, for good: of one that is over and not the latest only that it was there.
  enum Kept: Stored {
    case whole(Withdrawal)
    case over
  }

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  // MARK: The walk of an event

  public func handle(_ input: Input, _ turn: Turn<Withdrawals>) throws(Rejection) {
    switch input {
    case .requested(let event): requested(event, turn)
    case .canceled(let event): learn(of: event.request, turn) { $0.learn(canceledAt: event.canceledAt) }
    case .approved(let event):
      learn(of: event.request, turn) { $0.learn(.approved(at: event.decidedAt, operator: event.operator, note: event.note)) }
    case .rejected(let event):
      learn(of: event.request, turn) { $0.learn(.rejected(at: event.decidedAt, operator: event.operator, note: event.note)) }
    case .reserved(let event): learn(of: event.request, turn) { $0.learn(.reserved) }
    case .refused(let event):
      learn(of: event.request, turn) { $0.learn(.refused(reasons: event.reasons, because: event.because)) }
    case .settled(let event): ended(event.payout, .settled(at: event.at, reference: event.reference), turn)
    case .failed(let event): ended(event.payout, .failed(at: event.at, reason: event.reason), turn)
    // It may have been paid: it stays open until somebody knows, and is not instructed again.
    case .unknown: break
    }
  }

  public func fire(_ due: Due, at instant: Instant, _ turn: Turn<Withdrawals>) {
    switch due {
    case .dueSoon(let request):
      if let withdrawal = stillOpen(request, turn) { turn.emit(.dueSoon(withdrawal.dueSoon(at: instant))) }
    case .overdue(let request):
      if let withdrawal = stillOpen(request, turn) { turn.emit(.overdue(withdrawal.overdue(at: instant))) }
    }
  }

  private func stillOpen(_ request: RequestID, _ turn: Turn<Withdrawals>) -> Withdrawal? {
    withdrawal(request, turn).flatMap { $0.isOpen ? $0 : nil }
  }

  /// nil: it is not known, or over and past.
  private func withdrawal(_ request: RequestID, _ turn: Turn<Withdrawals>) -> Withdrawal? {
    guard case .whole(let withdrawal)? = turn[Self.withdrawals, .id(request)] else { return nil }
    return withdrawal
  }

  /// Whether nothing that is heard of it matters any more.
  private func isOver(_ request: RequestID, _ turn: Turn<Withdrawals>) -> Bool {
    switch turn[Self.withdrawals, .id(request)] {
    case nil: false
    case .over: true
    case .whole(let withdrawal): !withdrawal.isOpen
    }
  }

  // MARK: Requests

  /// Terms without withdrawals: the ledger answers, nothing is opened.
  private func requested(_ event: WithdrawalRequested, _ turn: Turn<Withdrawals>) {
    guard let version = programs[turn.program]?.version(at: event.requestedAt), let terms = version.withdrawal,
      case nil = turn[Self.withdrawals, .id(event.request)]
    else { return }
    turn[Self.line, .instant(event.requestedAt), .id(event.request)] = Withdrawal(event, under: version, terms)
    serveLine(turn)
  }

  /// A request waits while the ledger is being asked about the one before it: how fast the ledger answers must not decide whether that
  /// one was still open.
  private func serveLine(_ turn: Turn<Withdrawals>) {
    for withdrawal in turn.all(Self.line) {
      let latest = turn[Self.latest].flatMap { self.withdrawal($0, turn) }
      if latest?.standing == .opened { return }
      turn[Self.line, .instant(withdrawal.requestedAt), .id(withdrawal.request)] = nil
      if let latest, latest.isOpen(at: withdrawal.requestedAt) {
        decline(withdrawal, behind: latest.request, turn)
      } else {
        open(withdrawal, turn)
      }
    }
  }

  private func decline(_ withdrawal: Withdrawal, behind open: RequestID, _ turn: Turn<Withdrawals>) {
    var withdrawal = withdrawal
    let step = withdrawal.decline(behind: open)
    turn[Self.withdrawals, .id(withdrawal.request)] = .over
    if turn[Self.facts, .id(withdrawal.request)] != nil { turn[Self.facts, .id(withdrawal.request)] = nil }
    turn.emit(withdrawal.notice(of: step))
  }

  private func open(_ withdrawal: Withdrawal, _ turn: Turn<Withdrawals>) {
    let (request, payout) = (withdrawal.request, withdrawal.payout)
    // The one before is over, or this one would not be opened.
    if let before = turn[Self.latest] { turn[Self.withdrawals, .id(before)] = .over }
    turn[Self.latest] = request
    turn[Self.withdrawals, .id(request)] = .whole(withdrawal)
    turn[Self.payouts, .id(payout)] = request
    if let result = turn[Self.strayResults, .id(payout)] {
      turn[Self.strayResults, .id(payout)] = nil
      note(of: request, turn) { $0.learn(result) }
    }
    turn.emit(.opened(withdrawal.opened()))
    advance(request, turn)
  }

  // MARK: Facts

  private func ended(_ payout: PayoutID, _ result: PayoutResult, _ turn: Turn<Withdrawals>) {
    if let request = turn[Self.payouts, .id(payout)] {
      learn(of: request, turn) { $0.learn(result) }
    } else {
      turn[Self.strayResults, .id(payout)] = turn[Self.strayResults, .id(payout)] ?? result
    }
  }

  private func learn(of request: RequestID, _ turn: Turn<Withdrawals>, _ change: (inout WithdrawalFacts) -> Void) {
    guard !isOver(request, turn) else { return }
    note(of: request, turn, change)
    advance(request, turn)
    serveLine(turn)
  }

  private func note(of request: RequestID, _ turn: Turn<Withdrawals>, _ change: (inout WithdrawalFacts) -> Void) {
    var facts = turn[Self.facts, .id(request)] ?? WithdrawalFacts()
    change(&facts)
    turn[Self.facts, .id(request)] = facts
  }

  private func advance(_ request: RequestID, _ turn: Turn<Withdrawals>) {
    guard var withdrawal = withdrawal(request, turn), let facts = turn[Self.facts, .id(request)] else { return }
    let wasUnanswered = withdrawal.standing == .opened
    let steps = withdrawal.advance(by: facts)
    guard !steps.isEmpty else { return }
    turn[Self.withdrawals, .id(request)] = .whole(withdrawal)
    if !withdrawal.isOpen { turn[Self.facts, .id(request)] = nil }
    for step in steps { turn.emit(withdrawal.notice(of: step)) }
    // Watched from the ledger's answer on: of a late request, the days 7 and 10 may be past already, and it would be called overdue
    // before it is known whether it stays open at all.
    if wasUnanswered, withdrawal.isOpen {
      turn.setTimer(at: withdrawal.dueSoonAt, .dueSoon(request))
      turn.setTimer(at: withdrawal.dueAt, .overdue(request))
    }
  }
}
