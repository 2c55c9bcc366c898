/// An identifier of one kind of thing: 1 to 128 printable ASCII characters (0x20...0x7E), compared byte by byte.
///
/// `Kind` only keeps an account from being passed where a payment is meant; it is not in the text.
public struct Identifier<Kind>: Hashable, Comparable, Sendable {
  public let value: String

  /// `nil` when the text is not 1 to 128 printable ASCII characters.
  public init?(_ value: String) {
    guard isIdentifier(value) else { return nil }
    self.value = value
  }

  /// An id made of what caused a thing, so that a replay gives the same one. See ``derivedID(_:)``.
  public init(derivedFrom parts: [String]) {
    value = derivedID(parts)
  }

  public static func < (left: Identifier, right: Identifier) -> Bool { left.value < right.value }
}

extension Identifier: ExpressibleByStringLiteral, CustomStringConvertible {
  /// Only for literals in source text, which a programmer can mend; text from outside goes through the failable init.
  public init(stringLiteral literal: StaticString) {
    let value = "\(literal)"
    precondition(isIdentifier(value), "not an identifier: \(value)")
    self.value = value
  }

  public var description: String { value }
}

extension Identifier: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard isIdentifier(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not an identifier of 1 to 128 printable ASCII characters")
    }
    value = text
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

private func isIdentifier(_ text: String) -> Bool {
  let bytes = text.utf8
  return 1...128 ~= bytes.count && bytes.allSatisfy { 0x20...0x7E ~= $0 }
}

/// An id derived from what caused a thing, the same in every run and in every process.
///
/// The parts are joined with `/`; `%`, `/` and whatever is not printable ASCII inside a part are percent-escaped, so that
/// different parts never give the same text. What would exceed 128 characters becomes its first 80, `~` and the
/// 32 hex digits of its XXH3-128. Give at least one part that is not empty: an id may not be empty.
public func derivedID(_ parts: [String]) -> String {
  var joined: [UInt8] = []
  for (index, part) in parts.enumerated() {
    if index > 0 { joined.append(0x2F) }
    for byte in part.utf8 {
      if byte == 0x25 || byte == 0x2F || !(0x20...0x7E ~= byte) {
        joined += [0x25, hexDigit(byte >> 4), hexDigit(byte & 15)]
      } else {
        joined.append(byte)
      }
    }
  }
  if joined.count <= 128 { return String(decoding: joined, as: UTF8.self) }
  return String(decoding: joined.prefix(80), as: UTF8.self) + "~" + StableHash.hex128(of: joined)
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

/// What an ``Identifier`` may identify; the names below are what the code uses.
public enum IdentifierKind {
  public enum Account {}
  public enum Payment {}
  public enum Refund {}
  public enum Invoice {}
  public enum Company {}
  public enum Subscription {}
  public enum Request {}
  public enum Payout {}
  public enum Reward {}
  public enum Offer {}
  public enum Assignment {}
  public enum Referral {}
  public enum Program {}
  public enum Operator {}
  public enum Code {}
}

/// An account of the product; the same account is a referrer, a referee, a payer or all of them.
public typealias AccountID = Identifier<IdentifierKind.Account>
/// A settled payment.
public typealias PaymentID = Identifier<IdentifierKind.Payment>
/// A refund of a payment.
public typealias RefundID = Identifier<IdentifierKind.Refund>
/// An invoice.
public typealias InvoiceID = Identifier<IdentifierKind.Invoice>
/// A company (a tenant billed on its own) of an account.
public typealias CompanyID = Identifier<IdentifierKind.Company>
/// A subscription of a company.
public typealias SubscriptionID = Identifier<IdentifierKind.Subscription>
/// Something an account's owner or an operator asked for: a code, a spend, a withdrawal, an order of companies.
public typealias RequestID = Identifier<IdentifierKind.Request>
/// One attempt to pay a withdrawal: `<request>#<attempt>`.
public typealias PayoutID = Identifier<IdentifierKind.Payout>
/// A reward: derived from payment, beneficiary and rule.
public typealias RewardID = Identifier<IdentifierKind.Reward>
/// A welcome offer.
public typealias OfferID = Identifier<IdentifierKind.Offer>
/// A discount assigned to a company for a period.
public typealias AssignmentID = Identifier<IdentifierKind.Assignment>
/// The binding of a referee to its referrer.
public typealias ReferralID = Identifier<IdentifierKind.Referral>
/// A referral program: `bonus`, `tiers`, `cash`.
public typealias ProgramID = Identifier<IdentifierKind.Program>
/// Whoever decides on a withdrawal.
public typealias OperatorID = Identifier<IdentifierKind.Operator>
/// A referral code, case-sensitive.
public typealias Code = Identifier<IdentifierKind.Code>
