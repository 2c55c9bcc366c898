import Foundation
import Testing

/// A parsed notice.
struct NoticeRow {
  let program: String
  let type: String
  let data: [String: Any]
  let key: String
  let sequence: Int64?

  init?(_ line: String) {
    guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
      let type = row["type"] as? String,
      let data = row["data"] as? [String: Any]
    else { return nil }
    self.type = type
    self.data = data
    program = row["program"] as? String ?? ""
    key = row["partitionkey"] as? String ?? row["subject"] as? String ?? ""
    sequence = (row["sequence"] as? String).flatMap(Int64.init) ?? (row["sequence"] as? NSNumber)?.int64Value
  }

  func text(_ name: String) -> String { data[name] as? String ?? "" }
  func number(_ name: String) -> Int64 { (data[name] as? NSNumber)?.int64Value ?? 0 }

  /// The topic of its type in the contract.
  var topic: String {
    let family = type.prefix { $0 != "." }
    return switch family {
    case "code", "click": "referrals"
    case "referral": type.contains("activated") ? "discounts" : "referrals"
    case "reward", "bonus", "balance": "rewards"
    case "withdrawal": ["reserved", "released", "booked", "restored"].contains { type.contains($0) } ? "rewards" : "payouts"
    case "payout": "payouts"
    default: "discounts"
    }
  }
}

/// Properties of the notices of any history, in order, independent of the rules.
struct NoticeProperties {
  let rows: [NoticeRow]

  init(_ lines: [String]) {
    rows = lines.compactMap(NoticeRow.init)
    #expect(rows.count == lines.count)
  }

  func allHold(_ where: String) {
    balancesAddUp(`where`)
    sequencesAreContiguous(`where`)
    discountsAreDealtOnce(`where`)
    payoutsHappenOnce(`where`)
  }

  /// accrued + corrected = pending + available + locked + reserved + spent + paid + reversed, in every notice.
  func balancesAddUp(_ where: String) {
    var accrued: [String: Int64] = [:]
    var corrected: [String: Int64] = [:]
    for row in rows {
      guard let balance = row.data["balance"] as? [String: Any] else { continue }
      func part(_ name: String) -> Int64 { (balance[name] as? NSNumber)?.int64Value ?? 0 }
      let account = "\(row.program) \(row.text("referrer")) \(balance["currency"] ?? "")"
      if row.type == "reward.accrued.v1" { accrued[account, default: 0] += row.number("amount") }
      if row.type == "balance.corrected.v1" { corrected[account, default: 0] += row.number("delta") }
      let gone = ["pending", "locked", "reserved", "spent", "paid", "reversed"]
      let sum = part("available") + gone.map(part).reduce(0, +)
      #expect(sum == accrued[account, default: 0] + part("corrected"), "\(`where`): \(row.type) \(row.data)")
      #expect(part("corrected") == corrected[account, default: 0], "\(`where`): \(row.type) \(row.data)")
      #expect(part("corrected") != 0 || balance["corrected"] == nil, "\(`where`): corrected in \(row.type) \(row.data)")
      for name in gone { #expect(balance[name] != nil && part(name) >= 0, "\(`where`): \(name) in \(row.type) \(row.data)") }
    }
  }

  func sequencesAreContiguous(_ where: String) {
    var last: [String: Int64] = [:]
    for row in rows {
      let place = "\(row.program) \(row.topic) \(row.key)"
      #expect(row.sequence == last[place, default: 0] + 1, "\(`where`): \(place) \(row.type)")
      last[place, default: 0] += 1
    }
  }

  func discountsAreDealtOnce(_ where: String) {
    var runs: [String: [NoticeRow]] = [:]
    var ends: [String: Int] = [:]
    for row in rows {
      switch row.type {
      case "discount.assigned.v1": runs["\(row.text("account")) \(row.text("period"))", default: []].append(row)
      case "discount.applied.v1", "discount.voided.v1": ends[row.text("assignment"), default: 0] += 1
      // A void of its invoice opens it again (B7).
      case "discount.restored.v1": ends[row.text("assignment"), default: 0] -= 1
      default: continue
      }
      #expect(0...1 ~= ends[row.text("assignment"), default: 0], "\(`where`): an assignment ended twice, \(row.data)")
    }
    for (run, dealt) in runs {
      let active = dealt.first?.number("activeReferrals") ?? 0
      let slots = dealt.map { $0.number("slots") }
      #expect(Set(dealt.map { $0.text("company") }).count == dealt.count, "\(`where`): \(run)")
      #expect(slots.dropLast().allSatisfy { $0 == 20 }, "\(`where`): \(run) \(slots)")
      #expect(slots.reduce(0, +) == min(active, Int64(20 * (dealt.count - 1)) + (slots.last ?? 0)), "\(`where`): \(run) \(slots)")
      for row in dealt {
        let slots = row.number("slots")
        let percent: Int64 = slots >= 20 ? 40 : slots >= 15 ? 20 : slots >= 10 ? 10 : 5
        #expect(5...20 ~= slots && row.number("percent") == percent, "\(`where`): \(row.data)")
      }
    }
  }

  /// A payout is instructed once. Its money is booked once and returned once (C10c).
  func payoutsHappenOnce(_ where: String) {
    var reported: [String: [String]] = [:]
    for row in rows where row.topic == "payouts" || row.topic == "rewards" && row.type.hasPrefix("withdrawal.") {
      reported["\(row.program) \(row.text("referrer")) \(row.text("request"))", default: []].append(row.type)
    }
    for (request, types) in reported {
      func has(_ name: String) -> Bool { types.contains("\(name).v1") }
      for type in Set(types) where type != "withdrawal.released.v1" {
        #expect(types.filter { $0 == type }.count == 1, "\(`where`): \(request) \(types)")
      }
      let ended = has("withdrawal.failed") || has("withdrawal.paid") || has("withdrawal.returned")
      #expect(!has("withdrawal.declined") || !ended && !has("payout.instructed"), "\(`where`): \(request) \(types)")
      #expect(!has("withdrawal.failed") || has("payout.instructed"), "\(`where`): \(request) failed but was never instructed")
      #expect(has("withdrawal.paid") == has("withdrawal.booked"), "\(`where`): \(request) \(types)")
      #expect(!has("withdrawal.restored") || has("withdrawal.paid"), "\(`where`): \(request) \(types)")
    }
  }
}
