// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension Accounts.Registration {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    isReferred = try row.required("isReferred")
    registeredAt = try row.required("registeredAt")
    identities = try row.required("identities")
    standing = try row.required("standing")
    waiting = try row.required("waiting")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("isReferred", isReferred)
    json.member("registeredAt", registeredAt)
    json.member("identities", identities)
    json.member("standing", standing)
    json.member("waiting", waiting)
    json.endObject()
  }
}

extension Accounts.Standing {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "unbound": self = .unbound
    case "pending": self = .pending
    case "bound":
      let row = try value.object()
      self = .bound(referrer: try row.required("referrer"))
    default: throw json.error("\"\(name)\" is not one of unbound, pending, bound")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .unbound: json.variant("unbound")
    case .pending: json.variant("pending")
    case .bound(let value0):
      json.beginVariant("bound")
      json.member("referrer", value0)
      json.endVariant()
    }
  }
}

extension CodeClaimed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    code = try row.required("code")
    owner = try row.required("owner")
    request = try row.required("request")
    requestedAt = try row.required("requestedAt")
    attempt = try row.optional("attempt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("owner", owner)
    json.member("request", request)
    json.member("requestedAt", requestedAt)
    json.member("attempt", attempt)
    json.endObject()
  }
}

extension CodeAnswered {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    claim = try row.required("claim")
    isTaken = try row.required("isTaken")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("claim", claim)
    json.member("isTaken", isTaken)
    json.endObject()
  }
}

extension ReferralClaimed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    code = try row.required("code")
    referee = try row.required("referee")
    registeredAt = try row.required("registeredAt")
    identities = try row.required("identities")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("referee", referee)
    json.member("registeredAt", registeredAt)
    json.member("identities", identities)
    json.endObject()
  }
}

extension ClaimResolved {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    claim = try row.required("claim")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("claim", claim)
    json.endObject()
  }
}

extension Verdict {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    claim = try row.required("claim")
    referrer = try row.optional("referrer")
    reasons = try row.required("reasons")
    because = try row.optional("because")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("claim", claim)
    json.member("referrer", referrer)
    json.member("reasons", reasons)
    json.member("because", because)
    json.endObject()
  }
}
