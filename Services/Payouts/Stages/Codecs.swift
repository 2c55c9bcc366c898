// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension WithdrawalFacts {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    answer = try row.optional("answer")
    decision = try row.optional("decision")
    canceledAt = try row.optional("canceledAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("answer", answer)
    json.member("decision", decision)
    json.member("canceledAt", canceledAt)
    json.endObject()
  }
}

extension LedgerAnswer {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "reserved": self = .reserved
    case "rejected":
      let row = try value.object()
      self = .rejected(reasons: try row.required("reasons"), because: try row.required("because"))
    default: throw json.error("\"\(name)\" is not one of reserved, rejected")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .reserved: json.variant("reserved")
    case .rejected(let value0, let value1):
      json.beginVariant("rejected")
      json.member("reasons", value0)
      json.member("because", value1)
      json.endVariant()
    }
  }
}

extension OperatorDecision {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "approved":
      let row = try value.object()
      self = .approved(at: try row.required("at"), operator: try row.required("operator"), note: try row.optional("note"))
    case "rejected":
      let row = try value.object()
      self = .rejected(at: try row.required("at"), operator: try row.required("operator"), note: try row.optional("note"))
    default: throw json.error("\"\(name)\" is not one of approved, rejected")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .approved(let value0, let value1, let value2):
      json.beginVariant("approved")
      json.member("at", value0)
      json.member("operator", value1)
      json.member("note", value2)
      json.endVariant()
    case .rejected(let value0, let value1, let value2):
      json.beginVariant("rejected")
      json.member("at", value0)
      json.member("operator", value1)
      json.member("note", value2)
      json.endVariant()
    }
  }
}

extension PayoutResults {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    settled = try row.optional("settled")
    failed = try row.optional("failed")
    returned = try row.optional("returned")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("settled", settled)
    json.member("failed", failed)
    json.member("returned", returned)
    json.endObject()
  }
}

extension PayoutResult {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    reference = try row.optional("reference")
    reason = try row.optional("reason")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("reference", reference)
    json.member("reason", reason)
    json.endObject()
  }
}

extension Withdrawal {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    request = try row.required("request")
    referrer = try row.required("referrer")
    amount = try row.required("amount")
    currency = try row.required("currency")
    destination = try row.required("destination")
    requestedAt = try row.required("requestedAt")
    dueSoonAt = try row.required("dueSoonAt")
    dueAt = try row.required("dueAt")
    needsApproval = try row.required("needsApproval")
    approvalAbove = try row.optional("approvalAbove")
    terms = try row.required("terms")
    standing = try row.required("standing")
    endedAt = try row.optional("endedAt")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("request", request)
    json.member("referrer", referrer)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("destination", destination)
    json.member("requestedAt", requestedAt)
    json.member("dueSoonAt", dueSoonAt)
    json.member("dueAt", dueAt)
    json.member("needsApproval", needsApproval)
    json.member("approvalAbove", approvalAbove)
    json.member("terms", terms)
    json.member("standing", standing)
    json.member("endedAt", endedAt)
    json.member("timer", timer)
    json.endObject()
  }
}
