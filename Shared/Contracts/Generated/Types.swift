// Made by `make contracts` of ops/contracts/messages: change it there.
// swift-format-ignore-file

import JSON

/// What an ``Identifier`` may identify; the names below are what the code uses.
public enum IdentifierKind {
  public enum AccountID {}
  public enum PaymentID {}
  public enum RefundID {}
  public enum DisputeID {}
  public enum InvoiceID {}
  public enum CompanyID {}
  public enum SubscriptionID {}
  public enum RequestID {}
  public enum ReturnID {}
  public enum PayoutID {}
  public enum RewardID {}
  public enum OfferID {}
  public enum AssignmentID {}
  public enum ReferralID {}
  public enum ProgramID {}
  public enum OperatorID {}
  public enum Code {}
}

/// An account of your product. The same account can be a referrer, a referee, a payer or all of them.
public typealias AccountID = Identifier<IdentifierKind.AccountID>

/// A settled payment.
public typealias PaymentID = Identifier<IdentifierKind.PaymentID>

/// A refund of a payment.
public typealias RefundID = Identifier<IdentifierKind.RefundID>

/// A dispute of a payment.
public typealias DisputeID = Identifier<IdentifierKind.DisputeID>

/// An invoice.
public typealias InvoiceID = Identifier<IdentifierKind.InvoiceID>

/// A company of an account, billed on its own.
public typealias CompanyID = Identifier<IdentifierKind.CompanyID>

/// A subscription of a company.
public typealias SubscriptionID = Identifier<IdentifierKind.SubscriptionID>

/// Something that an account's owner or an operator asks for.
public typealias RequestID = Identifier<IdentifierKind.RequestID>

/// A return of bonus money that had been spent.
public typealias ReturnID = Identifier<IdentifierKind.ReturnID>

/// One attempt to pay a withdrawal: `<request>#<attempt>`.
public typealias PayoutID = Identifier<IdentifierKind.PayoutID>

/// A reward. Derived from payment, referee, referrer and rule.
public typealias RewardID = Identifier<IdentifierKind.RewardID>

/// A welcome offer. Derived from the referee.
public typealias OfferID = Identifier<IdentifierKind.OfferID>

/// A discount assigned to a company for a period.
public typealias AssignmentID = Identifier<IdentifierKind.AssignmentID>

/// The bond between a referee and its referrer.
public typealias ReferralID = Identifier<IdentifierKind.ReferralID>

/// A referral program.
public typealias ProgramID = Identifier<IdentifierKind.ProgramID>

/// A person who decides on behalf of the company that runs the program.
public typealias OperatorID = Identifier<IdentifierKind.OperatorID>

/// A referral code; case-sensitive.
public typealias Code = Identifier<IdentifierKind.Code>

/// What an account is in law.
public enum AccountKind: String, Codable, Hashable, Sendable, JSONWord {
  /// A person.
  case individual
  /// A person with a registered business.
  case soleTrader
  /// An organisation.
  case legalEntity
}

/// How a referral came about.
public enum ReferralChannel: String, Codable, Hashable, Sendable, JSONWord {
  case link
  case code
  case banner
  case button
}

/// Why an account was closed.
public enum ClosingReason: String, Codable, Hashable, Sendable, JSONWord {
  /// It ended. What it has earned stays its own.
  case closed
  /// Neither spends nor withdraws any more (banned).
  case banned
}

/// The state of a subscription. Only `active` makes a referral active (B2).
public enum SubscriptionStatus: String, Codable, Hashable, Sendable, JSONWord {
  case trialing
  case active
  case pastDue
  case unpaid
  case canceled
  case expired
}

/// What a line is for.
public enum LineKind: String, Codable, Hashable, Sendable, JSONWord {
  /// A subscription plan.
  case plan
  /// An additional service.
  case service
  /// Money put on an account. It earns nothing, unless the terms name it, and is no turnover.
  case topUp
}

/// Why a line was cheaper.
public enum DiscountKind: String, Codable, Hashable, Sendable, JSONWord {
  /// A promotion.
  case promo
  /// A sale.
  case sale
  /// Granted by hand.
  case manual
  /// For paying a longer period at once.
  case term
  /// For an old customer.
  case loyalty
  /// From Laurel's own discounts and offers.
  case referral
}

/// How a dispute ended, seen from the seller.
public enum DisputeOutcome: String, Codable, Hashable, Sendable, JSONWord {
  /// The money stays.
  case won
  /// The money went back to the payer.
  case lost
  /// Nothing was taken. Equal to won.
  case withdrawn
}

/// Why a code was not issued.
public enum CodeReason: Hashable, Sendable, JSONOpenWord {
  /// Somebody else has it.
  case taken
  /// It is not 1 to 64 letters, digits, `-` and `_`, or does not match the program's pattern.
  case invalid
  /// A word of a later version.
  case other(String)

  public static let allCases: [CodeReason] = [.taken, .invalid]

  public var rawValue: String {
    switch self {
    case .taken: "taken"
    case .invalid: "invalid"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "taken": self = .taken
    case "invalid": self = .invalid
    default: self = .other(rawValue)
    }
  }
}

/// Why a visit does not count.
public enum ClickReason: Hashable, Sendable, JSONOpenWord {
  /// Nobody has this code.
  case unknownCode
  /// The visit came from a paid advertisement (C4).
  case paidAd
  /// A word of a later version.
  case other(String)

  public static let allCases: [ClickReason] = [.unknownCode, .paidAd]

  public var rawValue: String {
    switch self {
    case .unknownCode: "unknown-code"
    case .paidAd: "paid-ad"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "unknown-code": self = .unknownCode
    case "paid-ad": self = .paidAd
    default: self = .other(rawValue)
    }
  }
}

/// Why a registration has no referrer (R1 says which reasons stand together).
public enum AttributionReason: Hashable, Sendable, JSONOpenWord {
  /// Nobody has this code.
  case unknownCode
  /// Referrer and referee are one account or one person.
  case selfReferral
  /// The referrer was itself referred by this account.
  case loop
  /// The person had an account before.
  case priorAccount
  /// The referrer may not refer in this program, or is closed.
  case referrerNotEligible
  /// The link came from a paid advertisement (C4).
  case paidAd
  /// The account has a referrer, or had one when it registered.
  case alreadyAttributed
  /// The registration names a referral but neither its code nor its link holds a code.
  case noCode
  /// A word of a later version.
  case other(String)

  public static let allCases: [AttributionReason] = [.unknownCode, .selfReferral, .loop, .priorAccount, .referrerNotEligible, .paidAd, .alreadyAttributed, .noCode]

  public var rawValue: String {
    switch self {
    case .unknownCode: "unknown-code"
    case .selfReferral: "self-referral"
    case .loop: "loop"
    case .priorAccount: "prior-account"
    case .referrerNotEligible: "referrer-not-eligible"
    case .paidAd: "paid-ad"
    case .alreadyAttributed: "already-attributed"
    case .noCode: "no-code"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "unknown-code": self = .unknownCode
    case "self-referral": self = .selfReferral
    case "loop": self = .loop
    case "prior-account": self = .priorAccount
    case "referrer-not-eligible": self = .referrerNotEligible
    case "paid-ad": self = .paidAd
    case "already-attributed": self = .alreadyAttributed
    case "no-code": self = .noCode
    default: self = .other(rawValue)
    }
  }
}

/// Why a payment earns nothing (R1 and R2 say which reasons stand together).
public enum RewardReason: Hashable, Sendable, JSONOpenWord {
  /// No line is for a subscription plan.
  case noPlanLine
  /// A promo code was used.
  case promoCode
  /// The price was reduced.
  case discountedPrice
  /// These services earn nothing.
  case notEligibleService
  /// Nothing is left that earns, or the reward rounds to 0.
  case noBase
  /// The referrer may not earn in this program.
  case referrerNotEligible
  /// The referrer's account is closed.
  case accountClosed
  /// The limit of payments that earn is reached.
  case maxPayments
  /// The payment was made before the referral began.
  case beforeReferral
  /// The referral has ended.
  case referralEnded
  /// Payments of this referral earn no longer.
  case earningPeriodOver
  /// The limit of rewards for this referee is reached.
  case maxReward
  /// A word of a later version.
  case other(String)

  public static let allCases: [RewardReason] = [.noPlanLine, .promoCode, .discountedPrice, .notEligibleService, .noBase, .referrerNotEligible, .accountClosed, .maxPayments, .beforeReferral, .referralEnded, .earningPeriodOver, .maxReward]

  public var rawValue: String {
    switch self {
    case .noPlanLine: "no-plan-line"
    case .promoCode: "promo-code"
    case .discountedPrice: "discounted-price"
    case .notEligibleService: "not-eligible-service"
    case .noBase: "no-base"
    case .referrerNotEligible: "referrer-not-eligible"
    case .accountClosed: "account-closed"
    case .maxPayments: "max-payments"
    case .beforeReferral: "before-referral"
    case .referralEnded: "referral-ended"
    case .earningPeriodOver: "earning-period-over"
    case .maxReward: "max-reward"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "no-plan-line": self = .noPlanLine
    case "promo-code": self = .promoCode
    case "discounted-price": self = .discountedPrice
    case "not-eligible-service": self = .notEligibleService
    case "no-base": self = .noBase
    case "referrer-not-eligible": self = .referrerNotEligible
    case "account-closed": self = .accountClosed
    case "max-payments": self = .maxPayments
    case "before-referral": self = .beforeReferral
    case "referral-ended": self = .referralEnded
    case "earning-period-over": self = .earningPeriodOver
    case "max-reward": self = .maxReward
    default: self = .other(rawValue)
    }
  }
}

/// Why a reward is frozen.
public enum FreezeCause: Hashable, Sendable, JSONOpenWord {
  /// The payer asked for a refund.
  case refundRequested
  /// The payer's bank disputes the payment.
  case dispute
  /// A word of a later version.
  case other(String)

  public static let allCases: [FreezeCause] = [.refundRequested, .dispute]

  public var rawValue: String {
    switch self {
    case .refundRequested: "refund-requested"
    case .dispute: "dispute"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "refund-requested": self = .refundRequested
    case "dispute": self = .dispute
    default: self = .other(rawValue)
    }
  }
}

/// Why a reward was taken back.
public enum ReversalCause: Hashable, Sendable, JSONOpenWord {
  /// The payment was refunded, all or a part.
  case refund
  /// A dispute was lost.
  case dispute
  /// A word of a later version.
  case other(String)

  public static let allCases: [ReversalCause] = [.refund, .dispute]

  public var rawValue: String {
    switch self {
    case .refund: "refund"
    case .dispute: "dispute"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "refund": self = .refund
    case "dispute": self = .dispute
    default: self = .other(rawValue)
    }
  }
}

/// Why a balance may not be used in this way.
public enum BonusReason: Hashable, Sendable, JSONOpenWord {
  /// Less is available than was asked for.
  case insufficientBalance
  /// The balance of this program can only be spent.
  case notWithdrawable
  /// The balance of this program can only be withdrawn.
  case notSpendable
  /// Lines of this kind cannot be paid from the balance.
  case kindNotAllowed
  /// The account was closed as banned.
  case accountBanned
  /// A word of a later version.
  case other(String)

  public static let allCases: [BonusReason] = [.insufficientBalance, .notWithdrawable, .notSpendable, .kindNotAllowed, .accountBanned]

  public var rawValue: String {
    switch self {
    case .insufficientBalance: "insufficient-balance"
    case .notWithdrawable: "not-withdrawable"
    case .notSpendable: "not-spendable"
    case .kindNotAllowed: "kind-not-allowed"
    case .accountBanned: "account-banned"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "insufficient-balance": self = .insufficientBalance
    case "not-withdrawable": self = .notWithdrawable
    case "not-spendable": self = .notSpendable
    case "kind-not-allowed": self = .kindNotAllowed
    case "account-banned": self = .accountBanned
    default: self = .other(rawValue)
    }
  }
}

/// Why a withdrawal will not be paid.
public enum WithdrawalReason: Hashable, Sendable, JSONOpenWord {
  /// The account has another withdrawal open.
  case alreadyOpen
  /// The account may not withdraw in this program now.
  case referrerNotEligible
  /// The account was closed as banned.
  case accountBanned
  /// Less than the program's smallest withdrawal.
  case belowMinimum
  /// Less is available than was asked for.
  case insufficientBalance
  /// An operator rejected it.
  case declinedByOperator
  /// The account's owner canceled it.
  case canceled
  /// A word of a later version.
  case other(String)

  public static let allCases: [WithdrawalReason] = [.alreadyOpen, .referrerNotEligible, .accountBanned, .belowMinimum, .insufficientBalance, .declinedByOperator, .canceled]

  public var rawValue: String {
    switch self {
    case .alreadyOpen: "already-open"
    case .referrerNotEligible: "referrer-not-eligible"
    case .accountBanned: "account-banned"
    case .belowMinimum: "below-minimum"
    case .insufficientBalance: "insufficient-balance"
    case .declinedByOperator: "declined-by-operator"
    case .canceled: "canceled"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "already-open": self = .alreadyOpen
    case "referrer-not-eligible": self = .referrerNotEligible
    case "account-banned": self = .accountBanned
    case "below-minimum": self = .belowMinimum
    case "insufficient-balance": self = .insufficientBalance
    case "declined-by-operator": self = .declinedByOperator
    case "canceled": self = .canceled
    default: self = .other(rawValue)
    }
  }
}

/// Why a monthly run gave an account no discount.
public enum SkipReason: Hashable, Sendable, JSONOpenWord {
  /// An invoice of one of its companies is overdue.
  case pendingPayments
  /// None of its companies has a subscription that is neither canceled nor expired.
  case noActiveCompany
  /// It has fewer active referrals than the first tier asks for.
  case belowMinimum
  /// A word of a later version.
  case other(String)

  public static let allCases: [SkipReason] = [.pendingPayments, .noActiveCompany, .belowMinimum]

  public var rawValue: String {
    switch self {
    case .pendingPayments: "pending-payments"
    case .noActiveCompany: "no-active-company"
    case .belowMinimum: "below-minimum"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "pending-payments": self = .pendingPayments
    case "no-active-company": self = .noActiveCompany
    case "below-minimum": self = .belowMinimum
    default: self = .other(rawValue)
    }
  }
}

/// Why an assigned discount was not used.
public enum VoidReason: Hashable, Sendable, JSONOpenWord {
  /// The company was canceled before its next invoice.
  case companyCanceled
  /// The next monthly run replaced it.
  case superseded
  /// A word of a later version.
  case other(String)

  public static let allCases: [VoidReason] = [.companyCanceled, .superseded]

  public var rawValue: String {
    switch self {
    case .companyCanceled: "company-canceled"
    case .superseded: "superseded"
    case .other(let word): word
    }
  }

  public init(rawValue: String) {
    switch rawValue {
    case "company-canceled": self = .companyCanceled
    case "superseded": self = .superseded
    default: self = .other(rawValue)
    }
  }
}

/// What a registration says about who referred it.
public struct RegistrationReferral: Codable, Hashable, Sendable, JSONCodable {
  /// The code as the person gave it. It is not checked here. An unknown one gives `unknown-code`, not a dead letter.
  public var code: String?
  /// The page that the person came to first, with its query. The terms name the parameter that holds the code.
  public var landingURL: String?
  /// For your own statistics.
  public var channel: ReferralChannel?

  public init(
    code: String? = nil, landingURL: String? = nil, channel: ReferralChannel? = nil
  ) {
    self.code = code
    self.landingURL = landingURL
    self.channel = channel
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    code = try object.optional("code")
    landingURL = try object.optional("landingURL")
    channel = try object.optional("channel")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("landingURL", landingURL)
    json.member("channel", channel)
    json.endObject()
  }
}

/// A discount that the line's amount already contains.
public struct LineDiscount: Codable, Hashable, Sendable, JSONCodable {
  /// Why the line was cheaper.
  public var kind: DiscountKind
  /// Minor units. What was taken off. 0 is no discount. Any other amount is one, also a negative one (R6).
  public var amount: Int64

  public init(
    kind: DiscountKind, amount: Int64
  ) {
    self.kind = kind
    self.amount = amount
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    kind = try object.required("kind")
    amount = try object.required("amount")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("kind", kind)
    json.member("amount", amount)
    json.endObject()
  }
}

/// A line of a payment.
public struct PaymentLine: Codable, Hashable, Sendable, JSONCodable {
  /// What was sold. Lines with one `sku` count as one line in refunds (A9).
  public var sku: String
  /// What the line is for.
  public var kind: LineKind
  /// A service's category. The terms can say which categories earn (C8).
  public var category: String?
  /// The plan's name, on plan lines. Welcome offers and rates by line use it.
  public var plan: String?
  /// Minor units. What was received for the line, net of discounts, without tax. May be negative (R5).
  public var amount: Int64
  /// The discounts that `amount` already contains.
  public var discounts: [LineDiscount]?

  public init(
    sku: String, kind: LineKind, category: String? = nil, plan: String? = nil, amount: Int64, discounts: [LineDiscount]? = nil
  ) {
    self.sku = sku
    self.kind = kind
    self.category = category
    self.plan = plan
    self.amount = amount
    self.discounts = discounts
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    sku = try object.required("sku")
    kind = try object.required("kind")
    category = try object.optional("category")
    plan = try object.optional("plan")
    amount = try object.required("amount")
    discounts = try object.optional("discounts")
    try object.check(discounts.map { $0.count <= 1000 } ?? true, "discounts", "more than 1000 entries")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("sku", sku)
    json.member("kind", kind)
    json.member("category", category)
    json.member("plan", plan)
    json.member("amount", amount)
    json.member("discounts", discounts)
    json.endObject()
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    sku = try fields.decode(String.self, forKey: .sku)
    kind = try fields.decode(LineKind.self, forKey: .kind)
    category = try fields.decodeIfPresent(String.self, forKey: .category)
    plan = try fields.decodeIfPresent(String.self, forKey: .plan)
    amount = try fields.decode(Int64.self, forKey: .amount)
    discounts = try fields.decodeIfPresent([LineDiscount].self, forKey: .discounts)
    try fields.check(discounts.map { $0.count <= 1000 } ?? true, "discounts", "more than 1000 entries")
  }
}

/// A line of an invoice. No rule uses it.
public struct InvoiceLine: Codable, Hashable, Sendable, JSONCodable {
  /// What is charged.
  public var sku: String
  /// Minor units. What is charged for it.
  public var amount: Int64
  /// What the line is for.
  public var kind: LineKind?
  /// A service's category.
  public var category: String?
  /// The plan's name.
  public var plan: String?

  public init(
    sku: String, amount: Int64, kind: LineKind? = nil, category: String? = nil, plan: String? = nil
  ) {
    self.sku = sku
    self.amount = amount
    self.kind = kind
    self.category = category
    self.plan = plan
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    sku = try object.required("sku")
    amount = try object.required("amount")
    kind = try object.optional("kind")
    category = try object.optional("category")
    plan = try object.optional("plan")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("sku", sku)
    json.member("amount", amount)
    json.member("kind", kind)
    json.member("category", category)
    json.member("plan", plan)
    json.endObject()
  }
}

/// The part of a refund that belongs to one line of the payment.
public struct RefundLine: Codable, Hashable, Sendable, JSONCodable {
  /// The line's `sku`.
  public var sku: String
  /// Minor units. What went back, without tax.
  public var amount: Int64

  public init(
    sku: String, amount: Int64
  ) {
    self.sku = sku
    self.amount = amount
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    sku = try object.required("sku")
    amount = try object.required("amount")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("sku", sku)
    json.member("amount", amount)
    json.endObject()
  }
}

/// What a referrer has in one currency, by state. Always: accrued + corrected = pending + available + locked + reserved + spent + paid + reversed.
public struct Balance: Codable, Hashable, Sendable, JSONCodable {
  /// The currency of all the amounts.
  public var currency: Currency
  /// Minor units. Accrued, not yet credited.
  public var pending: Int64
  /// Minor units. Can be spent or withdrawn. Negative after money that had been spent was taken back.
  public var available: Int64
  /// Minor units. Credited but held, because its day has not come or the reward is frozen.
  public var locked: Int64
  /// Minor units. Set aside for a spend or a withdrawal that is under way.
  public var reserved: Int64
  /// Minor units. Used to pay invoices.
  public var spent: Int64
  /// Minor units. Paid out.
  public var paid: Int64
  /// Minor units. Taken back because of refunds and lost disputes.
  public var reversed: Int64
  /// Minor units. The sum of all corrections by operators. Absent while it is 0.
  public var corrected: Int64?

  public init(
    currency: Currency, pending: Int64, available: Int64, locked: Int64, reserved: Int64, spent: Int64, paid: Int64, reversed: Int64, corrected: Int64? = nil
  ) {
    self.currency = currency
    self.pending = pending
    self.available = available
    self.locked = locked
    self.reserved = reserved
    self.spent = spent
    self.paid = paid
    self.reversed = reversed
    self.corrected = corrected
  }

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    currency = try object.required("currency")
    pending = try object.required("pending")
    available = try object.required("available")
    locked = try object.required("locked")
    reserved = try object.required("reserved")
    spent = try object.required("spent")
    paid = try object.required("paid")
    reversed = try object.required("reversed")
    corrected = try object.optional("corrected")
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("currency", currency)
    json.member("pending", pending)
    json.member("available", available)
    json.member("locked", locked)
    json.member("reserved", reserved)
    json.member("spent", spent)
    json.member("paid", paid)
    json.member("reversed", reversed)
    if json.revision >= 2 { json.member("corrected", corrected) }
    json.endObject()
  }
}
