import Contracts
import Streaming
import Terms

/// Operators' decisions about an account's referral (DECISIONS A1e), and the events that wait for a registration or an answer.
extension Accounts {
  func assignRequested(_ event: ReferralAssignRequested, _ context: Context<Self>) {
    guard let registration = context[Self.registration], !registration.isPending else { return wait(.assign(event), context) }
    assign(event, registration, context)
  }

  func endRequested(_ event: ReferralEndRequested, _ context: Context<Self>) {
    guard let registration = context[Self.registration], !registration.isPending else { return wait(.end(event), context) }
    // A rejected request is remembered. If it is delivered again after the next referral has begun, it must not end that one.
    if let rejection = end(event, registration, context) { context.reject(rejection) }
  }

  /// Treats the account as if it had registered with the referrer's code when the operator decided. The claim skips the code and goes
  /// directly to the referrer's account.
  private func assign(_ event: ReferralAssignRequested, _ known: Registration, _ context: Context<Self>) {
    let terms = context.program.version(at: event.decidedAt)
    let bound = known.referral.flatMap { $0.holds(at: event.decidedAt) ? $0 : nil }
    let objections = judge(previousAccounts: known.previousAccounts, bound: bound, by: terms.attribution)
    guard objections.isEmpty else {
      return context.emit(
        ReferralRejected(
          referee: event.account, referrer: event.referrer, request: event.request, operator: event.operator, at: event.decidedAt,
          reasons: objections.map(\.reason), terms: terms.name, because: objections.map(\.because)))
    }
    var registration = known
    registration.isPending = true
    context[Self.registration] = registration
    let claim = Claim(
      referee: event.account, at: event.decidedAt, identities: known.identities, code: nil, assignment: event)
    context.emit(ClaimResolved(referrer: event.referrer, claim: claim))
  }

  private func end(_ event: ReferralEndRequested, _ known: Registration, _ context: Context<Self>) -> Rejection? {
    guard let bound = known.referral, bound.endedAt == nil, let referral = ReferralID(event.account.value) else {
      return Rejection(.noReferral, "account '\(event.account)' has no referral to end")
    }
    var registration = known
    registration.referral?.endedAt = event.decidedAt
    context[Self.registration] = registration
    context.emit(ReferralReleased(referrer: bound.referrer, referee: event.account, at: event.decidedAt))
    context.emit(
      ReferralEnded(
        referral: referral, referrer: bound.referrer, referee: event.account, request: event.request, at: event.decidedAt,
        operator: event.operator, terms: context.program.version(at: event.decidedAt).name,
        because: [Because("ended-by-operator", decision(event.request, event.operator, note: event.note))]))
    return nil
  }

  /// An operator's decision as facts. The note is cut to 200 characters because it can be as large as its event.
  func decision(_ request: RequestID, _ name: OperatorID, note: String?) -> KeyValuePairs<String, Because.Fact?> {
    [
      "operator": .text(name.value), "request": .text(request.value),
      "note": note.map { .text(String(String.UnicodeScalarView($0.unicodeScalars.prefix(200)))) },
    ]
  }

  // MARK: Waiting events

  func wait(_ event: Waiting, _ context: Context<Self>) {
    var line = context[Self.line] ?? Line()
    context[Self.waiting, line.end] = event
    line.end += 1
    context[Self.line] = line
  }

  /// Handles the waiting events in order of arrival until one of them starts another claim.
  func goOn(_ context: Context<Self>) {
    guard var line = context[Self.line] else { return }
    while line.first < line.end, let registration = context[Self.registration], !registration.isPending {
      let event = context[Self.waiting, line.first]
      context[Self.waiting, line.first] = nil
      line.first += 1
      do throws(Rejection) {
        switch event {
        case .registered(let event): try again(event, registration, context)
        case .assign(let event): assign(event, registration, context)
        case .end(let event): if let rejection = end(event, registration, context) { throw rejection }
        case nil: break
        }
      } catch {
        if let message = event?.message { context.reject(message, error) }
      }
    }
    context[Self.line] = line.first < line.end ? line : nil
  }
}

extension Accounts.Waiting {
  var message: any Message {
    switch self {
    case .registered(let event): event
    case .assign(let event): event
    case .end(let event): event
    }
  }
}
