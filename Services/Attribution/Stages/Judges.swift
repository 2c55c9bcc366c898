import Contracts
import Terms

// A claim passes three judges: the registration, the code (in `Codes`) and the referrer. The first judge that rejects it lists all of its
// own reasons; the later ones are not asked (DECISIONS R1).

/// What the registration alone decides about its referral.
struct RegistrationJudgement: Equatable {
  /// Taken from `code`, or else from the landing URL. `nil` if neither has a code.
  let code: String?
  /// Empty if the claim goes on to the code.
  let reasons: [AttributionReason]
  /// The facts behind each reason.
  let because: [Because]
}

/// A judge's reason against a claim, with the facts behind it.
struct Objection: Equatable {
  let reason: AttributionReason
  let because: Because

  /// - Parameter judge: `registration`, `code`, `referrer` or `referee`.
  init(_ reason: AttributionReason, judge: String, _ facts: KeyValuePairs<String, Because.Fact?>) {
    self.reason = reason
    because = Because(reason.rawValue, [("judge", .text(judge))] + facts.compactMap { name, fact in fact.map { (name, $0) } })
  }
}

/// Judges a registration.
///
/// - Parameter bound: the referral that the account already has.
func judge(
  _ registration: AccountRegistered, _ referral: RegistrationReferral, bound: Accounts.Referral?, by terms: AttributionTerms
) -> RegistrationJudgement {
  let link = referral.landingURL.map(LandingURL.init)
  let typed = referral.code.map(\.trimmingBlanks).flatMap { $0.isEmpty ? nil : $0 }
  let named = (typed.map { [$0] } ?? []) + (link?.values(of: terms.parameter) ?? [])
  let code = named.first(where: terms.isCode)
  var objections: [Objection] = []
  if code == nil {
    let pattern = named.isEmpty ? nil : terms.codePattern
    objections.append(
      Objection(
        .noCode, judge: "registration",
        [
          "parameter": .text(terms.parameter), "landingURL": .flag(link != nil),
          "named": pattern.map { _ in .list(named.prefix(10).map { String($0.prefix(128)) }) },
          "codePattern": pattern.map { .text($0.text) },
        ]))
  }
  // The link is checked for ads even if the code was typed in (DECISIONS A1).
  if let marker = link?.first(of: terms.paidAdParameters) {
    objections.append(Objection(.paidAd, judge: "registration", ["parameter": .text(marker)]))
  }
  objections += judge(previousAccounts: registration.previousAccounts ?? [], bound: bound, by: terms)
  return RegistrationJudgement(code: code, reasons: objections.map(\.reason), because: objections.map(\.because))
}

/// The referee's own reasons against any referrer, whether a registration or an operator names one (DECISIONS A1e).
///
/// - Parameter bound: the referral that the account already has.
func judge(previousAccounts: [AccountID], bound: Accounts.Referral?, by terms: AttributionTerms) -> [Objection] {
  var objections: [Objection] = []
  if terms.refusesPriorAccounts, !previousAccounts.isEmpty {
    let named = previousAccounts.prefix(Accounts.previousAccountsMax).map(\.value)
    objections.append(Objection(.priorAccount, judge: "registration", ["previousAccounts": .list(named)]))
  }
  if let bound {
    objections.append(
      Objection(
        .alreadyAttributed, judge: "registration",
        ["boundTo": .text(bound.referrer.value), "endedAt": bound.endedAt.map { "\($0)" }]))
  }
  return objections
}

/// The referrer's reasons against a claim.
///
/// - Parameters:
///   - facts: the referrer's, as known when the claim arrives (DECISIONS T7).
///   - identities: the referrer's; letter case is ignored (DECISIONS R7).
///   - boundTo: the referrer's own referrer.
func judge(
  _ claim: Claim, referrer: AccountID, facts: AccountFacts, identities: [String], boundTo: AccountID?,
  by terms: AttributionTerms
) -> [Objection] {
  var objections: [Objection] = []
  let sharesIdentity = !Set(identities.map { $0.lowercased() }).isDisjoint(with: claim.identities.map { $0.lowercased() })
  if referrer == claim.referee || sharesIdentity {
    objections.append(
      Objection(
        .selfReferral, judge: "referrer",
        ["sameAccount": .flag(referrer == claim.referee), "sharedIdentity": .flag(sharesIdentity)]))
  }
  if boundTo == claim.referee {
    objections.append(Objection(.loop, judge: "referrer", ["boundTo": .text(claim.referee.value)]))
  }
  let at = claim.at
  let closedAt = facts.closings.closedAt(asOf: at)
  if closedAt != nil || !facts.isAdmitted(by: terms.referrer, at: at) {
    let (kind, country, rule) = (facts.kind(at: at), facts.country(at: at), terms.referrer)
    objections.append(
      Objection(
        .referrerNotEligible, judge: "referrer",
        [
          "closedAt": closedAt.map { "\($0)" }, "kind": .text(kind?.rawValue ?? "unknown"),
          "country": .text(country?.code ?? "unknown"), "allowedKinds": rule?.allowedKinds,
          "allowedCountries": rule?.allowedCountries,
        ]))
  }
  return objections
}

/// The answer to a claim: the referee is attributed unless there is an objection.
func answer(_ claim: Claim, _ objections: [Objection], referrer: AccountID?) -> ClaimDecided {
  ClaimDecided(claim: claim, referrer: referrer, reasons: objections.map(\.reason), because: objections.map(\.because))
}

/// Whether the first of two crossing claims (A names B's code while B names A's) is the earlier one. The earlier claim takes effect; the
/// later one is the loop. The order is total, so both accounts decide alike.
func comesFirst(_ one: (at: Instant, account: AccountID), _ other: (at: Instant, account: AccountID)) -> Bool {
  (one.at, one.account) < (other.at, other.account)
}
