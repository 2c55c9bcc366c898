import Contracts
import JSON
import Streaming
import Terms

/// Money reserved for an open withdrawal.
struct Reservation: Stored, Equatable {
  /// Minor units.
  let amount: Int64
  let currency: Currency
  /// The version of the terms at the request.
  let terms: String
}

/// All reasons against reserving money for a withdrawal (row C1; DECISIONS R1). A closed account is not a reason: what it has earned can
/// still be paid out.
func reasonsAgainstWithdrawal(
  _ opened: WithdrawalOpened, available: Int64, by terms: TermsVersion, kind: AccountKind?, country: Country?, isBanned: Bool
) -> [WithdrawalReason] {
  var reasons: [WithdrawalReason] = []
  if let eligibility = terms.attribution.referrer, !eligibility.admits(kind: kind, country: country) {
    reasons.append(.referrerNotEligible)
  }
  if isBanned { reasons.append(.accountBanned) }
  if let minimum = terms.withdrawal?.minimum[opened.currency], opened.amount < minimum { reasons.append(.belowMinimum) }
  if available < opened.amount { reasons.append(.insufficientBalance) }
  return reasons
}

// The ledger's part of a withdrawal (row C10). Payouts runs the withdrawal; the ledger only moves the money.
extension LedgerStage {
  /// By request, while the withdrawal is open.
  static let reservations = Table<RequestID, Reservation>("reservation")

  /// Declines the request if the program has no withdrawals. Payouts ignores such programs, so the ledger answers (row A6).
  func withdrawalRequested(_ request: WithdrawalRequested, _ context: Context<Self>) {
    let terms = context.program.version(at: request.requestedAt)
    guard terms.withdrawal == nil else { return }
    context.emit(
      BonusDeclined(
        request: request.request, referrer: request.account, amount: request.amount, currency: request.currency,
        at: request.requestedAt, reasons: [.notWithdrawable], terms: terms.name,
        because: [Because("not-withdrawable", ["amount": .number(request.amount)])]))
  }

  /// Reserves the money, or sends payouts the reasons against it.
  func withdrawalOpened(_ opened: WithdrawalOpened, _ context: Context<Self>) throws(Rejection) {
    let terms = context.program.version(at: opened.requestedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: opened.requestedAt, context)
    let available = balance(in: opened.currency, context).available
    let bannedAt = bannedAt(asOf: opened.requestedAt, context)
    let reasons = reasonsAgainstWithdrawal(
      opened, available: available, by: terms, kind: profile.kind, country: profile.country, isBanned: bannedAt != nil)
    let facts = Because(
      "withdrawal",
      [
        "amount": .number(opened.amount), "available": .number(available),
        "minimum": terms.withdrawal?.minimum[opened.currency].map { .number($0) },
      ])
    guard reasons.isEmpty else {
      let because =
        reasons.contains(.referrerNotEligible) ? [ineligible(kind: profile.kind, country: profile.country, by: eligibility)] : []
      context.emit(
        ReservationRefused(
          request: opened.request, referrer: opened.referrer, requestedAt: opened.requestedAt, at: opened.requestedAt,
          reasons: reasons, because: because + Self.banned(bannedAt) + [facts]))
      return
    }
    let balance = try move(opened.amount, in: opened.currency, from: .available, to: .reserved, context)
    context[Self.reservations, opened.request] = Reservation(
      amount: opened.amount, currency: opened.currency, terms: terms.name)
    context.emit(
      WithdrawalReserved(
        request: opened.request, referrer: opened.referrer, amount: opened.amount, currency: opened.currency,
        at: opened.requestedAt, balance: balance, terms: terms.name, because: [facts]))
  }

  /// Books the payout. The money is normally reserved. If the payout was first reported as failed, it was released and may have been used
  /// since; then the available balance can become negative (DECISIONS C10c).
  func withdrawalPaid(_ paid: WithdrawalPaid, _ context: Context<Self>) throws(Rejection) {
    let reservation = context[Self.reservations, paid.request]
    context[Self.reservations, paid.request] = nil
    let balance = try move(
      paid.amount, in: paid.currency, from: reservation == nil ? .available : .reserved, to: .paid, context)
    context.emit(
      WithdrawalBooked(
        request: paid.request, referrer: try owner(context), amount: paid.amount, currency: paid.currency, at: paid.at,
        balance: balance, terms: reservation?.terms ?? paid.terms,
        because: [Because("withdrawal-paid", ["amount": .number(paid.amount)])]))
  }

  /// The money came back. It is released if the payout was not booked yet; otherwise it moves from paid to available.
  func withdrawalReturned(_ returned: WithdrawalReturned, _ context: Context<Self>) throws(Rejection) {
    let because = Because("withdrawal-returned", ["amount": .number(returned.amount)])
    guard context[Self.reservations, returned.request] == nil else {
      return try release(returned.request, at: returned.at, because, context)
    }
    let balance = try move(returned.amount, in: returned.currency, from: .paid, to: .available, context)
    context.emit(
      WithdrawalRestored(
        request: returned.request, referrer: try owner(context), amount: returned.amount, currency: returned.currency,
        at: returned.at, balance: balance, terms: returned.terms, because: [because]))
  }

  func withdrawalFailed(_ failed: WithdrawalFailed, _ context: Context<Self>) throws(Rejection) {
    // The provider's reason, which payouts passes on in the notice.
    let reason = failed.because.first.flatMap { $0["reason"] }
    let because = Because("withdrawal-failed", ["payout": failed.payout.map { .text($0.value) }, "reason": reason])
    try release(failed.request, at: failed.at, because, context)
  }

  func withdrawalDeclined(_ declined: WithdrawalDeclined, _ context: Context<Self>) throws(Rejection) {
    let reasons = Because.Fact.list(declined.reasons.map(\.rawValue))
    try release(declined.request, at: declined.at, Because("withdrawal-declined", ["reasons": reasons]), context)
  }

  /// Moves the reserved money back to available. A withdrawal that was declined before it got a reservation has nothing to release.
  private func release(_ request: RequestID, at instant: Instant, _ because: Because, _ context: Context<Self>) throws(Rejection)
  {
    guard let reservation = context[Self.reservations, request] else { return }
    context[Self.reservations, request] = nil
    let balance = try move(reservation.amount, in: reservation.currency, from: .reserved, to: .available, context)
    context.emit(
      WithdrawalReleased(
        request: request, referrer: try owner(context), amount: reservation.amount, currency: reservation.currency, at: instant,
        balance: balance, terms: reservation.terms, because: [because]))
  }
}
