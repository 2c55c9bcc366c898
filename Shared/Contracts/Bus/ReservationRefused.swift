/// The ledger's answer to a withdrawal for which it set nothing aside. (That it did is public: ``WithdrawalReserved``.)
///
/// Internal, but spoken by two services: accrual writes it, payouts reads it and tells the owner.
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
