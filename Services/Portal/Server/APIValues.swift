import Contracts
import JSON
import ServiceKit

// The API's responses, as described in ops/contracts/portal.openapi.yaml. Money is minor units, a currency and its number of decimal
// digits.

/// An object of the API.
package protocol APIObject: JSONEncodable {
  var members: JSONMembers { get }
}

extension APIObject {
  package func write(to json: inout JSONWriter) { members.write(to: &json) }
}

/// A response that includes the age of its figures.
struct Aged<Value: APIObject>: APIObject {
  let value: Value
  let freshness: Freshness

  var members: JSONMembers { value.members + ["asOf": freshness.asOf, "behind": freshness.behind] }
}

extension Page: APIObject, JSONEncodable where Item: JSONEncodable {
  package var members: JSONMembers { ["items": items, "next": next] }
}

private struct Amount: APIObject {
  let amount: Int64
  let currency: Currency

  var members: JSONMembers {
    ["amount": amount, "currency": currency, "exponent": currency.exponent]
  }
}

extension Summary: APIObject {
  package var members: JSONMembers {
    ["codes": codes, "clicks": clicks, "referees": referees, "balances": balances, "offer": offer]
  }
}

extension IssuedCode: APIObject {
  var members: JSONMembers { ["code": code, "link": link, "at": at] }
}

extension Clicks: APIObject {
  var members: JSONMembers { ["counted": counted, "rejected": rejected] }
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
  var members: JSONMembers {
    ["balance": balance, "exponent": balance.currency.exponent, "next": maturities]
  }
}

extension Maturity: APIObject {
  var members: JSONMembers { ["at": at, "amount": amount] }
}

extension Offer: APIObject {
  var members: JSONMembers {
    ["percent": percent, "plans": plans, "expiresAt": expiresAt, "state": state.rawValue]
  }
}

extension Referee: APIObject {
  package var members: JSONMembers {
    [
      "account": account, "label": label, "registeredAt": registeredAt, "status": status.rawValue, "reasons": reasons,
      "payments": payments,
      "earned": earned.sorted { $0.key < $1.key }.map { Amount(amount: $0.value, currency: $0.key) },
    ]
  }
}

extension Entry: APIObject {
  package var members: JSONMembers {
    [
      "id": String(sequence), "type": type, "at": at, "amount": amount, "currency": currency, "exponent": currency?.exponent,
      "availableAt": availableAt, "balance": balance, "referee": referee, "label": label, "payment": payment, "refund": refund,
      "invoice": invoice, "request": request, "reasons": reasons,
    ]
  }
}

/// An entry with the facts behind its decision.
struct ExplainedEntry: APIObject {
  let entry: Entry

  var members: JSONMembers { entry.members + ["terms": entry.terms, "because": entry.because.map(BecauseSentence.shown)] }
}

extension Discounts: APIObject {
  var members: JSONMembers {
    ["active": active, "orderedAt": orderedAt, "companies": companies, "runs": runs]
  }
}

extension Discounts.Company: APIObject {
  var members: JSONMembers {
    ["company": company, "name": name, "percent": percent, "slots": slots]
  }
}

extension Discounts.Run: APIObject {
  var members: JSONMembers {
    ["period": period, "asOf": asOf, "skipped": skipped, "assignments": assignments]
  }
}

extension Discounts.Assignment: APIObject {
  var members: JSONMembers {
    [
      "company": company, "percent": percent, "activeReferrals": activeReferrals, "slots": slots, "state": state.rawValue,
      "at": at, "invoice": invoice, "reason": reason,
    ]
  }
}

extension Withdrawal: APIObject {
  var members: JSONMembers {
    [
      "request": request, "amount": amount, "currency": currency, "exponent": currency.exponent, "requestedAt": requestedAt,
      "dueAt": dueAt, "state": state.rawValue, "isOverdue": isOverdue, "isCancelable": isCancelable, "reasons": reasons,
      "steps": steps,
    ]
  }
}

extension Withdrawal.Step: APIObject {
  var members: JSONMembers { ["kind": kind.rawValue, "at": at] }
}

extension RequestStatus: APIObject {
  var members: JSONMembers {
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

  var members: JSONMembers {
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
