import Contracts
import Streaming

extension Balance {
  /// The parts of a balance.
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
  /// One balance per currency; currencies are never converted.
  static let balances = Table<Currency, Balance>("balance")

  func balance(in currency: Currency, _ context: Context<Self>) -> Balance {
    context[Self.balances, currency] ?? Balance(currency: currency)
  }

  /// Adds new money to pending. Rejects an amount that takes the total ever accrued beyond `Int64`, so the parts of a balance can always be
  /// summed.
  func add(_ amount: Int64, in currency: Currency, _ context: Context<Self>) throws(Rejection) -> Balance {
    var balance = balance(in: currency, context)
    try exactly("the balance of '\(context.key)'") { () throws(ArithmeticOverflow) in
      balance.pending = try Money.sum(balance.pending, amount)
      _ = try balance.accrued
    }
    context[Self.balances, currency] = balance
    return balance
  }

  /// Books an operator's correction, which belongs to no reward. `corrected` is nil if all corrections add up to 0.
  func correct(_ amount: Int64, in currency: Currency, _ context: Context<Self>) throws(Rejection) -> Balance {
    var balance = balance(in: currency, context)
    try exactly("the balance of '\(context.key)'") { () throws(ArithmeticOverflow) in
      balance.available = try Money.sum(balance.available, amount)
      let corrected = try Money.sum(balance.corrected ?? 0, amount)
      balance.corrected = corrected == 0 ? nil : corrected
      _ = try balance.accrued
    }
    context[Self.balances, currency] = balance
    return balance
  }

  /// Moves money from one part of the balance to another and returns the balance after it.
  func move(
    _ amount: Int64, in currency: Currency, from source: Balance.Place, to destination: Balance.Place, _ context: Context<Self>
  ) throws(Rejection) -> Balance {
    var balance = balance(in: currency, context)
    try exactly("the balance of '\(context.key)'") { () throws(ArithmeticOverflow) in
      try balance.move(amount, from: source, to: destination)
    }
    context[Self.balances, currency] = balance
    return balance
  }

  /// The referrer's account id, from the key of this invocation.
  func owner(_ context: Context<Self>) throws(Rejection) -> AccountID {
    guard let owner = AccountID(context.key) else {
      throw Rejection(.malformed, "key '\(context.key)' is not a valid account id")
    }
    return owner
  }
}
