import Contracts
import Streaming

// What must hold among the rows of this service, for those who check its state.

extension AttributionService {
  /// nil: nothing is asked of that stage's rows.
  public static func audit(stage: String) -> (any RowAudit)? { stage == Accounts.name ? AccountsAudit() : nil }
}

/// An account is not its own referrer, and events wait only before its registration and while a claim is on its way.
struct AccountsAudit: RowAudit {
  private var found: [String] = []
  private var registration: Accounts.Registration?
  private var line: Accounts.Line?
  private var waiting = 0

  mutating func take(_ row: StageRow) throws {
    if let registration = try row.value(in: Accounts.registration) {
      self.registration = registration
      if registration.referral?.referrer.value == row.key { found.append("the account is bound to itself") }
    } else if let line = try row.value(in: Accounts.line) {
      self.line = line
    } else if try row.value(in: Accounts.waiting) != nil {
      waiting += 1
    } else if try row.value(in: Accounts.approved) != nil, row.key(in: Accounts.approved)?.value == row.key {
      found.append("the account has approved itself as its referee")
    }
  }

  func contradictions() -> [String] {
    var found = found
    if let registration, !registration.isPending, waiting > 0 {
      found.append("\(waiting) events wait for a verdict that has come")
    }
    let expected = line.map { $0.end - $0.first } ?? 0
    if expected != waiting { found.append("\(waiting) events wait, and \(expected) should") }
    return found
  }
}
