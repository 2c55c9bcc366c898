import Contracts
import Streaming

// What must hold among the rows of this service, for those who check its state.

extension AttributionService {
  /// nil: nothing is asked of that stage's rows.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Accounts.name ? AccountsAudit() : nil }
}

/// An account is not its own referrer, and other registrations wait only while the first is being judged.
struct AccountsAudit: RowAudit {
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    if let registration = try row.value(in: Accounts.registration) {
      switch registration.standing {
      case .unbound, .pending: break
      case .bound(let referrer):
        if referrer.value == row.key { found.append("the account is bound to itself") }
      }
      if !registration.waiting.isEmpty, registration.standing != .pending {
        found.append("\(registration.waiting.count) registrations wait for a verdict that has come")
      }
    } else if try row.value(in: Accounts.approved) != nil, row.key(in: Accounts.approved)?.value == row.key {
      found.append("the account has approved itself as its referee")
    }
  }

  func contradictions() -> [String] { found }
}
