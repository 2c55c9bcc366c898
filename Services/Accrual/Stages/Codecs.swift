// Made by `make contracts` of the types in this folder that are stored or sent within Laurel.
// swift-format-ignore-file

import Contracts
import JSON

extension EarningsStage.Payer {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    standing = try row.required("standing")
    referrals = try row.required("referrals")
    waiting = try row.required("waiting")
    turnovers = try row.optional("turnovers")
    accrued = try row.optional("accrued")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("standing", standing)
    json.member("referrals", referrals)
    json.member("waiting", waiting)
    json.member("turnovers", turnovers)
    json.member("accrued", accrued)
    json.endObject()
  }
}

extension EarningsStage.BillingEvent {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "payment": self = .payment(try value.decode())
    case "fact": self = .fact(try value.decode())
    default: throw json.error("\"\(name)\" is not one of payment, fact")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .payment(let value): json.variant("payment", value)
    case .fact(let value): json.variant("fact", value)
    }
  }
}

extension RewardEarned {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    referee = try row.required("referee")
    payment = try row.required("payment")
    paidAt = try row.required("paidAt")
    attributedAt = try row.required("attributedAt")
    against = try row.required("against")
    becauseAgainst = try row.required("becauseAgainst")
    elsewhere = try row.optional("elsewhere")
    amount = try row.required("amount")
    currency = try row.required("currency")
    base = try row.required("base")
    rate = try row.optional("rate")
    creditAt = try row.required("creditAt")
    availableAt = try row.required("availableAt")
    isReplayed = try row.required("isReplayed")
    terms = try row.required("terms")
    because = try row.required("because")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("paidAt", paidAt)
    json.member("attributedAt", attributedAt)
    json.member("against", against)
    json.member("becauseAgainst", becauseAgainst)
    json.member("elsewhere", elsewhere)
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("base", base)
    json.member("rate", rate)
    json.member("creditAt", creditAt)
    json.member("availableAt", availableAt)
    json.member("isReplayed", isReplayed)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

extension RewardRefused {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    referee = try row.required("referee")
    payment = try row.required("payment")
    paidAt = try row.required("paidAt")
    reasons = try row.required("reasons")
    terms = try row.required("terms")
    because = try row.required("because")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("paidAt", paidAt)
    json.member("reasons", reasons)
    json.member("terms", terms)
    json.member("because", because)
    json.endObject()
  }
}

extension RewardChanged {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    referee = try row.required("referee")
    payment = try row.required("payment")
    change = try row.required("change")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("change", change)
    json.endObject()
  }
}

extension RewardsResumed {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    referee = try row.required("referee")
    payments = try row.required("payments")
    at = try row.required("at")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("referee", referee)
    json.member("payments", payments)
    json.member("at", at)
    json.endObject()
  }
}

extension RewardsCounted {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referee = try row.required("referee")
    referrer = try row.required("referrer")
    accrued = try row.required("accrued")
    at = try row.required("at")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referee", referee)
    json.member("referrer", referrer)
    json.member("accrued", accrued)
    json.member("at", at)
    json.endObject()
  }
}

extension Accrued {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    payments = try row.required("payments")
    amounts = try row.required("amounts")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("payments", payments)
    json.member("amounts", amounts)
    json.endObject()
  }
}

extension RewardTaking {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    refund = try row.optional("refund")
    dispute = try row.optional("dispute")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("refund", refund)
    json.member("dispute", dispute)
    json.endObject()
  }
}

extension RewardChange {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "left":
      let row = try value.object()
      self = .left(try row.required("_0"), by: try row.required("by"), at: try row.required("at"), because: try row.required("because"), heldBy: try row.required("heldBy"))
    case "held":
      let row = try value.object()
      self = .held(try row.required("_0"), at: try row.required("at"))
    case "released":
      let row = try value.object()
      self = .released(try row.required("_0"), at: try row.required("at"))
    case "due":
      let row = try value.object()
      self = .due(at: try row.required("at"))
    case "final":
      let row = try value.object()
      self = .final(at: try row.required("at"))
    default: throw json.error("\"\(name)\" is not one of left, held, released, due, final")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .left(let value0, let value1, let value2, let value3, let value4):
      json.beginVariant("left")
      json.member("_0", value0)
      json.member("by", value1)
      json.member("at", value2)
      json.member("because", value3)
      json.member("heldBy", value4)
      json.endVariant()
    case .held(let value0, let value1):
      json.beginVariant("held")
      json.member("_0", value0)
      json.member("at", value1)
      json.endVariant()
    case .released(let value0, let value1):
      json.beginVariant("released")
      json.member("_0", value0)
      json.member("at", value1)
      json.endVariant()
    case .due(let value0):
      json.beginVariant("due")
      json.member("at", value0)
      json.endVariant()
    case .final(let value0):
      json.beginVariant("final")
      json.member("at", value0)
      json.endVariant()
    }
  }
}

extension Owner {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    hasRegistered = try row.required("hasRegistered")
    closings = try row.required("closings")
    kind = try row.optional("kind")
    kindSince = try row.optional("kindSince")
    country = try row.optional("country")
    countrySince = try row.optional("countrySince")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("hasRegistered", hasRegistered)
    json.member("closings", closings)
    json.member("kind", kind)
    json.member("kindSince", kindSince)
    json.member("country", country)
    json.member("countrySince", countrySince)
    json.endObject()
  }
}

extension OwnerChange {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    at = try row.required("at")
    kind = try row.optional("kind")
    country = try row.optional("country")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("at", at)
    json.member("kind", kind)
    json.member("country", country)
    json.endObject()
  }
}

extension Reward {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    id = try row.required("id")
    referee = try row.required("referee")
    payment = try row.required("payment")
    amount = try row.required("amount")
    cut = try row.optional("cut")
    currency = try row.required("currency")
    creditAt = try row.required("creditAt")
    availableAt = try row.required("availableAt")
    terms = try row.required("terms")
    progress = try row.required("progress")
    causes = try row.required("causes")
    finalAt = try row.optional("finalAt")
    isReplayed = try row.optional("isReplayed")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("referee", referee)
    json.member("payment", payment)
    json.member("amount", amount)
    json.member("cut", cut)
    json.member("currency", currency)
    json.member("creditAt", creditAt)
    json.member("availableAt", availableAt)
    json.member("terms", terms)
    json.member("progress", progress)
    json.member("causes", causes)
    json.member("finalAt", finalAt)
    json.member("isReplayed", isReplayed)
    json.member("timer", timer)
    json.endObject()
  }
}

extension Spend {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "awaited": self = .awaited(try value.decode())
    case "reserved":
      let row = try value.object()
      self = .reserved(amount: try row.required("amount"), currency: try row.required("currency"), invoice: try row.required("invoice"), terms: try row.required("terms"))
    case "captured":
      let row = try value.object()
      self = .captured(left: try row.required("left"), currency: try row.required("currency"), invoice: try row.required("invoice"), terms: try row.required("terms"))
    case "over": self = .over
    default: throw json.error("\"\(name)\" is not one of awaited, reserved, captured, over")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .awaited(let value): json.variant("awaited", value)
    case .reserved(let value0, let value1, let value2, let value3):
      json.beginVariant("reserved")
      json.member("amount", value0)
      json.member("currency", value1)
      json.member("invoice", value2)
      json.member("terms", value3)
      json.endVariant()
    case .captured(let value0, let value1, let value2, let value3):
      json.beginVariant("captured")
      json.member("left", value0)
      json.member("currency", value1)
      json.member("invoice", value2)
      json.member("terms", value3)
      json.endVariant()
    case .over: json.variant("over")
    }
  }
}

extension SpendEnd {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "captured":
      let row = try value.object()
      self = .captured(at: try row.required("at"))
    case "released":
      let row = try value.object()
      self = .released(at: try row.required("at"))
    default: throw json.error("\"\(name)\" is not one of captured, released")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .captured(let value0):
      json.beginVariant("captured")
      json.member("at", value0)
      json.endVariant()
    case .released(let value0):
      json.beginVariant("released")
      json.member("at", value0)
      json.endVariant()
    }
  }
}

extension Reservation {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    amount = try row.required("amount")
    currency = try row.required("currency")
    terms = try row.required("terms")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("amount", amount)
    json.member("currency", currency)
    json.member("terms", terms)
    json.endObject()
  }
}

extension PaymentChange {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "refundRequested": self = .refundRequested(try value.decode())
    case "refundDeclined": self = .refundDeclined(try value.decode())
    case "refunded": self = .refunded(try value.decode())
    case "refundFailed": self = .refundFailed(try value.decode())
    case "disputed": self = .disputed(try value.decode())
    case "disputeClosed": self = .disputeClosed(try value.decode())
    default: throw json.error("\"\(name)\" is not one of refundRequested, refundDeclined, refunded, refundFailed, disputed, disputeClosed")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .refundRequested(let value): json.variant("refundRequested", value)
    case .refundDeclined(let value): json.variant("refundDeclined", value)
    case .refunded(let value): json.variant("refunded", value)
    case .refundFailed(let value): json.variant("refundFailed", value)
    case .disputed(let value): json.variant("disputed", value)
    case .disputeClosed(let value): json.variant("disputeClosed", value)
    }
  }
}

extension Payment {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    memory = try row.optional("memory")
    state = try row.required("state")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("memory", memory)
    json.member("state", state)
    json.member("timer", timer)
    json.endObject()
  }
}

extension PaymentState {
  init(json: JSONValue) throws(JSONError) {
    let (name, value) = try json.variant()
    switch name {
    case "noted": self = .noted
    case "awaited":
      let row = try value.object()
      self = .awaited(come: try row.required("come"), waiting: try row.required("waiting"))
    case "earning": self = .earning(try value.decode())
    case "closing": self = .closing(try value.decode())
    case "over":
      let row = try value.object()
      self = .over(closesAt: try row.optional("closesAt"))
    case "closed": self = .closed
    default: throw json.error("\"\(name)\" is not one of noted, awaited, earning, closing, over, closed")
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .noted: json.variant("noted")
    case .awaited(let value0, let value1):
      json.beginVariant("awaited")
      json.member("come", value0)
      json.member("waiting", value1)
      json.endVariant()
    case .earning(let value): json.variant("earning", value)
    case .closing(let value): json.variant("closing", value)
    case .over(let value0):
      json.beginVariant("over")
      json.member("closesAt", value0)
      json.endVariant()
    case .closed: json.variant("closed")
    }
  }
}

extension AwaitedFact {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    fact = try row.required("fact")
    timer = try row.optional("timer")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("fact", fact)
    json.member("timer", timer)
    json.endObject()
  }
}

extension EarningPayment {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    currency = try row.required("currency")
    closesAt = try row.optional("closesAt")
    base = try row.required("base")
    left = try row.required("left")
    refunds = try row.required("refunds")
    disputes = try row.required("disputes")
    request = try row.required("request")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("currency", currency)
    json.member("closesAt", closesAt)
    json.member("base", base)
    json.member("left", left)
    json.member("refunds", refunds)
    json.member("disputes", disputes)
    json.member("request", request)
    json.endObject()
  }
}

extension EarningPayment.PendingRefund {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    since = try row.optional("since")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("since", since)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension PayerReferral {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    referrer = try row.required("referrer")
    attributedAt = try row.required("attributedAt")
    endedAt = try row.optional("endedAt")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("referrer", referrer)
    json.member("attributedAt", attributedAt)
    json.member("endedAt", endedAt)
    json.endObject()
  }
}

extension PaymentBase {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    base = try row.required("base")
    received = try row.required("received")
    fixed = try row.optional("fixed")
    lines = try row.required("lines")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("base", base)
    json.member("received", received)
    json.member("fixed", fixed)
    json.member("lines", lines)
    json.endObject()
  }
}

extension PaymentBase.Line {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    sku = try row.required("sku")
    amount = try row.required("amount")
    earning = try row.required("earning")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("sku", sku)
    json.member("amount", amount)
    json.member("earning", earning)
    json.endObject()
  }
}

extension PaymentBase.Part {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    rate = try row.required("rate")
    amount = try row.required("amount")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("rate", rate)
    json.member("amount", amount)
    json.endObject()
  }
}

extension RefundTotals {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    count = try row.required("count")
    amount = try row.required("amount")
    lines = try row.required("lines")
    scaled = try row.required("scaled")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("count", count)
    json.member("amount", amount)
    json.member("lines", lines)
    json.member("scaled", scaled)
    json.endObject()
  }
}

extension Refund {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    id = try row.required("id")
    amount = try row.required("amount")
    lines = try row.required("lines")
    named = try row.required("named")
    hasFailed = try row.required("hasFailed")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("amount", amount)
    json.member("lines", lines)
    json.member("named", named)
    json.member("hasFailed", hasFailed)
    json.endObject()
  }
}

extension Refund.Line {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    place = try row.required("place")
    amount = try row.required("amount")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("place", place)
    json.member("amount", amount)
    json.endObject()
  }
}

extension Dispute {
  init(json: JSONValue) throws(JSONError) {
    let row = try json.object()
    id = try row.optional("id")
    standing = try row.required("standing")
    at = try row.optional("at")
    openedAt = try row.optional("openedAt")
    amount = try row.optional("amount")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("id", id)
    json.member("standing", standing)
    json.member("at", at)
    json.member("openedAt", openedAt)
    json.member("amount", amount)
    json.endObject()
  }
}
