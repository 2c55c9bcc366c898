/// A part of a bonus balance reserved for an invoice.
struct AuditedSpend {
  enum Standing { case reserved, captured, released }

  let amount: Int64
  let currency: String
  let invoice: String
  var standing = Standing.reserved
  var returned: Int64 = 0
}

/// Spends from a balance, and operators' corrections.
extension AuditedProgram {
  // MARK: Spends (A6)

  func requestSpend(_ account: String, _ data: Facts, at instant: Int64) {
    let request = data.text("request") ?? ""
    guard let kinds = terms.spends else { return declineBonus(account, request, ["not-spendable"], at: instant) }
    let amount = data.number("amount") ?? 0
    let currency = data.text("currency") ?? ""
    var reasons: [String] = []
    if !data.texts("kinds").allSatisfy(kinds.contains) { reasons.append("kind-not-allowed") }
    if self.account(account).closings.isBanned(at: instant) { reasons.append("account-banned") }
    if (self.account(account).balances[currency]?.amounts["available"] ?? 0) < amount { reasons.append("insufficient-balance") }
    guard reasons.isEmpty else { return declineBonus(account, request, reasons, at: instant) }
    let spend = AuditedSpend(amount: amount, currency: currency, invoice: data.text("invoice") ?? "")
    change(account) { $0.spends[request] = spend }
    saySpend("bonus.reserved", account, request, spend, amount, from: "available", to: "reserved", at: instant)
    if let (captured, at) = self.account(account).spendEnds[request] { endSpend(account, request, captured: captured, at: at) }
  }

  /// The first of captured and released counts, even if it arrives before the request.
  func endSpend(_ account: String, _ request: String, captured: Bool, at instant: Int64) {
    guard terms.spends != nil else { return }
    if self.account(account).spendEnds[request] == nil { change(account) { $0.spendEnds[request] = (captured, instant) } }
    guard let spend = self.account(account).spends[request], spend.standing == .reserved else { return }
    change(account) { $0.spends[request]?.standing = captured ? .captured : .released }
    saySpend(
      captured ? "bonus.captured" : "bonus.released", account, request, spend, spend.amount, from: "reserved",
      to: captured ? "spent" : "available", at: instant)
  }

  /// Never more than its remaining amount (A9d).
  func returnSpend(_ account: String, _ request: String, _ data: Facts, at instant: Int64) {
    guard let spend = self.account(account).spends[request], spend.standing == .captured, spend.returned < spend.amount
    else { return }  // nothing-to-return
    let amount = min(data.number("amount") ?? .max, spend.amount - spend.returned)
    change(account) { $0.spends[request]?.returned += amount }
    saySpend(
      "bonus.returned", account, request, spend, amount, ["return": data.text("return") ?? ""], from: "spent", to: "available",
      at: instant)
  }

  private func saySpend(
    _ type: String, _ account: String, _ request: String, _ spend: AuditedSpend, _ amount: Int64, _ more: [String: Any] = [:],
    from: String, to: String, at instant: Int64
  ) {
    let reported: [String: Any] = [
      "request": request, "referrer": account, "amount": amount, "currency": spend.currency, "invoice": spend.invoice,
      "at": AuditedTime.write(instant), "balance": move(amount, from: from, to: to, account, spend.currency),
    ]
    say(type, reported.merging(more) { $1 })
  }

  func declineBonus(_ account: String, _ request: String, _ reasons: [String], at instant: Int64) {
    say("bonus.declined", ["request": request, "referrer": account, "at": AuditedTime.write(instant), "reasons": reasons])
  }

  // MARK: Corrections (corrected)

  func correct(_ account: String, _ data: Facts, at instant: Int64) {
    guard terms.earns, let amount = data.number("amount"), let currency = data.text("currency") else { return }
    change(account) { $0.balances[currency, default: AuditedBalance()].amounts["corrected", default: 0] += amount }
    say(
      "balance.corrected",
      [
        "request": data.text("request") ?? "", "referrer": account, "delta": amount, "currency": currency,
        "at": AuditedTime.write(instant), "operator": data.text("operator") ?? "", "reason": data.text("reason") ?? "",
        "balance": move(amount, from: nil, to: "available", account, currency),
      ])
  }
}
