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
    previousAccounts = try row.required("previousAccounts")
    isPending = try row.required("isPending")
    referral = try row.optional("referral")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("isReferred", isReferred)
    json.member("registeredAt", registeredAt)
    json.member("identities", identities)
    json.member("previousAccounts", previousAccounts)
    json.member("isPending", isPending)
    json.member("referral", referral)
    json.endObject()
  }
}

extension Accounts.Referral {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension Accounts.Waiting {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "registered": self = .registered(try value.decode())
    case "assign": self = .assign(try value.decode())
    case "end": self = .end(try value.decode())
    default: throw json.error("\"\(name)\" is not one of registered, assign, end")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .registered(let value): json.variant("registered", value)
    case .assign(let value): json.variant("assign", value)
    case .end(let value): json.variant("end", value)
    }
  }
}

extension Accounts.Line {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    first = try row.required("first")
    end = try row.required("end")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("first", first)
    json.member("end", end)
    json.endObject()
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

extension Claim {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referee = try row.required("referee")
    at = try row.required("at")
    identities = try row.required("identities")
    code = try row.optional("code")
    assignment = try row.optional("assignment")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referee", referee)
    json.member("at", at)
    json.member("identities", identities)
    json.member("code", code)
    json.member("assignment", assignment)
    json.endObject()
  }
}

extension ReferralClaimed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    code = try row.required("code")
    claim = try row.required("claim")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("code", code)
    json.member("claim", claim)
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

extension ClaimDecided {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    claim = try row.required("claim")
    referrer = try row.optional("referrer")
    reasons = try row.required("reasons")
    because = try row.required("because")
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

extension ReferralReleased {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    referee = try row.required("referee")
    at = try row.required("at")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("at", at)
    json.endObject()
  }
}
