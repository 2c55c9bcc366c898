import Contracts
import Streaming
import Terms

// The refund window (terms: `reward.refundWindow`): from its end on no refund counts, nor a request or dispute that begins; what ends or
// undoes one always does. What was kept for the payment goes when nothing of that is left. The window is that of the version that judged the payment, fixed then as `availableAt` is.

extension RewardTerms {
  /// When the window of a payment closes; nil: never. No message can carry a later instant than the last of the range.
  func closing(ofPaymentAt paidAt: Instant) -> Instant? {
    refundWindow.map { min(paidAt + $0, Instant.range.upperBound) }
  }
}

extension Program {
  /// The longest refund window that a payment can have; nil: some have none, so that a fact waits for its payment for ever.
  var longestRefundWindow: TimeSpan? {
    let windows = versions.compactMap(\.reward).map(\.refundWindow)
    return windows.contains(nil) ? nil : windows.compactMap(\.self).max()
  }
}

extension PaymentFact {
  func mustComeBefore(_ closesAt: Instant?) throws(Rejection) {
    if let closesAt, instant >= closesAt { throw isTooLate("its refund window closed at \(closesAt)") }
  }

  func isTooLate(_ why: String) -> Rejection {
    Rejection(.refundWindowClosed, "\(type(of: message).type) of \(instant) about payment '\(payment)': \(why)")
  }
}

extension EarningsStage {
  // MARK: Facts that wait for their payment

  /// Each in a row of its own: a row must not grow with what comes. Where every payment has a window, none waits longer than the
  /// longest: a payment made up to the fact's instant would have closed by then.
  func keep(_ fact: PaymentFact, _ payment: Payment, _ turn: Turn<Self>) {
    var payment = payment
    var (come, waiting) = (0, 0)
    if case .awaited(let comeBefore, let waitingBefore) = payment.state { (come, waiting) = (comeBefore, waitingBefore) }
    let expiry = turn.program.longestRefundWindow.map { Timer(at: min(fact.instant + $0, Instant.range.upperBound)) }
    turn[Self.awaitedFacts, fact.payment, come] = AwaitedFact(fact: fact, timer: expiry)
    payment.state = .awaited(come: come + 1, waiting: waiting + 1)
    turn[Self.payments, fact.payment] = payment
  }

  /// The payment has come: what waited for it, in order of arrival, taken out.
  func takeAwaited(_ id: PaymentID, _ payment: Payment, _ turn: Turn<Self>) -> [PaymentFact] {
    guard case .awaited(let come, _) = payment.state else { return [] }
    var facts: [PaymentFact] = []
    for number in 0..<come {
      guard let awaited = turn[Self.awaitedFacts, id, number] else { continue }
      turn[Self.awaitedFacts, id, number] = nil
      facts.append(awaited.fact)
    }
    return facts
  }

  /// Its payment has not come in time: the fact is told as refused, so that it is not lost without a word.
  func expire(_ key: KeyPair<PaymentID, Int>, _ awaited: AwaitedFact, at instant: Instant, _ turn: Turn<Self>) {
    let id = key.first
    turn[Self.awaitedFacts, id, key.second] = nil
    turn.refuse(
      awaited.fact.message,
      awaited.fact.isTooLate("no such payment has come, and the refund window of any that it can mean has closed"))
    guard var payment = turn[Self.payments, id], case .awaited(let come, let waiting) = payment.state else { return }
    payment.state = waiting > 1 ? .awaited(come: come, waiting: waiting - 1) : .noted
    turn[Self.payments, id] = waiting > 1 || payment.memory != nil ? payment : nil
  }

  // MARK: The end of a window

  /// What was kept for the payment goes, but for the memory of it. The ledger is told on the way that all its changes have taken, so that
  /// none of them can come after it; it keeps the reward until that is available.
  func close(_ id: PaymentID, _ payment: Payment, at instant: Instant, _ turn: Turn<Self>) {
    var payment = payment
    switch payment.state {
    case .noted, .awaited, .closing, .closed: return
    case .over: payment.state = .closed
    case .earning(let earning): payment.state = closed(earning, id, at: instant, turn)
    }
    turn[Self.payments, id] = payment
  }

  /// After its window: the payment is kept while something can still end or be undone.
  func closed(_ earning: EarningPayment, _ id: PaymentID, at instant: Instant, _ turn: Turn<Self>) -> PaymentState {
    if earning.mayChange { return .closing(earning) }
    tell(.final(at: instant), of: id, to: earning.referrer, turn)
    return .closed
  }
}
