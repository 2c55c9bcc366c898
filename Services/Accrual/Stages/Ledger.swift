import Contracts
import JSON
import Streaming
import Terms

/// Keyed by referrer: owns the referrer's balance. It writes every notice about rewards, spending and reservations, with the balance
/// after it.
struct LedgerStage: Stage {
  static let name = "ledger"

  static let reads: [Reads<Self>] = [
    // Attribution judges repeated registrations (DECISIONS R4). Here only the first counts.
    .on(LedgerStage.registered, repeats: .harmless),
    .on(LedgerStage.updated),
    .on(LedgerStage.closed),
    .on(LedgerStage.reopened),
    .on(LedgerStage.earned),
    .on(LedgerStage.rejected),
    .on(LedgerStage.changed),
    .on(LedgerStage.resumed),
    .on(LedgerStage.spendRequested),
    .on(LedgerStage.spendCaptured),
    .on(LedgerStage.spendReleased),
    .on(LedgerStage.spendReturned),
    .on(LedgerStage.correctionRequested),
    .on(LedgerStage.withdrawalRequested),
    .on(LedgerStage.withdrawalOpened),
    .on(LedgerStage.withdrawalPaid),
    .on(LedgerStage.withdrawalFailed),
    .on(LedgerStage.withdrawalReturned),
    .on(LedgerStage.withdrawalDeclined),
  ]
  static let timers: [Timers<Self>] = [.on(rewards, LedgerStage.cameDue)]
  static let writes: [any Message.Type] = [
    RewardAccrued.self, RewardDeclined.self, RewardCredited.self, RewardUnlocked.self, RewardAdjusted.self, RewardReversed.self,
    RewardRestored.self, RewardFrozen.self, RewardUnfrozen.self, BonusReserved.self, BonusDeclined.self, BonusCaptured.self,
    BonusReleased.self, BonusReturned.self, BalanceCorrected.self, WithdrawalReserved.self, WithdrawalBooked.self,
    WithdrawalReleased.self, WithdrawalRestored.self, ReservationRefused.self, RewardsCounted.self,
  ]

  private let programs: Programs

  init(_ programs: Programs) { self.programs = programs }

  func program(_ id: ProgramID) -> Program? { programs[id] }
}
