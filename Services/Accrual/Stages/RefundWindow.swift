import Contracts
import Streaming
import Terms

// The refund window (terms: `reward.refundWindow`). After its end no refund counts, and no request or dispute can begin. Earlier ones can
// still end or be undone. When none of them is left, the state of the payment is deleted. The window comes from the version of the terms
// that judged the payment and is fixed then, like `availableAt`.

extension RewardTerms {
  /// When the window of a payment closes, or nil if it never does.
  func closing(ofPaymentAt paidAt: Instant) -> Instant? { refundWindow.map { paidAt + $0 } }
}

extension Program {
  /// The longest refund window of all versions. `nil` if one of them has no window; then a fact waits for its payment forever.
  var longestRefundWindow: TimeSpan? {
    let windows = versions.compactMap(\.reward).map(\.refundWindow)
    return windows.contains(nil) ? nil : windows.compactMap(\.self).max()
  }
}

extension PaymentChange {
  func mustComeBefore(_ closesAt: Instant?) throws(Rejection) {
    if let closesAt, instant >= closesAt { throw isTooLate("its refund window closed at \(closesAt)") }
  }

  func isTooLate(_ why: String) -> Rejection {
    Rejection(.refundWindowClosed, "\(type(of: message).type) of \(instant) about payment '\(payment)': \(why)")
  }
}

extension EarningsStage {
  // MARK: Facts that wait for their payment

  /// Keeps a fact in its own row, so that no row grows with the number of facts. If every version has a refund window, a fact waits no
  /// longer than the longest: by then the window of any payment made up to the fact's instant has closed.
  func keep(_ fact: PaymentChange, _ payment: Payment, _ context: Context<Self>) {
    var payment = payment
    var (come, waiting) = (0, 0)
    if case .awaited(let comeBefore, let waitingBefore) = payment.state { (come, waiting) = (comeBefore, waitingBefore) }
    let expiry = context.program.longestRefundWindow.map { Timer(at: fact.instant + $0) }
    context[Self.awaitedFacts, fact.payment, come] = AwaitedFact(fact: fact, timer: expiry)
    payment.state = .awaited(come: come + 1, waiting: waiting + 1)
    context[Self.payments, fact.payment] = payment
  }

  /// Removes the facts that waited for a payment and returns them in order of arrival.
  func takeAwaited(_ id: PaymentID, _ payment: Payment, _ context: Context<Self>) -> [PaymentChange] {
    guard case .awaited(let come, _) = payment.state else { return [] }
    var facts: [PaymentChange] = []
    for number in 0..<come {
      guard let awaited = context[Self.awaitedFacts, id, number] else { continue }
      context[Self.awaitedFacts, id, number] = nil
      facts.append(awaited.fact)
    }
    return facts
  }

  /// The payment has not arrived in time. The fact is rejected, so that it is not lost silently.
  func expire(_ key: KeyPair<PaymentID, Int>, _ awaited: AwaitedFact, at instant: Instant, _ context: Context<Self>) {
    let id = key.first
    context[Self.awaitedFacts, id, key.second] = nil
    context.reject(
      awaited.fact.message,
      awaited.fact.isTooLate("the payment has not arrived within the longest refund window of the terms"))
    guard var payment = context[Self.payments, id], case .awaited(let come, let waiting) = payment.state else { return }
    payment.state = waiting > 1 ? .awaited(come: come, waiting: waiting - 1) : .noted
    context[Self.payments, id] = waiting > 1 || payment.memory != nil ? payment : nil
  }

  // MARK: The end of a window

  /// Deletes the state of the payment except the memory of it. The ledger gets `final` on the topic that carries all changes of the reward,
  /// so no change can arrive after it. The ledger keeps the reward until it is available.
  func close(_ id: PaymentID, _ payment: Payment, at instant: Instant, _ context: Context<Self>) {
    var payment = payment
    switch payment.state {
    case .noted, .awaited, .closing, .closed: return
    case .over: payment.state = .closed
    case .earning(let earning): payment.state = closed(earning, id, at: instant, context)
    }
    context[Self.payments, id] = payment
  }

  /// The state after the window: the payment is kept while something can still end or be undone.
  func closed(_ earning: EarningPayment, _ id: PaymentID, at instant: Instant, _ context: Context<Self>) -> PaymentState {
    if earning.mayChange { return .closing(earning) }
    report(.final(at: instant), of: id, to: earning.referrer, context)
    return .closed
  }
}
