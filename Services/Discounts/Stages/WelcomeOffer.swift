import Contracts
import JSON
import Streaming
import Terms

/// A new client's open offer (row A5). Attribution opens it; the first payment for one of its plans uses it, or it expires.
struct WelcomeOffer: Timed, Equatable {
  let offer: OfferID
  let account: AccountID
  let percent: Int64
  let plans: [String]
  /// Payments from this instant on can use it (DECISIONS A1f).
  let from: Instant
  /// Payments strictly before this instant can use it (DECISIONS T1).
  let expiresAt: Instant
  let terms: String
  /// Fires at `expiresAt`.
  var timer: Timer?

  /// `nil` if the terms have no welcome offer.
  init?(_ attributed: ReferralAttributed, terms version: TermsVersion) {
    guard let terms = version.welcomeOffer else { return nil }
    offer = OfferID(derivedFrom: [attributed.referee.value, "welcome-offer"])
    account = attributed.referee
    percent = terms.percent
    plans = terms.plans
    from = attributed.attributedAt - version.attribution.leeway
    expiresAt = attributed.registeredAt + terms.within
    self.terms = version.name
    timer = Timer(at: expiresAt)
  }

  /// The plan for which a payment uses the offer, or nil if it does not. A payment that brought no money uses none (DECISIONS R6). Payments
  /// count in order of arrival (DECISIONS T5).
  func plan(in payment: PaymentFact) -> String? {
    guard payment.received > 0, payment.paidAt >= from, payment.paidAt < expiresAt else { return nil }
    return payment.plans.first(where: plans.contains)
  }

  func opened(at instant: Instant, referrer: AccountID) -> OfferOpened {
    OfferOpened(
      offer: offer, account: account, percent: numericCast(percent), plans: plans, expiresAt: expiresAt, at: instant,
      terms: terms,
      because: [Because("referred", ["referrer": .text(referrer.value), "attributedAt": .text(instant.description)])])
  }

  func used(by payment: PaymentFact, plan: String) -> OfferUsed {
    OfferUsed(
      offer: offer, account: account, percent: numericCast(percent), plans: plans, expiresAt: expiresAt, at: payment.paidAt,
      payment: payment.payment, terms: terms,
      because: [Because("first-payment", ["plan": .text(plan), "expiresAt": .text(expiresAt.description)])])
  }

  var expired: OfferExpired {
    OfferExpired(
      offer: offer, account: account, percent: numericCast(percent), plans: plans, expiresAt: expiresAt, at: expiresAt,
      terms: terms,
      because: [Because("not-used-in-time", ["expiresAt": .text(expiresAt.description)])])
  }
}
