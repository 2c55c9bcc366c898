/// A withdrawal request.
struct AuditedWithdrawal {
  /// Its state: first the ends without an instruction, then the results, which never get weaker (C10c).
  enum Standing: Int { case declined, awaitingApproval, instructed, failed, paid, returned }

  let amount: Int64
  let currency: String
  let destination: String
  let requestedAt: Int64
  var standing = Standing.declined
  var endedAt: Int64

  var isOpen: Bool { standing == .awaitingApproval || standing == .instructed }

  /// Whether it is open for a request of that instant.
  func isInTheWay(at instant: Int64) -> Bool { isOpen || requestedAt <= instant && instant < endedAt }
}

/// Facts about a withdrawal, possibly from before it: the first of each kind.
struct AuditedVerdicts {
  var canceledAt: Int64?
  var decision: (isApproved: Bool, at: Int64)?
  var failedAt: Int64?
  var settledAt: Int64?
  var returnedAt: Int64?
}

/// Withdrawals from a balance to its owner (C9, C10).
extension AuditedProgram {
  func requestWithdrawal(_ account: String, _ data: Facts, at instant: Int64) {
    let request = data.text("request") ?? ""
    guard terms.paysOut else {
      if terms.earns { declineBonus(account, request, ["not-withdrawable"], at: instant) }
      return
    }
    let owner = self.account(account)
    var withdrawal = AuditedWithdrawal(
      amount: data.number("amount") ?? 0, currency: data.text("currency") ?? "", destination: data.text("destination") ?? "",
      requestedAt: instant, endedAt: instant)
    if owner.withdrawals.values.contains(where: { $0.isInTheWay(at: instant) }) {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": ["already-open"]], at: instant)
    }
    sayWithdrawal("withdrawal.opened", account, request, withdrawal, at: instant)
    let reasons = objections(to: withdrawal, of: account)
    let canceledAt = owner.verdicts[request]?.canceledAt
    if !reasons.isEmpty, canceledAt == nil {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": reasons], at: instant)
    }
    withdrawal.standing = .awaitingApproval
    change(account) { $0.withdrawals[request] = withdrawal }
    if reasons.isEmpty {
      sayMoney("withdrawal.reserved", account, request, from: "available", to: "reserved", at: instant)
    }
    if let canceledAt {
      return decline(account, request, reason: "canceled", releases: reasons.isEmpty, at: max(canceledAt, instant))
    }
    // Requested before a known ban.
    if let bannedAt = owner.closings.ban(after: instant) {
      return decline(account, request, reason: "account-banned", releases: true, at: bannedAt)
    }
    set(.dueSoon(account: account, request: request), at: instant + 7 * AuditedTime.day)
    set(.overdue(account: account, request: request), at: instant + 10 * AuditedTime.day)
    if needsApproval(withdrawal) {
      sayWithdrawal("withdrawal.awaitingApproval", account, request, withdrawal, at: instant)
      proceed(account, request)
    } else {
      instruct(account, request, at: instant)
    }
  }

  private func objections(to withdrawal: AuditedWithdrawal, of account: String) -> [String] {
    let owner = self.account(account)
    var reasons: [String] = []
    if !isEligible(account, at: withdrawal.requestedAt) { reasons.append("referrer-not-eligible") }
    if owner.closings.isBanned(at: withdrawal.requestedAt) { reasons.append("account-banned") }
    if withdrawal.amount < terms.minimum[withdrawal.currency] ?? 0 { reasons.append("below-minimum") }
    let available = owner.balances[withdrawal.currency]?.amounts["available"] ?? 0
    if available < withdrawal.amount { reasons.append("insufficient-balance") }
    return reasons
  }

  /// A currency that the terms do not name always needs approval (C10).
  private func needsApproval(_ withdrawal: AuditedWithdrawal) -> Bool {
    guard let approvalAbove = terms.approvalAbove else { return false }
    return approvalAbove[withdrawal.currency].map { withdrawal.amount > $0 } ?? true
  }

  /// Declines withdrawals that await approval when their owner is banned.
  func declineBanned(_ account: String, at instant: Int64) {
    for (request, withdrawal) in self.account(account).withdrawals where withdrawal.standing == .awaitingApproval {
      let bannedAt = max(instant, withdrawal.requestedAt)
      guard self.account(account).closings.isBanned(at: bannedAt) else { continue }
      decline(account, request, reason: "account-banned", releases: true, at: bannedAt)
    }
  }

  func hear(_ account: String, _ request: String, _ note: (inout AuditedVerdicts) -> Void) {
    change(account) { note(&$0.verdicts[request, default: AuditedVerdicts()]) }
    proceed(account, request)
  }

  /// Advances a withdrawal as far as its facts allow.
  private func proceed(_ account: String, _ request: String) {
    guard let withdrawal = self.account(account).withdrawals[request], let verdicts = self.account(account).verdicts[request]
    else { return }
    switch withdrawal.standing {
    case .declined: break
    case .awaitingApproval:
      if let canceledAt = verdicts.canceledAt {
        decline(account, request, reason: "canceled", releases: true, at: max(canceledAt, withdrawal.requestedAt))
      } else if let decision = verdicts.decision {
        let decidedAt = max(decision.at, withdrawal.requestedAt)
        if decision.isApproved {
          instruct(account, request, at: decidedAt)
        } else {
          decline(account, request, reason: "declined-by-operator", releases: true, at: decidedAt)
        }
      }
    case .instructed, .failed, .paid, .returned: finish(account, request, withdrawal, verdicts)
    }
  }

  /// The strongest result counts (C10c).
  private func finish(_ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, _ verdicts: AuditedVerdicts) {
    let before = withdrawal.standing
    if let returnedAt = verdicts.returnedAt {
      switch before {
      case .instructed: end(account, request, .returned, "withdrawal.released", from: "reserved", to: "available", at: returnedAt)
      case .paid: end(account, request, .returned, "withdrawal.restored", from: "paid", to: "available", at: returnedAt)
      default: change(account) { $0.withdrawals[request]?.standing = .returned }  // moves nothing
      }
    } else if let settledAt = verdicts.settledAt, before.rawValue < AuditedWithdrawal.Standing.paid.rawValue {
      end(
        account, request, .paid, "withdrawal.booked", from: before == .failed ? "available" : "reserved", to: "paid",
        at: settledAt)
    } else if let failedAt = verdicts.failedAt, before == .instructed {
      end(account, request, .failed, "withdrawal.released", from: "reserved", to: "available", at: failedAt)
    }
  }

  private func end(
    _ account: String, _ request: String, _ standing: AuditedWithdrawal.Standing, _ booking: String, from: String, to: String,
    at result: Int64
  ) {
    guard let withdrawal = self.account(account).withdrawals[request] else { return }
    let instant = standing == .paid ? result : max(result, withdrawal.requestedAt)
    change(account) {
      if $0.withdrawals[request]?.isOpen == true { $0.withdrawals[request]?.endedAt = instant }
      $0.withdrawals[request]?.standing = standing
    }
    sayWithdrawal("withdrawal.\(standing)", account, request, withdrawal, at: instant)
    sayMoney(booking, account, request, from: from, to: to, at: instant)
  }

  private func instruct(_ account: String, _ request: String, at instant: Int64) {
    change(account) { $0.withdrawals[request]?.standing = .instructed }
    guard let withdrawal = self.account(account).withdrawals[request] else { return }
    let verdicts = self.account(account).verdicts[request]
    // Money that moved before its instruction is not sent again.
    if verdicts?.settledAt == nil, verdicts?.returnedAt == nil {
      say(
        "payout.instructed",
        [
          "referrer": account, "request": request, "amount": withdrawal.amount, "currency": withdrawal.currency,
          "destination": withdrawal.destination, "attempt": 1, "at": AuditedTime.write(instant),
        ])
    }
    proceed(account, request)
  }

  private func decline(_ account: String, _ request: String, reason: String, releases: Bool, at instant: Int64) {
    guard let withdrawal = self.account(account).withdrawals[request] else { return }
    change(account) {
      $0.withdrawals[request]?.standing = .declined
      $0.withdrawals[request]?.endedAt = instant
    }
    sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": [reason]], at: instant)
    if releases { sayMoney("withdrawal.released", account, request, from: "reserved", to: "available", at: instant) }
  }

  func remind(_ type: String, _ account: String, _ request: String, at instant: Int64) {
    guard let withdrawal = self.account(account).withdrawals[request], withdrawal.isOpen else { return }
    sayWithdrawal(type, account, request, withdrawal, at: instant)
  }

  private func sayWithdrawal(
    _ type: String, _ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, _ more: [String: Any] = [:],
    at instant: Int64
  ) {
    let reported: [String: Any] = [
      "request": request, "referrer": account, "requestedAt": AuditedTime.write(withdrawal.requestedAt),
      "dueAt": AuditedTime.write(withdrawal.requestedAt + 10 * AuditedTime.day), "at": AuditedTime.write(instant),
    ]
    say(type, reported.merging(more) { $1 })
  }

  private func sayMoney(_ type: String, _ account: String, _ request: String, from: String, to: String, at instant: Int64) {
    guard let withdrawal = self.account(account).withdrawals[request] else { return }
    say(
      type,
      [
        "request": request, "referrer": account, "amount": withdrawal.amount, "currency": withdrawal.currency,
        "at": AuditedTime.write(instant), "balance": move(withdrawal.amount, from: from, to: to, account, withdrawal.currency),
      ])
  }
}
