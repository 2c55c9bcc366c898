import Contracts
import Streaming

// The effect of refunds and disputes on a reward (rows A9, C7; DECISIONS A9b, A9c, C7, C7b, C7c). A declined reward has no row, so changes
// of it are ignored.
extension LedgerStage {
  func changed(_ changed: RewardChanged, _ context: Context<Self>) throws(Rejection) {
    guard var reward = context[Self.rewards, changed.referee, changed.payment] else { return }
    switch changed.change {
    case .left(let whole, let taking, let instant, let because, let causes):
      // A reward that a limit has cut stays cut unless refunds leave even less.
      let amount = min(whole, reward.cut ?? whole)
      if amount < reward.amount { try reduce(&reward, to: amount, by: taking, at: instant, because, context) }
      if amount > reward.amount { try restore(&reward, to: amount, by: taking, at: instant, because, heldBy: causes, context) }
    case .held(let cause, let instant): try hold(&reward, cause, at: instant, context)
    case .released(let cause, let instant): try release(&reward, cause, at: instant, context)
    case .due(let instant): if reward.isDue(by: instant) { try mature(&reward, at: instant, context) }
    case .final(let instant): reward.finalAt = instant
    }
    keep(reward, context)
  }

  /// Takes a part of the reward back. A refund before the credit is an adjustment; everything else is a reversal.
  private func reduce(
    _ reward: inout Reward, to amount: Int64, by taking: RewardTaking, at instant: Instant, _ because: [Because],
    _ context: Context<Self>
  ) throws(Rejection) {
    let taken = reward.amount - amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, context)
    reward.amount = amount
    // A reward of 0 is never frozen.
    if amount == 0 { reward.causes = [] }
    if let refund = taking.refund, reward.progress == .pending {
      return context.emit(
        RewardAdjusted(
          reward: reward.id, referrer: try owner(context), refund: refund, delta: -taken, amount: amount,
          currency: reward.currency,
          at: instant, balance: balance, terms: reward.terms, because: because))
    }
    context.emit(
      RewardReversed(
        reward: reward.id, referrer: try owner(context), delta: -taken, currency: reward.currency, at: instant,
        cause: taking.refund == nil ? .dispute : .refund, refund: taking.refund, dispute: taking.dispute, balance: balance,
        terms: reward.terms, because: because))
  }

  /// Gives a part of the reward back. A reward that was 0 is frozen again by the open causes. If there are none, it is credited and
  /// unlocked as far as it is due (DECISIONS A9c).
  private func restore(
    _ reward: inout Reward, to amount: Int64, by taking: RewardTaking, at instant: Instant, _ because: [Because],
    heldBy causes: [FreezeCause], _ context: Context<Self>
  ) throws(Rejection) {
    let wasOver = reward.amount == 0
    let given = amount - reward.amount
    let balance = try move(given, in: reward.currency, from: .reversed, to: reward.place, context)
    reward.amount = amount
    context.emit(
      RewardRestored(
        reward: reward.id, referrer: try owner(context), delta: given, amount: amount, currency: reward.currency, at: instant,
        refund: taking.refund, dispute: taking.dispute, balance: balance, terms: reward.terms, because: because))
    guard wasOver else { return }
    for cause in causes { try hold(&reward, cause, at: instant, context) }
    if causes.isEmpty { try catchUp(&reward, at: instant, context) }
  }

  /// Freezes the reward. Each cause gives a notice; the money moves with the first.
  private func hold(_ reward: inout Reward, _ cause: FreezeCause, at instant: Instant, _ context: Context<Self>) throws(Rejection)
  {
    guard reward.amount > 0, !reward.causes.contains(cause) else { return }
    let place = reward.place
    reward.causes.append(cause)
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, context)
    context.emit(
      RewardFrozen(
        reward: reward.id, referrer: try owner(context), at: instant, cause: cause, balance: balance, terms: reward.terms,
        because: because(reward)))
  }

  /// Unfreezes the reward. Each cause gives a notice. With the last, the money moves and missed credits and unlocks are made up for.
  private func release(_ reward: inout Reward, _ cause: FreezeCause, at instant: Instant, _ context: Context<Self>)
    throws(Rejection)
  {
    guard reward.causes.contains(cause) else { return }
    let place = reward.place
    reward.causes.removeAll { $0 == cause }
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, context)
    context.emit(
      RewardUnfrozen(
        reward: reward.id, referrer: try owner(context), at: instant, cause: cause, balance: balance, terms: reward.terms,
        because: because(reward)))
    if !reward.isFrozen { try catchUp(&reward, at: instant, context) }
  }

  /// Credits and unlocks what came due while the reward was frozen, at the instant of the release.
  private func catchUp(_ reward: inout Reward, at release: Instant, _ context: Context<Self>) throws(Rejection) {
    while reward.isDue(by: release) { try mature(&reward, at: release, context) }
  }

  private func because(_ reward: Reward) -> [Because] {
    [
      Because(
        "held",
        [
          "amount": .number(reward.amount), "causes": .list(reward.causes.map(\.rawValue)),
          "standing": .text(reward.progress.rawValue),
          "creditAt": "\(reward.creditAt)", "availableAt": "\(reward.availableAt)",
        ])
    ]
  }
}
