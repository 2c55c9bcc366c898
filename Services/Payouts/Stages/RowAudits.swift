import Contracts
import Streaming

// What must hold among the rows of this service, for those who check its state.

extension PayoutsService {
  /// nil: nothing is asked of that stage's rows.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Withdrawals.name ? WithdrawalsAudit() : nil }
}

/// An account's withdrawals:
///
/// - at most one is open, and it is the latest;
/// - one that is with an operator or the provider has been answered by the ledger, and one that was instructed and needs it, approved;
/// - facts are kept of no withdrawal that is over, and no results of one that was declined;
/// - requests wait in line only while the ledger is being asked about the latest, and none that is known already;
/// - every payout is that of one known withdrawal.
struct WithdrawalsAudit: RowAudit {
  private var facts: [String: WithdrawalFacts] = [:]
  private var latest: String?
  private var line: [Withdrawal] = []
  private var withdrawals: [String: Withdrawal] = [:]
  /// Their requests, by payout.
  private var payouts: [String: String] = [:]
  private var results: Set<String> = []
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    if let facts = try row.value(in: Withdrawals.facts) {
      self.facts[row.key(in: Withdrawals.facts)?.value ?? ""] = facts
    } else if let latest = try row.value(in: Withdrawals.latest) {
      self.latest = latest.value
    } else if let withdrawal = try row.value(in: Withdrawals.line) {
      line.append(withdrawal)
    } else if let request = try row.value(in: Withdrawals.payouts) {
      payouts[row.key(in: Withdrawals.payouts)?.value ?? ""] = request.value
    } else if try row.value(in: Withdrawals.results) != nil {
      results.insert(row.key(in: Withdrawals.results)?.value ?? "")
    } else if let withdrawal = try row.value(in: Withdrawals.withdrawals) {
      let request = row.key(in: Withdrawals.withdrawals)?.value ?? ""
      withdrawals[request] = withdrawal
      if withdrawal.request.value != request { found.append("request '\(withdrawal.request)' stands under '\(request)'") }
    }
  }

  func contradictions() -> [String] {
    var found = found
    let open = withdrawals.values.filter(\.isOpen).map(\.request.value).sorted()
    if open.count > 1 {
      found.append("\(open.count) withdrawals are open: \(open.joined(separator: ", "))")
    } else if open != (latest.map { [$0] } ?? []), !open.isEmpty {
      found.append("the latest withdrawal is \(latest ?? "none"), open: \(open.joined(separator: ", "))")
    }
    for (_, withdrawal) in withdrawals.sorted(by: { $0.key < $1.key }) { found += contradictions(of: withdrawal) }
    for request in line.map(\.request.value) where withdrawals[request] != nil {
      found.append("request '\(request)' is known and waits in line")
    }
    if !line.isEmpty, latest.flatMap({ withdrawals[$0] })?.standing != .opened {
      found.append("\(line.count) wait in line, but the ledger is not being asked about another")
    }
    for (payout, request) in payouts.sorted(by: { $0.key < $1.key }) where withdrawals[request]?.payout.value != payout {
      found.append("payout '\(payout)' is said to be that of request '\(request)'")
    }
    return found
  }

  private func contradictions(of withdrawal: Withdrawal) -> [String] {
    let (request, payout) = (withdrawal.request.value, withdrawal.payout.value)
    let facts = facts[request]
    var found = payouts[payout] == nil ? ["request '\(request)' has no payout"] : []
    switch withdrawal.standing {
    case .opened: break
    case .awaitingApproval:
      if facts?.answer != .reserved { found.append("request '\(request)' awaits approval, but nothing was set aside for it") }
    case .instructed:
      if facts?.answer != .reserved { found.append("request '\(request)' was instructed, but nothing was set aside for it") }
      if withdrawal.needsApproval, !isApproved(facts) { found.append("request '\(request)' was instructed without approval") }
    case .paid, .failed, .returned, .declined:
      if facts != nil { found.append("request '\(request)' is over and facts of it are kept") }
      if withdrawal.timer != nil { found.append("request '\(request)' is over and has a timer") }
    }
    if results.contains(payout), withdrawal.standing == .declined {
      found.append("request '\(request)' was declined and results of it are kept")
    }
    return found
  }

  private func isApproved(_ facts: WithdrawalFacts?) -> Bool {
    if case .approved? = facts?.decision { true } else { false }
  }
}
