import Foundation

/// Notices as the examples compare them: first by type and business ids, never by derived ids, then by every field with a meaning. The
/// rules are those of `compare.py` beside the contract's examples.
public struct ComparedNotices {
  private static let withdrawal = (key: ["referrer", "request"], fields: ["amount", "currency", "requestedAt", "dueAt", "at"])
  private static let offer = (key: ["account"], fields: ["percent", "plans", "expiresAt", "at"])
  private static let reward = ["payment", "referrer", "referee"]
  private static let booking = (key: ["referrer", "request"], fields: ["amount", "currency", "at", "balance"])
  private static let bonus = (key: ["referrer", "request"], fields: ["amount", "currency", "invoice", "at", "balance"])
  /// Type without version → (identifying fields, compared fields).
  private static let specification: [String: (key: [String], fields: [String])] = [
    "code.issued": (["account", "code"], ["request", "at"]),
    "code.declined": (["account", "request"], ["at", "reasons"]),
    "click.counted": (["code", "at"], []),
    "click.rejected": (["code", "at"], ["reasons"]),
    "referral.attributed": (["referee", "request"], ["referrer", "code", "registeredAt", "attributedAt", "operator"]),
    "referral.ended": (["referee", "request"], ["referrer", "at", "operator"]),
    "referral.rejected": (["referee", "at", "request"], ["code", "referrer", "operator", "reasons"]),
    "offer.opened": offer, "offer.used": offer, "offer.expired": offer,
    "reward.accrued": (reward, ["amount", "currency", "base", "rate", "accruedAt", "availableAt", "balance"]),
    "reward.declined": (reward, ["at", "reasons"]),
    "reward.credited": (reward, ["amount", "currency", "creditedAt", "balance"]),
    "reward.unlocked": (reward, ["amount", "currency", "at", "balance"]),
    "reward.frozen": (reward + ["cause", "at"], ["balance"]),
    "reward.unfrozen": (reward + ["cause", "at"], ["balance"]),
    "reward.adjusted": (reward + ["refund"], ["delta", "amount", "currency", "at", "balance"]),
    "reward.reversed": (reward + ["cause", "at"], ["delta", "currency", "refund", "dispute", "balance"]),
    "reward.restored": (reward + ["at"], ["delta", "amount", "currency", "refund", "dispute", "balance"]),
    "bonus.reserved": bonus, "bonus.captured": bonus, "bonus.released": bonus,
    "bonus.returned": (bonus.key + ["return"], bonus.fields),
    "bonus.declined": (["referrer", "request"], ["amount", "currency", "at", "reasons"]),
    "balance.corrected": (["referrer", "request"], ["delta", "currency", "at", "operator", "reason", "balance"]),
    "withdrawal.reserved": booking, "withdrawal.released": booking, "withdrawal.booked": booking, "withdrawal.restored": booking,
    "withdrawal.opened": withdrawal, "withdrawal.awaitingApproval": withdrawal, "withdrawal.paid": withdrawal,
    "withdrawal.failed": withdrawal, "withdrawal.returned": withdrawal, "withdrawal.dueSoon": withdrawal,
    "withdrawal.overdue": withdrawal, "withdrawal.declined": (withdrawal.key, withdrawal.fields + ["reasons"]),
    "payout.instructed": (["referrer", "request"], ["amount", "currency", "destination", "attempt", "at"]),
    "referral.activated": (["referee", "at"], ["referrer"]),
    "referral.deactivated": (["referee", "at"], ["referrer"]),
    "discount.assigned": (["account", "company", "period"], ["percent", "activeReferrals", "slots", "asOf"]),
    "discount.skipped": (["account", "period"], ["asOf", "reasons"]),
    "discount.applied": (["account", "company", "invoice"], ["percent", "period", "at"]),
    "discount.voided": (["account", "company", "period"], ["at", "reason"]),
    "discount.restored": (["account", "company", "invoice"], ["period", "at"]),
    "companyOrder.recorded": (["account", "request"], ["companies", "unknown", "at"]),
  ]
  /// Fields that are compared only if both sides have them.
  private static let optional: [String: Set<String>] = {
    var fields: [String: Set<String>] = [
      "referral.rejected": ["code", "referrer", "operator"], "bonus.declined": ["amount", "currency"],
      "code.issued": ["request", "at"], "reward.restored": ["refund", "dispute"], "reward.reversed": ["refund", "dispute"],
    ]
    for type in specification.keys
    where type.hasPrefix("withdrawal.") && specification[type]?.fields.contains("requestedAt") == true {
      let isWatch = type == "withdrawal.dueSoon" || type == "withdrawal.overdue"
      fields[type] = isWatch ? ["amount", "currency"] : ["amount", "currency", "dueAt"]
    }
    return fields
  }()

  /// `program type key` → the compared fields of each notice with that identity, as text.
  public let table: [String: [[String: String]]]

  /// - Parameter lines: structured CloudEvents.
  public init(lines: [String]) throws {
    var payments: [String: (payment: String, referee: String)] = [:]
    var assignments: [String: [String: Any]] = [:]
    var declinedAtOnce: Set<String> = []
    var rows: [(program: String, type: String, data: [String: Any])] = []
    for line in lines where !line.isEmpty {
      guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let versioned = row["type"] as? String, let data = row["data"] as? [String: Any], versioned.hasSuffix(".v1")
      else { throw NotANotice(line: line) }
      let type = String(versioned.dropLast(3))
      let program = row["program"] as? String ?? ""
      switch type {
      case "reward.accrued":
        payments["\(program)/\(Self.text(data["reward"]))"] = (Self.text(data["payment"]), Self.text(data["referee"]))
      case "discount.assigned": assignments["\(program)/\(Self.text(data["assignment"]))"] = data
      case "withdrawal.declined" where Self.text(data["at"]) == Self.text(data["requestedAt"]):
        declinedAtOnce.insert("\(program)/\(Self.text(data["referrer"]))/\(Self.text(data["request"]))")
      default: break
      }
      rows.append((program, type, data))
    }
    // If one balance has several credits or unlocks at one instant, only the last balance counts.
    var last: [String: Int] = [:]
    for (index, row) in rows.enumerated() where Self.isMaturing(row.type) {
      last[Self.maturing(row.program, row.type, row.data)] = index
    }
    var table: [String: [[String: String]]] = [:]
    for (index, row) in rows.enumerated() {
      guard let (key, fields) = Self.specification[row.type] else { continue }
      var data = row.data
      if row.type.hasPrefix("reward."), data["payment"] == nil {
        let of = payments["\(row.program)/\(Self.text(data["reward"]))"]
        (data["payment"], data["referee"]) = (of?.payment ?? "?", of?.referee ?? "?")
      }
      if ["discount.applied", "discount.voided", "discount.restored"].contains(row.type) {
        let assignment = assignments["\(row.program)/\(Self.text(data["assignment"]))"]
        for name in ["period", "percent"] where data[name] == nil { data[name] = assignment?[name] }
      }
      if row.type.hasPrefix("discount."), Self.text(data["percent"]) == "0" { continue }
      if row.type == "withdrawal.opened",
        declinedAtOnce.contains("\(row.program)/\(Self.text(data["referrer"]))/\(Self.text(data["request"]))")
      {
        continue
      }
      if Self.isMaturing(row.type), last[Self.maturing(row.program, row.type, data)] != index { data["balance"] = "not compared" }
      let identity = ([row.program, row.type] + key.map { Self.text(data[$0]) }).joined(separator: " ")
      table[identity, default: []].append(Dictionary(uniqueKeysWithValues: fields.map { ($0, Self.text(data[$0])) }))
    }
    self.table = table
  }

  struct NotANotice: Error { let line: String }

  /// One line per difference; empty if equal.
  public func differences(from expected: ComparedNotices) -> [String] {
    Set(table.keys).union(expected.table.keys).sorted().compactMap { identity in
      let type = identity.split(separator: " ")[1]
      let optional = Self.optional[String(type)] ?? []
      let (wanted, found) = (expected.table[identity] ?? [], table[identity] ?? [])
      let both = optional.filter { name in (wanted + found).allSatisfy { $0[name] != "-" } }
      func texts(_ rows: [[String: String]]) -> [String] {
        rows.map { row in
          row.filter { !optional.contains($0.key) || both.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }.sorted()
      }
      return texts(wanted) == texts(found)
        ? nil : "\(identity)\n    expected \(texts(wanted))\n    actual   \(texts(found))"
    }
  }

  private static func isMaturing(_ type: String) -> Bool { type == "reward.credited" || type == "reward.unlocked" }

  private static func maturing(_ program: String, _ type: String, _ data: [String: Any]) -> String {
    [program, type, text(data["referrer"]), text(data["currency"]), text(data["creditedAt"] ?? data["at"])].joined(separator: " ")
  }

  /// Lists compare as sets. Objects are sorted by name.
  private static func text(_ value: Any?) -> String {
    switch value {
    case nil: "-"
    case let list as [Any]: "[" + list.map { text($0) }.sorted().joined(separator: ",") + "]"
    case let object as [String: Any]:
      "{" + object.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: ",") + "}"
    case let some?: "\(some)"
    }
  }
}
