/// The payment provider adapter is to pay. Its id is fixed before the call, so that the provider can tell a repetition.
public struct PayoutInstructed: Notice {
  public static let type = "payout.instructed.v1"
  public static let topic = Topic.payouts
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var payout: PayoutID
  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var destination: String
  /// From 1.
  public var attempt: Int
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    payout: PayoutID, request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, destination: String,
    attempt: Int, at: Instant, terms: String, because: [Because]
  ) {
    self.payout = payout
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.destination = destination
    self.attempt = attempt
    self.at = at
    self.terms = terms
    self.because = because
  }
}
