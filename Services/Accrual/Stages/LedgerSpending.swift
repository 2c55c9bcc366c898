import Contracts
import JSON
import Streaming
import Terms

/// A spend of a balance on an invoice, by its request.
enum Spend: Stored, Equatable {
  /// Its end came first and waits for it.
  case awaited(SpendEnd)
  /// - Parameters:
  ///   - amount: minor units.
  ///   - terms: the version that allowed it.
  case reserved(amount: Int64, currency: Currency, invoice: InvoiceID, terms: String)
  /// Declined, captured or released: the first of them counts.
  case over
}

/// How a spend ends.
enum SpendEnd: Stored, Equatable {
  case captured(at: Instant)
  case released(at: Instant)
}

extension SpendingTerms {
  /// Why a spend is refused: all reasons that hold; none: it is granted (row A6). All or nothing.
  func reasonsAgainst(_ request: SpendRequested, available: Int64) -> [BonusReason] {
    var reasons: [BonusReason] = []
    if request.kinds.isEmpty || !request.kinds.allSatisfy(kinds.contains) { reasons.append(.kindNotAllowed) }
    if available < request.amount { reasons.append(.insufficientBalance) }
    return reasons
  }
}

extension LedgerStage {
  static let spends = Table<RequestID, Spend>("spend")

  /// Sets the money aside, or declines.
  func spendRequested(_ request: SpendRequested, _ turn: Turn<Self>) throws(Rejection) {
    let row = request.request
    let before = turn[Self.spends, row]
    let terms = turn.program.version(at: request.requestedAt)
    let available = balance(in: request.currency, turn).available
    let reasons = terms.spending?.reasonsAgainst(request, available: available) ?? [.notSpendable]
    let facts = Because(
      "spend",
      [
        ("amount", .number(request.amount)), ("available", .number(available)),
        ("kinds", .list(Array(request.kinds.prefix(20)))),
      ] + (terms.spending.map { [("allowedKinds", .list(Array($0.kinds.prefix(20))))] } ?? []))
    guard reasons.isEmpty else {
      turn[Self.spends, row] = .over
      turn.emit(
        BonusDeclined(
          request: request.request, referrer: request.account, at: request.requestedAt, reasons: reasons, terms: terms.name,
          because: [facts]))
      return
    }
    let balance = try move(request.amount, in: request.currency, from: .available, to: .reserved, turn)
    turn[Self.spends, row] = .reserved(
      amount: request.amount, currency: request.currency, invoice: request.invoice, terms: terms.name)
    turn.emit(
      BonusReserved(
        request: request.request, referrer: request.account, amount: request.amount, currency: request.currency,
        invoice: request.invoice, at: request.requestedAt, balance: balance, terms: terms.name, because: [facts]))
    if case .awaited(let end)? = before { try self.end(end, request: request.request, turn) }
  }

  func spendCaptured(_ capture: SpendCaptured, _ turn: Turn<Self>) throws(Rejection) {
    try end(.captured(at: capture.capturedAt), request: capture.request, turn)
  }

  func spendReleased(_ release: SpendReleased, _ turn: Turn<Self>) throws(Rejection) {
    try end(.released(at: release.releasedAt), request: release.request, turn)
  }

  /// Captures or releases; an end without its request waits for it.
  private func end(_ end: SpendEnd, request: RequestID, _ turn: Turn<Self>) throws(Rejection) {
    switch turn[Self.spends, request] {
    case nil: turn[Self.spends, request] = .awaited(end)
    case .awaited, .over: return
    case .reserved(let amount, let currency, let invoice, let terms):
      turn[Self.spends, request] = .over
      let referrer = try owner(turn)
      switch end {
      case .captured(let instant):
        let balance = try move(amount, in: currency, from: .reserved, to: .spent, turn)
        turn.emit(
          BonusCaptured(
            request: request, referrer: referrer, amount: amount, currency: currency, invoice: invoice, at: instant,
            balance: balance, terms: terms,
            because: [Because("captured", ["amount": .number(amount), "invoice": .text(invoice.value)])]))
      case .released(let instant):
        let balance = try move(amount, in: currency, from: .reserved, to: .available, turn)
        turn.emit(
          BonusReleased(
            request: request, referrer: referrer, amount: amount, currency: currency, invoice: invoice, at: instant,
            balance: balance, terms: terms,
            because: [Because("released", ["amount": .number(amount), "invoice": .text(invoice.value)])]))
      }
    }
  }
}
