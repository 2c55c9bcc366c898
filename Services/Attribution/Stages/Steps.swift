import Contracts

// What the two stages say to each other. A registration is four hops: the referee's account → the code → the referrer's account →
// back to the referee's; every question is asked where its answer is kept (DECISIONS N1).

/// An account wants a code.
struct CodeClaimed: Message {
  static let type = "attribution.codeClaimed"
  static let topic = Topic.claims
  var key: String { code.value }
  var instant: Instant { requestedAt }

  let code: Code
  let owner: AccountID
  let request: RequestID
  let requestedAt: Instant
  /// Counts the codes derived for this request; nil: the owner named it.
  let attempt: Int?
}

/// The code's answer to its would-be owner.
struct CodeAnswered: Message {
  static let type = "attribution.codeAnswered"
  static let topic = Topic.attributionAnswers
  var key: String { claim.owner.value }
  var instant: Instant { claim.requestedAt }

  let claim: CodeClaimed
  let isTaken: Bool
}

/// A registration names a code.
struct ReferralClaimed: Message {
  static let type = "attribution.referralClaimed"
  static let topic = Topic.claims
  var key: String { code.value }
  var instant: Instant { registeredAt }

  let code: Code
  let referee: AccountID
  let registeredAt: Instant
  let identities: [String]
}

/// The code's owner is known: the claim goes on to the referrer's account.
struct ClaimResolved: Message {
  static let type = "attribution.claimResolved"
  static let topic = Topic.attributionAnswers
  var key: String { referrer.value }
  var instant: Instant { claim.registeredAt }

  let referrer: AccountID
  let claim: ReferralClaimed
}

/// The answer to a registration, on its way back to the referee's account.
struct Verdict: Message {
  static let type = "attribution.verdict"
  static let topic = Topic.attributionAnswers
  var key: String { claim.referee.value }
  var instant: Instant { claim.registeredAt }

  let claim: ReferralClaimed
  /// nil: the code is nobody's.
  let referrer: AccountID?
  /// Empty: the registration binds.
  let reasons: [AttributionReason]
  /// The facts behind each reason; nil: from a release that did not hand them on.
  var because: [Because]?
}
