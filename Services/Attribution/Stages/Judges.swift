import Contracts
import Terms

// Judges follow one another; the first that refuses lists all of its own reasons (DECISIONS R1): the registration, the code (Codes knows
// it), the referrer.

/// What a registration says about its referral.
struct RegistrationJudgement: Equatable {
  /// From `code`, else from the landing URL; nil: none.
  let code: String?
  /// Empty: the claim goes on.
  let reasons: [AttributionReason]
}

/// - Parameter isBound: the account has a referrer already.
func judge(_ registration: AccountRegistered, _ referral: RegistrationReferral, isBound: Bool, by terms: AttributionTerms)
  -> RegistrationJudgement
{
  let link = referral.landingURL.map(LandingURL.init)
  let named = referral.code.flatMap { $0.isEmpty ? nil : $0 }
  let code = named ?? link?[terms.parameter]
  var reasons: [AttributionReason] = []
  if code == nil { reasons.append(.noCode) }
  // The link is looked at even when the code came another way (DECISIONS A1).
  if let link, link.has(anyOf: terms.paidAdParameters) { reasons.append(.paidAd) }
  if terms.refusesPriorAccounts, !(registration.previousAccounts ?? []).isEmpty { reasons.append(.priorAccount) }
  if isBound { reasons.append(.alreadyAttributed) }
  return RegistrationJudgement(code: code, reasons: reasons)
}

/// What the referrer's account has against a claim.
///
/// - Parameters:
///   - facts: of the referrer, from what is known on arrival (DECISIONS T7).
///   - identities: of the referrer.
///   - boundTo: the referrer's own referrer.
func judge(
  _ claim: ReferralClaimed, referrer: AccountID, facts: AccountFacts, identities: [String], boundTo: AccountID?,
  by terms: AttributionTerms
) -> [AttributionReason] {
  var reasons: [AttributionReason] = []
  if referrer == claim.referee || !Set(identities).isDisjoint(with: claim.identities) { reasons.append(.selfReferral) }
  if boundTo == claim.referee { reasons.append(.loop) }
  if facts.isClosed(at: claim.registeredAt) || !facts.isAdmitted(by: terms.referrer, at: claim.registeredAt) {
    reasons.append(.referrerNotEligible)
  }
  return reasons
}

/// Of two claims that cross (A names B's code while B names A's), the earlier binds and the later is the loop; both accounts decide alike.
func comesFirst(_ one: (at: Instant, account: AccountID), _ other: (at: Instant, account: AccountID)) -> Bool {
  (one.at, one.account) < (other.at, other.account)
}
