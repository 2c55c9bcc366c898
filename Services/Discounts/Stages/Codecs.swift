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
    hasHadOffer = try row.required("hasHadOffer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("standing", standing)
    json.member("kept", kept)
    json.member("referral", referral)
    json.member("hasHadOffer", hasHadOffer)
    json.endObject()
  }
}

extension Activity.Referral {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referral = try row.required("referral")
    referrer = try row.required("referrer")
    attributedAt = try row.required("attributedAt")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referral", referral)
    json.member("referrer", referrer)
    json.member("attributedAt", attributedAt)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension Activity.Reported {
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

extension ActivityReported {
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
    closings = try row.required("closings")
    companies = try row.required("companies")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("runs", runs)
    json.member("closings", closings)
    json.member("companies", companies)
    json.member("timer", timer)
    json.endObject()
  }
}

extension Allocation.Referee {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referee = try row.required("referee")
    attributedAt = try row.required("attributedAt")
    isActive = try row.required("isActive")
    turns = try row.required("turns")
    earlier = try row.required("earlier")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referee", referee)
    json.member("attributedAt", attributedAt)
    json.member("isActive", isActive)
    json.member("turns", turns)
    json.member("earlier", earlier)
    json.endObject()
  }
}

extension Invoice {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    invoice = try row.required("invoice")
    issued = try row.optional("issued")
    endedAt = try row.optional("endedAt")
    isVoided = try row.required("isVoided")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("invoice", invoice)
    json.member("issued", issued)
    json.member("endedAt", endedAt)
    json.member("isVoided", isVoided)
    json.endObject()
  }
}

extension Invoice.Issued {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    company = try row.required("company")
    issuedAt = try row.required("issuedAt")
    dueAt = try row.required("dueAt")
    isCharge = try row.required("isCharge")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("issuedAt", issuedAt)
    json.member("dueAt", dueAt)
    json.member("isCharge", isCharge)
    json.endObject()
  }
}

extension Assignment {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    assignment = try row.required("assignment")
    account = try row.required("account")
    company = try row.required("company")
    period = try row.required("period")
    percent = try row.required("percent")
    asOf = try row.required("asOf")
    terms = try row.required("terms")
    usedBy = try row.optional("usedBy")
    restoredAt = try row.optional("restoredAt")
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
    json.member("usedBy", usedBy)
    json.member("restoredAt", restoredAt)
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
    case "refundFailure": self = .refundFailure(try value.decode())
    case "dispute": self = .dispute(try value.decode())
    default: throw json.error("\"\(name)\" is not one of status, payment, refund, refundFailure, dispute")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .status(let value): json.variant("status", value)
    case .payment(let value): json.variant("payment", value)
    case .refund(let value): json.variant("refund", value)
    case .refundFailure(let value): json.variant("refundFailure", value)
    case .dispute(let value): json.variant("dispute", value)
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
    replaces = try row.optional("replaces")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("changedAt", changedAt)
    json.member("status", status)
    json.member("trialEndsAt", trialEndsAt)
    json.member("replaces", replaces)
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

extension RefundFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    refund = try row.required("refund")
    payment = try row.required("payment")
    at = try row.required("at")
    amount = try row.required("amount")
    currency = try row.required("currency")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refund", refund)
    json.member("payment", payment)
    json.member("at", at)
    json.member("amount", amount)
    json.member("currency", currency)
    json.endObject()
  }
}

extension RefundFailureFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    refund = try row.required("refund")
    payment = try row.required("payment")
    at = try row.required("at")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refund", refund)
    json.member("payment", payment)
    json.member("at", at)
    json.endObject()
  }
}

extension DisputeFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payment = try row.required("payment")
    dispute = try row.optional("dispute")
    at = try row.required("at")
    step = try row.required("step")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("dispute", dispute)
    json.member("at", at)
    json.member("step", step)
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

extension OwnSubscription.Ownership {
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
    isClosed = try row.required("isClosed")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("company", company)
    json.member("first", first)
    json.member("isClosed", isClosed)
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
    waiting = try row.required("waiting")
    takenAtMost = try row.required("takenAtMost")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("settled", settled)
    json.member("waiting", waiting)
    json.member("takenAtMost", takenAtMost)
    json.endObject()
  }
}

extension RefereePayment.Settled {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    received = try row.required("received")
    currency = try row.required("currency")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("received", received)
    json.member("currency", currency)
    json.endObject()
  }
}

extension RefereePayment.Gap {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    from = try row.required("from")
    to = try row.optional("to")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("from", from)
    json.member("to", to)
    json.endObject()
  }
}

extension RefereeRefund {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    refundedAt = try row.optional("refundedAt")
    amount = try row.required("amount")
    failedAt = try row.optional("failedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refundedAt", refundedAt)
    json.member("amount", amount)
    json.member("failedAt", failedAt)
    json.endObject()
  }
}

extension RefereeDispute {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    steps = try row.required("steps")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("steps", steps)
    json.endObject()
  }
}

extension RefereeDispute.Step {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    kind = try row.required("kind")
    amount = try row.optional("amount")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("kind", kind)
    json.member("amount", amount)
    json.endObject()
  }
}

extension RefereeSubscription {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    subscription = try row.required("subscription")
    statuses = try row.required("statuses")
    activeFrom = try row.optional("activeFrom")
    trialingFrom = try row.optional("trialingFrom")
    trialEnds = try row.required("trialEnds")
    replaces = try row.required("replaces")
    payments = try row.required("payments")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("subscription", subscription)
    json.member("statuses", statuses)
    json.member("activeFrom", activeFrom)
    json.member("trialingFrom", trialingFrom)
    json.member("trialEnds", trialEnds)
    json.member("replaces", replaces)
    json.member("payments", payments)
    json.endObject()
  }
}

extension RefereeSubscription.Paid {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payment = try row.required("payment")
    paidAt = try row.required("paidAt")
    gaps = try row.required("gaps")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payment", payment)
    json.member("paidAt", paidAt)
    json.member("gaps", gaps)
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
    from = try row.required("from")
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
    json.member("from", from)
    json.member("expiresAt", expiresAt)
    json.member("terms", terms)
    json.member("timer", timer)
    json.endObject()
  }
}
