/// A part of a bonus balance set aside for an invoice.
struct AuditedSpend {
  let amount: Int64
  let currency: String
  let invoice: String
  var isOpen = true
}

/// A request to be paid.
struct AuditedWithdrawal {
  enum Standing { case awaitingApproval, instructed, ended }

  let amount: Int64
  let currency: String
  let destination: String
  let requestedAt: Int64
  var standing = Standing.ended
  var endedAt: Int64

  /// Whether a request of that instant comes upon this one.
  func isInTheWay(at instant: Int64) -> Bool { standing != .ended || requestedAt <= instant && instant < endedAt }
}

/// What was heard about a withdrawal, perhaps before it: of each kind the first.
struct AuditedVerdicts {
  var canceledAt: Int64?
  var decision: (isApproved: Bool, at: Int64)?
  var result: (isSettled: Bool, at: Int64)?
}

/// What goes out of a balance.
extension AuditedProgram {
  // MARK: Spends (A6)

  func requestSpend(_ account: String, _ data: Facts, at instant: Int64) {
    let request = data.text("request") ?? ""
    guard rules.hasOffer else { return declineBonus(account, request, ["not-spendable"], at: instant) }
    let amount = data.number("amount") ?? 0
    let currency = data.text("currency") ?? ""
    var reasons: [String] = []
    if !data.texts("kinds").allSatisfy({ ["plan", "service"].contains($0) }) { reasons.append("kind-not-allowed") }
    if (self.account(account).balances[currency]?.amounts["available"] ?? 0) < amount { reasons.append("insufficient-balance") }
    guard reasons.isEmpty else { return declineBonus(account, request, reasons, at: instant) }
    let spend = AuditedSpend(amount: amount, currency: currency, invoice: data.text("invoice") ?? "")
    change(account) { $0.spends[request] = spend }
    saySpend("bonus.reserved", account, request, spend, from: "available", to: "reserved", at: instant)
    if let (captured, at) = self.account(account).spendEnds[request] { endSpend(account, request, captured: captured, at: at) }
  }

  /// The first of captured and released counts, also when it comes before the request.
  func endSpend(_ account: String, _ request: String, captured: Bool, at instant: Int64) {
    guard rules.hasOffer else { return }
    if self.account(account).spendEnds[request] == nil { change(account) { $0.spendEnds[request] = (captured, instant) } }
    guard let spend = self.account(account).spends[request], spend.isOpen else { return }
    change(account) { $0.spends[request]?.isOpen = false }
    saySpend(
      captured ? "bonus.captured" : "bonus.released", account, request, spend, from: "reserved",
      to: captured ? "spent" : "available",
      at: instant)
  }

  private func saySpend(
    _ type: String, _ account: String, _ request: String, _ spend: AuditedSpend, from: String, to: String, at instant: Int64
  ) {
    say(
      type,
      [
        "request": request, "referrer": account, "amount": spend.amount, "currency": spend.currency, "invoice": spend.invoice,
        "at": AuditedTime.write(instant), "balance": move(spend.amount, from: from, to: to, account, spend.currency),
      ])
  }

  private func declineBonus(_ account: String, _ request: String, _ reasons: [String], at instant: Int64) {
    say("bonus.declined", ["request": request, "referrer": account, "at": AuditedTime.write(instant), "reasons": reasons])
  }

  // MARK: Withdrawals (C9, C10)

  func requestWithdrawal(_ account: String, _ data: Facts, at instant: Int64) {
    let request = data.text("request") ?? ""
    if rules.hasOffer { return declineBonus(account, request, ["not-withdrawable"], at: instant) }
    guard rules.paysOut else { return }
    var withdrawal = AuditedWithdrawal(
      amount: data.number("amount") ?? 0, currency: data.text("currency") ?? "", destination: data.text("destination") ?? "",
      requestedAt: instant, endedAt: instant)
    if self.account(account).withdrawals.values.contains(where: { $0.isInTheWay(at: instant) }) {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": ["already-open"]], at: instant)
    }
    sayWithdrawal("withdrawal.opened", account, request, withdrawal, at: instant)
    var reasons: [String] = []
    if !isEligible(account, at: instant) { reasons.append("referrer-not-eligible") }
    let available = self.account(account).balances[withdrawal.currency]?.amounts["available"] ?? 0
    if available < withdrawal.amount { reasons.append("insufficient-balance") }
    let canceledAt = self.account(account).verdicts[request]?.canceledAt
    if !reasons.isEmpty, canceledAt == nil {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": reasons], at: instant)
    }
    withdrawal.standing = .awaitingApproval
    change(account) { $0.withdrawals[request] = withdrawal }
    if reasons.isEmpty {
      sayMoney("withdrawal.reserved", account, request, withdrawal, from: "available", to: "reserved", at: instant)
    }
    if let canceledAt {
      return decline(account, request, reason: "canceled", releases: reasons.isEmpty, at: max(canceledAt, instant))
    }
    set(.dueSoon(account: account, request: request), at: instant + 7 * AuditedTime.day)
    set(.overdue(account: account, request: request), at: instant + 10 * AuditedTime.day)
    if withdrawal.currency == "USD", withdrawal.amount > 50_000 {
      sayWithdrawal("withdrawal.awaitingApproval", account, request, withdrawal, at: instant)
      proceed(account, request)
    } else {
      instruct(account, request, at: instant)
    }
  }

  func hear(_ account: String, _ request: String, _ note: (inout AuditedVerdicts) -> Void) {
    change(account) { note(&$0.verdicts[request, default: AuditedVerdicts()]) }
    proceed(account, request)
  }

  /// As far as what was heard leads.
  private func proceed(_ account: String, _ request: String) {
    guard let withdrawal = self.account(account).withdrawals[request], let verdicts = self.account(account).verdicts[request]
    else { return }
    switch withdrawal.standing {
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
    case .instructed:
      guard let (isSettled, at) = verdicts.result else { return }
      finish(account, request, isSettled: isSettled, at: max(at, withdrawal.requestedAt))
    case .ended: break
    }
  }

  private func instruct(_ account: String, _ request: String, at instant: Int64) {
    change(account) { $0.withdrawals[request]?.standing = .instructed }
    guard let withdrawal = self.account(account).withdrawals[request] else { return }
    say(
      "payout.instructed",
      [
        "referrer": account, "request": request, "amount": withdrawal.amount, "currency": withdrawal.currency,
        "destination": withdrawal.destination, "attempt": 1, "at": AuditedTime.write(instant),
      ])
    proceed(account, request)
  }

  private func decline(_ account: String, _ request: String, reason: String, releases: Bool, at instant: Int64) {
    guard let withdrawal = end(account, request, at: instant) else { return }
    sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": [reason]], at: instant)
    if releases { sayMoney("withdrawal.released", account, request, withdrawal, from: "reserved", to: "available", at: instant) }
  }

  private func finish(_ account: String, _ request: String, isSettled: Bool, at instant: Int64) {
    guard let withdrawal = end(account, request, at: instant) else { return }
    sayWithdrawal(isSettled ? "withdrawal.paid" : "withdrawal.failed", account, request, withdrawal, at: instant)
    sayMoney(
      isSettled ? "withdrawal.booked" : "withdrawal.released", account, request, withdrawal, from: "reserved",
      to: isSettled ? "paid" : "available", at: instant)
  }

  private func end(_ account: String, _ request: String, at instant: Int64) -> AuditedWithdrawal? {
    change(account) {
      $0.withdrawals[request]?.standing = .ended
      $0.withdrawals[request]?.endedAt = instant
    }
    return self.account(account).withdrawals[request]
  }

  func remind(_ type: String, _ account: String, _ request: String, at instant: Int64) {
    guard let withdrawal = self.account(account).withdrawals[request], withdrawal.standing != .ended else { return }
    sayWithdrawal(type, account, request, withdrawal, at: instant)
  }

  private func sayWithdrawal(
    _ type: String, _ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, _ more: [String: Any] = [:],
    at instant: Int64
  ) {
    let told: [String: Any] = [
      "request": request, "referrer": account, "requestedAt": AuditedTime.write(withdrawal.requestedAt),
      "dueAt": AuditedTime.write(withdrawal.requestedAt + 10 * AuditedTime.day), "at": AuditedTime.write(instant),
    ]
    say(type, told.merging(more) { $1 })
  }

  private func sayMoney(
    _ type: String, _ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, from: String, to: String,
    at instant: Int64
  ) {
    say(
      type,
      [
        "request": request, "referrer": account, "amount": withdrawal.amount, "currency": withdrawal.currency,
        "at": AuditedTime.write(instant), "balance": move(withdrawal.amount, from: from, to: to, account, withdrawal.currency),
      ])
  }
}
