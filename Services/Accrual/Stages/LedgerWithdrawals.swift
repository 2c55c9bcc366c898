import Contracts
import JSON
import Streaming
import Terms

/// Money set aside for a withdrawal that is under way.
struct Reservation: Stored, Equatable {
  /// Minor units.
  let amount: Int64
  let currency: Currency
  /// The version under which it was made.
  let terms: String
}

/// Why nothing is set aside for a withdrawal: all reasons that hold (row C1; DECISIONS R1). That the owner is closed is none:
/// what it has earned stays payable.
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

// The ledger's half of a withdrawal (row C10). Payouts holds the conversation; here only the money moves.
extension LedgerStage {
  /// By request, while it is under way.
  static let reservations = Table<RequestID, Reservation>("reservation")

  /// A balance that can only be spent: payouts knows of no withdrawals there, so the ledger answers (row A6).
  func withdrawalRequested(_ request: WithdrawalRequested, _ turn: Turn<Self>) {
    let terms = turn.program.version(at: request.requestedAt)
    guard terms.withdrawal == nil else { return }
    turn.emit(
      BonusDeclined(
        request: request.request, referrer: request.account, amount: request.amount, currency: request.currency,
        at: request.requestedAt, reasons: [.notWithdrawable], terms: terms.name,
        because: [Because("not-withdrawable", ["amount": .number(request.amount)])]))
  }

  /// Sets the money aside, or tells payouts why not.
  func withdrawalOpened(_ opened: WithdrawalOpened, _ turn: Turn<Self>) throws(Rejection) {
    let terms = turn.program.version(at: opened.requestedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: opened.requestedAt, turn)
    let available = balance(in: opened.currency, turn).available
    let bannedAt = bannedAt(asOf: opened.requestedAt, turn)
    let reasons = reasonsAgainstWithdrawal(
      opened, available: available, by: terms, kind: profile.kind, country: profile.country, isBanned: bannedAt != nil)
    let minimum = terms.withdrawal?.minimum[opened.currency].map { [("minimum", Because.Fact.number($0))] } ?? []
    let facts = Because("withdrawal", [("amount", .number(opened.amount)), ("available", .number(available))] + minimum)
    guard reasons.isEmpty else {
      let because =
        reasons.contains(.referrerNotEligible) ? [ineligible(kind: profile.kind, country: profile.country, by: eligibility)] : []
      turn.emit(
        ReservationRefused(
          request: opened.request, referrer: opened.referrer, requestedAt: opened.requestedAt, at: opened.requestedAt,
          reasons: reasons, because: because + Self.banned(bannedAt) + [facts]))
      return
    }
    let balance = try move(opened.amount, in: opened.currency, from: .available, to: .reserved, turn)
    turn[Self.reservations, opened.request] = Reservation(
      amount: opened.amount, currency: opened.currency, terms: terms.name)
    turn.emit(
      WithdrawalReserved(
        request: opened.request, referrer: opened.referrer, amount: opened.amount, currency: opened.currency,
        at: opened.requestedAt, balance: balance, terms: terms.name, because: [facts]))
  }

  /// The money has left: what was set aside, or what was released because the payout had failed before it was settled after all; then
  /// the balance may go below 0 (DECISIONS C10c).
  func withdrawalPaid(_ paid: WithdrawalPaid, _ turn: Turn<Self>) throws(Rejection) {
    let reservation = turn[Self.reservations, paid.request]
    turn[Self.reservations, paid.request] = nil
    let balance = try move(
      paid.amount, in: paid.currency, from: reservation == nil ? .available : .reserved, to: .paid, turn)
    turn.emit(
      WithdrawalBooked(
        request: paid.request, referrer: try owner(turn), amount: paid.amount, currency: paid.currency, at: paid.at,
        balance: balance, terms: reservation?.terms ?? paid.terms,
        because: [Because("withdrawal-paid", ["amount": .number(paid.amount)])]))
  }

  /// The money has come back: it is released where it had not been booked yet, else it goes from paid to available.
  func withdrawalReturned(_ returned: WithdrawalReturned, _ turn: Turn<Self>) throws(Rejection) {
    let because = Because("withdrawal-returned", ["amount": .number(returned.amount)])
    guard turn[Self.reservations, returned.request] == nil else {
      return try release(returned.request, at: returned.at, because, turn)
    }
    let balance = try move(returned.amount, in: returned.currency, from: .paid, to: .available, turn)
    turn.emit(
      WithdrawalRestored(
        request: returned.request, referrer: try owner(turn), amount: returned.amount, currency: returned.currency,
        at: returned.at, balance: balance, terms: returned.terms, because: [because]))
  }

  func withdrawalFailed(_ failed: WithdrawalFailed, _ turn: Turn<Self>) throws(Rejection) {
    // What the provider has said, out of the notice that handed it on.
    let said = failed.because.first.flatMap { $0["reason"] }.map { [("reason", $0)] } ?? []
    let payout = failed.payout.map { [("payout", Because.Fact.text($0.value))] } ?? []
    try release(failed.request, at: failed.at, Because("withdrawal-failed", payout + said), turn)
  }

  func withdrawalDeclined(_ declined: WithdrawalDeclined, _ turn: Turn<Self>) throws(Rejection) {
    let reasons = Because.Fact.list(declined.reasons.map(\.rawValue))
    try release(declined.request, at: declined.at, Because("withdrawal-declined", ["reasons": reasons]), turn)
  }

  /// The money stays. A withdrawal for which nothing was set aside, declined for that very reason, has none to give back.
  private func release(_ request: RequestID, at instant: Instant, _ because: Because, _ turn: Turn<Self>) throws(Rejection) {
    guard let reservation = turn[Self.reservations, request] else { return }
    turn[Self.reservations, request] = nil
    let balance = try move(reservation.amount, in: reservation.currency, from: .reserved, to: .available, turn)
    turn.emit(
      WithdrawalReleased(
        request: request, referrer: try owner(turn), amount: reservation.amount, currency: reservation.currency, at: instant,
        balance: balance, terms: reservation.terms, because: [because]))
  }
}
