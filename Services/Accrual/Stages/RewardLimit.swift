import Contracts
import Terms

/// What the referee's limits leave of a reward.
struct RewardLimit {
  /// Minor units.
  var left: Int64
  var reasons: [RewardReason] = []
  var because: [Because] = []
}

extension RewardTerms {
  /// - Parameters:
  ///   - amount: the reward in minor units.
  ///   - before: what the referee's earlier payments have earned, by order of arrival.
  func limit(of amount: Int64, in currency: Currency, after before: Accrued) -> RewardLimit {
    var limit = RewardLimit(left: amount)
    if let maxPayments, before.payments >= maxPayments {
      limit.reasons.append(.maxPayments)
      limit.because.append(
        Because("max-payments", ["max": .number(Int64(maxPayments)), "earned": .number(Int64(before.payments))]))
    }
    if let most = maxPerReferee[currency] {
      let earned = before.amounts[currency.code] ?? 0
      limit.left = min(amount, max(most - earned, 0))
      if limit.left < amount {
        limit.because.append(
          Because(
            "max-reward",
            ["max": .number(most), "earned": .number(earned), "whole": .number(amount), "currency": .text(currency.code)]))
      }
      if limit.left == 0 { limit.reasons.append(.maxReward) }
    }
    return limit
  }
}
