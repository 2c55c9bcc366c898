import Contracts
import Streaming

// What the rows of this service say, for those who tell about its state.

extension PayoutsService {
  /// What a row of this service says, as facts under a code; nil: nothing that there is a story of.
  public static func describe(_ row: StageRow) throws -> Because? {
    if let kept = try row.value(in: Withdrawals.withdrawals), let request = row.key(in: Withdrawals.withdrawals) {
      return kept.whole?.facts("withdrawal-standing")
        ?? Because("withdrawal-over", ["request": .text(request.value), "owner": .text(row.key)])
    }
    if let withdrawal = try row.value(in: Withdrawals.line) { return withdrawal.facts("withdrawal-in-line") }
    guard let facts = try row.value(in: Withdrawals.facts), let request = row.key(in: Withdrawals.facts) else { return nil }
    return facts.described(request: request.value, owner: row.key)
  }
}

extension Withdrawal {
  fileprivate func facts(_ code: String) -> Because {
    var facts: [(String, Because.Fact)] = [
      ("request", .text(request.value)), ("owner", .text(referrer.value)), ("amount", .number(amount)),
      ("currency", .text(currency.code)), ("destination", .text(destination)), ("requestedAt", "\(requestedAt)"),
      ("dueAt", "\(dueAt)"), ("standing", .text(standing.rawValue)), ("payout", .text(payout.value)), ("terms", .text(terms)),
    ]
    if let endedAt { facts.append(("endedAt", "\(endedAt)")) }
    return Because(code, facts)
  }
}

extension WithdrawalFacts {
  fileprivate func described(request: String, owner: String) -> Because {
    var facts: [(String, Because.Fact)] = [("request", .text(request)), ("owner", .text(owner))]
    switch answer {
    case nil: break
    case .reserved: facts.append(("ledger", "reserved"))
    case .refused(let reasons, _): facts.append(("ledgerRefused", .list(reasons.map(\.rawValue))))
    }
    switch decision {
    case nil: break
    case .approved(let at, let name, _): facts += [("approvedBy", .text(name.value)), ("decidedAt", "\(at)")]
    case .rejected(let at, let name, _): facts += [("rejectedBy", .text(name.value)), ("decidedAt", "\(at)")]
    }
    if let canceledAt { facts.append(("canceledAt", "\(canceledAt)")) }
    switch result {
    case nil: break
    case .settled(let at, _): facts.append(("settledAt", "\(at)"))
    case .failed(let at, _): facts.append(("failedAt", "\(at)"))
    }
    return Because("withdrawal-heard", facts)
  }
}
