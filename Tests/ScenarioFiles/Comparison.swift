import Foundation

/// Notices as the golden files compare them: by type and business ids, never by derived ids; then every field that carries meaning.
/// The same rules as `compare.py` beside the golden files of the contract.
public struct ComparedNotices {
  private static let withdrawal = (key: ["referrer", "request"], fields: ["requestedAt", "dueAt", "at"])
  /// Type without version → (what identifies it, what is compared).
  private static let specification: [String: (key: [String], fields: [String])] = [
    "code.issued": (["account", "code"], []),
    "click.counted": (["code", "at"], []),
    "click.rejected": (["code", "at"], ["reasons"]),
    "referral.attributed": (["referee"], ["referrer", "code", "registeredAt", "attributedAt"]),
    "referral.rejected": (["referee", "at"], ["reasons"]),
    "offer.opened": (["account"], ["percent", "plans", "expiresAt", "at"]),
    "offer.used": (["account"], ["percent", "plans", "expiresAt", "at"]),
    "offer.expired": (["account"], ["percent", "plans", "expiresAt", "at"]),
    "reward.accrued": (
      ["payment", "referrer"], ["referee", "amount", "currency", "base", "rate", "accruedAt", "availableAt", "balance"]
    ),
    "reward.declined": (["payment", "referrer"], ["referee", "at", "reasons"]),
    "reward.credited": (["payment", "referrer"], ["amount", "currency", "creditedAt", "balance"]),
    "reward.unlocked": (["payment", "referrer"], ["amount", "currency", "at", "balance"]),
    "reward.frozen": (["payment", "referrer", "cause", "at"], ["balance"]),
    "reward.unfrozen": (["payment", "referrer", "cause", "at"], ["balance"]),
    "reward.adjusted": (["payment", "referrer", "refund"], ["delta", "amount", "currency", "at", "balance"]),
    "reward.reversed": (["payment", "referrer", "cause", "at"], ["delta", "currency", "balance"]),
    "bonus.reserved": (["referrer", "request"], ["amount", "currency", "invoice", "at", "balance"]),
    "bonus.captured": (["referrer", "request"], ["amount", "currency", "invoice", "at", "balance"]),
    "bonus.released": (["referrer", "request"], ["amount", "currency", "invoice", "at", "balance"]),
    "bonus.declined": (["referrer", "request"], ["at", "reasons"]),
    "withdrawal.reserved": (["referrer", "request"], ["amount", "currency", "at", "balance"]),
    "withdrawal.released": (["referrer", "request"], ["amount", "currency", "at", "balance"]),
    "withdrawal.booked": (["referrer", "request"], ["amount", "currency", "at", "balance"]),
    "withdrawal.opened": withdrawal, "withdrawal.awaitingApproval": withdrawal, "withdrawal.paid": withdrawal,
    "withdrawal.failed": withdrawal, "withdrawal.dueSoon": withdrawal, "withdrawal.overdue": withdrawal,
    "withdrawal.declined": (withdrawal.key, withdrawal.fields + ["reasons"]),
    "payout.instructed": (["referrer", "request"], ["amount", "currency", "destination", "attempt", "at"]),
    "referral.activated": (["referee", "at"], ["referrer"]),
    "referral.deactivated": (["referee", "at"], ["referrer"]),
    "discount.assigned": (["account", "company", "period"], ["percent", "activeReferrals", "slots", "asOf"]),
    "discount.skipped": (["account", "period"], ["asOf", "reasons"]),
    "discount.applied": (["account", "company", "invoice"], ["percent", "period", "at"]),
    "discount.voided": (["account", "company", "period"], ["at", "reason"]),
  ]

  /// `program type key` → the compared fields of each notice with that identity, as text.
  public let table: [String: [String]]

  /// - Parameter lines: structured CloudEvents.
  public init(lines: [String]) throws {
    var payments: [String: String] = [:]
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
      case "reward.accrued": payments["\(program)/\(Self.text(data["reward"]))"] = Self.text(data["payment"])
      case "discount.assigned": assignments["\(program)/\(Self.text(data["assignment"]))"] = data
      case "withdrawal.declined" where Self.text(data["at"]) == Self.text(data["requestedAt"]):
        declinedAtOnce.insert("\(program)/\(Self.text(data["referrer"]))/\(Self.text(data["request"]))")
      default: break
      }
      rows.append((program, type, data))
    }
    // Of several credits or unlocks of one balance at one instant, only the last balance counts.
    var last: [String: Int] = [:]
    for (index, row) in rows.enumerated() where Self.isMaturing(row.type) {
      last[Self.maturing(row.program, row.type, row.data)] = index
    }
    var table: [String: [String]] = [:]
    for (index, row) in rows.enumerated() {
      guard let (key, fields) = Self.specification[row.type] else { continue }
      var data = row.data
      if row.type.hasPrefix("reward."), data["payment"] == nil {
        data["payment"] = payments["\(row.program)/\(Self.text(data["reward"]))"] ?? "?"
      }
      if row.type == "discount.applied" || row.type == "discount.voided" {
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
      table[identity, default: []].append(fields.map { "\($0)=\(Self.text(data[$0]))" }.joined(separator: " "))
    }
    self.table = table.mapValues { $0.sorted() }
  }

  struct NotANotice: Error { let line: String }

  /// One line a difference; none: equal.
  public func differences(from expected: ComparedNotices) -> [String] {
    Set(table.keys).union(expected.table.keys).sorted().compactMap { identity in
      let wanted = expected.table[identity] ?? []
      let found = table[identity] ?? []
      return wanted == found ? nil : "\(identity)\n    expected \(wanted)\n    actual   \(found)"
    }
  }

  private static func isMaturing(_ type: String) -> Bool { type == "reward.credited" || type == "reward.unlocked" }

  private static func maturing(_ program: String, _ type: String, _ data: [String: Any]) -> String {
    [program, type, text(data["referrer"]), text(data["currency"]), text(data["creditedAt"] ?? data["at"])].joined(separator: " ")
  }

  /// Lists are sets; objects in order of their names.
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
