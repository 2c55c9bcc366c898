import Contracts
import JSON
import Streaming
import Terms

/// Keyed by referrer: the only owner of a balance. It writes every notice about rewards, spending and reservations, with the
/// balance after it.
struct LedgerStage: Stage {
  static let name = "ledger"

  enum Input: Sendable {
    case registered(AccountRegistered)
    case updated(AccountUpdated)
    case closed(AccountClosed)
    case earned(RewardEarned)
    case refused(RewardRefused)
    case changed(RewardChanged)
    case resumed(RewardsResumed)
    case spendRequested(SpendRequested)
    case spendCaptured(SpendCaptured)
    case spendReleased(SpendReleased)
    case withdrawalRequested(WithdrawalRequested)
    case withdrawalOpened(WithdrawalOpened)
    case withdrawalPaid(WithdrawalPaid)
    case withdrawalFailed(WithdrawalFailed)
    case withdrawalDeclined(WithdrawalDeclined)
  }

  enum Output: StageOutput {
    case notice(any Notice)
    case reservationRefused(ReservationRefused)

    var message: any Message {
      switch self {
      case .notice(let notice): notice
      case .reservationRefused(let answer): answer
      }
    }
  }

  /// A reward has reached an instant that was fixed when it accrued.
  enum Due: Stored {
    case credit(referee: AccountID, payment: PaymentID)
    case unlock(referee: AccountID, payment: PaymentID)
  }

  static let accepts: [Accepts<Input>] = [
    // Attribution judges registrations that come twice (DECISIONS R4); here only the first one counts.
    .on(Input.registered, repeats: .harmless),
    .on(Input.updated),
    .on(Input.closed),
    .on(Input.earned),
    .on(Input.refused),
    .on(Input.changed),
    .on(Input.resumed),
    .on(Input.spendRequested),
    .on(Input.spendCaptured),
    .on(Input.spendReleased),
    .on(Input.withdrawalRequested),
    .on(Input.withdrawalOpened),
    .on(Input.withdrawalPaid),
    .on(Input.withdrawalFailed),
    .on(Input.withdrawalDeclined),
  ]

  private let programs: Programs

  init(_ programs: Programs) { self.programs = programs }

  // MARK: The walk of an event

  func handle(_ input: Input, _ turn: Turn<Self>) throws(Rejection) {
    guard let program = programs[turn.program] else { return }
    switch input {
    case .registered(let registration): register(registration, program, turn)
    case .updated(let update): self.update(kind: update.kind, country: update.country, at: update.updatedAt, program, turn)
    case .closed(let closing): close(at: closing.closedAt, program, turn)
    case .earned(let earned): try accrue(earned, program, turn)
    case .refused(let refused): decline(refused, turn)
    case .resumed(let resumed): resume(resumed.referee, resumed.payments, turn)
    case .changed(let changed): try change(changed.referee, changed.payment, changed.change, turn)
    case .spendRequested(let request): try reserve(request, program, turn)
    case .spendCaptured(let capture): try end(.captured(at: capture.capturedAt), request: capture.request, turn)
    case .spendReleased(let release): try end(.released(at: release.releasedAt), request: release.request, turn)
    case .withdrawalRequested(let request): declineUnlessWithdrawable(request, program, turn)
    case .withdrawalOpened(let opened): try reserve(opened, program, turn)
    case .withdrawalPaid(let paid): try book(paid.request, at: paid.at, turn)
    case .withdrawalFailed(let failed):
      try release(failed.request, at: failed.at, Because("withdrawal-failed", Self.cause(failed.because)), turn)
    case .withdrawalDeclined(let declined):
      let reasons = Because.Fact.list(declined.reasons.map(\.rawValue))
      try release(declined.request, at: declined.at, Because("withdrawal-declined", ["reasons": reasons]), turn)
    }
  }

  /// What the provider has said, out of the notice that handed it on.
  private static func cause(_ because: [Because]) -> [(String, Because.Fact)] {
    because.first.flatMap { first in first["reason"].map { [("reason", $0)] } } ?? []
  }

  func fire(_ due: Due, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    switch due {
    case .credit(let referee, let payment): try creditIfDue(referee, payment, at: instant, turn)
    case .unlock(let referee, let payment): try unlockIfDue(referee, payment, at: instant, turn)
    }
  }
}
