// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension Activity.Account {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    standing = try row.required("standing")
    kept = try row.required("kept")
    referral = try row.optional("referral")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("standing", standing)
    json.member("kept", kept)
    json.member("referral", referral)
    json.endObject()
  }
}

extension Activity.Referral {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referral = try row.required("referral")
    referrer = try row.required("referrer")
    attributedAt = try row.required("attributedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("attributedAt", attributedAt)
    json.endObject()
  }
}

extension Activity.Told {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    isActive = try row.required("isActive")
    turns = try row.required("turns")
    since = try row.required("since")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("isActive", isActive)
    json.member("turns", turns)
    json.member("since", since)
    json.endObject()
  }
}

extension ActivityTold {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referral = try row.required("referral")
    referee = try row.required("referee")
    referrer = try row.required("referrer")
    attributedAt = try row.required("attributedAt")
    isActive = try row.required("isActive")
    at = try row.required("at")
    turns = try row.required("turns")
    because = try row.required("because")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referee", referee)
    json.member("referrer", referrer)
    json.member("attributedAt", attributedAt)
    json.member("isActive", isActive)
    json.member("at", at)
    json.member("turns", turns)
    json.member("because", because)
    json.endObject()
  }
}

extension Allocation.Account {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    runs = try row.optional("runs")
    closedAt = try row.optional("closedAt")
    companies = try row.required("companies")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("runs", runs)
    json.member("closedAt", closedAt)
    json.member("companies", companies)
    json.member("timer", timer)
    json.endObject()
  }
}

extension Allocation.Referee {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referee = try row.required("referee")
    isActive = try row.required("isActive")
    turns = try row.required("turns")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referee", referee)
    json.member("isActive", isActive)
    json.member("turns", turns)
    json.endObject()
  }
}

extension BillingFact {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "status": self = .status(try value.decode())
    case "payment": self = .payment(try value.decode())
    case "refund": self = .refund(try value.decode())
    default: throw json.error("\"\(name)\" is not one of status, payment, refund")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .status(let value): json.variant("status", value)
    case .payment(let value): json.variant("payment", value)
    case .refund(let value): json.variant("refund", value)
    }
  }
}

extension SubscriptionStatusFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    changedAt = try row.required("changedAt")
    status = try row.required("status")
    trialEndsAt = try row.optional("trialEndsAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("changedAt", changedAt)
    json.member("status", status)
    json.member("trialEndsAt", trialEndsAt)
    json.endObject()
  }
}

extension PaymentFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payment = try row.required("payment")
    subscription = try row.optional("subscription")
    paidAt = try row.required("paidAt")
    received = try row.required("received")
    currency = try row.required("currency")
    plans = try row.required("plans")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("subscription", subscription)
    json.member("paidAt", paidAt)
    json.member("received", received)
    json.member("currency", currency)
    json.member("plans", plans)
    json.endObject()
  }
}

extension TakenBack {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payment = try row.required("payment")
    at = try row.required("at")
    amount = try row.optional("amount")
    currency = try row.optional("currency")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("at", at)
    json.member("amount", amount)
    json.member("currency", currency)
    json.endObject()
  }
}

extension OwnSubscription {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    history = try row.required("history")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("history", history)
    json.endObject()
  }
}

extension OwnSubscription.Standing {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    company = try row.required("company")
    status = try row.required("status")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("status", status)
    json.endObject()
  }
}

extension Company {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    company = try row.required("company")
    first = try row.optional("first")
    closedAt = try row.optional("closedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("first", first)
    json.member("closedAt", closedAt)
    json.endObject()
  }
}

extension Company.FirstSubscription {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    number = try row.required("number")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("number", number)
    json.endObject()
  }
}

extension CompanyOrder {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    companies = try row.required("companies")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("companies", companies)
    json.endObject()
  }
}

extension Invoice {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    invoice = try row.required("invoice")
    issued = try row.optional("issued")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invoice", invoice)
    json.member("issued", issued)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension Invoice.Issued {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    company = try row.required("company")
    issuedAt = try row.required("issuedAt")
    dueAt = try row.required("dueAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("issuedAt", issuedAt)
    json.member("dueAt", dueAt)
    json.endObject()
  }
}

extension OpenAssignment {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    assignment = try row.required("assignment")
    account = try row.required("account")
    company = try row.required("company")
    period = try row.required("period")
    percent = try row.required("percent")
    asOf = try row.required("asOf")
    terms = try row.required("terms")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("assignment", assignment)
    json.member("account", account)
    json.member("company", company)
    json.member("period", period)
    json.member("percent", percent)
    json.member("asOf", asOf)
    json.member("terms", terms)
    json.endObject()
  }
}

extension History {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    entries = try row.required("entries")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("entries", entries)
    json.endObject()
  }
}

extension History.Entry {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    value = try row.required("value")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("value", value)
    json.endObject()
  }
}

extension RefereePayment {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    settled = try row.optional("settled")
    parts = try row.required("parts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("settled", settled)
    json.member("parts", parts)
    json.endObject()
  }
}

extension RefereePayment.Settled {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    received = try row.required("received")
    currency = try row.required("currency")
    left = try row.required("left")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("received", received)
    json.member("currency", currency)
    json.member("left", left)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension RefereeSubscription {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    statuses = try row.required("statuses")
    trialEnds = try row.required("trialEnds")
    payments = try row.required("payments")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("statuses", statuses)
    json.member("trialEnds", trialEnds)
    json.member("payments", payments)
    json.endObject()
  }
}

extension RefereeSubscription.Paid {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payment = try row.required("payment")
    paidAt = try row.required("paidAt")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("paidAt", paidAt)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension RunPlan {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    next = try row.optional("next")
    after = try row.required("after")
    period = try row.optional("period")
    first = try row.optional("first")
    last = try row.optional("last")
    resumesAt = try row.optional("resumesAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("next", next)
    json.member("after", after)
    json.member("period", period)
    json.member("first", first)
    json.member("last", last)
    json.member("resumesAt", resumesAt)
    json.endObject()
  }
}

extension WelcomeOffer {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    offer = try row.required("offer")
    account = try row.required("account")
    percent = try row.required("percent")
    plans = try row.required("plans")
    expiresAt = try row.required("expiresAt")
    terms = try row.required("terms")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("offer", offer)
    json.member("account", account)
    json.member("percent", percent)
    json.member("plans", plans)
    json.member("expiresAt", expiresAt)
    json.member("terms", terms)
    json.member("timer", timer)
    json.endObject()
  }
}
