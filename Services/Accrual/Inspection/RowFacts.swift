import Contracts
import Streaming

extension AccrualService {
  /// A row's content as facts under a code, for the `laurel` command. `nil` if there is nothing to explain.
  public static func describe(_ row: StageRow) throws -> Because? {
    switch row.stage {
    case EarningsStage.name: try EarningsStage.describe(row)
    case LedgerStage.name: try LedgerStage.describe(row)
    default: nil
    }
  }
}

extension EarningsStage {
  static func describe(_ row: StageRow) throws -> Because? {
    if let payer = try row.value(in: payers) { return describe(payer, of: row.key) }
    switch try row.value(in: waiting) {
    case nil: break
    case .payment(let payment)?:
      return Because(
        "payment-waits", ["payment": .text(payment.payment.value), "payer": .text(row.key), "paidAt": "\(payment.paidAt)"])
    case .fact(let fact)?:
      return Because(
        "payment-fact-waits",
        [
          "payment": .text(fact.payment.value), "payer": .text(row.key), "at": "\(fact.instant)",
          "type": .text(type(of: fact.message).type),
        ])
    }
    guard let payment = try row.value(in: payments), let id = row.key(in: payments) else { return nil }
    let ids: [(String, Because.Fact)] = [("payment", .text(id.value)), ("payer", .text(row.key))]
    switch payment.state {
    case .noted: return nil
    case .awaited(_, let waiting): return Because("payment-awaited", ids + [("facts", .number(Int64(waiting)))])
    case .over, .closed: return Because("payment-over", ids)
    case .earning(let earning), .closing(let earning):
      return Because(
        "payment-earning",
        ids + [
          ("amount", .number(earning.left)), ("currency", .text(earning.currency.code)), ("base", .number(earning.base.base)),
          ("refunds", .number(earning.refunds.amount)),
        ])
    }
  }

  private static func describe(_ payer: Payer, of account: String) -> Because? {
    guard payer.standing == .known else { return nil }
    guard let referral = payer.referrals.last else { return Because("unattributed", ["referee": .text(account)]) }
    return Because(
      "referred-by",
      [
        "referee": .text(account), "referrer": .text(referral.referrer.value), "attributedAt": "\(referral.attributedAt)",
        "endedAt": referral.endedAt.map { "\($0)" },
      ])
  }
}

extension LedgerStage {
  static func describe(_ row: StageRow) throws -> Because? {
    if let reward = try row.value(in: rewards) {
      return Because(
        "reward",
        [
          "payment": .text(reward.payment.value), "payer": .text(reward.referee.value), "referrer": .text(row.key),
          "amount": .number(reward.amount), "currency": .text(reward.currency.code), "standing": .text(reward.progress.rawValue),
          "causes": .list(reward.causes.map(\.rawValue)), "creditAt": "\(reward.creditAt)",
          "availableAt": "\(reward.availableAt)",
          "terms": .text(reward.terms),
        ])
    }
    if let reservation = try row.value(in: reservations), let request = row.key(in: reservations) {
      return Because(
        "reservation",
        [
          "request": .text(request.value), "owner": .text(row.key), "amount": .number(reservation.amount),
          "currency": .text(reservation.currency.code), "terms": .text(reservation.terms),
        ])
    }
    return nil
  }
}
