import Contracts
import Foundation
import JSON
import Testing

@Suite("Rejected messages")
struct RejectedMessageTests {
  /// A body, the reason of its rejection, and text that the detail must contain. From Golden/rejected.jsonl, which Tests/Interop also
  /// checks against the schemas.
  struct Row: Sendable, Decodable, CustomTestStringConvertible {
    let type: String
    let reason: String
    let says: String
    let data: String
    var testDescription: String { "\(type) \(reason) \(says)" }
  }

  static let table: [Row] = {
    let file = GoldenMessage.folder.appending(path: "Golden/rejected.jsonl")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
  }()

  @Test("There are rows") func rows() { #expect(Self.table.count >= 40) }

  static let payment = #""payment":"p","account":"a","paidAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let refund = #""refund":"r","payment":"p","account":"a","refundedAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let withdrawal = #""request":"w","account":"a","requestedAt":"2026-01-06T09:00:00Z","currency":"USD""#
  static let spend = withdrawal + #","invoice":"i","kinds":["whatever"]"#
  static let registration = #""account":"a","registeredAt":"2026-01-06T09:00:00Z""#

  static func list(_ element: String, _ count: Int) -> String {
    "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
  }

  static func rejection(of type: any Message.Type, _ bytes: [UInt8]) -> Rejection? {
    do {
      _ = try JSONParser().decode(type, from: bytes) as any Message
      return nil
    } catch {
      return Rejection(error)
    }
  }

  @Test("What is outside the contract has a reason that names the place", arguments: table)
  func rejected(_ row: Row) throws {
    let type = try #require(MessageRegistry.type(named: row.type) as (any Message.Type)?)
    let rejection = try #require(Self.rejection(of: type, Array(row.data.utf8)))
    #expect(rejection.reason.rawValue == row.reason, "\(rejection)")
    #expect(rejection.detail.contains(row.says) || row.says.isEmpty, "\(rejection)")
  }

  @Test("Bytes that are not UTF-8")
  func notUTF8() {
    let bytes = Array(#"{"account":"a","closedAt":"2026-01-06T09:00:00Z","reason":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
    #expect(Self.rejection(of: AccountClosed.self, bytes)?.reason == .notUTF8)
  }

  @Test("Control characters of a rejected text are escaped")
  func controlCharacters() {
    let rejection = Rejection(.malformed, "account: 'a\nforged: line\u{1b}[2J\u{202e}' is none")
    #expect(rejection.detail == #"account: 'a\u{a}forged: line\u{1b}[2J\u{202e}' is none"#)
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
    Accepted(PaymentRefunded.self, #"{\#(refund),"amount":0}"#),
    Accepted(AccountRegistered.self, #"{\#(registration),"country":"ua"}"#),
    Accepted(SpendRequested.self, #"{\#(spend),"amount":1}"#),
    Accepted(
      WithdrawalRequested.self, #"{\#(withdrawal),"amount":1,"destination":"\#(String(repeating: "x", count: 512))"}"#),
    Accepted(AccountRegistered.self, #"{\#(registration),"referral":{"code":"not a code: ü"}}"#),
    Accepted(
      CodeRequested.self, #"{"request":"r","account":"a b","requestedAt":"2199-12-31T23:59:59.999Z","vanity":""}"#),
  ]

  @Test("What is at the edge of the contract is accepted", arguments: edges)
  func accepted(_ row: Accepted) {
    #expect(Self.rejection(of: row.type, Array(row.json.utf8)) == nil)
  }
}
