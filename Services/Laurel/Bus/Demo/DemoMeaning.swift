import Contracts

/// Explains a kind of notice to someone who sees it for the first time.
enum DemoMeaning {
  static func of(_ notice: DemoNotice) -> String? {
    switch notice.message {
    case is CodeIssued: "A referrer requests a code once and can share the link any number of times."
    case is ReferralAttributed:
      "The registration named the code, so the referee is attributed to its referrer. Only an operator can change that."
    case is OfferOpened: "The new client's own discount, valid for 21 days. If it expires, the referral stays."
    case is OfferUsed: "The client's first payment for one of the offer's plans came in time."
    case let accrued as RewardAccrued where accrued.rate?.value == 100:
      "The referee's earlier payments add up to more than 75.00, so the rate is now 1 %."
    case is RewardAccrued: "The rate times the amount received, rounded half up once. The terms set when it can be used."
    case is RewardCredited where notice.program == "bonus":
      "A timer in the service's state fired, 14 days after the payment to the millisecond."
    case is RewardCredited: "It is on the balance at once, but held until it can be withdrawn."
    case is RewardUnlocked: "Each reward can be withdrawn 30 days after its own payment."
    case is BonusReserved: "The bonus is set aside first, so that it cannot pay two invoices."
    case is BonusCaptured: "The bonus set aside has paid the invoice. The rest stays available."
    case is WithdrawalOpened: "The payouts service asks the ledger for the money."
    case is WithdrawalReserved: "The ledger, which alone changes balances, has set the money aside."
    case is PayoutInstructed: "The provider gets an instruction whose id was fixed in advance, so it can never pay twice."
    case is WithdrawalPaid: "The provider reports that the money has arrived."
    case is WithdrawalBooked: "The ledger books the payout. Nothing is left on the balance."
    case is ReferralActivated: "The trial is over, the referee has paid since and its subscription runs: the referral is active."
    case is DiscountAssigned:
      "The run at 00:00 on the 28th shares out 25 active referrals: up to 20 to the first company in order, 5 to the next."
    case is DiscountApplied: "The first invoice after the run uses up the discount."
    default: nil
    }
  }
}
