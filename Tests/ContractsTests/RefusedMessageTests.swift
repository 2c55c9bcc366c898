import Contracts
import JSON
import Testing

@Suite("Refused messages")
struct RefusedMessageTests {
  struct Refused: Sendable, CustomTestStringConvertible {
    let type: any Message.Type
    let json: String
    let reason: DeadLetterReason
    let says: String
    init(_ type: any Message.Type, _ json: String, _ reason: DeadLetterReason, _ says: String) {
      (self.type, self.json, self.reason, self.says) = (type, json, reason, says)
    }
    var testDescription: String { "\(type.type) \(reason.rawValue) \(says)" }
  }

  static let payment = #""payment":"p","account":"a","paidAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let refund = #""refund":"r","payment":"p","account":"a","refundedAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let withdrawal = #""request":"w","account":"a","requestedAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let spend = withdrawal + #","invoice":"i","kinds":["whatever"]"#
  static let registration = #""account":"a","registeredAt":"2026-01-06T09:00:00Z""#

  static func list(_ element: String, _ count: Int) -> String {
    "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
  }

  static let table: [Refused] = [
    Refused(AccountClosed.self, "{", .malformed, ""),
    Refused(AccountClosed.self, "[]", .malformed, ""),
    Refused(AccountClosed.self, #"{"account":"a"}"#, .malformed, "closedAt"),
    Refused(AccountClosed.self, #"{"account":7,"closedAt":"2026-01-06T09:00:00Z"}"#, .malformed, "account"),
    Refused(AccountClosed.self, #"{"account":"","closedAt":"2026-01-06T09:00:00Z"}"#, .malformed, "identifier"),
    Refused(AccountClosed.self, #"{"account":"ä","closedAt":"2026-01-06T09:00:00Z"}"#, .malformed, "identifier"),
    Refused(
      AccountClosed.self, #"{"account":"\#(String(repeating: "a", count: 129))","closedAt":"2026-01-06T09:00:00Z"}"#,
      .malformed, "identifier"),
    Refused(AccountClosed.self, #"{"account":"a","account":"b","closedAt":"2026-01-06T09:00:00Z"}"#, .duplicateKey, "account"),
    Refused(AccountClosed.self, #"{"account":"a","closedAt":"2026-02-30T09:00:00Z"}"#, .malformed, "not an instant"),
    Refused(AccountClosed.self, #"{"account":"a","closedAt":"2200-01-01T00:00:00Z"}"#, .malformed, "out of range"),
    Refused(AccountClosed.self, #"{"account":"a","closedAt":"1969-12-31T23:59:59Z"}"#, .malformed, "out of range"),
    Refused(
      AccountClosed.self, #"{"account":"a","closedAt":"2026-01-06T09:00:00Z","reason":"bored"}"#, .malformed, "reason"),
    Refused(PaymentSettled.self, #"{\#(payment)}"#, .malformed, "lines"),
    Refused(
      PaymentSettled.self, #"{\#(payment),"lines":[{"sku":"s","kind":"gift","amount":1}]}"#, .malformed, "kind"),
    Refused(
      PaymentSettled.self, #"{\#(payment),"lines":[{"sku":"s","kind":"plan","amount":9223372036854775808}]}"#, .outOfRange,
      "lines[0].amount"),
    Refused(
      PaymentSettled.self, #"{\#(payment),"lines":[{"sku":"s","kind":"plan","amount":1.5}]}"#, .malformed, "lines[0].amount"),
    Refused(PaymentSettled.self, #"{\#(payment),"lines":[],"tax":-1}"#, .malformed, "tax"),
    Refused(PaymentSettled.self, #"{\#(payment),"lines":[],"paidWithBonus":-1}"#, .malformed, "paidWithBonus"),
    Refused(
      PaymentSettled.self, #"{\#(payment),"lines":\#(list(#"{"sku":"s","kind":"plan","amount":1}"#, 1001))}"#, .malformed,
      "more than 1000"),
    Refused(
      PaymentSettled.self, #"{"payment":"p","account":"a","paidAt":"2026-01-06T09:00:00Z","currency":"usd","lines":[]}"#,
      .malformed, "currency"),
    Refused(PaymentRefunded.self, #"{\#(refund),"amount":0}"#, .malformed, "below 1"),
    Refused(PaymentRefunded.self, #"{\#(refund),"amount":-5}"#, .malformed, "below 1"),
    Refused(SpendRequested.self, #"{\#(spend),"amount":0}"#, .malformed, "below 1"),
    Refused(WithdrawalRequested.self, #"{\#(withdrawal),"amount":0,"destination":"card"}"#, .malformed, "below 1"),
    Refused(WithdrawalRequested.self, #"{\#(withdrawal),"amount":1,"destination":""}"#, .malformed, "512"),
    Refused(
      WithdrawalRequested.self, #"{\#(withdrawal),"amount":1,"destination":"\#(String(repeating: "x", count: 513))"}"#,
      .malformed, "512"),
    Refused(AccountRegistered.self, #"{\#(registration),"identities":\#(list(#""x""#, 1001))}"#, .malformed, "more than 1000"),
    Refused(
      AccountRegistered.self, #"{\#(registration),"previousAccounts":\#(list(#""x""#, 1001))}"#, .malformed, "more than 1000"),
    Refused(AccountRegistered.self, #"{\#(registration),"kind":"robot"}"#, .malformed, "kind"),
    Refused(
      CompanyOrderSet.self, #"{"request":"r","account":"a","requestedAt":"2026-01-06T09:00:00Z","companies":["ok",""]}"#,
      .malformed, "companies[1]"),
  ]

  static func refusal(of type: any Message.Type, _ bytes: [UInt8]) -> Refusal? {
    do {
      _ = try JSONParser().decode(type, from: bytes) as any Message
      return nil
    } catch {
      return Refusal(error)
    }
  }

  @Test("What is outside the contract has a reason that names the place", arguments: table)
  func refused(_ row: Refused) throws {
    let refusal = try #require(Self.refusal(of: row.type, Array(row.json.utf8)))
    #expect(refusal.reason == row.reason, "\(refusal)")
    #expect(refusal.detail.contains(row.says) || row.says.isEmpty, "\(refusal)")
  }

  @Test("Bytes that are not UTF-8")
  func notUTF8() {
    let bytes = Array(#"{"account":"a","closedAt":"2026-01-06T09:00:00Z","reason":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
    #expect(Self.refusal(of: AccountClosed.self, bytes)?.reason == .notUTF8)
  }

  struct Accepted: Sendable, CustomTestStringConvertible {
    let type: any Message.Type
    let json: String
    init(_ type: any Message.Type, _ json: String) { (self.type, self.json) = (type, json) }
    var testDescription: String { "\(type.type) \(json.prefix(150))" }
  }

  static let edges: [Accepted] = [
    Accepted(PaymentSettled.self, #"{\#(payment),"lines":[],"tax":0,"paidWithBonus":0,"promoCode":null}"#),
    Accepted(PaymentSettled.self, #"{\#(payment),"lines":[{"sku":"","kind":"plan","amount":-9223372036854775808}]}"#),
    Accepted(PaymentSettled.self, #"{\#(payment),"lines":\#(list(#"{"sku":"s","kind":"plan","amount":1}"#, 1000))}"#),
    Accepted(SpendRequested.self, #"{\#(spend),"amount":1}"#),
    Accepted(
      WithdrawalRequested.self, #"{\#(withdrawal),"amount":1,"destination":"\#(String(repeating: "x", count: 512))"}"#),
    Accepted(AccountRegistered.self, #"{\#(registration),"referral":{"code":"not a code: ü"}}"#),
    Accepted(
      CodeRequested.self, #"{"request":"r","account":"a b","requestedAt":"2199-12-31T23:59:59.999Z","vanity":""}"#),
  ]

  @Test("What is at the edge of the contract is accepted", arguments: edges)
  func accepted(_ row: Accepted) {
    #expect(Self.refusal(of: row.type, Array(row.json.utf8)) == nil)
  }
}
