import Contracts
import JSON
import Streaming
import Terms

/// A request to spend part of a balance on an invoice.
enum Spend: Stored, Equatable {
  /// The end arrived before the request and waits for it.
  case awaited(SpendEnd)
  /// - Parameters:
  ///   - amount: minor units.
  ///   - terms: the version of the terms that allowed it.
  case reserved(amount: Int64, currency: Currency, invoice: InvoiceID, terms: String)
  /// - Parameter left: minor units not yet returned (DECISIONS A9d).
  case captured(left: Int64, currency: Currency, invoice: InvoiceID, terms: String)
  /// Declined or released.
  case over
}

/// The end of a spend.
enum SpendEnd: Stored, Equatable {
  case captured(at: Instant)
  case released(at: Instant)
}

extension SpendingTerms {
  /// All reasons against a spend (row A6). If there are none, the whole amount is granted; a part never is.
  func reasonsAgainst(_ request: SpendRequested, available: Int64, isBanned: Bool) -> [BonusReason] {
    var reasons: [BonusReason] = []
    if request.kinds.isEmpty || !request.kinds.allSatisfy(kinds.contains) { reasons.append(.kindNotAllowed) }
    if isBanned { reasons.append(.accountBanned) }
    if available < request.amount { reasons.append(.insufficientBalance) }
    return reasons
  }
}

extension LedgerStage {
  static let spends = Table<RequestID, Spend>("spend", keepsDecoded: false)

  /// Reserves the money or declines the spend.
  func spendRequested(_ request: SpendRequested, _ context: Context<Self>) throws(Rejection) {
    let row = request.request
    let before = context[Self.spends, row]
    let terms = context.program.version(at: request.requestedAt)
    let available = balance(in: request.currency, context).available
    let bannedAt = bannedAt(asOf: request.requestedAt, context)
    let reasons = terms.spending?.reasonsAgainst(request, available: available, isBanned: bannedAt != nil) ?? [.notSpendable]
    let facts = Because(
      "spend",
      [
        "amount": .number(request.amount), "available": .number(available), "kinds": .list(Array(request.kinds.prefix(20))),
        "allowedKinds": terms.spending.map { .list(Array($0.kinds.prefix(20))) },
      ])
    guard reasons.isEmpty else {
      context[Self.spends, row] = .over
      context.emit(
        BonusDeclined(
          request: request.request, referrer: request.account, amount: request.amount, currency: request.currency,
          at: request.requestedAt, reasons: reasons, terms: terms.name, because: [facts] + Self.banned(bannedAt)))
      return
    }
    let balance = try move(request.amount, in: request.currency, from: .available, to: .reserved, context)
    context[Self.spends, row] = .reserved(
      amount: request.amount, currency: request.currency, invoice: request.invoice, terms: terms.name)
    context.emit(
      BonusReserved(
        request: request.request, referrer: request.account, amount: request.amount, currency: request.currency,
        invoice: request.invoice, at: request.requestedAt, balance: balance, terms: terms.name, because: [facts]))
    if case .awaited(let end)? = before { try self.end(end, request: request.request, context) }
  }

  func spendCaptured(_ capture: SpendCaptured, _ context: Context<Self>) throws(Rejection) {
    try end(.captured(at: capture.capturedAt), request: capture.request, context)
  }

  func spendReleased(_ release: SpendReleased, _ context: Context<Self>) throws(Rejection) {
    try end(.released(at: release.releasedAt), request: release.request, context)
  }

  /// Captures or releases a spend. If the request has not arrived yet, the end waits for it.
  private func end(_ end: SpendEnd, request: RequestID, _ context: Context<Self>) throws(Rejection) {
    switch context[Self.spends, request] {
    case nil: context[Self.spends, request] = .awaited(end)
    case .awaited, .captured, .over: return
    case .reserved(let amount, let currency, let invoice, let terms):
      context[Self.spends, request] = .over
      let referrer = try owner(context)
      switch end {
      case .captured(let instant):
        context[Self.spends, request] = .captured(left: amount, currency: currency, invoice: invoice, terms: terms)
        let balance = try move(amount, in: currency, from: .reserved, to: .spent, context)
        context.emit(
          BonusCaptured(
            request: request, referrer: referrer, amount: amount, currency: currency, invoice: invoice, at: instant,
            balance: balance, terms: terms,
            because: [Because("captured", ["amount": .number(amount), "invoice": .text(invoice.value)])]))
      case .released(let instant):
        let balance = try move(amount, in: currency, from: .reserved, to: .available, context)
        context.emit(
          BonusReleased(
            request: request, referrer: referrer, amount: amount, currency: currency, invoice: invoice, at: instant,
            balance: balance, terms: terms,
            because: [Because("released", ["amount": .number(amount), "invoice": .text(invoice.value)])]))
      }
    }
  }

  /// Gives back all or part of a captured spend because what it paid for was refunded (DECISIONS A9d).
  func spendReturned(_ returned: SpendReturned, _ context: Context<Self>) throws(Rejection) {
    // A rejected return is remembered (DECISIONS R3). If it is delivered again after the capture, it has no effect.
    guard case .captured(let left, let currency, let invoice, let terms)? = context[Self.spends, returned.request] else {
      let detail = "spend '\(returned.request)' of '\(returned.account)' was not captured"
      return context.reject(Rejection(.nothingToReturn, detail))
    }
    let amount = min(returned.amount ?? left, left)
    guard amount > 0 else {
      let detail = "spend '\(returned.request)' of '\(returned.account)' was already returned in full"
      return context.reject(Rejection(.nothingToReturn, detail))
    }
    context[Self.spends, returned.request] = .captured(left: left - amount, currency: currency, invoice: invoice, terms: terms)
    let balance = try move(amount, in: currency, from: .spent, to: .available, context)
    context.emit(
      BonusReturned(
        return: returned.return, request: returned.request, referrer: returned.account, amount: amount, currency: currency,
        invoice: invoice, at: returned.returnedAt, balance: balance, terms: terms,
        because: [
          Because(
            "returned",
            ["amount": .number(amount), "asked": returned.amount.map { .number($0) }, "left": .number(left)])
        ]))
  }

  static func banned(_ instant: Instant?) -> [Because] {
    instant.map { [Because("account-banned", ["bannedAt": "\($0)"])] } ?? []
  }

  // MARK: Corrections (DECISIONS, "corrected")

  func correctionRequested(_ correction: CorrectionRequested, _ context: Context<Self>) throws(Rejection) {
    guard context.program.versions.contains(where: { $0.reward != nil }) else {
      throw Rejection(.noBalance, "program '\(context.program.id)' has no rewards, so it keeps no balances")
    }
    context.emit(
      BalanceCorrected(
        request: correction.request, referrer: correction.account, delta: correction.amount, currency: correction.currency,
        at: correction.decidedAt, operator: correction.operator, reason: correction.reason,
        balance: try correct(correction.amount, in: correction.currency, context),
        terms: context.program.version(at: correction.decidedAt).name,
        because: [
          Because(
            "corrected", ["operator": .text(correction.operator.value), "reason": .text(String(correction.reason.prefix(500)))])
        ]))
  }
}
