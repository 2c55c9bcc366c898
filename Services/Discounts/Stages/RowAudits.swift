import Contracts
import Streaming

// What must hold among the rows of this service, for those who check its state.

extension DiscountsService {
  /// nil: nothing is asked of that stage's rows.
  public static func audit(stage: String) -> (any RowAudit)? {
    switch stage {
    case Activity.name: ActivityAudit()
    case Allocation.name: AllocationAudit()
    default: nil
    }
  }
}

/// A referee's payment that counts brought something, and nothing waits for it any more.
struct ActivityAudit: RowAudit {
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    guard let payment = try row.value(in: Activity.Rows.payments), let settled = payment.settled else { return }
    if settled.received <= 0 || payment.takenAtMost < 0 || payment.waiting > 0 {
      found.append(
        "payment '\(row.key(in: Activity.Rows.payments)?.value ?? "")' of \(settled.received) counts, \(payment.takenAtMost) are taken and "
          + "\(payment.waiting) facts wait for it")
    }
  }

  func contradictions() -> [String] { found }
}

/// An account counts its companies by their first subscriptions, numbered in order of arrival; an open discount is the account's own, for
/// the company under which it stands.
struct AllocationAudit: RowAudit {
  private var counted: Int64 = 0
  private var numbers: Set<Int64> = []
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    if let account = try row.value(in: Allocation.Rows.account) {
      counted = account.companies
    } else if let company = try row.value(in: Allocation.Rows.companies) {
      guard let first = company.first else { return }
      if !numbers.insert(first.number).inserted { found.append("two companies have the number \(first.number)") }
    } else if let assignment = try row.value(in: Allocation.Rows.assignments) {
      if assignment.account.value != row.key || assignment.company != row.key(in: Allocation.Rows.assignments) {
        found.append("discount '\(assignment.assignment)' is that of \(assignment.company) of \(assignment.account)")
      }
      if !(1...100 ~= assignment.percent) { found.append("discount '\(assignment.assignment)' is of \(assignment.percent) %") }
    }
  }

  func contradictions() -> [String] {
    let isComplete = counted == Int64(numbers.count) && numbers.allSatisfy { 1...max(1, counted) ~= $0 }
    return isComplete ? found : found + ["\(counted) companies are counted, and \(numbers.count) have a first subscription"]
  }
}
