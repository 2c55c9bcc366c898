import Contracts
import Streaming

// The notices and internal messages of a withdrawal. Each names the terms under which the withdrawal was opened.

extension Withdrawal {
  func opened() -> WithdrawalOpened {
    WithdrawalOpened(
      request: request, referrer: referrer, amount: amount, currency: currency, requestedAt: requestedAt, dueAt: dueAt,
      at: requestedAt, terms: terms, because: [Because("none-open", ["amount": .number(amount)])])
  }

  func report(_ step: WithdrawalStep, _ context: Context<Withdrawals>) {
    switch step {
    case .awaitApproval(let at, let because):
      context.emit(
        WithdrawalAwaitingApproval(
          request: request, referrer: referrer, amount: amount, currency: currency, requestedAt: requestedAt, dueAt: dueAt,
          at: at,
          terms: terms, because: [because]))
    case .instruct(let at, let because):
      context.emit(
        PayoutInstructed(
          payout: payout, request: request, referrer: referrer, amount: amount, currency: currency, destination: destination,
          attempt: Self.attempt, idempotencyKey: derivedID([context.programID.value, referrer.value, payout.value]), at: at,
          terms: terms, because: [because]))
    case .pay(let at, let because):
      context.emit(
        WithdrawalPaid(
          request: request, payout: payout, referrer: referrer, amount: amount, currency: currency, requestedAt: requestedAt,
          dueAt: dueAt, at: at, terms: terms, because: [because]))
    case .fail(let at, let because):
      context.emit(
        WithdrawalFailed(
          request: request, payout: payout, referrer: referrer, amount: amount, currency: currency, requestedAt: requestedAt,
          dueAt: dueAt, at: at, terms: terms, because: [because]))
    case .return(let at, let because):
      context.emit(
        WithdrawalReturned(
          request: request, payout: payout, referrer: referrer, amount: amount, currency: currency, requestedAt: requestedAt,
          dueAt: dueAt, at: at, terms: terms, because: [because]))
    case .decline(let at, let reasons, let because):
      context.emit(
        WithdrawalDeclined(
          request: request, referrer: referrer, requestedAt: requestedAt, dueAt: dueAt, at: at, reasons: reasons, terms: terms,
          because: because))
    }
  }

  func dueSoon(at instant: Instant) -> WithdrawalDueSoon {
    WithdrawalDueSoon(
      request: request, payout: instructedPayout, referrer: referrer, requestedAt: requestedAt, dueAt: dueAt, at: instant,
      terms: terms, because: [stillOpen])
  }

  func overdue(at instant: Instant) -> WithdrawalOverdue {
    WithdrawalOverdue(
      request: request, payout: instructedPayout, referrer: referrer, requestedAt: requestedAt, dueAt: dueAt, at: instant,
      terms: terms, because: [stillOpen])
  }

  private var stillOpen: Because {
    Because("still-open", ["standing": .text(standing.rawValue), "requestedAt": "\(requestedAt)", "dueAt": "\(dueAt)"])
  }
}

extension Because {
  /// One fact and, if there is one, a quoted text beside it. The text is cut to 200 characters: the ledger reads these notices, and an
  /// oversized one would leave the money reserved forever.
  init(_ code: String, _ fact: KeyValuePairs<String, Fact>, quoting words: String?, as name: String) {
    guard let words, let known = fact.first else {
      self.init(code, fact)
      return
    }
    let beginning = String(String.UnicodeScalarView(words.unicodeScalars.prefix(200)))
    self.init(code, [known.key: known.value, name: .text(beginning)])
  }
}
