import Contracts
import Streaming
import Terms

/// Requests for codes (row A1, DECISIONS A1b).
extension Accounts {
  /// How many codes are tried for one request. If all of them are taken, the program's pattern allows too few codes.
  private static let attemptsMax = 100

  func codeRequested(_ event: CodeRequested, _ context: Context<Self>) {
    guard let wish = event.vanity else { return claimDerived(event, attempt: 1, context) }
    let terms = context.program.version(at: event.requestedAt).attribution
    guard let code = CodeNames.vanity(wish), terms.isCode(code.value) else {
      return decline(
        event.request, event.account, event.requestedAt, .invalid,
        ["wish": .text(String(wish.prefix(128))), "codePattern": terms.codePattern.map { .text($0.text) }], context)
    }
    context.emit(
      CodeClaimed(
        code: code, owner: event.account, request: event.request, requestedAt: event.requestedAt, attempt: nil))
  }

  private func claimDerived(_ event: CodeRequested, attempt: Int, _ context: Context<Self>) {
    let pattern = context.program.version(at: event.requestedAt).attribution.codePattern
    guard attempt <= Self.attemptsMax,
      let code = CodeNames.derived(context.programID, event.account, attempt: attempt, by: pattern)
    else {
      return decline(
        event.request, event.account, event.requestedAt, .taken, ["attempts": .number(Int64(attempt - 1))], context)
    }
    context.emit(
      CodeClaimed(
        code: code, owner: event.account, request: event.request, requestedAt: event.requestedAt, attempt: attempt))
  }

  func codeAnswered(_ answer: CodeAnswered, _ context: Context<Self>) {
    let claim = answer.claim
    guard answer.isTaken else {
      context[Self.hasCode] = true
      let terms = context.program.version(at: claim.requestedAt)
      return context.emit(
        CodeIssued(
          request: claim.request, account: claim.owner, code: claim.code,
          link: CodeNames.link(terms.attribution.link, claim.code),
          at: claim.requestedAt,
          terms: terms.name,
          because: [Because(claim.attempt == nil ? "wished" : "derived", ["request": .text(claim.request.value)])]))
    }
    guard let attempt = claim.attempt else {
      return decline(
        claim.request, claim.owner, claim.requestedAt, .taken, ["wish": .text(claim.code.value)], context)
    }
    let request = CodeRequested(request: claim.request, account: claim.owner, requestedAt: claim.requestedAt)
    claimDerived(request, attempt: attempt + 1, context)
  }

  private func decline(
    _ request: RequestID, _ account: AccountID, _ at: Instant, _ reason: CodeReason,
    _ facts: KeyValuePairs<String, Because.Fact?>, _ context: Context<Self>
  ) {
    context.emit(
      CodeDeclined(
        request: request, account: account, at: at, reasons: [reason], terms: context.program.version(at: at).name,
        because: [Because(reason.rawValue, facts)]))
  }
}
