// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// A payment earned its referrer a reward.
public struct RewardAccrued: Notice, HasReward, HasReferee, HasPayment, HasCurrency, HasBalance {
  public static let type = "reward.accrued.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { accruedAt }

  /// The reward.
  public var reward: RewardID
  /// Who earned it.
  public var referrer: AccountID
  /// Who paid.
  public var referee: AccountID
  /// The payment.
  public var payment: PaymentID
  /// Minor units. The reward, rounded half up.
  public var amount: Int64
  /// The payment's currency.
  public var currency: Currency
  /// Minor units. The part of the payment that earns.
  public var base: Int64
  /// Basis points. The rate of the reward. Absent if the terms give an amount, or rates by line.
  public var rate: BasisPoints?
  /// When the payment was made.
  public var accruedAt: Instant
  /// When the reward becomes available. Later terms do not move it.
  public var availableAt: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, referee: AccountID, payment: PaymentID, amount: Int64, currency: Currency, base: Int64, rate: BasisPoints? = nil, accruedAt: Instant, availableAt: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    payment = try object.required("payment")
    amount = try object.required("amount")
    currency = try object.required("currency")
    base = try object.required("base")
    rate = try object.optional("rate")
    accruedAt = try object.required("accruedAt")
    availableAt = try object.required("availableAt")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("base", base)
    json.member("rate", rate)
    json.member("accruedAt", accruedAt)
    json.member("availableAt", availableAt)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A payment of a referee earns nothing.
public struct RewardDeclined: Notice, HasReferee, HasPayment {
  public static let type = "reward.declined.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// Who would have earned.
  public var referrer: AccountID
  /// Who paid.
  public var referee: AccountID
  /// The payment.
  public var payment: PaymentID
  /// When the payment was made.
  public var at: Instant
  /// Why.
  public var reasons: [RewardReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    referrer: AccountID, referee: AccountID, payment: PaymentID, at: Instant, reasons: [RewardReason], terms: String, because: [Because]
  ) {
    self.referrer = referrer
    self.referee = referee
    self.payment = payment
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    referrer = try object.required("referrer")
    referee = try object.required("referee")
    payment = try object.required("payment")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    referrer = try fields.decode(AccountID.self, forKey: .referrer)
    referee = try fields.decode(AccountID.self, forKey: .referee)
    payment = try fields.decode(PaymentID.self, forKey: .payment)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([RewardReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// A reward left `pending`. It is available now, or locked where the terms hold it longer.
public struct RewardCredited: Notice, HasReward, HasCurrency, HasBalance {
  public static let type = "reward.credited.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { creditedAt }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. What was credited.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var creditedAt: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, amount: Int64, currency: Currency, creditedAt: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    creditedAt = try object.required("creditedAt")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("creditedAt", creditedAt)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A credited reward moved from `locked` to `available`.
public struct RewardUnlocked: Notice, HasReward, HasCurrency, HasBalance {
  public static let type = "reward.unlocked.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. What is available now.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A reward is held while a request for a refund or a dispute is open (C7).
public struct RewardFrozen: Notice, HasReward, HasBalance {
  public static let type = "reward.frozen.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// When.
  public var at: Instant
  /// Why. One pair of frozen and unfrozen for each cause.
  public var cause: FreezeCause
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    at = try object.required("at")
    cause = try object.required("cause")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("cause", cause)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A cause for holding a reward has ended.
public struct RewardUnfrozen: Notice, HasReward, HasBalance {
  public static let type = "reward.unfrozen.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// When.
  public var at: Instant
  /// Why. One pair of frozen and unfrozen for each cause.
  public var cause: FreezeCause
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    at = try object.required("at")
    cause = try object.required("cause")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("at", at)
    json.member("cause", cause)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A refund before the credit made a reward smaller (A9b).
public struct RewardAdjusted: Notice, HasReward, HasCurrency, HasBalance {
  public static let type = "reward.adjusted.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// The refund.
  public var refund: RefundID
  /// Minor units. New amount less old.
  public var delta: Int64
  /// Minor units. The new amount. May be 0.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When the refund was made.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, refund: RefundID, delta: Int64, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    refund = try object.required("refund")
    delta = try object.required("delta")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("refund", refund)
    json.member("delta", delta)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A refund after the credit, or a lost dispute, took a reward back, all or a part (A9b).
public struct RewardReversed: Notice, HasReward, HasCurrency, HasBalance {
  public static let type = "reward.reversed.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. What was taken, below 0.
  public var delta: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When the refund was made or the dispute was lost.
  public var at: Instant
  /// Why.
  public var cause: ReversalCause
  /// With cause `refund`.
  public var refund: RefundID?
  /// With cause `dispute`, if the dispute has an id.
  public var dispute: DisputeID?
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, delta: Int64, currency: Currency, at: Instant, cause: ReversalCause, refund: RefundID? = nil, dispute: DisputeID? = nil, balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.delta = delta
    self.currency = currency
    self.at = at
    self.cause = cause
    self.refund = refund
    self.dispute = dispute
    self.balance = balance
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    delta = try object.required("delta")
    currency = try object.required("currency")
    at = try object.required("at")
    cause = try object.required("cause")
    refund = try object.optional("refund")
    dispute = try object.optional("dispute")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("delta", delta)
    json.member("currency", currency)
    json.member("at", at)
    json.member("cause", cause)
    json.member("refund", refund)
    if json.revision >= 2 { json.member("dispute", dispute) }
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// What a refund or a lost dispute had taken came back, because the refund failed or the dispute was won later (A9c, C7c).
public struct RewardRestored: Notice, HasReward, HasCurrency, HasBalance {
  public static let type = "reward.restored.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The reward.
  public var reward: RewardID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. What came back, above 0.
  public var delta: Int64
  /// Minor units. The reward's amount now.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The refund that failed.
  public var refund: RefundID?
  /// The dispute that was won, if it has an id.
  public var dispute: DisputeID?
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    reward: RewardID, referrer: AccountID, delta: Int64, amount: Int64, currency: Currency, at: Instant, refund: RefundID? = nil, dispute: DisputeID? = nil, balance: Balance, terms: String, because: [Because]
  ) {
    self.reward = reward
    self.referrer = referrer
    self.delta = delta
    self.amount = amount
    self.currency = currency
    self.at = at
    self.refund = refund
    self.dispute = dispute
    self.balance = balance
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    reward = try object.required("reward")
    referrer = try object.required("referrer")
    delta = try object.required("delta")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    refund = try object.optional("refund")
    dispute = try object.optional("dispute")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("reward", reward)
    json.member("referrer", referrer)
    json.member("delta", delta)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("refund", refund)
    json.member("dispute", dispute)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// Money was set aside to pay an invoice, from `available` to `reserved`.
public struct BonusReserved: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "bonus.reserved.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// The invoice.
  public var invoice: InvoiceID
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    invoice = try object.required("invoice")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("invoice", invoice)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// An invoice was paid from the balance, from `reserved` to `spent`.
public struct BonusCaptured: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "bonus.captured.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// The invoice.
  public var invoice: InvoiceID
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    invoice = try object.required("invoice")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("invoice", invoice)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A spend was given up, from `reserved` to `available`.
public struct BonusReleased: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "bonus.released.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// The invoice.
  public var invoice: InvoiceID
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    invoice = try object.required("invoice")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("invoice", invoice)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// Bonus money that had been spent came back, from `spent` to `available` (A9d).
public struct BonusReturned: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "bonus.returned.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The return.
  public var `return`: ReturnID
  /// The spend.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// The invoice.
  public var invoice: InvoiceID
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    `return`: ReturnID, request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, invoice: InvoiceID, at: Instant, balance: Balance, terms: String, because: [Because]
  ) {
    self.`return` = `return`
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    `return` = try object.required("return")
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    invoice = try object.required("invoice")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("return", `return`)
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("invoice", invoice)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A request to use a balance was declined. Nothing was reserved.
public struct BonusDeclined: Notice, HasRequest {
  public static let type = "bonus.declined.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The spend, or the withdrawal where the balance can only be spent.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much was asked for.
  public var amount: Int64?
  /// In which currency.
  public var currency: Currency?
  /// When it was asked for.
  public var at: Instant
  /// Why.
  public var reasons: [BonusReason]
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64? = nil, currency: Currency? = nil, at: Instant, reasons: [BonusReason], terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.amount = amount
    self.currency = currency
    self.at = at
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.optional("amount")
    currency = try object.optional("currency")
    at = try object.required("at")
    reasons = try object.required("reasons")
    terms = try object.required("terms")
    because = try object.required("because")
    try object.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    if json.revision >= 2 { json.member("amount", amount) }
    if json.revision >= 2 { json.member("currency", currency) }
    json.member("at", at)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    request = try fields.decode(RequestID.self, forKey: .request)
    referrer = try fields.decode(AccountID.self, forKey: .referrer)
    amount = try fields.decodeIfPresent(Int64.self, forKey: .amount)
    currency = try fields.decodeIfPresent(Currency.self, forKey: .currency)
    at = try fields.decode(Instant.self, forKey: .at)
    reasons = try fields.decode([BonusReason].self, forKey: .reasons)
    terms = try fields.decode(String.self, forKey: .terms)
    because = try fields.decode([Because].self, forKey: .because)
    try fields.check(reasons.count <= 1000, "reasons", "more than 1000 entries")
  }
}

/// An operator corrected a balance by hand.
public struct BalanceCorrected: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "balance.corrected.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The operator's decision.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. What was added. A negative amount was taken away.
  public var delta: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When it was decided.
  public var at: Instant
  /// Who decided.
  public var `operator`: OperatorID
  /// Why.
  public var reason: String
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, delta: Int64, currency: Currency, at: Instant, `operator`: OperatorID, reason: String, balance: Balance, terms: String, because: [Because]
  ) {
    self.request = request
    self.referrer = referrer
    self.delta = delta
    self.currency = currency
    self.at = at
    self.`operator` = `operator`
    self.reason = reason
    self.balance = balance
    self.terms = terms
    self.because = because
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    delta = try object.required("delta")
    currency = try object.required("currency")
    at = try object.required("at")
    `operator` = try object.required("operator")
    reason = try object.required("reason")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("delta", delta)
    json.member("currency", currency)
    json.member("at", at)
    json.member("operator", `operator`)
    json.member("reason", reason)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// Money was set aside for a withdrawal, from `available` to `reserved`.
public struct WithdrawalReserved: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "withdrawal.reserved.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A withdrawal will not be paid, from `reserved` to `available`.
public struct WithdrawalReleased: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "withdrawal.released.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A withdrawal was paid, from `reserved` to `paid`, or from `available` if it had been released before (C10c).
public struct WithdrawalBooked: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "withdrawal.booked.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

/// A payout came back after it had been booked, from `paid` to `available` (C10c).
public struct WithdrawalRestored: Notice, HasRequest, HasCurrency, HasBalance {
  public static let type = "withdrawal.restored.v1"
  public static let topic = Topic.rewards
  public var key: String { referrer.value }
  public var instant: Instant { at }

  /// The withdrawal.
  public var request: RequestID
  /// Whose balance.
  public var referrer: AccountID
  /// Minor units. How much.
  public var amount: Int64
  /// The currency of the balance.
  public var currency: Currency
  /// When.
  public var at: Instant
  /// The balance after it.
  public var balance: Balance
  /// The terms that decided, as `program@version`.
  public var terms: String
  /// The reasons of the decision with the facts that were used, in the order in which they were looked at.
  public var because: [Because]

  public init(
    request: RequestID, referrer: AccountID, amount: Int64, currency: Currency, at: Instant, balance: Balance, terms: String, because: [Because]
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

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    request = try object.required("request")
    referrer = try object.required("referrer")
    amount = try object.required("amount")
    currency = try object.required("currency")
    at = try object.required("at")
    balance = try object.required("balance")
    terms = try object.required("terms")
    because = try object.required("because")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("at", at)
    json.member("balance", balance)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}
