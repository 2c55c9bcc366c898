import Contracts

/// A payment provider with a ledger of its own. It knows a payout by the id that Laurel fixed before the call, and moves money once for it
/// however often it is asked.
final class PayoutProvider {
  struct Transfer {
    let payout: PayoutID
    let referrer: AccountID
    /// Minor units.
    let amount: Int64
  }

  /// The caller does not learn what has happened; here it has happened.
  struct TimedOut: Error {}

  private(set) var transfers: [Transfer] = []
  private(set) var timeouts = 0
  /// Its own answers, by the id that came with the question.
  private var answers: [PayoutID: Bool] = [:]
  private let knowsIDs: Bool

  /// - Parameter knowsIDs: false: a planted mistake, by which the bench shows that it sees one; money moves at every call.
  init(knowsIDs: Bool) { self.knowsIDs = knowsIDs }

  /// - Parameters:
  ///   - succeeds: what comes of the first call.
  ///   - timesOut: whether the answer is lost on its way.
  /// - Returns: whether it was paid.
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
