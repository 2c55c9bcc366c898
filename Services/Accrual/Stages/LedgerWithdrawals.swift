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
  static let reservations = Table<Reservation>("reservation")

  /// A balance that can only be spent: payouts knows of no withdrawals there, so the ledger answers (row A6).
  func declineUnlessWithdrawable(_ request: WithdrawalRequested, _ program: Program, _ turn: Turn<Self>) {
    let terms = program.version(at: request.requestedAt)
    guard terms.withdrawal == nil else { return }
    turn.emit(
      .notice(
        BonusDeclined(
          request: request.request, referrer: request.account, at: request.requestedAt, reasons: [.notWithdrawable],
          terms: terms.name, because: [Because("not-withdrawable", ["amount": .number(request.amount)])])))
  }

  /// Sets the money aside, or tells payouts why not.
  func reserve(_ opened: WithdrawalOpened, _ program: Program, _ turn: Turn<Self>) throws(Rejection) {
    let terms = program.version(at: opened.requestedAt)
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
        .reservationRefused(
          ReservationRefused(
            request: opened.request, referrer: opened.referrer, requestedAt: opened.requestedAt, at: opened.requestedAt,
            reasons: reasons, because: because + [facts])))
      return
    }
    let balance = try move(opened.amount, in: opened.currency, from: .available, to: .reserved, turn)
    turn[Self.reservations, .id(opened.request)] = Reservation(
      amount: opened.amount, currency: opened.currency, terms: terms.name)
    turn.emit(
      .notice(
        WithdrawalReserved(
          request: opened.request, referrer: opened.referrer, amount: opened.amount, currency: opened.currency,
          at: opened.requestedAt, balance: balance, terms: terms.name, because: [facts])))
  }

  /// The money has left.
  func book(_ request: RequestID, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard let reservation = turn[Self.reservations, .id(request)] else { return }
    turn[Self.reservations, .id(request)] = nil
    let balance = try move(reservation.amount, in: reservation.currency, from: .reserved, to: .paid, turn)
    turn.emit(
      .notice(
        WithdrawalBooked(
          request: request, referrer: try owner(turn), amount: reservation.amount, currency: reservation.currency, at: instant,
          balance: balance, terms: reservation.terms,
          because: [Because("withdrawal-paid", ["amount": .number(reservation.amount)])])))
  }

  /// The money stays. A withdrawal for which nothing was set aside, declined for that very reason, has none to give back.
  func release(_ request: RequestID, at instant: Instant, _ because: Because, _ turn: Turn<Self>) throws(Rejection) {
    guard let reservation = turn[Self.reservations, .id(request)] else { return }
    turn[Self.reservations, .id(request)] = nil
    let balance = try move(reservation.amount, in: reservation.currency, from: .reserved, to: .available, turn)
    turn.emit(
      .notice(
        WithdrawalReleased(
          request: request, referrer: try owner(turn), amount: reservation.amount, currency: reservation.currency, at: instant,
          balance: balance, terms: reservation.terms, because: [because])))
  }
}
