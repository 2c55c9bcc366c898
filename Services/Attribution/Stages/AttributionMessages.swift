import Contracts
import JSON
import Streaming

// Internal messages between the two stages. A registration visits the referee's account, the code, the referrer's account and the referee's
// account again, because each check runs where its state is kept (DECISIONS N1). An operator's assignment names the referrer and skips the
// code.

/// An account claims a code.
struct CodeClaimed: Message {
  static let type = "attribution.codeClaimed"
  static let topic = Topic.claims
  var key: String { code.value }
  var instant: Instant { requestedAt }

  let code: Code
  let owner: AccountID
  let request: RequestID
  let requestedAt: Instant
  /// How many codes have been derived for this request, or nil if the owner chose the code.
  let attempt: Int?
}

/// The code's answer to the account that claimed it.
struct CodeAnswered: Message {
  static let type = "attribution.codeAnswered"
  static let topic = Topic.attributionAnswers
  var key: String { claim.owner.value }
  var instant: Instant { claim.requestedAt }

  let claim: CodeClaimed
  let isTaken: Bool
}

/// A claim to attribute an account to a referrer: from its registration, or from an operator's assignment (DECISIONS A1e).
struct Claim: Stored, Equatable {
  let referee: AccountID
  /// When the account registered, or when the operator decided.
  let at: Instant
  let identities: [String]
  /// nil if an operator assigned the referrer.
  let code: Code?
  /// nil if the claim comes from a registration.
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

/// The code has an owner. The claim goes on to that account, the possible referrer.
struct ClaimResolved: Message {
  static let type = "attribution.claimResolved"
  static let topic = Topic.attributionAnswers
  var key: String { referrer.value }
  var instant: Instant { claim.at }

  let referrer: AccountID
  let claim: Claim
}

/// The answer to a claim, on its way back to the referee's account.
struct ClaimDecided: Message {
  static let type = "attribution.verdict"
  static let topic = Topic.attributionAnswers
  var key: String { claim.referee.value }
  var instant: Instant { claim.at }

  let claim: Claim
  /// nil if nobody owns the code.
  let referrer: AccountID?
  /// Empty if the referee is attributed.
  let reasons: [AttributionReason]
  /// The facts behind each reason.
  let because: [Because]
}

/// A claim that the referrer's account approved has ended or never took effect. From now on it no longer counts as a loop.
struct ReferralReleased: Message {
  static let type = "attribution.referralReleased"
  static let topic = Topic.attributionAnswers
  var key: String { referrer.value }
  var instant: Instant { at }

  let referrer: AccountID
  let referee: AccountID
  let at: Instant
}
