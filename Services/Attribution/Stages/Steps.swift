import Contracts
import JSON
import Streaming

// What the two stages say to each other. A registration is four hops: the referee's account → the code → the referrer's account →
// back to the referee's; every question is asked where its answer is kept (DECISIONS N1). An operator's assignment names the referrer and
// skips the code.

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

/// What would bind an account to a referrer: its registration, or an operator's assignment (DECISIONS A1e).
struct Claim: Stored, Equatable {
  let referee: AccountID
  /// When it registered, or when the operator decided.
  let at: Instant
  let identities: [String]
  /// nil: an operator assigned the referrer.
  let code: Code?
  /// nil: the account registered.
  let assignment: ReferralAssignRequested?
}

/// A registration names a code.
struct ReferralClaimed: Message {
  static let type = "attribution.referralClaimed"
  static let topic = Topic.claims
  var key: String { code.value }
  var instant: Instant { claim.at }

  let code: Code
  let claim: Claim
}

/// The would-be referrer is known: the claim goes on to its account.
struct ClaimResolved: Message {
  static let type = "attribution.claimResolved"
  static let topic = Topic.attributionAnswers
  var key: String { referrer.value }
  var instant: Instant { claim.at }

  let referrer: AccountID
  let claim: Claim
}

/// The answer to a claim, on its way back to the referee's account.
struct Verdict: Message {
  static let type = "attribution.verdict"
  static let topic = Topic.attributionAnswers
  var key: String { claim.referee.value }
  var instant: Instant { claim.at }

  let claim: Claim
  /// nil: the code is nobody's.
  let referrer: AccountID?
  /// Empty: the claim binds.
  let reasons: [AttributionReason]
  /// The facts behind each reason.
  let because: [Because]
}

/// A claim that its referrer's account has approved binds no more, or never did: it decides no loop from now on.
struct ReferralReleased: Message {
  static let type = "attribution.referralReleased"
  static let topic = Topic.attributionAnswers
  var key: String { referrer.value }
  var instant: Instant { at }

  let referrer: AccountID
  let referee: AccountID
  let at: Instant
}
