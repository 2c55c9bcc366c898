/// Why a balance may not be used as asked.
public enum BonusReason: String, Codable, CaseIterable, Hashable, Sendable {
  case insufficientBalance = "insufficient-balance"
  /// A withdrawal in a program whose balance can only be spent (DECISIONS A6).
  case notWithdrawable = "not-withdrawable"
  /// A spend in a program whose balance can only be withdrawn.
  case notSpendable = "not-spendable"
  case kindNotAllowed = "kind-not-allowed"
}

/// Money was set aside for an invoice: `available` to `reserved`.
public struct BonusReserved: Notice {
  public static let type = "bonus.reserved.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var invoice: InvoiceID
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant,
    balance: Balance, terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.invoice = invoice
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// An invoice was paid from the balance: `reserved` to `spent`.
public struct BonusCaptured: Notice {
  public static let type = "bonus.captured.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var invoice: InvoiceID
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant,
    balance: Balance, terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.invoice = invoice
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A spend was given up: `reserved` to `available`.
public struct BonusReleased: Notice {
  public static let type = "bonus.released.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var invoice: InvoiceID
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant,
    balance: Balance, terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.invoice = invoice
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A balance may not be used as asked.
public struct BonusDeclined: Notice {
  public static let type = "bonus.declined.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  public var at: Instant
  public var reasons: [BonusReason]
  public var terms: String
  public var because: [Because]

  public init(request: RequestID, referrer: AccountID, at: Instant, reasons: [BonusReason], terms: String, because: [Because]) {
    self.request = request
    self.referrer = referrer
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// Money was set aside for a withdrawal: `available` to `reserved`.
public struct WithdrawalReserved: Notice {
  public static let type = "withdrawal.reserved.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String,
    because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal came to nothing: `reserved` to `available`.
public struct WithdrawalReleased: Notice {
  public static let type = "withdrawal.released.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String,
    because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}

/// A withdrawal was paid out: `reserved` to `paid`.
public struct WithdrawalBooked: Notice {
  public static let type = "withdrawal.booked.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  public var request: RequestID
  public var referrer: AccountID
  /// Minor units.
  public var amount: Int64
  public var currency: Currency
  public var at: Instant
  public var balance: Balance
  public var terms: String
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String,
    because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.at = at
    self.balance = balance
    self.terms = terms
    self.because = because
  }
}
