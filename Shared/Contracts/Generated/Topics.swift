// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

extension Topic {
  public static let accounts = Topic(
    "accounts", .input, keyedBy: "account", writtenBy: "outside",
    holds: "Accounts registered, changed, closed and reopened.")
  public static let clicks = Topic(
    "clicks", .input, keyedBy: "code", writtenBy: "outside",
    holds: "Visits of referral links.")
  public static let billing = Topic(
    "billing", .input, keyedBy: "account (the payer)", writtenBy: "outside",
    holds: "Subscriptions, companies, invoices, payments, refunds and disputes.")
  public static let requests = Topic(
    "requests", .input, keyedBy: "account", writtenBy: "portal, the laurel command, outside",
    holds: "Requests of account owners: codes, orders of companies, spends, withdrawals and their cancellation.")
  public static let decisions = Topic(
    "decisions", .input, keyedBy: "account", writtenBy: "operators alone: the laurel command, a back office",
    holds: "Decisions of operators: approvals, corrections, referrals assigned or ended by hand.")
  public static let payoutResults = Topic(
    "payout-results", .input, keyedBy: "referrer", writtenBy: "the payment provider's adapter",
    holds: "The outcome of each payout.")
  public static let clock = Topic(
    "clock", .clock, keyedBy: "partition number", writtenBy: "the laurel command",
    holds: "Ticks of a virtual clock, one record on every partition. Unused if the services follow the system's time.")
  public static let referrals = Topic(
    "referrals", .notices, keyedBy: "referee; owner for codes; code for clicks", writtenBy: "attribution",
    holds: "Codes issued, clicks counted, registrations attributed or rejected, referrals ended.")
  public static let rewards = Topic(
    "rewards", .notices, keyedBy: "referrer", writtenBy: "accrual",
    holds: "Every movement of a referrer's balance, with the balance after it, and every declined reward or request.")
  public static let discounts = Topic(
    "discounts", .notices, keyedBy: "account; referrer for a referral's activity", writtenBy: "discounts",
    holds: "Monthly discounts, welcome offers and the activity of referrals.")
  public static let payouts = Topic(
    "payouts", .notices, keyedBy: "referrer", writtenBy: "payouts",
    holds: "Instructions to the payment provider's adapter, and the course of withdrawals.")
  public static let claims = Topic(
    "attribution.claims", .internal, keyedBy: "code", writtenBy: "attribution",
    holds: "Claims on a code: requests for it, and registrations that name it.")
  public static let attributionAnswers = Topic(
    "attribution.answers", .internal, keyedBy: "account", writtenBy: "attribution",
    holds: "Answers to claims: from codes to accounts, and from the referrer's account to the referee's.")
  public static let earnings = Topic(
    "accrual.earnings", .internal, keyedBy: "referrer; referee for counts", writtenBy: "accrual",
    holds: "What a payment, refund or dispute means for the referrer's balance, and, if the terms limit that, what the payments of an account have earned.")
  public static let accrualAnswers = Topic(
    "accrual.answers", .internal, keyedBy: "referrer", writtenBy: "accrual",
    holds: "The ledger's answers to withdrawals, read by payouts.")
  public static let activity = Topic(
    "discounts.activity", .internal, keyedBy: "referrer", writtenBy: "discounts",
    holds: "Changes in what is known about a referee's subscriptions and payments.")

  static let described: [Topic] = [accounts, clicks, billing, requests, decisions, payoutResults, clock, referrals, rewards, discounts, payouts, claims, attributionAnswers, earnings, accrualAnswers, activity]
}

extension MessageRegistry {
  /// In the order of the topics.
  public static let all: [any Message.Type] = [
    AccountRegistered.self,
    AccountUpdated.self,
    AccountClosed.self,
    AccountReopened.self,
    AccountLabeled.self,
    LinkVisited.self,
    SubscriptionChanged.self,
    CompanyClosed.self,
    InvoiceIssued.self,
    InvoiceSettled.self,
    InvoiceVoided.self,
    PaymentSettled.self,
    RefundRequested.self,
    RefundDeclined.self,
    PaymentRefunded.self,
    RefundFailed.self,
    PaymentDisputed.self,
    DisputeClosed.self,
    CodeRequested.self,
    CompanyOrderSet.self,
    SpendRequested.self,
    SpendCaptured.self,
    SpendReleased.self,
    SpendReturned.self,
    WithdrawalRequested.self,
    WithdrawalCanceled.self,
    WithdrawalApproved.self,
    WithdrawalRejected.self,
    ReferralAssignRequested.self,
    ReferralEndRequested.self,
    CorrectionRequested.self,
    PayoutSettled.self,
    PayoutFailed.self,
    PayoutUnknown.self,
    PayoutReturned.self,
    ClockMoved.self,
    CodeIssued.self,
    CodeDeclined.self,
    ClickCounted.self,
    ClickRejected.self,
    ReferralAttributed.self,
    ReferralRejected.self,
    ReferralEnded.self,
    RewardAccrued.self,
    RewardDeclined.self,
    RewardCredited.self,
    RewardUnlocked.self,
    RewardFrozen.self,
    RewardUnfrozen.self,
    RewardAdjusted.self,
    RewardReversed.self,
    RewardRestored.self,
    BonusReserved.self,
    BonusCaptured.self,
    BonusReleased.self,
    BonusReturned.self,
    BonusDeclined.self,
    BalanceCorrected.self,
    WithdrawalReserved.self,
    WithdrawalReleased.self,
    WithdrawalBooked.self,
    WithdrawalRestored.self,
    OfferOpened.self,
    OfferUsed.self,
    OfferExpired.self,
    ReferralActivated.self,
    ReferralDeactivated.self,
    DiscountAssigned.self,
    DiscountSkipped.self,
    DiscountApplied.self,
    DiscountVoided.self,
    DiscountRestored.self,
    CompanyOrderRecorded.self,
    PayoutInstructed.self,
    WithdrawalOpened.self,
    WithdrawalAwaitingApproval.self,
    WithdrawalPaid.self,
    WithdrawalFailed.self,
    WithdrawalReturned.self,
    WithdrawalDeclined.self,
    WithdrawalDueSoon.self,
    WithdrawalOverdue.self,
  ]
}
