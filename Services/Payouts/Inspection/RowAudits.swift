import Contracts
import Streaming

// Invariants of this service's rows, for `laurel verify`.

extension PayoutsService {
  /// `nil` if the stage's rows have no invariants.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Withdrawals.name ? WithdrawalsAudit() : nil }
}

/// Checks an account's withdrawals:
///
/// - at most one is open, and it is the latest;
/// - the ledger has reserved the money of a withdrawal that awaits approval or was instructed;
/// - an instructed withdrawal has the approval that it needs;
/// - no facts are kept of a finished withdrawal, and no results of a declined one;
/// - requests wait only while the ledger has not answered for the latest withdrawal, and a waiting request is not a known withdrawal;
/// - every payout belongs to one known withdrawal.
struct WithdrawalsAudit: RowAudit {
  private var facts: [String: WithdrawalFacts] = [:]
  private var latest: String?
  private var line: [Withdrawal] = []
  private var withdrawals: [String: Withdrawal] = [:]
  /// Requests by payout.
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
      if withdrawal.request.value != request { found.append("request '\(withdrawal.request)' is stored under '\(request)'") }
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
      found.append("request '\(request)' is waiting, but it is a withdrawal already")
    }
    if !line.isEmpty, latest.flatMap({ withdrawals[$0] })?.standing != .opened {
      found.append("\(line.count) requests are waiting, but the ledger has answered for the latest withdrawal")
    }
    for (payout, request) in payouts.sorted(by: { $0.key < $1.key }) where withdrawals[request]?.payout.value != payout {
      found.append("payout '\(payout)' is stored for request '\(request)', which has a different payout or does not exist")
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
      if facts?.answer != .reserved { found.append("request '\(request)' awaits approval, but no money is reserved for it") }
    case .instructed:
      if facts?.answer != .reserved { found.append("request '\(request)' was instructed, but no money is reserved for it") }
      if withdrawal.needsApproval, !isApproved(facts) { found.append("request '\(request)' was instructed without approval") }
    case .paid, .failed, .returned, .declined:
      if facts != nil { found.append("request '\(request)' is finished, but facts of it are kept") }
      if withdrawal.timer != nil { found.append("request '\(request)' is finished, but it has a timer") }
    }
    if results.contains(payout), withdrawal.standing == .declined {
      found.append("request '\(request)' was declined, but results of it are kept")
    }
    return found
  }

  private func isApproved(_ facts: WithdrawalFacts?) -> Bool {
    if case .approved? = facts?.decision { true } else { false }
  }
}
