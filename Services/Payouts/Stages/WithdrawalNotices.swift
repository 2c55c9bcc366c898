import Contracts
import Streaming

// The notices and internal messages of a withdrawal. Each names the terms under which the withdrawal was opened.

extension Withdrawal {
  func report(_ step: WithdrawalStep, _ context: Context<Withdrawals>) {
    switch step.to {
    case .opened: context.emit(notice(WithdrawalOpened.init, nil, step))
    case .awaitingApproval: context.emit(notice(WithdrawalAwaitingApproval.init, nil, step))
    case .instructed:
      context.emit(
        PayoutInstructed(
          payout: payout, request: request, referrer: referrer, amount: amount, currency: currency, destination: destination,
          attempt: Self.attempt, idempotencyKey: derivedID([context.programID.value, referrer.value, payout.value]), at: step.at,
          terms: terms, because: step.because))
    case .paid: context.emit(notice(WithdrawalPaid.init, payout, step))
    case .failed: context.emit(notice(WithdrawalFailed.init, payout, step))
    case .returned: context.emit(notice(WithdrawalReturned.init, payout, step))
    case .declined:
      context.emit(
        WithdrawalDeclined(
          request: request, referrer: referrer, requestedAt: requestedAt, dueAt: dueAt, at: step.at, reasons: step.reasons,
          terms: terms, because: step.because))
    }
  }

  private typealias Step<Notice> = (
    RequestID, PayoutID?, AccountID, Int64, Currency, Instant, Instant, Instant, String, [Because]
  ) -> Notice

  private func notice<Notice>(_ make: Step<Notice>, _ payout: PayoutID?, _ step: WithdrawalStep) -> Notice {
    make(request, payout, referrer, amount, currency, requestedAt, dueAt, step.at, terms, step.because)
  }

  func dueSoon(at instant: Instant) -> WithdrawalDueSoon { reminder(WithdrawalDueSoon.init, at: instant) }
  func overdue(at instant: Instant) -> WithdrawalOverdue { reminder(WithdrawalOverdue.init, at: instant) }

  private typealias Reminder<Notice> = (
    RequestID, PayoutID?, AccountID, Instant, Instant, Instant, String, [Because]
  ) -> Notice

  private func reminder<Notice>(_ make: Reminder<Notice>, at instant: Instant) -> Notice {
    let because = Because(
      "still-open", ["standing": .text(standing.rawValue), "requestedAt": "\(requestedAt)", "dueAt": "\(dueAt)"])
    return make(request, instructedPayout, referrer, requestedAt, dueAt, instant, terms, [because])
  }
}

extension Because.Fact {
  /// Somebody's words, cut to 200 characters: the ledger reads these notices, and an oversized one would leave the money reserved forever.
  static func quote(_ words: String) -> Because.Fact {
    .text(String(String.UnicodeScalarView(words.unicodeScalars.prefix(200))))
  }
}
