import Contracts
import JSON
import Terms

/// A payer's referral to one referrer.
struct PayerReferral: Stored, Equatable {
  let referrer: AccountID
  let attributedAt: Instant
  /// Absent while it lasts.
  var endedAt: Instant?

  /// The referral's reasons against a payment that would earn (DECISIONS A1e, A1f, "terms of reward").
  func reasonsAgainst(
    _ payment: PaymentSettled, _ reward: RewardTerms, leeway: TimeSpan
  ) -> [(reason: RewardReason, because: Because)] {
    var found: [(reason: RewardReason, because: Because)] = []
    let paidAt = payment.paidAt
    if paidAt + leeway < attributedAt {
      found.append(
        (
          .beforeReferral,
          Because("before-referral", ["paidAt": "\(paidAt)", "attributedAt": "\(attributedAt)", "leeway": "\(leeway)"])
        ))
    }
    if let endedAt, endedAt <= paidAt {
      found.append((.referralEnded, Because("referral-ended", ["paidAt": "\(paidAt)", "endedAt": "\(endedAt)"])))
    }
    if let earnsFor = reward.earnsFor, attributedAt + earnsFor <= paidAt {
      found.append(
        (
          .earningPeriodOver,
          Because(
            "earning-period-over", ["paidAt": "\(paidAt)", "attributedAt": "\(attributedAt)", "earnsFor": "\(earnsFor)"])
        ))
    }
    return found
  }
}

extension EarningsStage.Payer {
  /// The last referral that began by `paidAt` (DECISIONS A1e); if it has ended and the payment is within the next one's leeway, the next;
  /// if none had begun, the first. `nil` without referrals.
  func referral(at paidAt: Instant, in program: Program) -> PayerReferral? {
    guard let first = referrals.first else { return nil }
    guard let place = referrals.lastIndex(where: { $0.attributedAt <= paidAt }) else { return first }
    let referral = referrals[place]
    guard let endedAt = referral.endedAt, endedAt <= paidAt, place + 1 < referrals.count else { return referral }
    let next = referrals[place + 1]
    let leeway = program.version(judging: paidAt, attributedAt: next.attributedAt).attribution.leeway
    return paidAt + leeway < next.attributedAt ? referral : next
  }

  /// What the account's payments have earned other referrers. `nil` if nothing, or if the terms do not limit it.
  func accrued(otherThanBy referrer: AccountID) throws(ArithmeticOverflow) -> Accrued? {
    var sum: Accrued?
    for (other, accrued) in accrued ?? [:] where other != referrer.value { sum = try (sum ?? Accrued()) + accrued }
    return sum
  }
}
