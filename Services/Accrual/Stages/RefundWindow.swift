import Contracts
import Streaming
import Terms

// The refund window (terms: `reward.refundWindow`): from its end on, nothing that becomes known of a payment counts, and what was
// kept for it goes. The window is that of the version that judged the payment, fixed then as `availableAt` is.

extension RewardTerms {
  /// When the window of a payment closes; nil: never. No message can carry a later instant than the last of the range.
  func closing(ofPaymentAt paidAt: Instant) -> Instant? {
    refundWindow.map { min(paidAt + $0, Instant.range.upperBound) }
  }
}

extension Program {
  /// Some payments have a refund window.
  var hasRefundWindow: Bool { versions.contains { $0.reward?.refundWindow != nil } }

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
  func keep(_ fact: PaymentFact, _ program: Program, _ turn: Turn<Self>) {
    let row = RowPart.id(fact.payment)
    var (come, waiting) = (0, 0)
    if case .awaited(let comeBefore, let waitingBefore)? = turn[Self.payments, row] {
      (come, waiting) = (comeBefore, waitingBefore)
    }
    turn[Self.awaitedFacts, row, .text("\(come)")] = fact
    turn[Self.payments, row] = .awaited(come: come + 1, waiting: waiting + 1)
    if let window = program.longestRefundWindow {
      turn.setTimer(at: min(fact.instant + window, Instant.range.upperBound), .expires(fact.payment, number: come))
    }
  }

  /// The payment has come: what waited for it, in order of arrival, taken out.
  func takeAwaited(_ payment: PaymentID, _ turn: Turn<Self>) -> [PaymentFact] {
    guard case .awaited(let come, _)? = turn[Self.payments, .id(payment)] else { return [] }
    var facts: [PaymentFact] = []
    for number in 0..<come {
      guard let fact = turn[Self.awaitedFacts, .id(payment), .text("\(number)")] else { continue }
      turn[Self.awaitedFacts, .id(payment), .text("\(number)")] = nil
      facts.append(fact)
    }
    return facts
  }

  /// Its payment has not come in time: the fact is told as refused, so that it is not lost without a word.
  func expire(_ payment: PaymentID, _ number: Int, _ turn: Turn<Self>) {
    let (row, place) = (RowPart.id(payment), RowPart.text("\(number)"))
    guard case .awaited(let come, let waiting)? = turn[Self.payments, row], let fact = turn[Self.awaitedFacts, row, place] else {
      return
    }
    turn.refuse(
      fact.message, fact.isTooLate("no such payment has come, and the refund window of any that it can mean has closed"))
    turn[Self.awaitedFacts, row, place] = nil
    turn[Self.payments, row] = waiting > 1 ? .awaited(come: come, waiting: waiting - 1) : nil
  }

  // MARK: The end of a window

  /// What was kept for the payment goes. The ledger is told on the way that all its changes have taken, so that none of them can come
  /// after it; it keeps the reward until that is available.
  func close(_ payment: PaymentID, at instant: Instant, _ turn: Turn<Self>) {
    switch turn[Self.payments, .id(payment)] {
    case nil, .awaited, .closing: return
    case .over: turn[Self.payments, .id(payment)] = nil
    case .earning(let earning) where earning.isHeld: turn[Self.payments, .id(payment)] = .closing(earning)
    case .earning:
      guard case .referred(let referrer, _)? = turn[Self.standings] else { return }
      turn[Self.payments, .id(payment)] = nil
      tell(.final(at: instant), of: payment, to: referrer, turn)
    }
  }
}
