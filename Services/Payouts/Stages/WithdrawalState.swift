import Contracts
import JSON
import Streaming
import Terms

/// Where a withdrawal is on the way that ``Withdrawal`` draws.
public enum WithdrawalStatus: String, JSONWord, CaseIterable, Sendable {
  /// The ledger has not answered yet.
  case opened
  case awaitingApproval
  /// The provider has not reported a result yet. It may never do so.
  case instructed
  case paid
  case failed
  case returned
  case declined

  public var isOpen: Bool {
    switch self {
    case .opened, .awaitingApproval, .instructed: true
    case .paid, .failed, .returned, .declined: false
    }
  }
}

/// One withdrawal: its request, its terms and its state (row C10). It is kept forever, because its payout can be settled or returned after
/// its end (DECISIONS C10c).
///
///     opened ──reserved────────────────────→ instructed ─settled→ paid ─returned→ returned
///       │ └────reserved, large→ awaitingApproval ─approved↑ └failed→ failed ─settled↑
///       └─rejected, canceled, banned→ declined ←rejected, canceled, banned┘
///
/// No transition leads back to `instructed`, so nothing is instructed twice. If a settled or returned result arrived before the
/// instruction, the withdrawal is never instructed and takes the result at once.
struct Withdrawal: Timed, Equatable {
  let request: RequestID
  let referrer: AccountID
  /// Minor units.
  let amount: Int64
  let currency: Currency
  let destination: String
  let requestedAt: Instant
  let dueSoonAt: Instant
  let dueAt: Instant
  /// Whether an operator has to approve it.
  let needsApproval: Bool
  /// The limit above which approval is needed, in minor units, or nil if the terms have none for its currency.
  let approvalAbove: Int64?
  /// `program@version` of the request. The same version decides all later steps.
  let terms: String
  var standing = WithdrawalStatus.opened
  /// When it stopped being open.
  var endedAt: Instant?
  /// Fires when its owner and the operators are to be reminded of the open withdrawal.
  var timer: Timer?

  init(_ event: WithdrawalRequested, under version: TermsVersion, _ terms: WithdrawalTerms) {
    request = event.request
    referrer = event.account
    amount = event.amount
    currency = event.currency
    destination = event.destination
    requestedAt = event.requestedAt
    dueSoonAt = event.requestedAt + terms.dueSoonAfter
    dueAt = event.requestedAt + terms.dueAfter
    switch terms.approvalAbove {
    case .never: (needsApproval, approvalAbove) = (false, nil)
    case .above(let limits):
      approvalAbove = limits[event.currency]
      needsApproval = limits[event.currency].map { event.amount > $0 } ?? true
    }
    self.terms = version.name
  }

  var isOpen: Bool { standing.isOpen }

  /// The gauges that count this withdrawal: open withdrawals, and those open longer than the terms promise. After the ledger's answer a
  /// withdrawal has a timer until it is overdue, so one without a timer is overdue.
  var kinds: [String] {
    guard isOpen else { return [] }
    return timer == nil && standing != .opened ? ["open-withdrawals", "overdue-withdrawals"] : ["open-withdrawals"]
  }

  /// Whether the withdrawal was open at an instant, so that another request of that instant is declined.
  func isOpen(at instant: Instant) -> Bool {
    isOpen || requestedAt <= instant && endedAt.map { instant < $0 } ?? false
  }

  /// There is only one attempt, because an unknown result is never retried.
  static let attempt = 1

  var payout: PayoutID { payoutID(of: request, attempt: Self.attempt) }

  /// The payout, or nil if it was neither instructed nor answered by the provider.
  var instructedPayout: PayoutID? {
    switch standing {
    case .instructed, .paid, .failed, .returned: payout
    case .opened, .awaitingApproval, .declined: nil
    }
  }
}

/// `<request>#<attempt>` (DECISIONS C10b). If that is too long for an identifier, it is cut and a hash is appended. Such an id ends in
/// hexadecimal digits, so it cannot collide with another request's.
func payoutID(of request: RequestID, attempt: Int) -> PayoutID {
  PayoutID("\(request.value)#\(attempt)") ?? PayoutID(derivedFrom: [request.value, String(attempt)])
}

// MARK: - State transitions

/// One step of a withdrawal and the facts behind it. Each step gives one notice.
struct WithdrawalStep: Equatable {
  let to: WithdrawalStatus
  let at: Instant
  /// Only for `declined`.
  var reasons: [WithdrawalReason] = []
  let because: [Because]
}

extension Withdrawal {
  /// Takes all steps that the facts allow, one by one, so that readers get the same notices even if facts arrive late.
  ///
  /// - Parameter bannedAt: since when the account is banned, or nil if it is not.
  mutating func advance(by facts: WithdrawalFacts, _ results: PayoutResults, bannedAt: Instant?) -> [WithdrawalStep] {
    var steps: [WithdrawalStep] = []
    while let step = next(by: facts, results, bannedAt) {
      take(step)
      steps.append(step)
    }
    return steps
  }

  var opening: WithdrawalStep {
    WithdrawalStep(to: .opened, at: requestedAt, because: [Because("none-open", ["amount": .number(amount)])])
  }

  /// Declines the withdrawal because another of this account is open (DECISIONS R1).
  mutating func decline(behind open: RequestID) -> WithdrawalStep {
    let step = declined([.alreadyOpen], at: requestedAt, [Because("already-open", ["openRequest": .text(open.value)])])
    take(step)
    return step
  }

  private mutating func take(_ step: WithdrawalStep) {
    standing = step.to
    if !isOpen { endedAt = endedAt ?? step.at }
  }

  private func next(by facts: WithdrawalFacts, _ results: PayoutResults, _ bannedAt: Instant?) -> WithdrawalStep? {
    switch standing {
    case .opened: facts.canceledAt.map(canceled) ?? facts.answer.map { answered($0, results, bannedAt) }
    case .awaitingApproval:
      facts.canceledAt.map(canceled) ?? bannedAt.map(banned) ?? facts.decision.map { decided($0, results) }
    case .instructed: booked(by: results) ?? results.failed.map(failed)
    case .paid: results.returned.map(returned)
    // A return after a failure changes nothing, because the failure has already released the money.
    case .failed: results.returned == nil ? results.settled.map(paid) : nil
    case .returned, .declined: nil
    }
  }

  /// People's clocks may be wrong, so a decision is never dated before the request. Otherwise readers that order by instant, such as the
  /// ledger, would see the withdrawal end before it opens.
  private func notBeforeRequest(_ instant: Instant) -> Instant { max(instant, requestedAt) }

  private func answered(_ answer: LedgerAnswer, _ results: PayoutResults, _ bannedAt: Instant?) -> WithdrawalStep {
    switch answer {
    case .rejected(let reasons, let because): declined(reasons, at: requestedAt, because)
    case .reserved:
      if let bannedAt {
        banned(at: bannedAt)
      } else if needsApproval {
        step(.awaitingApproval, at: requestedAt, size(approvalAbove == nil ? "no-limit" : "above-limit"))
      } else {
        booked(by: results) ?? step(.instructed, at: requestedAt, size("no-approval-needed"))
      }
    }
  }

  private func size(_ code: String) -> Because {
    Because(code, ["amount": .number(amount), "approvalAbove": approvalAbove.map { .number($0) }])
  }

  private func declined(_ reasons: [WithdrawalReason], at instant: Instant, _ because: [Because]) -> WithdrawalStep {
    WithdrawalStep(to: .declined, at: notBeforeRequest(instant), reasons: reasons, because: because)
  }

  private func canceled(at instant: Instant) -> WithdrawalStep {
    declined([.canceled], at: instant, [Because("canceled", ["canceledAt": "\(instant)"])])
  }

  private func banned(at instant: Instant) -> WithdrawalStep {
    declined([.accountBanned], at: instant, [Because("account-banned", ["bannedAt": "\(instant)"])])
  }

  private func decided(_ decision: OperatorDecision, _ results: PayoutResults) -> WithdrawalStep {
    switch decision {
    case .approved(let at, let name, let note):
      booked(by: results)
        ?? step(
          .instructed, at: notBeforeRequest(at),
          Because("approved", ["operator": .text(name.value), "note": note.map(Because.Fact.quote)]))
    case .rejected(let at, let name, let note):
      declined(
        [.declinedByOperator], at: at,
        [Because("declined-by-operator", ["operator": .text(name.value), "note": note.map(Because.Fact.quote)])])
    }
  }

  /// The step if the money has moved. It has the result's instant and makes an instruction unnecessary.
  private func booked(by results: PayoutResults) -> WithdrawalStep? {
    results.returned.map(returned) ?? results.settled.map(paid)
  }

  private func paid(_ result: PayoutResult) -> WithdrawalStep {
    let quote = result.reference.map(Because.Fact.quote)
    return step(.paid, at: result.at, Because("payout-settled", ["payout": .text(payout.value), "reference": quote]))
  }

  private func failed(_ result: PayoutResult) -> WithdrawalStep {
    let quote = result.reason.map(Because.Fact.quote)
    return step(.failed, at: result.at, Because("payout-failed", ["payout": .text(payout.value), "reason": quote]))
  }

  private func returned(_ result: PayoutResult) -> WithdrawalStep {
    let quote = result.reason.map(Because.Fact.quote)
    return step(.returned, at: result.at, Because("payout-returned", ["payout": .text(payout.value), "reason": quote]))
  }

  private func step(_ standing: WithdrawalStatus, at instant: Instant, _ because: Because) -> WithdrawalStep {
    WithdrawalStep(to: standing, at: instant, because: [because])
  }
}
