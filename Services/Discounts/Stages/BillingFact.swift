import Contracts
import JSON

/// What a billing event says about a referee, as far as its activity and its welcome offer ask for it.
enum BillingFact: Stored, Equatable {
  case status(SubscriptionStatusFact)
  case payment(PaymentFact)
  case refund(TakenBack)

  var instant: Instant {
    switch self {
    case .status(let status): status.changedAt
    case .payment(let payment): payment.paidAt
    case .refund(let refund): refund.at
    }
  }
}

struct SubscriptionStatusFact: Stored, Equatable {
  let subscription: SubscriptionID
  let changedAt: Instant
  let status: SubscriptionStatus
  let trialEndsAt: Instant?

  init(_ changed: SubscriptionChanged) {
    subscription = changed.subscription
    changedAt = changed.changedAt
    status = changed.status
    trialEndsAt = changed.trialEndsAt
  }
}

struct PaymentFact: Stored, Equatable {
  let payment: PaymentID
  let subscription: SubscriptionID?
  let paidAt: Instant
  /// Minor units: all lines, less what was paid with bonuses (DECISIONS A9).
  let received: Int64
  let currency: Currency
  /// Of its plan lines.
  let plans: [String]

  /// - Parameter isCounted: the program counts payments by their amounts; where it does not, an amount beyond Int64 is no matter of
  ///   this service.
  init(_ settled: PaymentSettled, isCounted: Bool) throws(Rejection) {
    payment = settled.payment
    subscription = settled.subscription
    paidAt = settled.paidAt
    currency = settled.currency
    plans = settled.lines.compactMap { $0.kind == .plan ? $0.plan : nil }
    guard isCounted else {
      received = 0
      return
    }
    do {
      received = try Money.difference(Money.sum(settled.lines.map(\.amount)), settled.paidWithBonus ?? 0)
    } catch {
      throw Rejection(.overflow, "the amount of payment '\(settled.payment)' is beyond Int64")
    }
  }
}

/// Money that went back to the payer: a refund, or a lost dispute, which equals a full refund (DECISIONS B2).
struct TakenBack: Stored, Equatable {
  let payment: PaymentID
  let at: Instant
  /// Minor units; nil: all of it.
  let amount: Int64?
  /// nil: that of the payment.
  let currency: Currency?

  init(_ refunded: PaymentRefunded) {
    payment = refunded.payment
    at = refunded.refundedAt
    amount = refunded.amount
    currency = refunded.currency
  }

  init(lost closed: DisputeClosed) {
    payment = closed.payment
    at = closed.closedAt
    amount = nil
    currency = nil
  }
}
