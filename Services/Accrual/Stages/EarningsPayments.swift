import Contracts
import Streaming
import Terms

/// To whom a payer is bound.
struct Referral {
  let referrer: AccountID
  let attributedAt: Instant
}

// Everything that can be refused comes before the first change of the state: an event that had waited is refused alone, in the middle
// of a turn.
extension EarningsStage {
  /// A payment of a bound referee: judges it, tells the ledger, and then what had come before it.
  func settle(_ payment: PaymentSettled, _ referral: Referral, _ program: Program, _ turn: Turn<Self>) throws(Refusal) {
    let terms = program.version(judging: payment.paidAt, attributedAt: referral.attributedAt)
    let turnover = turn[Self.turnovers, .text(payment.currency.code)] ?? 0
    let earnedBefore = turn[Self.earnedCounts] ?? 0
    let keepsTurnover = program.versions.contains { $0.reward.map { !$0.statuses.isEmpty } ?? false }
    let counts = program.versions.contains { $0.reward?.maxPayments != nil }

    let (outcome, state, turnoverAfter) = try exactly("payment '\(payment.payment)'") { () throws(ArithmeticOverflow) in
      let turnoverAfter = keepsTurnover ? try Money.sum(turnover, payment.turnover()) : 0
      // Terms without a reward say nothing about payments, not even that they earn nothing.
      guard let reward = terms.reward else { return (nil as Output?, PaymentState.over, turnoverAfter) }
      let judgement = try reward.judge(payment, turnover: turnover, earnedBefore: earnedBefore)
      let output = self.output(judgement, payment, referral, terms, reward)
      guard case .earns(let amount, let base, let rate, _) = judgement else { return (output, .over, turnoverAfter) }
      let refunded = try RefundedBase(of: payment, base: base, earns: reward.earns)
      let earning = EarningPayment(currency: payment.currency, rate: rate, amount: amount, refunded: refunded)
      return (output, .earning(earning), turnoverAfter)
    }

    if keepsTurnover { turn[Self.turnovers, .text(payment.currency.code)] = turnoverAfter }
    if let outcome { turn.emit(outcome) }
    let row = RowPart.id(payment.payment)
    let before = turn[Self.payments, row]
    turn[Self.payments, row] = state
    guard case .earning(var earning) = state else { return }
    if counts { turn[Self.earnedCounts] = earnedBefore + 1 }
    guard case .awaited(let facts)? = before else { return }
    for fact in facts {
      do {
        for consequence in try earning.take(fact) { tell(consequence, payment.payment, referral, turn) }
      } catch {
        turn.refuse(fact.message, error)
      }
    }
    turn[Self.payments, row] = earning.isOver ? .over : .earning(earning)
  }

  /// A refund, a request or a dispute: applies it to its payment, or keeps it until the payment comes.
  func learn(_ fact: PaymentFact, _ referral: Referral, _ turn: Turn<Self>) throws(Refusal) {
    let row = RowPart.id(fact.payment)
    switch turn[Self.payments, row] {
    case nil: turn[Self.payments, row] = .awaited([fact])
    case .awaited(let facts): turn[Self.payments, row] = .awaited(facts + [fact])
    case .over: return
    case .earning(var earning):
      for consequence in try earning.take(fact) { tell(consequence, fact.payment, referral, turn) }
      turn[Self.payments, row] = earning.isOver ? .over : .earning(earning)
    }
  }

  // MARK: What the ledger is told

  private func output(
    _ judgement: PaymentJudgement, _ payment: PaymentSettled, _ referral: Referral, _ terms: TermsVersion, _ reward: RewardTerms
  ) -> Output {
    switch judgement {
    case .earns(let amount, let base, let rate, let because):
      // Beyond the last instant that a message may carry there is no day left to wait for.
      let creditAt = min(payment.paidAt + reward.creditAfter, Instant.range.upperBound)
      let availableAt = min(max(payment.paidAt + reward.availableAfter, creditAt), Instant.range.upperBound)
      return .earned(
        RewardEarned(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          attributedAt: referral.attributedAt, amount: amount, currency: payment.currency, base: base, rate: rate,
          creditAt: creditAt, availableAt: availableAt, terms: terms.name, because: because))
    case .earnsNothing(let reasons, let because):
      return .refused(
        RewardRefused(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          reasons: reasons, terms: terms.name, because: because))
    }
  }

  private func tell(_ consequence: Consequence, _ payment: PaymentID, _ referral: Referral, _ turn: Turn<Self>) {
    guard let referee = AccountID(turn.key) else { return }
    let referrer = referral.referrer
    switch consequence {
    case .reduced(let amount, let refund, let instant, let because):
      turn.emit(
        .reduced(
          RewardReduced(
            referrer: referrer, referee: referee, payment: payment, refund: refund, refundedAt: instant, amount: amount,
            because: because)))
    case .held(let cause, let instant):
      turn.emit(.held(RewardHeld(referrer: referrer, referee: referee, payment: payment, cause: cause, at: instant)))
    case .released(let cause, let instant):
      turn.emit(.released(RewardReleased(referrer: referrer, referee: referee, payment: payment, cause: cause, at: instant)))
    case .lost(let instant):
      turn.emit(.lost(RewardLost(referrer: referrer, referee: referee, payment: payment, at: instant)))
    }
  }
}
