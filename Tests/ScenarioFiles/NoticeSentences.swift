import Contracts
import Foundation

/// Turns notices into the sentences of scenario files. A sentence has every field of the contract that carries meaning.
struct NoticeSentences {
  /// The payment of each reward, because later notices name only the reward.
  private var payments: [String: String] = [:]

  /// - Parameters:
  ///   - line: a structured CloudEvent.
  ///   - step: the instant of the notice's step.
  mutating func sentence(_ line: String, step: Instant) throws -> String {
    guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], let type = row["type"] as? String,
      let data = row["data"] as? [String: Any], type.hasSuffix(".v1")
    else { throw ScenarioError("notice", line) }
    let notice = Fields(data: data)
    if type == "reward.accrued.v1" { payments[notice["reward"]] = notice["payment"] }
    guard let sentence = sentence(String(type.dropLast(3)), notice) else {
      throw ScenarioError(type, "this notice type has no sentence")
    }
    let version = notice["terms"].split(separator: "@").last.map(String.init) ?? ""
    let at = ["at", "accruedAt", "creditedAt", "attributedAt", "asOf"].lazy.compactMap { data[$0] as? String }.first
    let instant = at.flatMap { Instant(rfc3339: $0) }
    return sentence + notice.balance + (version == "1" ? "" : " by version \(version)")
      + (instant == step ? "" : " @ \(instant.map { ScenarioText.instant($0) } ?? "?")")
  }

  private func sentence(_ type: String, _ it: Fields) -> String? {
    attribution(type, it) ?? reward(type, it) ?? discount(type, it) ?? withdrawal(type, it)
  }

  private func attribution(_ type: String, _ it: Fields) -> String? {
    switch type {
    case "code.issued": "\(it["account"]) has code \(it["code"]), link \(it["link"])"
    case "code.declined": "\(it["account"]) gets no code for \(it["request"]): \(it.reasons)"
    case "click.counted": "a visit of \(it["code"]) counts"
    case "click.rejected": "a visit of \(it["code"]) does not count: \(it.reasons)"
    case "referral.attributed": "\(it["referee"]) is bound to \(it["referrer"]) by \(it["code"])\(it.decision)"
    case "referral.rejected":
      it.decision.isEmpty
        ? "\(it["referee"]) is not bound: \(it.reasons)"
        : "\(it["referee"]) is not bound to \(it["referrer"]) by \(it.decision): \(it.reasons)"
    case "referral.ended": "\(it["referee"]) is bound to \(it["referrer"]) no more by \(it.decision)"
    default: nil
    }
  }

  private func reward(_ type: String, _ it: Fields) -> String? {
    let place = "\(it["referrer"]) for \(payments[it["reward"]] ?? it["payment"])"
    return switch type {
    case "reward.accrued":
      "accrued \(it.money) to \(place): \(it["rate"].isEmpty ? "a reward" : it.rate) of \(it.amount("base")), available \(it.instant("availableAt"))"
    case "reward.declined": "nothing to \(place): \(it.reasons)"
    case "reward.credited": "credited \(it.money) to \(place)"
    case "reward.unlocked": "unlocked \(it.money) to \(place)"
    case "reward.frozen": "frozen of \(place): \(it["cause"])"
    case "reward.unfrozen": "unfrozen of \(place): \(it["cause"])"
    case "reward.adjusted": "adjusted by \(it.amount("delta")) of \(place): refund \(it["refund"]), \(it.money) left"
    case "reward.reversed":
      "reversed \(it.amount("delta")) \(it["currency"]) of \(place): \(it["cause"])"
        + (it["refund"].isEmpty ? "" : " \(it["refund"])") + (it["dispute"].isEmpty ? "" : " \(it["dispute"])")
    case "reward.restored":
      "restored \(it.amount("delta")) of \(place): \(it["refund"].isEmpty ? "dispute \(it["dispute"])" : "refund \(it["refund"])"), \(it.money) in all"
    case "bonus.returned":
      "spend \(it["request"]) of \(it["referrer"]) returned as \(it["return"]): \(it.money) for \(it["invoice"])"
    case "balance.corrected":
      "balance of \(it["referrer"]) corrected by \(it.amount("delta")) \(it["currency"]) as \(it["request"]) by \(it["operator"]): \(it["reason"])"
    case "bonus.reserved", "bonus.captured", "bonus.released":
      "spend \(it["request"]) of \(it["referrer"]) \(type.dropFirst(6)): \(it.money) for \(it["invoice"])"
    case "bonus.declined": "\(it["request"]) of \(it["referrer"]) declined: \(it.reasons)"
    default: nil
    }
  }

  private func discount(_ type: String, _ it: Fields) -> String? {
    let place = "\(it["period"]) for \(it["company"])"
    return switch type {
    case "offer.opened":
      "offer to \(it["account"]) opened: \(it["percent"])% off \(it.list("plans")) until \(it.instant("expiresAt"))"
    case "offer.used": "offer to \(it["account"]) used by \(it["payment"]): \(it["percent"])%"
    case "offer.expired": "offer to \(it["account"]) expired"
    case "referral.activated": "\(it["referee"]) of \(it["referrer"]) is active"
    case "referral.deactivated": "\(it["referee"]) of \(it["referrer"]) is not active"
    case "discount.assigned":
      "discount \(place): \(it["percent"])%, \(it["slots"]) of \(it["activeReferrals"]) active referrals of \(it["account"])"
    case "companyOrder.recorded":
      "order of \(it["account"]) recorded: \(it.list("companies"))"
        + (it.list("unknown").isEmpty ? "" : "; unknown: \(it.list("unknown"))")
    case "discount.skipped": "no discount \(it["period"]) of \(it["account"]): \(it.reasons)"
    case "discount.applied": "discount \(place) applied: \(it["percent"])% on \(it["invoice"])"
    case "discount.restored": "discount \(place) restored: \(it["invoice"]) is voided"
    case "discount.voided": "discount \(place) voided: \(it["reason"])"
    default: nil
    }
  }

  private func withdrawal(_ type: String, _ it: Fields) -> String? {
    let place = "withdrawal \(it["request"]) of \(it["referrer"])"
    return switch type {
    case "withdrawal.opened", "withdrawal.paid", "withdrawal.failed", "withdrawal.returned": "\(place) \(type.dropFirst(11))"
    case "withdrawal.reserved", "withdrawal.released", "withdrawal.booked", "withdrawal.restored":
      "\(place) \(type.dropFirst(11)): \(it.money)"
    case "withdrawal.awaitingApproval": "\(place) awaits approval"
    case "withdrawal.declined": "\(place) declined: \(it.reasons)"
    case "withdrawal.dueSoon": "\(place) due soon: \(it.instant("dueAt"))"
    case "withdrawal.overdue": "\(place) overdue since \(it.instant("dueAt"))"
    case "payout.instructed": "payout \(it["payout"]) of \(it["referrer"]) instructed: \(it.money) to \(it["destination"])"
    default: nil
    }
  }
}

/// The data of a notice.
private struct Fields {
  let data: [String: Any]

  subscript(name: String) -> String { data[name].map { "\($0)" } ?? "" }
  func list(_ name: String) -> String { (data[name] as? [String] ?? []).joined(separator: ", ") }
  func amount(_ name: String) -> String { (data[name] as? NSNumber).map { ScenarioText.amount($0.int64Value) } ?? "?" }
  func instant(_ name: String) -> String {
    (data[name] as? String).flatMap { Instant(rfc3339: $0) }.map { ScenarioText.instant($0) } ?? "?"
  }

  var money: String { "\(amount("amount")) \(self["currency"])" }
  var reasons: String { list("reasons") }
  /// An operator's: `op-1, a1`.
  var decision: String { self["operator"].isEmpty ? "" : "\(self["operator"]), \(self["request"])" }
  /// Basis points. These are whole percents here.
  var rate: String {
    let points = (data["rate"] as? NSNumber)?.int64Value ?? -1
    return points % 100 == 0 ? "\(points / 100)%" : "\(points)bp"
  }

  /// The parts of the balance that are not 0.
  var balance: String {
    guard let balance = data["balance"] as? [String: Any] else { return "" }
    let names = ["pending", "available", "locked", "reserved", "spent", "paid", "reversed", "corrected"]
    let parts = names.compactMap { name in
      (balance[name] as? NSNumber).flatMap { $0.int64Value == 0 ? nil : "\(name) \(ScenarioText.amount($0.int64Value))" }
    }
    return " | " + (parts.isEmpty ? "nothing" : parts.joined(separator: ", "))
  }
}
