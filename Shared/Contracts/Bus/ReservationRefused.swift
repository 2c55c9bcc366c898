/// The ledger's answer if it does not reserve the money of a withdrawal. The opposite answer is public: ``WithdrawalReserved``.
///
/// An internal message between two services: accrual writes it, and payouts reads it and notifies the owner.
public struct ReservationRefused: Message {
  public static let type = "accrual.reservationRefused.v1"
  public static let topic = Topic.accrualAnswers
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  public var requestedAt: Instant
  public var at: Instant
  /// `referrer-not-eligible`, `insufficient-balance` or both.
  public var reasons: [WithdrawalReason]
  /// The facts that the ledger used.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, requestedAt: Instant, at: Instant, reasons: [WithdrawalReason], because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.requestedAt = requestedAt
    self.at = at
    self.reasons = reasons
    self.because = because
  }
}
