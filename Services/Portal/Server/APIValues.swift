import Contracts
import JSON
import ServiceKit

// The API's responses, as described in ops/contracts/portal.openapi.yaml. Money is minor units, a currency and its number of decimal
// digits.

/// A response that includes the age of its figures.
struct Aged<Value: Members>: JSONEncodable {
  let value: Value
  let freshness: Freshness

  init(_ value: Value, _ freshness: Freshness) {
    self.value = value
    self.freshness = freshness
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    value.writeMembers(to: &json)
    json.member("asOf", freshness.asOf)
    json.member("behind", freshness.behind)
    json.endObject()
  }
}

/// An object of the API.
package protocol Members: JSONEncodable {
  func writeMembers(to json: inout JSONWriter)
}

extension Members {
  package func write(to json: inout JSONWriter) {
    json.beginObject()
    writeMembers(to: &json)
    json.endObject()
  }
}

extension Page: Members, JSONEncodable where Item: JSONEncodable {
  package func writeMembers(to json: inout JSONWriter) {
    json.member("items", items)
    json.member("next", next)
  }
}

private struct Amount: Members {
  let amount: Int64
  let currency: Currency

  func writeMembers(to json: inout JSONWriter) {
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("exponent", Int64(currency.exponent))
  }
}

extension Summary: Members, JSONEncodable {
  package func writeMembers(to json: inout JSONWriter) {
    json.member("codes", codes)
    json.member("clicks", clicks)
    json.member("referees", referees)
    json.member("balances", balances)
    json.member("offer", offer)
  }
}

extension IssuedCode: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("code", code)
    json.member("link", link)
    json.member("at", at)
  }
}

extension Clicks: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("counted", counted)
    json.member("rejected", rejected)
  }
}

extension RefereeCounts: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("invited", invited)
    for status in RefereeStatus.allCases { json.member(named: status.rawValue, self[status]) }
  }
}

extension CurrencyFigures: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("balance", balance)
    json.member("exponent", Int64(balance.currency.exponent))
    json.member("next", maturities)
  }
}

extension Maturity: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("at", at)
    json.member("amount", amount)
  }
}

extension Offer: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("percent", percent)
    json.member("plans", plans)
    json.member("expiresAt", expiresAt)
    json.member("state", state.rawValue)
  }
}

extension Referee: Members, JSONEncodable {
  package func writeMembers(to json: inout JSONWriter) {
    json.member("account", account)
    json.member("label", label)
    json.member("registeredAt", registeredAt)
    json.member("status", status.rawValue)
    json.member("reasons", reasons)
    json.member("payments", payments)
    json.member("earned", earned.sorted { $0.key < $1.key }.map { Amount(amount: $0.value, currency: $0.key) })
  }
}

extension Entry: Members, JSONEncodable {
  package func writeMembers(to json: inout JSONWriter) {
    json.member("id", String(sequence))
    json.member("type", type)
    json.member("at", at)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("exponent", currency.map { Int64($0.exponent) })
    json.member("availableAt", availableAt)
    json.member("balance", balance)
    json.member("referee", referee)
    json.member("label", label)
    json.member("payment", payment)
    json.member("refund", refund)
    json.member("invoice", invoice)
    json.member("request", request)
    json.member("reasons", reasons)
  }
}

/// An entry with the facts behind its decision.
struct ExplainedEntry: Members {
  let entry: Entry

  func writeMembers(to json: inout JSONWriter) {
    entry.writeMembers(to: &json)
    json.member("terms", entry.terms)
    json.member("because", entry.because)
  }
}

extension Discounts: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("active", active)
    json.member("orderedAt", orderedAt)
    json.member("companies", companies)
    json.member("runs", runs)
  }
}

extension Discounts.Company: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("company", company)
    json.member("name", name)
    json.member("percent", percent)
    json.member("slots", slots)
  }
}

extension Discounts.Run: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("period", period)
    json.member("asOf", asOf)
    json.member("skipped", skipped)
    json.member("assignments", assignments)
  }
}

extension Discounts.Assignment: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("company", company)
    json.member("percent", percent)
    json.member("activeReferrals", activeReferrals)
    json.member("slots", slots)
    json.member("state", state.rawValue)
    json.member("at", at)
    json.member("invoice", invoice)
    json.member("reason", reason)
  }
}

extension Withdrawal: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("request", request)
    Amount(amount: amount, currency: currency).writeMembers(to: &json)
    json.member("requestedAt", requestedAt)
    json.member("dueAt", dueAt)
    json.member("state", state.rawValue)
    json.member("isOverdue", isOverdue)
    json.member("isCancelable", isCancelable)
    json.member("reasons", reasons)
    json.member("steps", steps)
  }
}

extension Withdrawal.Step: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("kind", kind.rawValue)
    json.member("at", at)
  }
}

extension RequestStatus: Members, JSONEncodable {
  func writeMembers(to json: inout JSONWriter) {
    json.member("request", request)
    json.member("type", type)
    json.member("at", at)
    json.member("state", state.rawValue)
    guard let answer else { return }
    json.member("answer", answer)
    json.member("accepted", isAccepted)
    json.member("reasons", reasons)
  }
}

/// An error response of the API (RFC 9457).
private struct Problem: Members {
  let status: Int
  let title: String
  let detail: String

  func writeMembers(to json: inout JSONWriter) {
    json.member("type", "about:blank")
    json.member("title", title)
    json.member("status", Int64(status))
    json.member("detail", detail)
  }
}

extension HTTPResponse {
  static func json(_ status: Int, _ value: some JSONEncodable, type: String = "application/json") -> HTTPResponse {
    var writer = JSONWriter()
    value.write(to: &writer)
    return HTTPResponse(status, type, writer.bytes())
  }

  static func problem(_ status: Int, _ title: String, _ detail: String) -> HTTPResponse {
    .json(status, Problem(status: status, title: title, detail: detail), type: "application/problem+json")
  }
}
