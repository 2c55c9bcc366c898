/// A part of a bonus balance set aside for an invoice.
struct AuditedSpend {
  let amount: Int64
  let currency: String
  let invoice: String
  var isOpen = true
}

/// A request to be paid.
struct AuditedWithdrawal {
  let amount: Int64
  let currency: String
  let destination: String
  let requestedAt: Int64
  var isInstructed = false
}

/// What goes out of a balance.
extension AuditedProgram {
  // MARK: Spends (A6)

  func requestSpend(_ account: String, _ data: Facts, at instant: Int64) {
    guard rules.hasOffer else { return }
    let request = data.text("request") ?? ""
    let amount = data.number("amount") ?? 0
    let currency = data.text("currency") ?? ""
    var reasons: [String] = []
    if !data.texts("kinds").allSatisfy({ ["plan", "service"].contains($0) }) { reasons.append("kind-not-allowed") }
    if (self.account(account).balances[currency]?.amounts["available"] ?? 0) < amount { reasons.append("insufficient-balance") }
    guard reasons.isEmpty else { return declineBonus(account, request, reasons, at: instant) }
    let spend = AuditedSpend(amount: amount, currency: currency, invoice: data.text("invoice") ?? "")
    change(account) { $0.spends[request] = spend }
    saySpend("bonus.reserved", account, request, spend, from: "available", to: "reserved", at: instant)
  }

  func endSpend(_ account: String, _ data: Facts, captured: Bool, at instant: Int64) {
    let request = data.text("request") ?? ""
    guard let spend = self.account(account).spends[request], spend.isOpen else { return }
    change(account) { $0.spends[request]?.isOpen = false }
    saySpend(
      captured ? "bonus.captured" : "bonus.released", account, request, spend, from: "reserved", to: captured ? "spent" : "available",
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
    let withdrawal = AuditedWithdrawal(
      amount: data.number("amount") ?? 0, currency: data.text("currency") ?? "", destination: data.text("destination") ?? "",
      requestedAt: instant)
    if self.account(account).openWithdrawal != nil {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": ["already-open"]], at: instant)
    }
    sayWithdrawal("withdrawal.opened", account, request, withdrawal, at: instant)
    var reasons: [String] = []
    if !isEligible(account, at: instant) { reasons.append("referrer-not-eligible") }
    let available = self.account(account).balances[withdrawal.currency]?.amounts["available"] ?? 0
    if available < withdrawal.amount { reasons.append("insufficient-balance") }
    guard reasons.isEmpty else {
      return sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": reasons], at: instant)
    }
    change(account) {
      $0.withdrawals[request] = withdrawal
      $0.openWithdrawal = request
    }
    sayMoney("withdrawal.reserved", account, request, withdrawal, from: "available", to: "reserved", at: instant)
    set(.dueSoon(account: account, request: request), at: instant + 7 * AuditedTime.day)
    set(.overdue(account: account, request: request), at: instant + 10 * AuditedTime.day)
    if withdrawal.currency == "USD", withdrawal.amount > 50_000 {
      sayWithdrawal("withdrawal.awaitingApproval", account, request, withdrawal, at: instant)
    } else {
      instruct(account, request, withdrawal, at: instant)
    }
  }

  private func instruct(_ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, at instant: Int64) {
    change(account) { $0.withdrawals[request]?.isInstructed = true }
    say(
      "payout.instructed",
      [
        "referrer": account, "request": request, "amount": withdrawal.amount, "currency": withdrawal.currency,
        "destination": withdrawal.destination, "attempt": 1, "at": AuditedTime.write(instant),
      ])
  }

  /// The request that is open and may still be stopped.
  private func awaiting(_ account: String, _ data: Facts) -> (String, AuditedWithdrawal)? {
    guard let request = data.text("request"), self.account(account).openWithdrawal == request,
      let withdrawal = self.account(account).withdrawals[request], !withdrawal.isInstructed
    else { return nil }
    return (request, withdrawal)
  }

  func approve(_ account: String, _ data: Facts, at instant: Int64) {
    guard let (request, withdrawal) = awaiting(account, data) else { return }
    instruct(account, request, withdrawal, at: instant)
  }

  func decline(_ account: String, _ data: Facts, reason: String, at instant: Int64) {
    guard let (request, withdrawal) = awaiting(account, data) else { return }
    change(account) { $0.openWithdrawal = nil }
    sayWithdrawal("withdrawal.declined", account, request, withdrawal, ["reasons": [reason]], at: instant)
    sayMoney("withdrawal.released", account, request, withdrawal, from: "reserved", to: "available", at: instant)
  }

  func payout(_ account: String, _ data: Facts, settled: Bool, at instant: Int64) {
    guard let request = self.account(account).openWithdrawal, data.text("payout") == "\(request)#1",
      let withdrawal = self.account(account).withdrawals[request], withdrawal.isInstructed
    else { return }
    change(account) { $0.openWithdrawal = nil }
    sayWithdrawal(settled ? "withdrawal.paid" : "withdrawal.failed", account, request, withdrawal, at: instant)
    sayMoney(
      settled ? "withdrawal.booked" : "withdrawal.released", account, request, withdrawal, from: "reserved",
      to: settled ? "paid" : "available", at: instant)
  }

  func remind(_ type: String, _ account: String, _ request: String, at instant: Int64) {
    guard self.account(account).openWithdrawal == request, let withdrawal = self.account(account).withdrawals[request] else { return }
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
    _ type: String, _ account: String, _ request: String, _ withdrawal: AuditedWithdrawal, from: String, to: String, at instant: Int64
  ) {
    say(
      type,
      [
        "request": request, "referrer": account, "amount": withdrawal.amount, "currency": withdrawal.currency,
        "at": AuditedTime.write(instant), "balance": move(withdrawal.amount, from: from, to: to, account, withdrawal.currency),
      ])
  }
}
