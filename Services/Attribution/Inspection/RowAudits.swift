import Contracts
import Streaming

// Invariants of this service's rows, for `laurel verify`.

extension AttributionService {
  /// `nil` if the stage's rows have no invariants.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Accounts.name ? AccountsAudit() : nil }
}

/// Checks that an account is not its own referrer, and that events wait only before its registration or while a claim is pending.
struct AccountsAudit: RowAudit {
  private var found: [String] = []
  private var registration: Accounts.Registration?
  private var line: Accounts.Line?
  private var waiting = 0

  mutating func take(_ row: StageRow) throws {
    if let registration = try row.value(in: Accounts.registration) {
      self.registration = registration
      if registration.referral?.referrer.value == row.key { found.append("the account is its own referrer") }
    } else if let line = try row.value(in: Accounts.line) {
      self.line = line
    } else if try row.value(in: Accounts.waiting) != nil {
      waiting += 1
    } else if try row.value(in: Accounts.approved) != nil, row.key(in: Accounts.approved)?.value == row.key {
      found.append("the account has approved itself as its own referee")
    }
  }

  func contradictions() -> [String] {
    var found = found
    if let registration, !registration.isPending, waiting > 0 {
      found.append("\(waiting) events are waiting, but no claim is pending")
    }
    let expected = line.map { $0.end - $0.first } ?? 0
    if expected != waiting { found.append("\(waiting) events are waiting, expected \(expected)") }
    return found
  }
}
