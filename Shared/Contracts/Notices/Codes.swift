/// Why a code was not issued.
public enum CodeReason: String, Codable, CaseIterable, Hashable, Sendable {
  case taken
  case invalid
}

/// Why a visit of a link does not count.
public enum ClickReason: String, Codable, CaseIterable, Hashable, Sendable {
  case unknownCode = "unknown-code"
  case paidAd = "paid-ad"
}

/// An account has a referral code.
public struct CodeIssued: Notice {
  public static let type = "code.issued.v1"
  public static let topic = Topic.referrals
  public var key: String { account.value }
  public var instant: Instant { at }

  public var account: AccountID
  public var code: Code
  /// The link to hand out; empty when the terms name none.
  public var link: String
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(account: AccountID, code: Code, link: String, at: Instant, terms: String, because: [Because]) {
    self.account = account
    self.code = code
    self.link = link
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// An account does not get the code it asked for.
public struct CodeDeclined: Notice {
  public static let type = "code.declined.v1"
  public static let topic = Topic.referrals
  public var key: String { account.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var account: AccountID
  public var at: Instant
  public var reasons: [CodeReason]
  public var terms: String
  public var because: [Because]

  public init(request: RequestID, account: AccountID, at: Instant, reasons: [CodeReason], terms: String, because: [Because]) {
    self.request = request
    self.account = account
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// A visit of a referral link counts.
public struct ClickCounted: Notice {
  public static let type = "click.counted.v1"
  public static let topic = Topic.referrals
  public var key: String { code.value }
  public var instant: Instant { at }

  public var code: Code
  public var at: Instant
  public var visitor: String?
  public var terms: String
  public var because: [Because]

  public init(code: Code, at: Instant, visitor: String? = nil, terms: String, because: [Because]) {
    self.code = code
    self.at = at
    self.visitor = visitor
    self.terms = terms
    self.because = because
  }
}

/// A visit of a referral link does not count.
public struct ClickRejected: Notice {
  public static let type = "click.rejected.v1"
  public static let topic = Topic.referrals
  public var key: String { code.value }
  public var instant: Instant { at }

  public var code: Code
  public var at: Instant
  public var reasons: [ClickReason]
  public var terms: String
  public var because: [Because]

  public init(code: Code, at: Instant, reasons: [ClickReason], terms: String, because: [Because]) {
    self.code = code
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}
