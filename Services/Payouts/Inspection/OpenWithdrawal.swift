import Contracts
import Streaming

/// A withdrawal that is not closed, as `laurel balance` shows it.
public struct OpenWithdrawal: Sendable {
  public let request: RequestID
  /// Minor units.
  public let amount: Int64
  public let currency: Currency
  public let destination: String
  public let requestedAt: Instant
  public let dueAt: Instant
  public let standing: WithdrawalStatus
  /// Whether it waits until the ledger has answered about an earlier request.
  public let isInLine: Bool
}

extension PayoutsService {
  /// The open withdrawal in a row. `nil` if the row contains none.
  public static func openWithdrawal(_ row: StageRow) throws -> OpenWithdrawal? {
    let inLine = try row.value(in: Withdrawals.line)
    guard let withdrawal = try inLine ?? row.value(in: Withdrawals.withdrawals), withdrawal.isOpen else { return nil }
    return OpenWithdrawal(
      request: withdrawal.request, amount: withdrawal.amount, currency: withdrawal.currency, destination: withdrawal.destination,
      requestedAt: withdrawal.requestedAt, dueAt: withdrawal.dueAt, standing: withdrawal.standing, isInLine: inLine != nil)
  }
}
