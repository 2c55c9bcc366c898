import Contracts
import Streaming

extension PayoutsService {
  /// A row's content as facts under a code, for the `laurel` command. `nil` if there is nothing to explain.
  public static func describe(_ row: StageRow) throws -> Because? {
    if let withdrawal = try row.value(in: Withdrawals.withdrawals) { return withdrawal.facts("withdrawal-standing") }
    if let withdrawal = try row.value(in: Withdrawals.line) { return withdrawal.facts("withdrawal-in-line") }
    if let results = try row.value(in: Withdrawals.results), let payout = row.key(in: Withdrawals.results) {
      return results.described(payout: payout.value, owner: row.key)
    }
    guard let facts = try row.value(in: Withdrawals.facts), let request = row.key(in: Withdrawals.facts) else { return nil }
    return facts.described(request: request.value, owner: row.key)
  }
}

extension Withdrawal {
  fileprivate func facts(_ code: String) -> Because {
    Because(
      code,
      [
        "request": .text(request.value), "owner": .text(referrer.value), "amount": .number(amount),
        "currency": .text(currency.code), "destination": .text(destination), "requestedAt": "\(requestedAt)",
        "dueAt": "\(dueAt)", "standing": .text(standing.rawValue), "payout": .text(payout.value), "terms": .text(terms),
        "endedAt": endedAt.map { "\($0)" },
      ])
  }
}

extension WithdrawalFacts {
  fileprivate func described(request: String, owner: String) -> Because {
    var facts: [(String, Because.Fact)] = [("request", .text(request)), ("owner", .text(owner))]
    switch answer {
    case nil: break
    case .reserved: facts.append(("ledger", "reserved"))
    case .rejected(let reasons, _): facts.append(("ledgerRejected", .list(reasons.map(\.rawValue))))
    }
    switch decision {
    case nil: break
    case .approved(let at, let name, _): facts += [("approvedBy", .text(name.value)), ("decidedAt", "\(at)")]
    case .rejected(let at, let name, _): facts += [("rejectedBy", .text(name.value)), ("decidedAt", "\(at)")]
    }
    if let canceledAt { facts.append(("canceledAt", "\(canceledAt)")) }
    return Because("withdrawal-heard", facts)
  }
}

extension PayoutResults {
  fileprivate func described(payout: String, owner: String) -> Because {
    // The id of a long request is cut and hashed, so its payout does not contain the request.
    let suffix = "#\(Withdrawal.attempt)"
    return Because(
      "payout-results",
      [
        "payout": .text(payout), "owner": .text(owner),
        "request": payout.hasSuffix(suffix) ? .text(String(payout.dropLast(suffix.count))) : nil,
        "settledAt": settled.map { "\($0.at)" }, "failedAt": failed.map { "\($0.at)" },
        "returnedAt": returned.map { "\($0.at)" },
      ])
  }
}
