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

/// - Parameter bound: the referral that binds the account already.
func judge(
  _ registration: AccountRegistered, _ referral: RegistrationReferral, bound: Accounts.Referral?, by terms: AttributionTerms
) -> RegistrationJudgement {
  let link = referral.landingURL.map(LandingURL.init)
  let typed = referral.code.map(\.trimmingBlanks).flatMap { $0.isEmpty ? nil : $0 }
  let named = (typed.map { [$0] } ?? []) + (link?.values(of: terms.parameter) ?? [])
  let code = named.first(where: terms.isCode)
  var objections: [Objection] = []
  if code == nil {
    var facts: [(String, Because.Fact)] = [("parameter", .text(terms.parameter)), ("landingURL", .flag(link != nil))]
    if let pattern = terms.codePattern, !named.isEmpty {
      facts += [("named", .list(named.prefix(10).map { String($0.prefix(128)) })), ("codePattern", .text(pattern.text))]
    }
    objections.append(Objection(.noCode, judge: "registration", facts))
  }
  // The link is looked at even when the code came another way (DECISIONS A1).
  if let marker = link?.first(of: terms.paidAdParameters) {
    objections.append(Objection(.paidAd, judge: "registration", [("parameter", .text(marker))]))
  }
  objections += judge(previousAccounts: registration.previousAccounts ?? [], bound: bound, by: terms)
  return RegistrationJudgement(code: code, reasons: objections.map(\.reason), because: objections.map(\.because))
}

/// What the account itself has against a referrer, whether its registration or an operator names one (DECISIONS A1e).
///
/// - Parameter bound: the referral that binds the account already.
func judge(previousAccounts: [AccountID], bound: Accounts.Referral?, by terms: AttributionTerms) -> [Objection] {
  var objections: [Objection] = []
  if terms.refusesPriorAccounts, !previousAccounts.isEmpty {
    let facts: [(String, Because.Fact)] = [
      ("previousAccounts", .list(previousAccounts.prefix(Accounts.previousAccountsMax).map(\.value)))
    ]
    objections.append(Objection(.priorAccount, judge: "registration", facts))
  }
  if let bound {
    let ended: [(String, Because.Fact)] = bound.endedAt.map { [("endedAt", "\($0)")] } ?? []
    objections.append(
      Objection(.alreadyAttributed, judge: "registration", [("boundTo", .text(bound.referrer.value))] + ended))
  }
  return objections
}

/// What the referrer's account has against a claim.
///
/// - Parameters:
///   - facts: of the referrer, from what is known on arrival (DECISIONS T7).
///   - identities: of the referrer, compared without regard to letter case (DECISIONS R7).
///   - boundTo: the referrer's own referrer.
func judge(
  _ claim: Claim, referrer: AccountID, facts: AccountFacts, identities: [String], boundTo: AccountID?,
  by terms: AttributionTerms
) -> [Objection] {
  var objections: [Objection] = []
  let sharesIdentity = !Set(identities.map { $0.lowercased() }).isDisjoint(with: claim.identities.map { $0.lowercased() })
  if referrer == claim.referee || sharesIdentity {
    let facts: [(String, Because.Fact)] = [
      ("sameAccount", .flag(referrer == claim.referee)), ("sharedIdentity", .flag(sharesIdentity)),
    ]
    objections.append(Objection(.selfReferral, judge: "referrer", facts))
  }
  if boundTo == claim.referee {
    objections.append(Objection(.loop, judge: "referrer", [("boundTo", .text(claim.referee.value))]))
  }
  let at = claim.at
  let closedAt = facts.closings.closedAt(asOf: at)
  if closedAt != nil || !facts.isAdmitted(by: terms.referrer, at: at) {
    let closed: [(String, Because.Fact)] = closedAt.map { [("closedAt", "\($0)")] } ?? []
    let profile = Eligibility.facts(kind: facts.kind(at: at), country: facts.country(at: at), by: terms.referrer)
    objections.append(Objection(.referrerNotEligible, judge: "referrer", closed + profile))
  }
  return objections
}

/// The answer to a claim: it binds unless somebody objects.
func verdict(_ claim: Claim, _ objections: [Objection], referrer: AccountID?) -> Verdict {
  Verdict(claim: claim, referrer: referrer, reasons: objections.map(\.reason), because: objections.map(\.because))
}

/// Of two claims that cross (A names B's code while B names A's), the earlier binds and the later is the loop; both accounts decide alike.
func comesFirst(_ one: (at: Instant, account: AccountID), _ other: (at: Instant, account: AccountID)) -> Bool {
  (one.at, one.account) < (other.at, other.account)
}
