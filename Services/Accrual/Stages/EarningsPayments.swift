import Contracts
import Streaming
import Terms

/// To whom a payer is bound.
struct Referral {
  let referrer: AccountID
  let attributedAt: Instant
}

// Everything that can be refused comes before the first change of the state: an event that had waited is refused alone, in the
// middle of a turn.
extension EarningsStage {
  /// A payment of a bound referee: judges it, and applies what had come before it.
  ///
  /// - Parameter replay: what the payment is a part of; nil: it comes by itself.
  func settle(
    _ payment: PaymentSettled, _ referral: Referral, _ replay: inout Replay?, _ turn: Turn<Self>
  ) throws(Rejection) {
    let program = turn.program!
    var payer = payer(turn)
    let terms = program.version(judging: payment.paidAt, attributedAt: referral.attributedAt)
    let keepsTurnover = program.versions.contains { $0.reward.map { !$0.statuses.isEmpty } ?? false }
    let limitsPayments = program.versions.contains { $0.reward?.maxPayments != nil }
    let turnover = keepsTurnover ? payer.turnovers?[payment.currency.code] ?? 0 : 0
    let earnedBefore = limitsPayments ? payer.earned ?? 0 : 0

    let (turnoverAfter, verdict) = try exactly("payment '\(payment.payment)'") { () throws(ArithmeticOverflow) in
      let turnoverAfter = keepsTurnover ? try Money.sum(turnover, payment.turnover()) : 0
      return (turnoverAfter, try self.verdict(payment, terms, turnover: turnover, earnedBefore: earnedBefore))
    }
    mature(until: payment.paidAt, &replay, referral, turn)
    if keepsTurnover { payer.turnovers = (payer.turnovers ?? [:]).merging([payment.currency.code: turnoverAfter]) { $1 } }
    var row = turn[Self.payments, payment.payment] ?? Payment()
    let facts = takeAwaited(payment.payment, row, turn)
    let closesAt = terms.reward?.closing(ofPaymentAt: payment.paidAt)
    row.timer = closesAt.map(Timer.init(at:))
    row.state = .over(closesAt: closesAt)
    switch verdict {
    case .nothing: break
    case .refused(let reasons, let because):
      for fact in facts {
        do throws(Rejection) { try fact.mustComeBefore(closesAt) } catch { turn.refuse(fact.message, error) }
      }
      turn.emit(
        RewardRefused(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          reasons: reasons, terms: terms.name, because: because))
    case .earned(var earning, let base, let reward, let because):
      if limitsPayments { payer.earned = earnedBefore + 1 }
      // With facts that came first even a single payment is a replay.
      let isAlone = replay == nil
      if isAlone, !facts.isEmpty { replay = Replay() }
      // Beyond the last instant that a message may carry there is no day left to wait for.
      let creditAt = min(payment.paidAt + reward.creditAfter, Instant.range.upperBound)
      let availableAt = min(max(payment.paidAt + reward.availableAfter, creditAt), Instant.range.upperBound)
      turn.emit(
        RewardEarned(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          attributedAt: referral.attributedAt, amount: earning.amount, currency: payment.currency, base: base,
          rate: earning.rate, creditAt: creditAt, availableAt: availableAt, isReplayed: replay != nil, terms: terms.name,
          because: because + [hold(reward, creditAt: creditAt, availableAt: availableAt)]))
      replay?.add(payment.payment, paidAt: payment.paidAt, creditAt: creditAt, availableAt: availableAt)
      for fact in facts {
        do throws(Rejection) { try apply(fact, to: &earning, referral, &replay, turn) } catch { turn.refuse(fact.message, error) }
      }
      if !earning.isOver { row.state = .earning(earning) }
      if isAlone { resume(replay, at: payment.paidAt, referral, turn) }
    }
    turn[Self.payments, payment.payment] = row
    if keepsTurnover || limitsPayments { turn[Self.payers] = payer }
  }

  // MARK: Replays

  /// Tells the ledger what of the replayed rewards is due by an instant.
  func mature(until instant: Instant, _ replay: inout Replay?, _ referral: Referral, _ turn: Turn<Self>) {
    while let (payment, at) = replay?.next(by: instant) { tell(.due(at: at), of: payment, to: referral.referrer, turn) }
  }

  /// All of the replay is through.
  func resume(_ replay: Replay?, at instant: Instant, _ referral: Referral, _ turn: Turn<Self>) {
    guard let referee = AccountID(turn.key) else { return }
    var left = (replay?.payments ?? [])[...]
    while !left.isEmpty {
      let part = Array(left.prefix(RewardsResumed.paymentsMax))
      turn.emit(RewardsResumed(referrer: referral.referrer, referee: referee, payments: part, at: instant))
      left = left.dropFirst(part.count)
    }
  }

  /// A refund, a request or a dispute: applies it to its payment, or keeps it until the payment comes.
  ///
  /// - Parameter replay: it has waited for its payer to be bound, perhaps together with its payment; nil: it comes by itself.
  func learn(_ fact: PaymentFact, _ referral: Referral, _ replay: inout Replay?, _ turn: Turn<Self>) throws(Rejection) {
    var row = turn[Self.payments, fact.payment] ?? Payment()
    switch row.state {
    case .noted, .awaited:
      // It waits for its payment, which has not come, or has only come into the line.
      return keep(fact, row, turn)
    case .closed: throw fact.isTooLate("its refund window has closed")
    case .over(let closesAt): return try fact.mustComeBefore(closesAt)
    case .earning(var earning):
      try apply(fact, to: &earning, referral, &replay, turn)
      row.state = earning.isOver ? .over(closesAt: earning.closesAt) : .earning(earning)
    case .closing(var earning):
      try apply(fact, to: &earning, referral, &replay, turn)
      row.state = earning.isHeld && !earning.isOver ? .closing(earning) : .closed
      if !earning.isHeld, !earning.isOver { tell(.final(at: fact.instant), of: fact.payment, to: referral.referrer, turn) }
    }
    turn[Self.payments, fact.payment] = row
  }

  private func apply(
    _ fact: PaymentFact, to earning: inout EarningPayment, _ referral: Referral, _ replay: inout Replay?, _ turn: Turn<Self>
  ) throws(Rejection) {
    let changes = try earning.take(fact)
    if !changes.isEmpty { mature(until: fact.instant, &replay, referral, turn) }
    for change in changes { tell(change, of: fact.payment, to: referral.referrer, turn) }
  }

  func tell(_ change: RewardChange, of payment: PaymentID, to referrer: AccountID, _ turn: Turn<Self>) {
    guard let referee = AccountID(turn.key) else { return }
    turn.emit(RewardChanged(referrer: referrer, referee: referee, payment: payment, change: change))
  }

  /// The facts behind the two instants (rows A4, C9).
  private func hold(_ reward: RewardTerms, creditAt: Instant, availableAt: Instant) -> Because {
    Because(
      "hold",
      [
        "creditAfter": "\(reward.creditAfter)", "creditAt": "\(creditAt)", "availableAfter": "\(reward.availableAfter)",
        "availableAt": "\(availableAt)",
      ])
  }

  // MARK: The verdict on a payment

  private enum Verdict {
    /// Terms without a reward say nothing about payments, not even that they earn nothing.
    case nothing
    case refused(reasons: [RewardReason], because: [Because])
    case earned(EarningPayment, base: Int64, RewardTerms, because: [Because])
  }

  private func verdict(
    _ payment: PaymentSettled, _ terms: TermsVersion, turnover: Int64, earnedBefore: Int
  ) throws(ArithmeticOverflow) -> Verdict {
    guard let reward = terms.reward else { return .nothing }
    switch try reward.judge(payment, turnover: turnover, earnedBefore: earnedBefore) {
    case .earnsNothing(let reasons, let because):
      return .refused(reasons: reasons, because: because)
    case .earns(let amount, let base, let rate, let because):
      let refunded = try RefundedBase(of: payment, base: base, earns: reward.earns)
      let earning = EarningPayment(
        currency: payment.currency, rate: rate, amount: amount, refunded: refunded,
        closesAt: reward.closing(ofPaymentAt: payment.paidAt))
      return .earned(earning, base: base, reward, because: because)
    }
  }
}
