import Contracts
import Streaming

// What refunds and disputes do to a reward on the balance (rows A9, C7; DECISIONS A9b, C7, C7b). A reward that was declined, or
// that nothing is left of, has no row: whatever comes for it does nothing.
extension LedgerStage {
  func changed(_ changed: RewardChanged, _ turn: Turn<Self>) throws(Rejection) {
    guard var reward = turn[Self.rewards, changed.referee, changed.payment] else { return }
    switch changed.change {
    case .reduced(let amount, let refund, let instant, let because):
      try reduce(&reward, to: amount, by: refund, at: instant, because, turn)
    case .held(let cause, let instant): try hold(&reward, cause, at: instant, turn)
    case .released(let cause, let instant): try release(&reward, cause, at: instant, turn)
    case .lost(let instant): try takeBack(&reward, at: instant, turn)
    case .due(let instant): try comeDue(&reward, at: instant, turn)
    case .final(let instant): reward.finalAt = instant
    }
    keep(reward, turn)
  }

  /// Takes a part back: an adjustment before the credit, a reversal after it.
  private func reduce(
    _ reward: inout Reward, to amount: Int64, by refund: RefundID, at instant: Instant, _ because: [Because], _ turn: Turn<Self>
  ) throws(Rejection) {
    guard amount < reward.amount else { return }
    let taken = reward.amount - amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, turn)
    reward.amount = amount
    switch reward.progress {
    case .pending:
      turn.emit(
        RewardAdjusted(
          reward: reward.id, referrer: try owner(turn), refund: refund, delta: -taken, amount: amount,
          currency: reward.currency,
          at: instant, balance: balance, terms: reward.terms, because: because))
    case .locked, .available:
      turn.emit(
        RewardReversed(
          reward: reward.id, referrer: try owner(turn), delta: -taken, currency: reward.currency, at: instant, cause: .refund,
          refund: refund, balance: balance, terms: reward.terms, because: because))
    }
  }

  /// Takes all that is left, from wherever it stands; what held the reward has no more to hold.
  private func takeBack(_ reward: inout Reward, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    let taken = reward.amount
    let balance = try move(taken, in: reward.currency, from: reward.place, to: .reversed, turn)
    reward.amount = 0
    turn.emit(
      RewardReversed(
        reward: reward.id, referrer: try owner(turn), delta: -taken, currency: reward.currency, at: instant, cause: .dispute,
        balance: balance, terms: reward.terms, because: [Because("dispute-lost", ["left": .number(taken)])]))
  }

  /// Freezes: one notice a cause, and the money moves with the first.
  private func hold(_ reward: inout Reward, _ cause: FreezeCause, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    guard !reward.causes.contains(cause) else { return }
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
