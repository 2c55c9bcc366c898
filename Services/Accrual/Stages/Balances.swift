import Contracts
import Streaming

extension Balance {
  /// Where money stands.
  enum Place {
    case pending, available, locked, reserved, spent, paid, reversed
  }

  subscript(place: Place) -> Int64 {
    get {
      switch place {
      case .pending: pending
      case .available: available
      case .locked: locked
      case .reserved: reserved
      case .spent: spent
      case .paid: paid
      case .reversed: reversed
      }
    }
    set {
      switch place {
      case .pending: pending = newValue
      case .available: available = newValue
      case .locked: locked = newValue
      case .reserved: reserved = newValue
      case .spent: spent = newValue
      case .paid: paid = newValue
      case .reversed: reversed = newValue
      }
    }
  }

  mutating func move(_ amount: Int64, from source: Place, to destination: Place) throws(ArithmeticOverflow) {
    self[source] = try Money.difference(self[source], amount)
    self[destination] = try Money.sum(self[destination], amount)
  }
}

extension LedgerStage {
  /// Currencies never mix.
  static let balances = Table<Currency, Balance>("balance")

  func balance(in currency: Currency, _ turn: Turn<Self>) -> Balance {
    turn[Self.balances, currency] ?? Balance(currency: currency)
  }

  /// New money: the only way in. All that a referrer ever accrued stays within Int64, so that its parts can always be added up.
  func add(_ amount: Int64, in currency: Currency, _ turn: Turn<Self>) throws(Rejection) -> Balance {
    var balance = balance(in: currency, turn)
    try exactly("the balance of '\(turn.key)'") { () throws(ArithmeticOverflow) in
      balance.pending = try Money.sum(balance.pending, amount)
      _ = try balance.accrued
    }
    turn[Self.balances, currency] = balance
    return balance
  }

  /// An operator's correction, which belongs to no reward; 0 in all is absent.
  func correct(_ amount: Int64, in currency: Currency, _ turn: Turn<Self>) throws(Rejection) -> Balance {
    var balance = balance(in: currency, turn)
    try exactly("the balance of '\(turn.key)'") { () throws(ArithmeticOverflow) in
      balance.available = try Money.sum(balance.available, amount)
      let corrected = try Money.sum(balance.corrected ?? 0, amount)
      balance.corrected = corrected == 0 ? nil : corrected
      _ = try balance.accrued
    }
    turn[Self.balances, currency] = balance
    return balance
  }

  /// Every other movement: what leaves one place arrives at another. Gives the balance after it.
  func move(
    _ amount: Int64, in currency: Currency, from source: Balance.Place, to destination: Balance.Place, _ turn: Turn<Self>
  ) throws(Rejection) -> Balance {
    var balance = balance(in: currency, turn)
    try exactly("the balance of '\(turn.key)'") { () throws(ArithmeticOverflow) in
      try balance.move(amount, from: source, to: destination)
    }
    turn[Self.balances, currency] = balance
    return balance
  }

  /// The referrer itself: the turn's key, which was an account's id before it became a key.
  func owner(_ turn: Turn<Self>) throws(Rejection) -> AccountID {
    guard let owner = AccountID(turn.key) else { throw Rejection(.malformed, "'\(turn.key)' is no account") }
    return owner
  }
}
