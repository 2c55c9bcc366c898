import Contracts
import Streaming
import Terms

// Everything that can reject an event is checked before the first change of state. A replayed event is rejected in the middle of an
// invocation, and nothing would undo its changes.
extension EarningsStage {
  /// Judges a payment of an attributed referee and applies the facts that arrived before it.
  ///
  /// - Parameter replay: the replay that the payment is part of, or nil if it is not replayed.
  func settle(_ payment: PaymentSettled, _ payer: Payer, _ replay: inout Replay?, _ context: Context<Self>) throws(Rejection) {
    let program = context.program
    var payer = payer
    guard let referral = payer.referral(at: payment.paidAt, in: program) else { return }
    let terms = program.version(judging: payment.paidAt, attributedAt: referral.attributedAt)
    let keepsTurnover = program.versions.contains { $0.reward.map { !$0.statuses.isEmpty } ?? false }
    let turnover = keepsTurnover ? payer.turnovers?[payment.currency.code] ?? 0 : 0

    let (turnoverAfter, judgement) = try exactly("an amount of payment '\(payment.payment)'") { () throws(ArithmeticOverflow) in
      let turnoverAfter = keepsTurnover ? try Money.sum(turnover, payment.turnover()) : 0
      return (turnoverAfter, try terms.reward?.judge(payment, turnover: turnover))
    }
    let elsewhere = try exactly("other referrers' rewards from '\(context.key)'") { () throws(ArithmeticOverflow) in
      try payer.accrued(otherThanBy: referral.referrer)
    }
    mature(until: payment.paidAt, &replay, referral.referrer, context)
    if keepsTurnover {
      payer.turnovers = (payer.turnovers ?? [:]).merging([payment.currency.code: turnoverAfter]) { $1 }
      context[Self.payers] = payer
    }
    var row = context[Self.payments, payment.payment] ?? Payment()
    let facts = takeAwaited(payment.payment, row, context)
    let closesAt = terms.reward?.closing(ofPaymentAt: payment.paidAt)
    row.timer = closesAt.map(Timer.init(at:))
    row.state = .over(closesAt: closesAt)
    defer { context[Self.payments, payment.payment] = row }
    guard let reward = terms.reward, let judgement else { return }
    switch judgement {
    case .earnsNothing(let reasons, let because):
      reject(facts, closedAt: closesAt, context)
      context.emit(
        RewardRefused(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          reasons: reasons, terms: terms.name, because: because))
    case .earns(let amount, let base, let rate, let because):
      let against = referral.reasonsAgainst(payment, reward, leeway: terms.attribution.leeway)
      // Facts that arrived before the payment make even a single payment a replay.
      let isAlone = replay == nil
      if isAlone, !facts.isEmpty, against.isEmpty { replay = Replay() }
      let creditAt = payment.paidAt + reward.creditAfter
      let availableAt = max(payment.paidAt + reward.availableAfter, creditAt)
      context.emit(
        RewardEarned(
          referrer: referral.referrer, referee: payment.account, payment: payment.payment, paidAt: payment.paidAt,
          attributedAt: referral.attributedAt, against: against.map(\.reason), becauseAgainst: against.map(\.because),
          elsewhere: elsewhere, amount: amount, currency: payment.currency, base: base.base, rate: rate, creditAt: creditAt,
          availableAt: availableAt, isReplayed: replay != nil, terms: terms.name,
          because: because + [hold(reward, creditAt: creditAt, availableAt: availableAt)]))
      // The ledger declines the reward in any case, so later facts about the payment have no effect.
      guard against.isEmpty else { return reject(facts, closedAt: closesAt, context) }
      replay?.add(payment.payment, paidAt: payment.paidAt, creditAt: creditAt, availableAt: availableAt)
      var earning = EarningPayment(
        referrer: referral.referrer, currency: payment.currency, amount: amount, base: base, closesAt: closesAt)
      for fact in facts {
        do throws(Rejection) { try apply(fact, to: &earning, &replay, context) } catch { context.reject(fact.message, error) }
      }
      row.state = .earning(earning)
      if isAlone { resume(replay, at: payment.paidAt, referral.referrer, context) }
    }
  }

  /// Facts about a payment that earns nothing have no effect, but those after its refund window are rejected.
  private func reject(_ facts: [PaymentChange], closedAt: Instant?, _ context: Context<Self>) {
    for fact in facts {
      do throws(Rejection) { try fact.mustComeBefore(closedAt) } catch { context.reject(fact.message, error) }
    }
  }

  // MARK: Replays

  /// Sends the ledger what is due of the replayed rewards by an instant.
  func mature(until instant: Instant, _ replay: inout Replay?, _ referrer: AccountID, _ context: Context<Self>) {
    while let (payment, at) = replay?.next(by: instant) { report(.due(at: at), of: payment, to: referrer, context) }
  }

  /// Lets the ledger set the timers of the replayed rewards.
  func resume(_ replay: Replay?, at instant: Instant, _ referrer: AccountID, _ context: Context<Self>) {
    guard let referee = AccountID(context.key) else { return }
    var left = (replay?.payments ?? [])[...]
    while !left.isEmpty {
      let part = Array(left.prefix(RewardsResumed.paymentsMax))
      context.emit(RewardsResumed(referrer: referrer, referee: referee, payments: part, at: instant))
      left = left.dropFirst(part.count)
    }
  }

  /// Applies a fact to its payment, or keeps it until the payment arrives.
  ///
  /// - Parameter replay: the replay that the fact is part of, perhaps together with its payment, or nil if it is not replayed.
  func learn(_ fact: PaymentChange, _ replay: inout Replay?, _ context: Context<Self>) throws(Rejection) {
    var row = context[Self.payments, fact.payment] ?? Payment()
    switch row.state {
    case .noted, .awaited:
      // The payment has not arrived, or is itself waiting for attribution.
      return keep(fact, row, context)
    case .closed: throw fact.isTooLate("its refund window has closed")
    case .over(let closesAt): return try fact.mustComeBefore(closesAt)
    case .earning(var earning):
      try apply(fact, to: &earning, &replay, context)
      row.state = .earning(earning)
    case .closing(var earning):
      try apply(fact, to: &earning, &replay, context)
      row.state = closed(earning, fact.payment, at: fact.instant, context)
    }
    context[Self.payments, fact.payment] = row
  }

  private func apply(
    _ fact: PaymentChange, to earning: inout EarningPayment, _ replay: inout Replay?, _ context: Context<Self>
  ) throws(Rejection) {
    let refund = fact.refund.flatMap { context[Self.refunds, fact.payment, $0] }
    let outcome = try earning.take(fact, refund)
    if let after = outcome.refund, after != refund { context[Self.refunds, fact.payment, after.id] = after }
    if !outcome.changes.isEmpty { mature(until: fact.instant, &replay, earning.referrer, context) }
    for change in outcome.changes { report(change, of: fact.payment, to: earning.referrer, context) }
    guard let rejection = outcome.rejection else { return }
    if replay == nil { context.reject(rejection) } else { context.reject(fact.message, rejection) }
  }

  func report(_ change: RewardChange, of payment: PaymentID, to referrer: AccountID, _ context: Context<Self>) {
    guard let referee = AccountID(context.key) else { return }
    context.emit(RewardChanged(referrer: referrer, referee: referee, payment: payment, change: change))
  }

  /// The facts behind `creditAt` and `availableAt` (rows A4, C9).
  private func hold(_ reward: RewardTerms, creditAt: Instant, availableAt: Instant) -> Because {
    Because(
      "hold",
      [
        "creditAfter": "\(reward.creditAfter)", "creditAt": "\(creditAt)", "availableAfter": "\(reward.availableAfter)",
        "availableAt": "\(availableAt)",
      ])
  }
}
