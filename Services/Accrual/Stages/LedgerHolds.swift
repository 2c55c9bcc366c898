import Contracts
import Streaming

// What refunds and disputes do to a reward on the balance (rows A9, C7; DECISIONS A9b, C7, C7b). A reward that was declined, or that
// nothing is left of, has no row: whatever comes for it does nothing.
extension LedgerStage {
  /// Takes a part back: an adjustment before the credit, a reversal after it.
  func reduce(_ reduced: RewardReduced, _ turn: Turn<Self>) throws(Refusal) {
    guard var reward = reward(reduced.referee, reduced.payment, turn), reduced.amount < reward.amount else { return }
    let taken = reward.amount - reduced.amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, turn)
    reward.amount = reduced.amount
    keep(reward, turn)
    switch reward.progress {
    case .pending:
      turn.emit(
        .notice(
          RewardAdjusted(
            reward: reward.id, referrer: reduced.referrer, refund: reduced.refund, delta: -taken, amount: reward.amount,
            currency: reward.currency, at: reduced.refundedAt, balance: balance, terms: reward.terms, because: reduced.because)))
    case .locked, .available:
      turn.emit(
        .notice(
          RewardReversed(
            reward: reward.id, referrer: reduced.referrer, delta: -taken, currency: reward.currency, at: reduced.refundedAt,
            cause: .refund, refund: reduced.refund, balance: balance, terms: reward.terms, because: reduced.because)))
    }
  }

  /// Takes all that is left, from wherever it stands; what held the reward has no more to hold.
  func takeBack(_ lost: RewardLost, _ turn: Turn<Self>) throws(Refusal) {
    guard var reward = reward(lost.referee, lost.payment, turn) else { return }
    let taken = reward.amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, turn)
    reward.amount = 0
    keep(reward, turn)
    turn.emit(
      .notice(
        RewardReversed(
          reward: reward.id, referrer: lost.referrer, delta: -taken, currency: reward.currency, at: lost.at, cause: .dispute,
          balance: balance, terms: reward.terms, because: [Because("dispute-lost", ["left": .number(taken)])])))
  }

  /// Freezes: one notice a cause, and the money moves with the first.
  func hold(_ held: RewardHeld, _ turn: Turn<Self>) throws(Refusal) {
    guard var reward = reward(held.referee, held.payment, turn), !reward.causes.contains(held.cause) else { return }
    let place = reward.place
    reward.causes.append(held.cause)
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, turn)
    keep(reward, turn)
    turn.emit(
      .notice(
        RewardFrozen(
          reward: reward.id, referrer: held.referrer, at: held.at, cause: held.cause, balance: balance, terms: reward.terms,
          because: because(reward))))
  }

  /// Unfreezes: one notice a cause; with the last the money moves, and what the reward has missed happens now.
  func release(_ released: RewardReleased, _ turn: Turn<Self>) throws(Refusal) {
    guard var reward = reward(released.referee, released.payment, turn), reward.causes.contains(released.cause) else { return }
    let place = reward.place
    reward.causes.removeAll { $0 == released.cause }
    let balance = try move(reward.amount, in: reward.currency, from: place, to: reward.place, turn)
    turn.emit(
      .notice(
        RewardUnfrozen(
          reward: reward.id, referrer: released.referrer, at: released.at, cause: released.cause, balance: balance,
          terms: reward.terms, because: because(reward))))
    if !reward.isFrozen { try catchUp(&reward, at: released.at, turn) }
    keep(reward, turn)
  }

  /// Credited and unlocked at the later of the release and the fixed instant. A timer set here may be the second for its instant: the
  /// first may have found the reward frozen, and of two the later finds it done.
  private func catchUp(_ reward: inout Reward, at release: Instant, _ turn: Turn<Self>) throws(Refusal) {
    if reward.progress == .pending {
      guard release >= reward.creditAt else {
        turn.setTimer(at: reward.creditAt, .credit(referee: reward.referee, payment: reward.payment))
        return
      }
      try credit(&reward, at: release, turn)
    }
    if reward.progress == .locked {
      guard release >= reward.availableAt else {
        turn.setTimer(at: reward.availableAt, .unlock(referee: reward.referee, payment: reward.payment))
        return
      }
      try unlock(&reward, at: release, turn)
    }
  }

  private func because(_ reward: Reward) -> [Because] {
    [Because("held", ["amount": .number(reward.amount), "causes": .list(reward.causes.map(\.rawValue))])]
  }
}
