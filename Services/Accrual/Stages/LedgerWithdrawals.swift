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
  amount: Int64, available: Int64, eligibility: Eligibility?, kind: AccountKind?, country: Country?
) -> [WithdrawalReason] {
  var reasons: [WithdrawalReason] = []
  if let eligibility, !eligibility.admits(kind: kind, country: country) { reasons.append(.referrerNotEligible) }
  if available < amount { reasons.append(.insufficientBalance) }
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
        request: request.request, referrer: request.account, at: request.requestedAt, reasons: [.notWithdrawable],
        terms: terms.name, because: [Because("not-withdrawable", ["amount": .number(request.amount)])]))
  }

  /// Sets the money aside, or tells payouts why not.
  func withdrawalOpened(_ opened: WithdrawalOpened, _ turn: Turn<Self>) throws(Rejection) {
    let terms = turn.program.version(at: opened.requestedAt)
    let eligibility = terms.attribution.referrer
    let profile = eligibility == nil ? (kind: nil, country: nil) : profile(at: opened.requestedAt, turn)
    let available = balance(in: opened.currency, turn).available
    let reasons = reasonsAgainstWithdrawal(
      amount: opened.amount, available: available, eligibility: eligibility, kind: profile.kind, country: profile.country)
    let facts = Because("withdrawal", ["amount": .number(opened.amount), "available": .number(available)])
    guard reasons.isEmpty else {
      let because =
        reasons.contains(.referrerNotEligible) ? [ineligible(kind: profile.kind, country: profile.country, by: eligibility)] : []
      turn.emit(
        ReservationRefused(
          request: opened.request, referrer: opened.referrer, requestedAt: opened.requestedAt, at: opened.requestedAt,
          reasons: reasons, because: because + [facts]))
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

  /// The money has left.
  func withdrawalPaid(_ paid: WithdrawalPaid, _ turn: Turn<Self>) throws(Rejection) {
    let (request, instant) = (paid.request, paid.at)
    guard let reservation = turn[Self.reservations, request] else { return }
    turn[Self.reservations, request] = nil
    let balance = try move(reservation.amount, in: reservation.currency, from: .reserved, to: .paid, turn)
    turn.emit(
      WithdrawalBooked(
        request: request, referrer: try owner(turn), amount: reservation.amount, currency: reservation.currency, at: instant,
        balance: balance, terms: reservation.terms,
        because: [Because("withdrawal-paid", ["amount": .number(reservation.amount)])]))
  }

  func withdrawalFailed(_ failed: WithdrawalFailed, _ turn: Turn<Self>) throws(Rejection) {
    // What the provider has said, out of the notice that handed it on.
    let said = failed.because.first.flatMap { $0["reason"] }.map { [("reason", $0)] } ?? []
    try release(failed.request, at: failed.at, Because("withdrawal-failed", said), turn)
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
