import Contracts
import Streaming

// What refunds and disputes do to a reward on the balance (rows A9, C7; DECISIONS A9b, A9c, C7, C7b, C7c). A reward that was declined has no
// row: whatever comes for it does nothing.
extension LedgerStage {
  func changed(_ changed: RewardChanged, _ turn: Turn<Self>) throws(Rejection) {
    guard var reward = turn[Self.rewards, changed.referee, changed.payment] else { return }
    switch changed.change {
    case .left(let whole, let taking, let instant, let because, let causes):
      // A cut reward stays so, while no less is left of the whole.
      let amount = min(whole, reward.cut ?? whole)
      if amount < reward.amount { try reduce(&reward, to: amount, by: taking, at: instant, because, turn) }
      if amount > reward.amount { try restore(&reward, to: amount, by: taking, at: instant, because, heldBy: causes, turn) }
    case .held(let cause, let instant): try hold(&reward, cause, at: instant, turn)
    case .released(let cause, let instant): try release(&reward, cause, at: instant, turn)
    case .due(let instant): try comeDue(&reward, at: instant, turn)
    case .final(let instant): reward.finalAt = instant
    }
    keep(reward, turn)
  }

  /// Takes a part back: of a refund before the credit an adjustment, else a reversal.
  private func reduce(
    _ reward: inout Reward, to amount: Int64, by taking: RewardTaking, at instant: Instant, _ because: [Because],
    _ turn: Turn<Self>
  ) throws(Rejection) {
    let taken = reward.amount - amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, turn)
    reward.amount = amount
    // What held it has no more to hold.
    if amount == 0 { reward.causes = [] }
    if let refund = taking.refund, reward.progress == .pending {
      return turn.emit(
        RewardAdjusted(
          reward: reward.id, referrer: try owner(turn), refund: refund, delta: -taken, amount: amount, currency: reward.currency,
          at: instant, balance: balance, terms: reward.terms, because: because))
    }
    turn.emit(
      RewardReversed(
        reward: reward.id, referrer: try owner(turn), delta: -taken, currency: reward.currency, at: instant,
        cause: taking.refund == nil ? .dispute : .refund, refund: taking.refund, dispute: taking.dispute, balance: balance,
        terms: reward.terms, because: because))
  }

  /// Gives a part back. What nothing was left of is held again by what is open, or comes due if its day has passed (DECISIONS A9c).
  private func restore(
    _ reward: inout Reward, to amount: Int64, by taking: RewardTaking, at instant: Instant, _ because: [Because],
    heldBy causes: [FreezeCause], _ turn: Turn<Self>
  ) throws(Rejection) {
    let wasOver = reward.amount == 0
    let given = amount - reward.amount
    let balance = try move(given, in: reward.currency, from: .reversed, to: reward.place, turn)
    reward.amount = amount
    turn.emit(
      RewardRestored(
        reward: reward.id, referrer: try owner(turn), delta: given, amount: amount, currency: reward.currency, at: instant,
        refund: taking.refund, dispute: taking.dispute, balance: balance, terms: reward.terms, because: because))
    guard wasOver else { return }
    for cause in causes { try hold(&reward, cause, at: instant, turn) }
    if causes.isEmpty { try catchUp(&reward, at: instant, turn) }
  }

  /// Freezes: one notice a cause, and the money moves with the first.
  private func hold(_ reward: inout Reward, _ cause: FreezeCause, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard reward.amount > 0, !reward.causes.contains(cause) else { return }
    let place = reward.place
    reward.causes.append(cause)
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, turn)
    turn.emit(
      RewardFrozen(
        reward: reward.id, referrer: try owner(turn), at: instant, cause: cause, balance: balance, terms: reward.terms,
        because: because(reward)))
  }

  /// Unfreezes: one notice a cause; with the last the money moves, and what the reward has missed happens now.
  private func release(_ reward: inout Reward, _ cause: FreezeCause, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard reward.causes.contains(cause) else { return }
    let place = reward.place
    reward.causes.removeAll { $0 == cause }
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, turn)
    turn.emit(
      RewardUnfrozen(
        reward: reward.id, referrer: try owner(turn), at: instant, cause: cause, balance: balance, terms: reward.terms,
        because: because(reward)))
    if !reward.isFrozen { try catchUp(&reward, at: instant, turn) }
  }

  /// Credited and unlocked at the later of the release and the fixed instant.
  private func catchUp(_ reward: inout Reward, at release: Instant, _ turn: Turn<Self>) throws(Rejection) {
    if reward.progress == .pending, reward.creditAt <= release { try credit(&reward, at: release, turn) }
    if reward.progress == .locked, reward.availableAt <= release { try unlock(&reward, at: release, turn) }
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
