import Contracts
import Streaming

// What must hold among the rows of this service, for those who check its state.

extension PayoutsService {
  /// nil: nothing is asked of that stage's rows.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Withdrawals.name ? WithdrawalsAudit() : nil }
}

/// An account's withdrawals:
///
/// - only the latest is kept whole, so at most one is open;
/// - one that is with an operator or the provider has been answered by the ledger, and a large one that was instructed, approved;
/// - facts are kept of no withdrawal that is over;
/// - requests wait in line only while the ledger is being asked about the latest, and none that is known already;
/// - every payout is that of a known request, and none that is known has a stray result.
struct WithdrawalsAudit: RowAudit {
  private var facts: [String: WithdrawalFacts] = [:]
  private var latest: String?
  private var line: [Withdrawal] = []
  private var whole: [Withdrawal] = []
  /// Requests with a payout, until their own rows come; payouts.
  private var unknown: Set<String> = []
  private var payouts: Set<String> = []
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    if let facts = try row.value(in: Withdrawals.facts) {
      self.facts[row.key(in: Withdrawals.facts)?.value ?? ""] = facts
    } else if let latest = try row.value(in: Withdrawals.latest) {
      self.latest = latest.value
    } else if let withdrawal = try row.value(in: Withdrawals.line) {
      line.append(withdrawal)
    } else if let request = try row.value(in: Withdrawals.payouts) {
      payouts.insert(row.key(in: Withdrawals.payouts)?.value ?? "")
      if !unknown.insert(request.value).inserted { found.append("request '\(request)' has two payouts") }
    } else if try row.value(in: Withdrawals.strayResults) != nil {
      let payout = row.key(in: Withdrawals.strayResults)?.value ?? ""
      if payouts.contains(payout) { found.append("payout '\(payout)' is known and has a stray result") }
    } else if let kept = try row.value(in: Withdrawals.withdrawals) {
      take(kept, request: row.key(in: Withdrawals.withdrawals)?.value ?? "")
    }
  }

  private mutating func take(_ kept: Withdrawals.KeptWithdrawal, request: String) {
    unknown.remove(request)
    let facts = facts[request]
    if line.contains(where: { $0.request.value == request }) { found.append("request '\(request)' is known and waits in line") }
    guard let withdrawal = kept.whole else {
      if facts != nil { found.append("request '\(request)' is over and facts of it are kept") }
      return
    }
    whole.append(withdrawal)
    if withdrawal.request.value != request { found.append("request '\(withdrawal.request)' stands under '\(request)'") }
    switch withdrawal.standing {
    case .opened: break
    case .awaitingApproval:
      if facts?.answer != .reserved { found.append("request '\(request)' awaits approval, but nothing was set aside for it") }
    case .instructed:
      if facts?.answer != .reserved { found.append("request '\(request)' was instructed, but nothing was set aside for it") }
      if withdrawal.needsApproval, !isApproved(facts) { found.append("request '\(request)' was instructed without approval") }
    case .paid, .failed, .declined:
      if facts != nil { found.append("request '\(request)' is over and facts of it are kept") }
    }
  }

  private func isApproved(_ facts: WithdrawalFacts?) -> Bool {
    if case .approved? = facts?.decision { true } else { false }
  }

  func contradictions() -> [String] {
    var found = found
    let open = whole.filter(\.isOpen)
    if open.count > 1 { found.append("\(open.count) withdrawals are open: \(open.map(\.request.value).joined(separator: ", "))") }
    if whole.map(\.request.value) != (latest.map { [$0] } ?? []) {
      found.append(
        "the latest withdrawal is \(latest ?? "none"), kept whole: \(whole.isEmpty ? "none" : whole.map(\.request.value).joined(separator: ", "))"
      )
    }
    if !line.isEmpty, whole.first?.standing != .opened {
      found.append("\(line.count) wait in line, but the ledger is not being asked about another")
    }
    for request in unknown.sorted() { found.append("request '\(request)' has a payout and no row") }
    return found
  }
}
