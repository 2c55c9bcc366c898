import Contracts

/// Notices as sentences.
package enum NoticeText {
  /// `nil` if the message is not a notice.
  package static func sentence(_ message: any Message) -> String? {
    switch message {
    // Referrals and codes
    case let n as CodeIssued: "\(n.account) has the code \(n.code)" + (n.link.isEmpty ? "" : "; its link is \(n.link)")
    case let n as CodeDeclined: "\(n.account) does not get the requested code: \(list(n.reasons))"
    case let n as ClickCounted: "a visit with the code \(n.code) counts"
    case let n as ClickRejected: "a visit with the code \(n.code) does not count: \(list(n.reasons))"
    case let n as ReferralAttributed:
      "\(n.referee) was referred by \(n.referrer)" + (n.code.map { " with the code \($0.value.inQuotes)" } ?? "")
        + decided(n.operator, n.request)
    case let n as ReferralRejected:
      n.request == nil
        ? "the registration of \(n.referee)" + (n.code.map { " with \($0.inQuotes)" } ?? "")
          + " is not attributed: \(list(n.reasons))"
        : "\(n.referee) is not assigned to \(n.referrer.map { "\($0)" } ?? "a referrer")\(decided(n.operator, n.request)): "
          + list(n.reasons)
    case let n as ReferralEnded: "the referral of \(n.referee) by \(n.referrer) has ended (\(n.operator), \(n.request))"
    case let n as ReferralActivated: "\(n.referee) is now an active referral of \(n.referrer)"
    case let n as ReferralDeactivated: "\(n.referee) is no longer an active referral of \(n.referrer)"
    // Rewards
    case let n as RewardAccrued:
      "\(n.referrer) earns \(n.money(n.amount)) (\(n.rate.map { "\($0) of " } ?? "")\(n.figure(n.base)) from "
        + "\(n.referee)'s payment \(n.payment)), usable from \(n.availableAt.readable)"
    case let n as RewardDeclined: "\(n.referrer) earns nothing from \(n.referee)'s payment \(n.payment): \(list(n.reasons))"
    case let n as RewardCredited: "\(n.money(n.amount)) are credited to \(n.referrer): \(standing(n.balance))"
    case let n as RewardUnlocked: "\(n.money(n.amount)) of \(n.referrer) are no longer held: \(standing(n.balance))"
    case let n as RewardFrozen: "a reward of \(n.referrer) is held (\(n.cause.rawValue.plainCode)): \(standing(n.balance))"
    case let n as RewardUnfrozen:
      "a reward of \(n.referrer) is no longer held (\(n.cause.rawValue.plainCode)): \(standing(n.balance))"
    case let n as RewardAdjusted:
      "a pending reward of \(n.referrer) is now \(n.money(n.amount)) "
        + "(\(n.figure(n.delta)) by refund \(n.refund))"
    case let n as RewardReversed:
      "\(n.money(n.delta)) for \(n.referrer): taken back by a \(n.cause.rawValue.plainCode); \(standing(n.balance))"
    case let n as RewardRestored: "\(n.money(n.delta)) of a reward of \(n.referrer) are restored: \(standing(n.balance))"
    case let n as BalanceCorrected:
      "\(n.operator) corrected the balance of \(n.referrer) by \(n.money(n.delta)) (\(n.reason.prefix(200))): "
        + standing(n.balance)
    // Spending
    case let n as BonusReserved:
      "\(n.money(n.amount)) of \(n.referrer) are set aside for invoice \(n.invoice): \(standing(n.balance))"
    case let n as BonusCaptured: "\(n.referrer) has paid \(n.money(n.amount)) of invoice \(n.invoice): \(standing(n.balance))"
    case let n as BonusReleased:
      "\(n.money(n.amount)) of \(n.referrer), set aside for invoice \(n.invoice), are released: \(standing(n.balance))"
    case let n as BonusReturned:
      "\(n.money(n.amount)) that \(n.referrer) had spent on invoice \(n.invoice) are given back: \(standing(n.balance))"
    case let n as BonusDeclined: "\(declined(n)) (\(n.request)) is declined: \(list(n.reasons))"
    // Withdrawals
    case let n as WithdrawalReserved:
      "\(n.money(n.amount)) of \(n.referrer) are set aside for withdrawal \(n.request): \(standing(n.balance))"
    case let n as WithdrawalReleased:
      "\(n.money(n.amount)) of \(n.referrer), set aside for withdrawal \(n.request), are released: \(standing(n.balance))"
    case let n as WithdrawalBooked: "\(n.money(n.amount)) are booked as paid to \(n.referrer): \(standing(n.balance))"
    case let n as WithdrawalRestored: "\(n.money(n.amount)) paid to \(n.referrer) came back: \(standing(n.balance))"
    case let n as PayoutInstructed: "payout \(n.payout): \(n.money(n.amount)) of \(n.referrer) are to be paid to \(n.destination)"
    case let n as WithdrawalOpened:
      "\(n.referrer) requested a withdrawal of \(n.money(n.amount)) (\(n.request)), due on \(n.dueAt.readable)"
    case let n as WithdrawalAwaitingApproval:
      "withdrawal \(n.request) of \(n.referrer) for \(n.money(n.amount)) needs an operator's approval"
    case let n as WithdrawalPaid: "withdrawal \(n.request): \(n.money(n.amount)) have reached \(n.referrer)"
    case let n as WithdrawalFailed: "withdrawal \(n.request) of \(n.referrer) for \(n.money(n.amount)) has failed"
    case let n as WithdrawalReturned: "withdrawal \(n.request): the provider returned \(n.money(n.amount)) of \(n.referrer)"
    case let n as WithdrawalDeclined: "withdrawal \(n.request) of \(n.referrer) is declined: \(list(n.reasons))"
    case let n as WithdrawalDueSoon: "withdrawal \(n.request) of \(n.referrer) is due on \(n.dueAt.readable)"
    case let n as WithdrawalOverdue: "withdrawal \(n.request) of \(n.referrer) has been overdue since \(n.dueAt.readable)"
    // Offers and discounts
    case let n as OfferOpened: "\(n.account) gets \(n.percent) % off \(plans(n.plans)) until \(n.expiresAt.readable)"
    case let n as OfferUsed: "\(n.account) has used its welcome offer of \(n.percent) % with payment \(n.payment)"
    case let n as OfferExpired: "the welcome offer of \(n.percent) % to \(n.account) has expired"
    case let n as DiscountAssigned:
      "company \(n.company) of \(n.account) gets \(n.percent) % off its next invoice "
        + "(\(n.period): \(counted(n.slots, "slot")) of \(counted(n.activeReferrals, "active referral")))"
    case let n as DiscountSkipped: "\(n.account) gets no discount in \(n.period): \(list(n.reasons))"
    case let n as DiscountApplied: "invoice \(n.invoice) of company \(n.company) is \(n.percent) % cheaper (\(n.period))"
    case let n as DiscountRestored:
      "invoice \(n.invoice) of company \(n.company) was voided, so its next invoice gets the discount (\(n.period))"
    case let n as CompanyOrderRecorded:
      "\(n.account) set the order of its companies: \(listed(n.companies.map(\.value)))"
        + (n.unknown.isEmpty ? "" : "; without a subscription yet: \(listed(n.unknown.map(\.value)))")
    case let n as DiscountVoided: "the discount of company \(n.company) for \(n.period) is void: \(n.reason.rawValue.plainCode)"
    default: nil
    }
  }

  private static func decided(_ name: OperatorID?, _ request: RequestID?) -> String {
    if let name, let request { " (\(name), \(request))" } else { "" }
  }

  /// Notices before revision 2 contain no amount.
  private static func declined(_ notice: BonusDeclined) -> String {
    guard let amount = notice.amount, let currency = notice.currency else { return "A request of \(notice.referrer)" }
    return "A request of \(notice.referrer) for \(MoneyText.amount(amount, currency))"
  }

  /// The currency of a notice's amounts. `nil` if the notice does not name it.
  package static func currency(of notice: any Notice) -> Currency? {
    (notice as? any HasCurrency)?.currency ?? balance(after: notice)?.currency ?? (notice as? BonusDeclined)?.currency
  }

  /// The balance in a notice. `nil` if it contains none.
  package static func balance(after notice: any Notice) -> Balance? { (notice as? any HasBalance)?.balance }

  // MARK: Parts

  /// The parts of a balance, without empty ones.
  package static func standing(_ balance: Balance) -> String {
    let parts = [
      (balance.available, "available"), (balance.pending, "pending"), (balance.locked, "held"), (balance.reserved, "set aside"),
      (balance.spent, "spent"), (balance.paid, "paid out"), (balance.reversed, "taken back"),
    ]
    let reported = parts.filter { $0.0 != 0 || $0.1 == "available" }
    return "now " + reported.map { "\(MoneyText.figure($0.0, balance.currency)) \($0.1)" }.joined(separator: ", ")
  }

  private static func list<Reason: RawRepresentable<String> & SendableMetatype>(_ reasons: [Reason]) -> String {
    reasons.map(\.rawValue.plainCode).joined(separator: ", ")
  }

  private static func plans(_ names: [String]) -> String { names.isEmpty ? "anything" : names.joined(separator: " or ") }
}
