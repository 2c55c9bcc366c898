/// Why a registration binds nobody (DECISIONS R1 says which stand together).
public enum AttributionReason: String, Codable, CaseIterable, Hashable, Sendable {
  case unknownCode = "unknown-code"
  case selfReferral = "self-referral"
  case loop
  case priorAccount = "prior-account"
  case referrerNotEligible = "referrer-not-eligible"
  case paidAd = "paid-ad"
  case alreadyAttributed = "already-attributed"
  case noCode = "no-code"
}

/// A referee is bound to its referrer, for good.
public struct ReferralAttributed: Notice {
  public static let type = "referral.attributed.v1"
  public static let topic = Topic.referrals
  public var key: String { referee.value }
  public var instant: Instant { attributedAt }

  public var referral: ReferralID
  public var referrer: AccountID
  public var referee: AccountID
  public var code: Code
  public var registeredAt: Instant
  /// Equal to `registeredAt` (DECISIONS A1d).
  public var attributedAt: Instant
  public var terms: String
  public var because: [Because]

  public init(
    referral: ReferralID, referrer: AccountID, referee: AccountID, code: Code, registeredAt: Instant, attributedAt: Instant,
    terms: String, because: [Because]
  ) {
    self.referral = referral
    self.referrer = referrer
    self.referee = referee
    self.code = code
    self.registeredAt = registeredAt
    self.attributedAt = attributedAt
    self.terms = terms
    self.because = because
  }
}

/// A registration that named a referral binds nobody.
public struct ReferralRejected: Notice {
  public static let type = "referral.rejected.v1"
  public static let topic = Topic.referrals
  public var key: String { referee.value }
  public var instant: Instant { at }

  public var referee: AccountID
  /// As the registration gave it.
  public var code: String?
  public var referrer: AccountID?
  public var at: Instant
  public var reasons: [AttributionReason]
  public var terms: String
  public var because: [Because]

  public init(
    referee: AccountID, code: String? = nil, referrer: AccountID? = nil, at: Instant, reasons: [AttributionReason],
    terms: String, because: [Because]
  ) {
    self.referee = referee
    self.code = code
    self.referrer = referrer
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}
