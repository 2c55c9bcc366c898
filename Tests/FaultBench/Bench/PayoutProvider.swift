import Contracts

/// A payment provider with its own ledger. It identifies a payout by the id that Laurel fixed before the call, and moves money once per
/// payout, however often it is called.
final class PayoutProvider {
  struct Transfer {
    let payout: PayoutID
    let referrer: AccountID
    /// Minor units.
    let amount: Int64
  }

  /// The caller does not learn the result, but the payment has happened.
  struct TimedOut: Error {}

  private(set) var transfers: [Transfer] = []
  private(set) var timeouts = 0
  /// Its answers, by the payout's id.
  private var answers: [PayoutID: Bool] = [:]
  private let knowsIDs: Bool

  /// - Parameter knowsIDs: false plants a bug: money moves at every call, and the bench must detect it.
  init(knowsIDs: Bool) { self.knowsIDs = knowsIDs }

  /// - Parameters:
  ///   - succeeds: the result of the first call.
  ///   - timesOut: whether the answer is lost.
  /// - Returns: whether the payout was paid.
  func pay(_ instruction: PayoutInstructed, succeeds: Bool, timesOut: Bool) throws(TimedOut) -> Bool {
    if answers[instruction.payout] == nil || !knowsIDs {
      answers[instruction.payout] = succeeds
      if succeeds {
        transfers.append(
          Transfer(payout: instruction.payout, referrer: instruction.referrer, amount: instruction.amount))
      }
    }
    if timesOut {
      timeouts += 1
      throw TimedOut()
    }
    return answers[instruction.payout] ?? succeeds
  }
}
