import Contracts
import JSON
import Terms

/// To whom a payer is bound, and for how long.
struct Referral: Stored, Equatable {
  let referrer: AccountID
  let attributedAt: Instant
  /// Absent while it lasts.
  var endedAt: Instant?

  /// What the referral has against a payment that earns (DECISIONS A1e, A1f, "terms of reward").
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
  /// The referral that holds at an instant: between two, the ended one, unless the payment is within the leeway of the next (DECISIONS A1e).
  /// Before the first it is the first. nil: there is none.
  func referral(at paidAt: Instant, in program: Program) -> Referral? {
    guard let first = referrals.first else { return nil }
    guard let place = referrals.lastIndex(where: { $0.attributedAt <= paidAt }) else { return first }
    let referral = referrals[place]
    guard let endedAt = referral.endedAt, endedAt <= paidAt, place + 1 < referrals.count else { return referral }
    let next = referrals[place + 1]
    let leeway = program.version(judging: paidAt, attributedAt: next.attributedAt).attribution.leeway
    return paidAt + leeway < next.attributedAt ? referral : next
  }

  /// What the account's payments have earned other referrers; nil: nothing, or the terms do not limit it.
  func accrued(otherThanBy referrer: AccountID) throws(ArithmeticOverflow) -> Accrued? {
    var sum: Accrued?
    for (other, accrued) in accrued ?? [:] where other != referrer.value { sum = try (sum ?? Accrued()) + accrued }
    return sum
  }
}
