import Contracts
import JSON

/// The part of a billing event that a referee's activity and welcome offer need.
enum BillingFact: Stored, Equatable {
  case status(SubscriptionStatusFact)
  case payment(PaymentFact)
  case refund(RefundFact)
  case refundFailure(RefundFailureFact)
  case dispute(DisputeFact)

  var instant: Instant {
    switch self {
    case .status(let status): status.changedAt
    case .payment(let payment): payment.paidAt
    case .refund(let refund): refund.at
    case .refundFailure(let failure): failure.at
    case .dispute(let dispute): dispute.at
    }
  }
}

struct SubscriptionStatusFact: Stored, Equatable {
  let subscription: SubscriptionID
  let changedAt: Instant
  let status: SubscriptionStatus
  let trialEndsAt: Instant?
  let replaces: SubscriptionID?

  init(_ changed: SubscriptionChanged) {
    subscription = changed.subscription
    changedAt = changed.changedAt
    status = changed.status
    trialEndsAt = changed.trialEndsAt
    replaces = changed.replaces
  }
}

struct PaymentFact: Stored, Equatable {
  let payment: PaymentID
  let subscription: SubscriptionID?
  let paidAt: Instant
  /// Minor units: all lines less what was paid with bonuses (DECISIONS A9).
  let received: Int64
  let currency: Currency
  /// The plans of its plan lines.
  let plans: [String]

  /// - Parameter isCounted: whether the program counts payments by their amounts. If not, a payment whose sum overflows is left for other
  ///   services to reject; here it just uses no offer.
  init(_ settled: PaymentSettled, isCounted: Bool) throws(Rejection) {
    payment = settled.payment
    subscription = settled.subscription
    paidAt = settled.paidAt
    currency = settled.currency
    plans = settled.lines.compactMap { $0.kind == .plan ? $0.plan : nil }
    do {
      received = try Money.difference(Money.sum(settled.lines.map(\.amount)), settled.paidWithBonus ?? 0)
    } catch {
      if isCounted { throw Rejection(.overflow, "the amount of payment '\(settled.payment)' exceeds 64 bits") }
      received = 0
    }
  }
}

struct RefundFact: Stored, Equatable {
  let refund: RefundID
  let payment: PaymentID
  let at: Instant
  /// Minor units.
  let amount: Int64
  let currency: Currency

  init(_ refunded: PaymentRefunded) {
    refund = refunded.refund
    payment = refunded.payment
    at = refunded.refundedAt
    amount = refunded.amount
    currency = refunded.currency
  }

  func message(of account: AccountID) -> PaymentRefunded {
    PaymentRefunded(refund: refund, payment: payment, account: account, refundedAt: at, currency: currency, amount: amount)
  }

  /// - Throws: `malformed` if its currency is not its payment's.
  func mustMatch(_ settled: RefereePayment.Settled) throws(Rejection) {
    guard currency == settled.currency else {
      throw Rejection(.malformed, "currency of refund '\(refund)' is \(currency), its payment's is \(settled.currency)")
    }
  }
}

struct RefundFailureFact: Stored, Equatable {
  let refund: RefundID
  let payment: PaymentID
  let at: Instant

  init(_ failed: RefundFailed) {
    refund = failed.refund
    payment = failed.payment
    at = failed.failedAt
  }
}

/// The opening of a dispute or its closing (DECISIONS C7c).
struct DisputeFact: Stored, Equatable {
  let payment: PaymentID
  /// `nil` for the payment's only dispute without an id.
  let dispute: DisputeID?
  let at: Instant
  let step: RefereeDispute.Step

  init(_ disputed: PaymentDisputed) {
    payment = disputed.payment
    dispute = disputed.dispute
    at = disputed.disputedAt
    step = .init(kind: .opened, amount: disputed.amount)
  }

  init(_ closed: DisputeClosed) {
    payment = closed.payment
    dispute = closed.dispute
    at = closed.closedAt
    step = .init(kind: closed.outcome == .lost ? .lost : .ended)
  }
}
