import Streaming

extension AccrualService {
  /// What an event in a row waits for, in words. `nil` if the row holds no waiting event.
  public static func waiting(_ row: StageRow) throws -> String? {
    guard row.belongs(to: EarningsStage.name) else { return nil }
    var payer: String { "\"\(row.key)\"" }
    switch try row.value(in: EarningsStage.waiting) {
    case .payment(let payment)?: return "payment \"\(payment.payment)\" waits until the attribution of \(payer) is decided"
    case .fact(let fact)?:
      return "\(type(of: fact.message).type) of payment \"\(fact.payment)\" waits until the attribution of \(payer) is decided"
    case nil: break
    }
    guard case .awaited(_, let count)? = try row.value(in: EarningsStage.payments)?.state,
      let payment = row.key(in: EarningsStage.payments)
    else { return nil }
    return "\(count) refunds, refund requests or disputes wait for payment \"\(payment)\" of \(payer), which has not arrived"
  }
}
