import Contracts
import JSON
import Streaming
import Terms

/// A new client's offer while it is open (row A5): opened when the client is bound to a referrer, used by its first payment for one of
/// the plans, or run out.
struct WelcomeOffer: Timed, Equatable {
  let offer: OfferID
  let account: AccountID
  let percent: Int64
  let plans: [String]
  /// Usable by payments from then on (DECISIONS A1f).
  let from: Instant
  /// Usable strictly before it (DECISIONS T1).
  let expiresAt: Instant
  let terms: String
  /// At `expiresAt`.
  var timer: Timer?

  /// nil: the terms of that instant open no offers.
  init?(_ attributed: ReferralAttributed, terms version: TermsVersion) {
    guard let terms = version.welcomeOffer else { return nil }
    offer = OfferID(derivedFrom: [attributed.referee.value, "welcome-offer"])
    account = attributed.referee
    percent = terms.percent
    plans = terms.plans
    from = attributed.attributedAt - version.attribution.leeway
    // No message can carry a later instant.
    expiresAt = min(attributed.registeredAt + terms.within, Instant.range.upperBound)
    self.terms = version.name
    timer = Timer(at: expiresAt)
  }

  /// The plan by which a payment uses the offer; one that brought nothing uses none (DECISIONS R6). Whether it is still open is a matter of
  /// the order of arrival (DECISIONS T5).
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
