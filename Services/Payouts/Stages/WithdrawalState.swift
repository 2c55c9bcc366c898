import Contracts
import JSON
import Streaming
import Terms

/// One withdrawal: what was asked under which terms, and how far it has come (row C10). Kept for good, because its payout can be settled
/// or returned after its end (DECISIONS C10c).
///
///     opened ──reserved────────────────────→ instructed ─settled→ paid ─returned→ returned
///       │ └────reserved, large→ awaitingApproval ─approved↑ └failed→ failed ─settled↑
///       └─refused, canceled, banned→ declined ←rejected, canceled, banned┘
///
/// There is no way back to `instructed`, so nothing is ever instructed twice. A settled or returned result that waits for the instruction
/// takes its place.
struct Withdrawal: Timed, Equatable {
  enum Standing: String, JSONWord, Sendable {
    /// The ledger's answer is on its way.
    case opened
    case awaitingApproval
    /// The provider's result is on its way; perhaps for ever.
    case instructed
    case paid
    case failed
    case returned
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
  /// Whether an operator decides.
  let needsApproval: Bool
  /// The limit that it was compared with; minor units, nil: the terms name none for its currency.
  let approvalAbove: Int64?
  /// `program@version`: what judged the request goes on judging it.
  let terms: String
  var standing = Standing.opened
  /// Since when it has not been open.
  var endedAt: Instant?
  /// When its owner and its operators are reminded of it, while it is open.
  var timer: Timer?

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
    switch terms.approvalAbove {
    case .never: (needsApproval, approvalAbove) = (false, nil)
    case .above(let limits):
      approvalAbove = limits[event.currency]
      needsApproval = limits[event.currency].map { event.amount > $0 } ?? true
    }
    self.terms = version.name
  }

  var isOpen: Bool {
    switch standing {
    case .opened, .awaitingApproval, .instructed: true
    case .paid, .failed, .returned, .declined: false
    }
  }

  /// What operators watch: those that are open, and those of them that are open longer than the terms promise. One that the ledger has
  /// answered has a timer until the day that the terms promise.
  var kinds: [String] {
    guard isOpen else { return [] }
    return timer == nil && standing != .opened ? ["open-withdrawals", "overdue-withdrawals"] : ["open-withdrawals"]
  }

  /// Whether another request of that instant came upon this one.
  func isOpen(at instant: Instant) -> Bool {
    isOpen || requestedAt <= instant && endedAt.map { instant < $0 } ?? false
  }

  /// The only attempt there is: an unknown result is never tried again.
  static let attempt = 1

  var payout: PayoutID { payoutID(of: request, attempt: Self.attempt) }

  /// The payout, once the provider has been told of it or has answered.
  var instructedPayout: PayoutID? {
    switch standing {
    case .instructed, .paid, .failed, .returned: payout
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
  case `return`(at: Instant, because: Because)
  case decline(at: Instant, reasons: [WithdrawalReason], because: [Because])
}

extension Withdrawal {
  /// Goes as far as the facts lead, one step at a time: whoever listens hears the same steps, however late the facts came.
  ///
  /// - Parameter bannedAt: since when the account is banned; nil: it is not.
  mutating func advance(by facts: WithdrawalFacts, _ results: PayoutResults, bannedAt: Instant?) -> [WithdrawalStep] {
    var steps: [WithdrawalStep] = []
    while let step = next(by: facts, results, bannedAt) {
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
    let end: Instant?
    switch step {
    case .awaitApproval: (standing, end) = (.awaitingApproval, nil)
    case .instruct: (standing, end) = (.instructed, nil)
    case .pay(let at, _): (standing, end) = (.paid, at)
    case .fail(let at, _): (standing, end) = (.failed, at)
    case .return(let at, _): (standing, end) = (.returned, at)
    case .decline(let at, _, _): (standing, end) = (.declined, at)
    }
    endedAt = endedAt ?? end
  }

  private func next(by facts: WithdrawalFacts, _ results: PayoutResults, _ bannedAt: Instant?) -> WithdrawalStep? {
    switch standing {
    case .opened: facts.canceledAt.map(canceled) ?? facts.answer.map { answered($0, results, bannedAt) }
    case .awaitingApproval:
      facts.canceledAt.map(canceled) ?? bannedAt.map(banned) ?? facts.decision.map { decided($0, results) }
    case .instructed: booked(by: results) ?? results.failed.map(failed)
    case .paid: results.returned.map(returned)
    // What came back after a failure was on the balance already.
    case .failed: results.returned == nil ? results.settled.map(paid) : nil
    case .returned, .declined: nil
    }
  }

  /// What people do about a withdrawal does not happen before it is asked for, whatever a foreign clock says: readers that go by the
  /// instants, the ledger among them, would otherwise see its end before its opening.
  private func notBeforeRequest(_ instant: Instant) -> Instant { max(instant, requestedAt) }

  private func answered(_ answer: LedgerAnswer, _ results: PayoutResults, _ bannedAt: Instant?) -> WithdrawalStep {
    switch answer {
    case .refused(let reasons, let because): .decline(at: requestedAt, reasons: reasons, because: because)
    case .reserved:
      if let bannedAt {
        banned(at: bannedAt)
      } else if needsApproval {
        .awaitApproval(at: requestedAt, because: size(approvalAbove == nil ? "no-limit" : "above-limit"))
      } else {
        booked(by: results) ?? .instruct(at: requestedAt, because: size("no-approval-needed"))
      }
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

  private func banned(at instant: Instant) -> WithdrawalStep {
    .decline(
      at: notBeforeRequest(instant), reasons: [.accountBanned],
      because: [Because("account-banned", ["bannedAt": .text(instant.description)])])
  }

  private func decided(_ decision: OperatorDecision, _ results: PayoutResults) -> WithdrawalStep {
    switch decision {
    case .approved(let at, let name, let note):
      booked(by: results)
        ?? .instruct(
          at: notBeforeRequest(at), because: Because("approved", ["operator": .text(name.value)], quoting: note, as: "note"))
    case .rejected(let at, let name, let note):
      .decline(
        at: notBeforeRequest(at), reasons: [.declinedByOperator],
        because: [Because("declined-by-operator", ["operator": .text(name.value)], quoting: note, as: "note")])
    }
  }

  /// The money has moved: that is booked with the result's instant, and needs no instruction (any more).
  private func booked(by results: PayoutResults) -> WithdrawalStep? {
    results.returned.map(returned) ?? results.settled.map(paid)
  }

  private func paid(_ result: PayoutResult) -> WithdrawalStep {
    .pay(
      at: result.at,
      because: Because("payout-settled", ["payout": .text(payout.value)], quoting: result.reference, as: "reference"))
  }

  private func failed(_ result: PayoutResult) -> WithdrawalStep {
    .fail(
      at: result.at, because: Because("payout-failed", ["payout": .text(payout.value)], quoting: result.reason, as: "reason"))
  }

  private func returned(_ result: PayoutResult) -> WithdrawalStep {
    .return(
      at: result.at, because: Because("payout-returned", ["payout": .text(payout.value)], quoting: result.reason, as: "reason"))
  }
}
