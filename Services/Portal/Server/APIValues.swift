import Contracts
import JSON
import ServiceKit

// The API's responses, as described in ops/contracts/portal.openapi.yaml. Money is minor units, a currency and its number of decimal
// digits.

/// An object of the API.
package protocol APIObject: JSONEncodable {
  /// Names and values in order. A member whose value is `nil` is left out.
  typealias Members = KeyValuePairs<String, (any JSONEncodable)?>
  var members: Members { get }
}

extension APIObject {
  package func write(to json: inout JSONWriter) {
    json.beginObject()
    writeMembers(to: &json)
    json.endObject()
  }

  fileprivate func writeMembers(to json: inout JSONWriter) {
    for (name, value) in members {
      if let value { json.member(named: name, value) }
    }
  }
}

/// A response that includes the age of its figures.
struct Aged<Value: APIObject>: JSONEncodable {
  let value: Value
  let freshness: Freshness

  func write(to json: inout JSONWriter) {
    json.beginObject()
    value.writeMembers(to: &json)
    json.member("asOf", freshness.asOf)
    json.member("behind", freshness.behind)
    json.endObject()
  }
}

extension Page: APIObject, JSONEncodable where Item: JSONEncodable {
  package var members: Members { ["items": items, "next": next] }
}

private struct Amount: APIObject {
  let amount: Int64
  let currency: Currency

  var members: Members {
    ["amount": amount, "currency": currency, "exponent": currency.exponent]
  }
}

extension Summary: APIObject {
  package var members: Members {
    ["codes": codes, "clicks": clicks, "referees": referees, "balances": balances, "offer": offer]
  }
}

extension IssuedCode: APIObject {
  var members: Members { ["code": code, "link": link, "at": at] }
}

extension Clicks: APIObject {
  var members: Members { ["counted": counted, "rejected": rejected] }
}

extension RefereeCounts: JSONEncodable {
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invited", invited)
    for status in RefereeStatus.allCases { json.member(named: status.rawValue, self[status]) }
    json.endObject()
  }
}

extension CurrencyFigures: APIObject {
  var members: Members {
    ["balance": balance, "exponent": balance.currency.exponent, "next": maturities]
  }
}

extension Maturity: APIObject {
  var members: Members { ["at": at, "amount": amount] }
}

extension Offer: APIObject {
  var members: Members {
    ["percent": percent, "plans": plans, "expiresAt": expiresAt, "state": state.rawValue]
  }
}

extension Referee: APIObject {
  package var members: Members {
    [
      "account": account, "label": label, "registeredAt": registeredAt, "status": status.rawValue, "reasons": reasons,
      "payments": payments,
      "earned": earned.sorted { $0.key < $1.key }.map { Amount(amount: $0.value, currency: $0.key) },
    ]
  }
}

extension Entry: APIObject {
  package var members: Members {
    [
      "id": String(sequence), "type": type, "at": at, "amount": amount, "currency": currency, "exponent": currency?.exponent,
      "availableAt": availableAt, "balance": balance, "referee": referee, "label": label, "payment": payment, "refund": refund,
      "invoice": invoice, "request": request, "reasons": reasons,
    ]
  }
}

/// An entry with the facts behind its decision.
struct ExplainedEntry: JSONEncodable {
  let entry: Entry

  func write(to json: inout JSONWriter) {
    json.beginObject()
    entry.writeMembers(to: &json)
    json.member("terms", entry.terms)
    json.member("because", entry.because)
    json.endObject()
  }
}

extension Discounts: APIObject {
  var members: Members {
    ["active": active, "orderedAt": orderedAt, "companies": companies, "runs": runs]
  }
}

extension Discounts.Company: APIObject {
  var members: Members {
    ["company": company, "name": name, "percent": percent, "slots": slots]
  }
}

extension Discounts.Run: APIObject {
  var members: Members {
    ["period": period, "asOf": asOf, "skipped": skipped, "assignments": assignments]
  }
}

extension Discounts.Assignment: APIObject {
  var members: Members {
    [
      "company": company, "percent": percent, "activeReferrals": activeReferrals, "slots": slots, "state": state.rawValue,
      "at": at, "invoice": invoice, "reason": reason,
    ]
  }
}

extension Withdrawal: APIObject {
  var members: Members {
    [
      "request": request, "amount": amount, "currency": currency, "exponent": currency.exponent, "requestedAt": requestedAt,
      "dueAt": dueAt, "state": state.rawValue, "isOverdue": isOverdue, "isCancelable": isCancelable, "reasons": reasons,
      "steps": steps,
    ]
  }
}

extension Withdrawal.Step: APIObject {
  var members: Members { ["kind": kind.rawValue, "at": at] }
}

extension RequestStatus: APIObject {
  var members: Members {
    let isAnswered = answer != nil
    return [
      "request": request, "type": type, "at": at, "state": state.rawValue, "answer": answer,
      "accepted": isAnswered ? isAccepted : nil, "reasons": isAnswered ? reasons : nil,
    ]
  }
}

/// An error response of the API (RFC 9457).
private struct Problem: APIObject {
  let status: Int
  let title: String
  let detail: String

  var members: Members {
    ["type": "about:blank", "title": title, "status": status, "detail": detail]
  }
}

extension HTTPResponse {
  static func json(_ status: Int, _ value: some JSONEncodable, type: String = "application/json") -> HTTPResponse {
    HTTPResponse(status, type, value.jsonBytes())
  }

  static func problem(_ status: Int, _ title: String, _ detail: String) -> HTTPResponse {
    .json(status, Problem(status: status, title: title, detail: detail), type: "application/problem+json")
  }
}
