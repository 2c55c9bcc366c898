import Contracts
import JSON
import Streaming

/// What becomes known about a payment after it was made.
enum PaymentFact: Stored, Equatable {
  case refundRequested(RefundRequested)
  case refundDeclined(RefundDeclined)
  case refunded(PaymentRefunded)
  case disputed(PaymentDisputed)
  case disputeClosed(DisputeClosed)

  var payment: PaymentID {
    switch self {
    case .refundRequested(let fact): fact.payment
    case .refundDeclined(let fact): fact.payment
    case .refunded(let fact): fact.payment
    case .disputed(let fact): fact.payment
    case .disputeClosed(let fact): fact.payment
    }
  }

  var instant: Instant { message.instant }

  var message: any Message {
    switch self {
    case .refundRequested(let fact): fact
    case .refundDeclined(let fact): fact
    case .refunded(let fact): fact
    case .disputed(let fact): fact
    case .disputeClosed(let fact): fact
    }
  }
}

/// What Earnings keeps of a payment, for ever: a payment counts once (DECISIONS R3).
struct Payment: Timed, Equatable {
  /// nil: it has not come yet.
  var memory: Memory?
  var state = PaymentState.noted
  /// When its refund window closes.
  var timer: Timer?

  init() {}
}

enum PaymentState: Stored, Equatable {
  /// It has no part in any reward, or waits in line for its payer to be bound.
  case noted
  /// Its facts came first (DECISIONS T4): how many have come so far, and how many of them wait for it. They have rows of their own.
  case awaited(come: Int, waiting: Int)
  case earning(EarningPayment)
  /// Its refund window has closed while something held the reward: the answer to that still counts.
  case closing(EarningPayment)
  /// It earned nothing, or all is taken back: what else becomes known of it means nothing.
  ///
  /// - Parameter closesAt: its refund window; nil: it has none.
  case over(closesAt: Instant?)
  /// Its refund window has closed, and nothing held its reward.
  case closed
}

/// A fact that came before its payment.
struct AwaitedFact: Timed, Equatable {
  let fact: PaymentFact
  /// When the refund window of any payment that it can be about has closed; nil: it waits for ever.
  var timer: Timer?
}

/// A payment that has earned: what refunds, requests and disputes have left of its reward.
struct EarningPayment: Stored, Equatable {
  /// A cause to hold the reward.
  ///
  /// Its beginning and its end may come in any order; the later instant wins, and at equal ones what came last (DECISIONS T6).
  struct Hold: Stored, Equatable {
    var since: Instant?
    var endedAt: Instant?

    var isOpen: Bool { since != nil }

    /// Whether the reward is held from now on and was not before.
    mutating func begin(at instant: Instant) -> Bool {
      if let endedAt, endedAt > instant { return false }
      let opens = since == nil
      since = max(since ?? instant, instant)
      return opens
    }

    /// Whether the reward was held until now.
    mutating func end(at instant: Instant) -> Bool {
      endedAt = max(endedAt ?? instant, instant)
      guard let since, since <= instant else { return false }
      self.since = nil
      return true
    }
  }

  let currency: Currency
  let rate: BasisPoints
  /// From here on nothing that becomes known of the payment counts; nil: everything does, for ever. Fixed when it was judged.
  let closesAt: Instant?
  /// Minor units of the reward that are left; it never grows.
  var amount: Int64
  var refunded: RefundedBase
  var request = Hold()
  var dispute = Hold()

  init(currency: Currency, rate: BasisPoints, amount: Int64, refunded: RefundedBase, closesAt: Instant?) {
    self.currency = currency
    self.rate = rate
    self.closesAt = closesAt
    self.amount = amount
    self.refunded = refunded
  }

  /// Nothing is left of the reward.
  var isOver: Bool { amount == 0 }
  var isHeld: Bool { request.isOpen || dispute.isOpen }

  /// Takes a fact (rows A9, C7; DECISIONS T6, C7b). A rejection leaves everything as it was.
  mutating func take(_ fact: PaymentFact) throws(Rejection) -> [RewardChange] {
    if !answers(fact) { try fact.mustComeBefore(closesAt) }
    guard !isOver else { return [] }
    switch fact {
    case .refundRequested(let fact):
      return request.begin(at: fact.requestedAt) ? [.held(.refundRequested, at: fact.requestedAt)] : []
    case .refundDeclined(let fact):
      return request.end(at: fact.declinedAt) ? [.released(.refundRequested, at: fact.declinedAt)] : []
    case .disputed(let fact):
      return dispute.begin(at: fact.disputedAt) ? [.held(.dispute, at: fact.disputedAt)] : []
    case .disputeClosed(let fact):
      switch fact.outcome {
      case .won, .withdrawn:
        return dispute.end(at: fact.closedAt) ? [.released(.dispute, at: fact.closedAt)] : []
      case .lost:
        amount = 0
        return [.lost(at: fact.closedAt)]
      }
    case .refunded(let refund):
      return try take(refund)
    }
  }

  /// What ends a request or a dispute of the time before the refund window closed counts whenever it is dated: the reward would be held
  /// for ever otherwise.
  private func answers(_ fact: PaymentFact) -> Bool {
    switch fact {
    case .refundRequested, .disputed: false
    case .refundDeclined: request.isOpen
    case .disputeClosed: dispute.isOpen
    case .refunded: isHeld
    }
  }

  private mutating func take(_ refund: PaymentRefunded) throws(Rejection) -> [RewardChange] {
    guard refund.currency == currency else {
      throw Rejection(.malformed, "a refund in \(refund.currency) of a payment in \(currency)")
    }
    let (after, left, because) = try exactly("a refund of payment '\(refund.payment)'") { () throws(ArithmeticOverflow) in
      var after = refunded
      try after.take(refund)
      let left = try after.reward(at: rate)
      return (after, left, try after.because(rate: rate, amount: left))
    }
    refunded = after
    var changes: [RewardChange] = []
    if left < amount {
      amount = left
      changes.append(.reduced(to: left, by: refund.refund, at: refund.refundedAt, because: because))
    }
    // A refund answers the request: what is left of the reward is free again (DECISIONS C7b).
    if request.end(at: refund.refundedAt), !isOver {
      changes.append(.released(.refundRequested, at: refund.refundedAt))
    }
    return changes
  }
}
