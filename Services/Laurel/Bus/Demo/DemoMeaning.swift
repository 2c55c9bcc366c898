import Contracts

/// What a notice means, for someone who sees the first one of its kind.
enum DemoMeaning {
  static func of(_ notice: DemoNotice) -> String? {
    switch notice.message {
    case is CodeIssued: "A referrer asks for a code once, and shares the link as often as it likes."
    case is ReferralAttributed:
      "The registration named the code, so referee and referrer are bound; only an operator can change that."
    case is OfferOpened: "The new client's own discount, for 21 days; the referral stays if it expires."
    case is OfferUsed: "Its first payment for one of these plans came in time."
    case let accrued as RewardAccrued where accrued.rate?.value == 100:
      "The payments before have made more than 75.00 of turnover: from here on the rate is 1 %."
    case is RewardAccrued: "The rate of what was received, rounded half up once; the terms say when it can be used."
    case is RewardCredited where notice.program == "bonus":
      "14 days after the payment to the millisecond: a timer in the service's state."
    case is RewardCredited: "On the balance at once, and held until it may be withdrawn."
    case is RewardUnlocked: "30 days after its payment each reward may be withdrawn, one by one."
    case is BonusReserved: "Set aside first, so that the same bonus cannot pay two invoices."
    case is BonusCaptured: "The invoice is paid with it: what was set aside is spent, the rest stays available."
    case is WithdrawalOpened: "A conversation begins: the payouts service asks the ledger for the money."
    case is WithdrawalReserved: "The ledger, only owner of the balance, has set it aside."
    case is PayoutInstructed: "The provider is told under an id that was fixed before, so it can never pay twice."
    case is WithdrawalPaid: "The provider says that the money has arrived."
    case is WithdrawalBooked: "The ledger books it; nothing is left on the balance."
    case is ReferralActivated: "Trial over, a payment after it, a subscription that runs: an active referral."
    case is DiscountAssigned:
      "The run at 00:00 on the 28th: 25 active referrals, up to 20 for the first company of the order, 5 for the next."
    case is DiscountApplied: "The first invoice after the run uses the discount up."
    default: nil
    }
  }
}
