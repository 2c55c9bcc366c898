/// Why a payment earns nothing (DECISIONS R1, R2 say which stand together).
public enum RewardReason: String, Codable, CaseIterable, Hashable, Sendable {
  case noPlanLine = "no-plan-line"
  case promoCode = "promo-code"
  case discountedPrice = "discounted-price"
  case notEligibleService = "not-eligible-service"
  case noBase = "no-base"
  case referrerNotEligible = "referrer-not-eligible"
  case accountClosed = "account-closed"
  case maxPayments = "max-payments"
}

/// Why a reward is held.
public enum FreezeCause: String, Codable, CaseIterable, Hashable, Sendable {
  case refundRequested = "refund-requested"
  case dispute
}

/// Why a reward was taken back.
public enum ReversalCause: String, Codable, CaseIterable, Hashable, Sendable {
  case refund
  case dispute
}

/// A payment earned its referrer a reward.
public struct RewardAccrued: Notice {
  public static let type = "reward.accrued.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { accruedAt }

  public var reward: RewardID
  public var referrer: AccountID
  public var referee: AccountID
  public var payment: PaymentID
  /// Minor units: half-up(base × rate).
  public var amount: Int64
  public var currency: Currency
  /// Minor units: what of the payment earns.
  public var base: Int64
  public var rate: BasisPoints
  /// When the payment was made.
  public var accruedAt: Instant
  /// When the reward enters `available`; fixed here, later terms do not move it.
  public var availableAt: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, referee: AccountID, payment: PaymentID, amount: Int64, currency: Currency,
    base: Int64, rate: BasisPoints, accruedAt: Instant, availableAt: Instant, balance: Balance, terms: String,
    because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.referee = referee
    self.payment = payment
    self.amount = amount
    self.currency = currency
    self.base = base
    self.rate = rate
    self.accruedAt = accruedAt
    self.availableAt = availableAt
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A payment of a referee earns nothing.
public struct RewardDeclined: Notice {
  public static let type = "reward.declined.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var referrer: AccountID
  public var referee: AccountID
  public var payment: PaymentID
  public var at: Instant
  public var reasons: [RewardReason]
  public var terms: String
  public var because: [Because]

  public init(
    referrer: AccountID, referee: AccountID, payment: PaymentID, at: Instant, reasons: [RewardReason], terms: String,
    because: [Because]
  ) {
    self.referrer = referrer
    self.referee = referee
    self.payment = payment
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// A reward left `pending`: to `available`, or to `locked` where the terms hold it longer.
public struct RewardCredited: Notice {
  public static let type = "reward.credited.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { creditedAt }

  public var reward: RewardID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var creditedAt: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, amount: Int64, currency: Currency, creditedAt: Instant, balance: Balance,
    terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.creditedAt = creditedAt
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A credited reward went from `locked` to `available`.
public struct RewardUnlocked: Notice {
  public static let type = "reward.unlocked.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var reward: RewardID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String,
    because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A reward is held while a refund or a dispute is open.
public struct RewardFrozen: Notice {
  public static let type = "reward.frozen.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var reward: RewardID
  public var referrer: AccountID
  public var at: Instant
  public var cause: FreezeCause
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, at: Instant, cause: FreezeCause, balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.at = at
    self.cause = cause
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// What held a reward is over.
public struct RewardUnfrozen: Notice {
  public static let type = "reward.unfrozen.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var reward: RewardID
  public var referrer: AccountID
  public var at: Instant
  public var cause: FreezeCause
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, at: Instant, cause: FreezeCause, balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.at = at
    self.cause = cause
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A refund before the credit made a reward smaller.
public struct RewardAdjusted: Notice {
  public static let type = "reward.adjusted.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var reward: RewardID
  public var referrer: AccountID
  public var refund: RefundID
  /// Minor units: new amount less old.
  public var delta: Int64
  /// Minor units: the new amount, may be 0.
  public var amount: Int64
  public var currency: Currency
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, refund: RefundID, delta: Int64, amount: Int64, currency: Currency, at: Instant,
    balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.refund = refund
    self.delta = delta
    self.amount = amount
    self.currency = currency
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A refund after the credit, or a lost dispute, took a reward back, all or a part.
public struct RewardReversed: Notice {
  public static let type = "reward.reversed.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var reward: RewardID
  public var referrer: AccountID
  /// Minor units, below 0.
  public var delta: Int64
  public var currency: Currency
  public var at: Instant
  public var cause: ReversalCause
  /// With cause `refund`.
  public var refund: RefundID?
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, delta: Int64, currency: Currency, at: Instant, cause: ReversalCause,
    refund: RefundID? = nil, balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.delta = delta
    self.currency = currency
    self.at = at
    self.cause = cause
    self.refund = refund
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}
