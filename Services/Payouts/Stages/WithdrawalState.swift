import Contracts
import JSON
import Terms

/// One withdrawal: what was asked under which terms, and how far it has come (row C10).
///
///     opened ──reserved, small──────────────→ instructed ──settled→ paid
///       │ └────reserved, large→ awaitingApproval ─approved↑  └──failed→ failed
///       └─refused, canceled→ declined ←rejected, canceled┘
///
/// There is no way back to `instructed`, so nothing is ever instructed twice.
struct Withdrawal: Stored, Equatable {
  enum Standing: String, JSONWord, Sendable {
    /// The ledger's answer is on its way.
    case opened
    case awaitingApproval
    /// The provider's result is on its way; perhaps for ever.
    case instructed
    case paid
    case failed
    case declined
  }

  let request: RequestID
  let referrer: AccountID
  /// Minor units.
  let amount: Int64
  let currency: Currency
  let destination: String
  let requestedAt: Instant
  let dueSoonAt: Instant
  let dueAt: Instant
  /// Above this, an operator decides; minor units, nil: never.
  let approvalAbove: Int64?
  /// `program@version`: what judged the request goes on judging it.
  let terms: String
  var standing = Standing.opened
  var endedAt: Instant?

  init(_ event: WithdrawalRequested, under version: TermsVersion, _ terms: WithdrawalTerms) {
    request = event.request
    referrer = event.account
    amount = event.amount
    currency = event.currency
    destination = event.destination
    requestedAt = event.requestedAt
    // No message may carry a later instant than the last of the range, and nobody could read it back from the state.
    dueSoonAt = min(event.requestedAt + terms.dueSoonAfter, Instant.range.upperBound)
    dueAt = min(event.requestedAt + terms.dueAfter, Instant.range.upperBound)
    approvalAbove = terms.approvalAbove[event.currency]
    self.terms = version.name
  }

  var isOpen: Bool {
    switch standing {
    case .opened, .awaitingApproval, .instructed: true
    case .paid, .failed, .declined: false
    }
  }

  /// Whether another request of that instant came upon this one.
  func isOpen(at instant: Instant) -> Bool {
    isOpen || requestedAt <= instant && endedAt.map { instant < $0 } ?? false
  }

  var needsApproval: Bool { approvalAbove.map { amount > $0 } ?? false }

  /// The only attempt there is: an unknown result is never tried again.
  static let attempt = 1

  var payout: PayoutID { payoutID(of: request, attempt: Self.attempt) }

  /// The payout, once the provider has been told of it.
  var instructedPayout: PayoutID? {
    switch standing {
    case .instructed, .paid, .failed: payout
    case .opened, .awaitingApproval, .declined: nil
    }
  }
}

/// `<request>#<attempt>` (DECISIONS C10b). Where that is longer than an identifier may be, its beginning and a hash; such an id ends in
/// hexadecimal digits, so it is never that of another request.
func payoutID(of request: RequestID, attempt: Int) -> PayoutID {
  PayoutID("\(request.value)#\(attempt)") ?? PayoutID(derivedFrom: [request.value, String(attempt)])
}

// MARK: - From one standing to the next

/// One step of a withdrawal, and why it is taken. Each is one notice.
enum WithdrawalStep: Equatable {
  case awaitApproval(at: Instant, because: Because)
  case instruct(at: Instant, because: Because)
  case pay(at: Instant, because: Because)
  case fail(at: Instant, because: Because)
  case decline(at: Instant, reasons: [WithdrawalReason], because: [Because])
}

extension Withdrawal {
  /// Goes as far as the facts lead, one step at a time: whoever listens hears the same steps, however late the facts came.
  mutating func advance(by facts: WithdrawalFacts) -> [WithdrawalStep] {
    var steps: [WithdrawalStep] = []
    while let step = next(by: facts) {
      take(step)
      steps.append(step)
    }
    return steps
  }

  /// Another withdrawal of this account is under way (DECISIONS R1).
  mutating func decline(behind open: RequestID) -> WithdrawalStep {
    let step = WithdrawalStep.decline(
      at: requestedAt, reasons: [.alreadyOpen], because: [Because("already-open", ["openRequest": .text(open.value)])])
    take(step)
    return step
  }

  private mutating func take(_ step: WithdrawalStep) {
    switch step {
    case .awaitApproval: standing = .awaitingApproval
    case .instruct: standing = .instructed
    case .pay(let at, _): (standing, endedAt) = (.paid, at)
    case .fail(let at, _): (standing, endedAt) = (.failed, at)
    case .decline(let at, _, _): (standing, endedAt) = (.declined, at)
    }
  }

  private func next(by facts: WithdrawalFacts) -> WithdrawalStep? {
    switch standing {
    case .opened: facts.canceledAt.map(canceled) ?? facts.answer.map(answered)
    case .awaitingApproval: facts.canceledAt.map(canceled) ?? facts.decision.map(decided)
    case .instructed: facts.result.map(ended)
    case .paid, .failed, .declined: nil
    }
  }

  /// Nothing happens to a withdrawal before it is asked for, whatever a foreign clock says: readers that go by the instants, the ledger
  /// among them, would otherwise see its end before its opening.
  private func notBeforeRequest(_ instant: Instant) -> Instant { max(instant, requestedAt) }

  private func answered(_ answer: LedgerAnswer) -> WithdrawalStep {
    switch answer {
    case .refused(let reasons, let because): .decline(at: requestedAt, reasons: reasons, because: because)
    case .reserved where needsApproval: .awaitApproval(at: requestedAt, because: size("above-limit"))
    case .reserved: .instruct(at: requestedAt, because: size("no-approval-needed"))
    }
  }

  private func size(_ code: String) -> Because {
    guard let approvalAbove else { return Because(code, ["amount": .number(amount)]) }
    return Because(code, ["amount": .number(amount), "approvalAbove": .number(approvalAbove)])
  }

  private func canceled(at instant: Instant) -> WithdrawalStep {
    .decline(
      at: notBeforeRequest(instant), reasons: [.canceled],
      because: [Because("canceled", ["canceledAt": .text(instant.description)])])
  }

  private func decided(_ decision: OperatorDecision) -> WithdrawalStep {
    switch decision {
    case .approved(let at, let name, let note):
      .instruct(
        at: notBeforeRequest(at), because: Because("approved", ["operator": .text(name.value)], quoting: note, as: "note"))
    case .rejected(let at, let name, let note):
      .decline(
        at: notBeforeRequest(at), reasons: [.declinedByOperator],
        because: [Because("declined-by-operator", ["operator": .text(name.value)], quoting: note, as: "note")])
    }
  }

  private func ended(_ result: PayoutResult) -> WithdrawalStep {
    switch result {
    case .settled(let at, let reference):
      .pay(
        at: notBeforeRequest(at),
        because: Because("payout-settled", ["payout": .text(payout.value)], quoting: reference, as: "reference"))
    case .failed(let at, let reason):
      .fail(
        at: notBeforeRequest(at),
        because: Because("payout-failed", ["payout": .text(payout.value)], quoting: reason, as: "reason"))
    }
  }
}
