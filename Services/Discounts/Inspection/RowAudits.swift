import Contracts
import Streaming

// Invariants of this service's rows, for `laurel verify`.

extension DiscountsService {
  /// `nil` if the stage's rows have no invariants.
  public static func audit(stage: String) -> (any RowAudit)? {
    switch stage {
    case Activity.name: ActivityAudit()
    case Allocation.name: AllocationAudit()
    default: nil
    }
  }
}

/// Checks that every counted payment of a referee is above 0 and that no facts wait for it.
struct ActivityAudit: RowAudit {
  private var found: [String] = []

  mutating func take(_ row: StageRow) throws {
    guard let payment = try row.value(in: Activity.Rows.payments), let settled = payment.settled else { return }
    if settled.received <= 0 || payment.takenAtMost < 0 || payment.waiting > 0 {
      found.append(
        "counted payment '\(row.key(in: Activity.Rows.payments)?.value ?? "")' is \(settled.received), \(payment.takenAtMost) taken back, "
          + "\(payment.waiting) facts waiting")
    }
  }

  func contradictions() -> [String] { found }
}

/// Checks that the account's companies are numbered without gaps in order of arrival, and that each discount belongs to the account and the
/// company whose row has it.
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
        found.append("discount '\(assignment.assignment)' belongs to \(assignment.company) of \(assignment.account)")
      }
      if !(1...100 ~= assignment.percent) { found.append("discount '\(assignment.assignment)' is \(assignment.percent) %") }
    }
  }

  func contradictions() -> [String] {
    let isComplete = counted == Int64(numbers.count) && numbers.allSatisfy { 1...max(1, counted) ~= $0 }
    return isComplete ? found : found + ["\(counted) companies are counted, but \(numbers.count) have a first subscription"]
  }
}
