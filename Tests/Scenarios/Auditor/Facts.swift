import Foundation

/// The `data` of one event.
struct Facts {
  let fields: [String: Any]

  func text(_ name: String) -> String? { fields[name] as? String }
  func number(_ name: String) -> Int64? { (fields[name] as? NSNumber)?.int64Value }
  func instant(_ name: String) -> Int64? { text(name).flatMap(AuditedTime.read) }
  func texts(_ name: String) -> [String] { fields[name] as? [String] ?? [] }
  func part(_ name: String) -> Facts? { (fields[name] as? [String: Any]).map(Facts.init) }
  func parts(_ name: String) -> [Facts] { (fields[name] as? [[String: Any]] ?? []).map(Facts.init) }

  var country: String? { text("country")?.uppercased() }

  /// The amount received for a payment. Lines exclude tax (A2).
  var received: Int64 { parts("lines").reduce(0) { $0 + ($1.number("amount") ?? 0) } - (number("paidWithBonus") ?? 0) }

  /// The body by which two deliveries are compared: the fields of the contract, in a fixed order.
  func body(of names: [String]) -> String {
    // Another form of an instant is the same instant (T8).
    let known = fields.filter { names.contains($0.key) && !($0.value is NSNull) }
      .mapValues { ($0 as? String).flatMap(AuditedTime.read) ?? $0 }
    let bytes = try? JSONSerialization.data(withJSONObject: known, options: [.sortedKeys])
    return bytes.map { String(decoding: $0, as: UTF8.self) } ?? "?"
  }
}

/// What the contract says about a type of event: its fields, its own id and its own instant.
struct EventKind {
  let fields: [String]
  let instant: String
  /// The field with the business id; nil if the envelope identifies the event (R3).
  let id: String?

  init(_ fields: String, instant: String, id: String? = nil) {
    self.fields = fields.split(separator: " ").map(String.init)
    self.instant = instant
    self.id = id
  }

  static let all: [String: EventKind] = [
    "account.registered": EventKind(
      "account registeredAt kind country plan identities previousAccounts referral", instant: "registeredAt"),
    "account.updated": EventKind("account updatedAt kind country plan", instant: "updatedAt"),
    "account.closed": EventKind("account closedAt reason", instant: "closedAt"),
    "account.reopened": EventKind("account reopenedAt", instant: "reopenedAt"),
    "link.visited": EventKind("code url visitedAt visitor referrerURL", instant: "visitedAt"),
    "subscription.changed": EventKind(
      "subscription account company plan changedAt status trialEndsAt nextChargeAt replaces", instant: "changedAt"),
    "company.closed": EventKind("company account closedAt", instant: "closedAt"),
    "invoice.issued": EventKind(
      "invoice account company subscription issuedAt dueAt amount currency lines discountAssignment", instant: "issuedAt"),
    "invoice.settled": EventKind("invoice account company settledAt", instant: "settledAt"),
    "invoice.voided": EventKind("invoice account company voidedAt", instant: "voidedAt"),
    "payment.settled": EventKind(
      "payment account company subscription invoice paidAt currency lines tax paidWithBonus promoCode", instant: "paidAt",
      id: "payment"),
    "payment.refundRequested": EventKind("payment account requestedAt", instant: "requestedAt"),
    "payment.refundDeclined": EventKind("payment account declinedAt", instant: "declinedAt"),
    "payment.refunded": EventKind("refund payment account refundedAt currency amount lines", instant: "refundedAt", id: "refund"),
    "payment.refundFailed": EventKind("refund payment account failedAt", instant: "failedAt", id: "refund"),
    "payment.disputed": EventKind("dispute payment account disputedAt amount", instant: "disputedAt"),
    "payment.disputeClosed": EventKind("dispute payment account closedAt outcome", instant: "closedAt"),
    "code.requested": EventKind("request account requestedAt vanity", instant: "requestedAt", id: "request"),
    "companyOrder.set": EventKind("request account requestedAt companies", instant: "requestedAt", id: "request"),
    "bonus.spendRequested": EventKind(
      "request account requestedAt amount currency invoice kinds", instant: "requestedAt", id: "request"),
    "bonus.spendCaptured": EventKind("request account capturedAt", instant: "capturedAt", id: "request"),
    "bonus.spendReleased": EventKind("request account releasedAt", instant: "releasedAt", id: "request"),
    "bonus.spendReturned": EventKind("return request account returnedAt amount", instant: "returnedAt", id: "return"),
    "withdrawal.requested": EventKind(
      "request account requestedAt amount currency destination", instant: "requestedAt", id: "request"),
    "withdrawal.canceled": EventKind("request account canceledAt", instant: "canceledAt", id: "request"),
    "withdrawal.approved": EventKind("request account operator decidedAt note", instant: "decidedAt", id: "request"),
    "withdrawal.rejected": EventKind("request account operator decidedAt note", instant: "decidedAt", id: "request"),
    "referral.assignRequested": EventKind(
      "request account referrer operator decidedAt note", instant: "decidedAt", id: "request"),
    "referral.endRequested": EventKind("request account operator decidedAt note", instant: "decidedAt", id: "request"),
    "balance.correctionRequested": EventKind(
      "request account amount currency operator decidedAt reason", instant: "decidedAt", id: "request"),
    "payout.settled": EventKind("payout referrer at reference reason", instant: "at"),
    "payout.failed": EventKind("payout referrer at reference reason", instant: "at"),
    "payout.unknown": EventKind("payout referrer at reference reason", instant: "at"),
    "payout.returned": EventKind("payout referrer at reference reason", instant: "at"),
  ]
}
