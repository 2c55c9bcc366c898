import JSON
import Streaming

@testable import Accrual

/// Accrual's stored rows about payments, apart from the memory of each payment, which stays forever in the payment's own row.
enum KeptRows {
  /// `payment p`, `awaited p` for each fact that waits for it, `reward p`.
  static func names(in store: some StateStore) throws -> [String] {
    let holds: StoredRow.Presence = store.holds
    return try store.rows(prefix: Array("s".utf8), after: nil, limit: .max).compactMap { row in
      guard case .stage(let stageRow)? = try StoredRow(row, parser: JSONParser(), holds), try !isOnlyMemory(row, holds) else {
        return nil
      }
      if let payment = stageRow.key(in: EarningsStage.payments) { return "payment \(payment)" }
      if let awaited = stageRow.key(in: EarningsStage.awaitedFacts) { return "awaited \(awaited.first)" }
      return try stageRow.value(in: LedgerStage.rewards).map { "reward \($0.payment)" }
    }
  }

  /// Whether a payment's row holds only the memory that it has arrived.
  static func isOnlyMemory(_ row: Row, _ holds: @escaping StoredRow.Presence) throws -> Bool {
    guard case .stage(let row)? = try StoredRow(row, parser: JSONParser(), holds),
      let payment = try row.value(in: EarningsStage.payments)
    else { return false }
    return payment.timer == nil && [.noted, .closed].contains(payment.state)
  }
}
