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
  /// The facts behind each reason.
  let because: [Because]
}

/// Why one judge refuses, with the facts.
struct Objection: Equatable {
  let reason: AttributionReason
  let because: Because

  /// - Parameter judge: who says so: the registration, the code, the referrer.
  init(_ reason: AttributionReason, judge: String, _ facts: [(String, Because.Fact)]) {
    self.reason = reason
    because = Because(reason.rawValue, [("judge", .text(judge))] + facts)
  }
}

/// - Parameter referrer: to whom the account is bound already.
func judge(
  _ registration: AccountRegistered, _ referral: RegistrationReferral, boundTo referrer: AccountID?, by terms: AttributionTerms
) -> RegistrationJudgement {
  let link = referral.landingURL.map(LandingURL.init)
  let named = referral.code.flatMap { $0.isEmpty ? nil : $0 }
  let code = named ?? link?[terms.parameter]
  var objections: [Objection] = []
  func object(_ reason: AttributionReason, _ facts: [(String, Because.Fact)]) {
    objections.append(Objection(reason, judge: "registration", facts))
  }
  if code == nil { object(.noCode, [("parameter", .text(terms.parameter)), ("landingURL", .flag(link != nil))]) }
  // The link is looked at even when the code came another way (DECISIONS A1).
  if let marker = link?.first(of: terms.paidAdParameters) { object(.paidAd, [("parameter", .text(marker))]) }
  let previous = registration.previousAccounts ?? []
  if terms.refusesPriorAccounts, !previous.isEmpty {
    object(.priorAccount, [("previousAccounts", .list(previous.prefix(10).map(\.value)))])
  }
  if let referrer { object(.alreadyAttributed, [("boundTo", .text(referrer.value))]) }
  return RegistrationJudgement(code: code, reasons: objections.map(\.reason), because: objections.map(\.because))
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
) -> [Objection] {
  var objections: [Objection] = []
  let sharesIdentity = !Set(identities).isDisjoint(with: claim.identities)
  if referrer == claim.referee || sharesIdentity {
    let facts: [(String, Because.Fact)] = [
      ("sameAccount", .flag(referrer == claim.referee)), ("sharedIdentity", .flag(sharesIdentity)),
    ]
    objections.append(Objection(.selfReferral, judge: "referrer", facts))
  }
  if boundTo == claim.referee {
    objections.append(Objection(.loop, judge: "referrer", [("boundTo", .text(claim.referee.value))]))
  }
  let at = claim.registeredAt
  if facts.isClosed(at: at) || !facts.isAdmitted(by: terms.referrer, at: at) {
    let closed: [(String, Because.Fact)] = facts.closedAt.map { $0 <= at ? [("closedAt", "\($0)")] : [] } ?? []
    let profile = Eligibility.facts(kind: facts.kind(at: at), country: facts.country(at: at), by: terms.referrer)
    objections.append(Objection(.referrerNotEligible, judge: "referrer", closed + profile))
  }
  return objections
}

/// The answer to a claim: it binds unless somebody objects.
func verdict(_ claim: ReferralClaimed, _ objections: [Objection], referrer: AccountID?) -> Verdict {
  Verdict(claim: claim, referrer: referrer, reasons: objections.map(\.reason), because: objections.map(\.because))
}

/// Of two claims that cross (A names B's code while B names A's), the earlier binds and the later is the loop; both accounts decide alike.
func comesFirst(_ one: (at: Instant, account: AccountID), _ other: (at: Instant, account: AccountID)) -> Bool {
  (one.at, one.account) < (other.at, other.account)
}
