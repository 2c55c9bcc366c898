import Contracts
import JSON
import Streaming

/// What becomes known about a payment after it was made.
enum PaymentFact: Stored, Equatable {
  case refundRequested(RefundRequested)
  case refundDeclined(RefundDeclined)
  case refunded(PaymentRefunded)
  case refundFailed(RefundFailed)
  case disputed(PaymentDisputed)
  case disputeClosed(DisputeClosed)

  var payment: PaymentID {
    switch self {
    case .refundRequested(let fact): fact.payment
    case .refundDeclined(let fact): fact.payment
    case .refunded(let fact): fact.payment
    case .refundFailed(let fact): fact.payment
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
    case .refundFailed(let fact): fact
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
  /// Its refund window has closed: what ends or undoes a refund, a request or a dispute still counts.
  case closing(EarningPayment)
  /// It earned nothing: what else becomes known of it means nothing.
  ///
  /// - Parameter closesAt: its refund window; nil: it has none.
  case over(closesAt: Instant?)
  /// Its refund window has closed, and nothing is left that could end or be undone.
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
  /// A request for a refund, which holds the reward.
  ///
  /// Its beginning and its end may come in any order; the later instant wins, and at equal ones what came last (DECISIONS T6).
  struct Hold: Stored, Equatable {
    var since: Instant?
    var endedAt: Instant?

    var isOpen: Bool { since != nil }

    mutating func begin(at instant: Instant) {
      if let endedAt, endedAt > instant { return }
      since = max(since ?? instant, instant)
    }

    mutating func end(at instant: Instant) {
      endedAt = max(endedAt ?? instant, instant)
      if let since, since <= instant { self.since = nil }
    }
  }

  /// Who referred the payer when it was paid.
  let referrer: AccountID
  let currency: Currency
  /// The end of the refund window, fixed when the payment was judged; nil if it has none. From then on no refund counts, and no request or
  /// dispute can begin.
  let closesAt: Instant?
  let base: PaymentBase
  /// Minor units of the reward that refunds and lost disputes leave.
  var left: Int64
  var refunds = RefundTotals()
  var disputes: [Dispute] = []
  var request = Hold()

  /// A row must not grow with what a sender repeats; no payment has as many.
  private static let disputesMax = 500

  init(referrer: AccountID, currency: Currency, amount: Int64, base: PaymentBase, closesAt: Instant?) {
    self.referrer = referrer
    self.currency = currency
    self.closesAt = closesAt
    self.base = base
    left = amount
  }

  private var causes: [FreezeCause] {
    (request.isOpen ? [.refundRequested] : []) + (disputes.contains { $0.standing == .open } ? [.dispute] : [])
  }

  /// Whether something can still end or be undone, even after the refund window.
  var mayChange: Bool { request.isOpen || !disputes.isEmpty || refunds.count > 0 }

  /// What a fact means for the reward, and why it does not count, if it comes after the refund window.
  struct Outcome {
    var changes: [RewardChange] = []
    var refusal: Rejection?
    /// The refund as it is now, for its row.
    var refund: Refund?
  }

  /// Takes a fact (rows A9, C7; DECISIONS T6, A9c, C7b, C7c). A rejection leaves everything as it was.
  ///
  /// - Parameter refund: what is known of the refund that the fact is about.
  mutating func take(_ fact: PaymentFact, _ refund: Refund?) throws(Rejection) -> Outcome {
    var after = self
    var outcome = Outcome(refund: refund)
    outcome.refusal = try after.learn(fact, &outcome.refund)
    outcome.changes = try after.changes(since: self, fact)
    self = after
    return outcome
  }

  /// - Returns: the reason if the fact takes nothing although it ended something, or nil if it counts.
  private mutating func learn(_ fact: PaymentFact, _ known: inout Refund?) throws(Rejection) -> Rejection? {
    switch fact {
    case .refundRequested(let requested):
      try mustComeInTime(fact)
      request.begin(at: requested.requestedAt)
    case .refundDeclined(let declined):
      if !request.isOpen { try mustComeInTime(fact) }
      request.end(at: declined.declinedAt)
    case .refunded(let refund):
      guard refund.currency == currency else {
        throw Rejection(.malformed, "a refund in \(refund.currency) of a payment in \(currency)")
      }
      // A refund answers the request, whatever it takes (DECISIONS C7b).
      request.end(at: refund.refundedAt)
      do { try mustComeInTime(fact) } catch { return error }
      guard known == nil else { return nil }
      let new = try exactly("refund '\(refund.refund)'") { () throws(ArithmeticOverflow) in try Refund(refund, of: base) }
      try refunds.add(new)
      known = new
    case .refundFailed(let failure):
      if let known, !known.hasFailed { try refunds.remove(known) }
      known = known ?? Refund(failed: failure.refund)
      known?.hasFailed = true
    case .disputed(let opening):
      try mustComeInTime(fact)
      disputes[try place(of: opening.dispute)].open(opening)
    case .disputeClosed(let closing):
      if !disputes.contains(where: { $0.id == closing.dispute }) { try mustComeInTime(fact) }
      disputes[try place(of: closing.dispute)].close(closing)
    }
    return nil
  }

  private func mustComeInTime(_ fact: PaymentFact) throws(Rejection) { try fact.mustComeBefore(closesAt) }

  private mutating func place(of id: DisputeID?) throws(Rejection) -> Int {
    if let place = disputes.firstIndex(where: { $0.id == id }) { return place }
    guard disputes.count < Self.disputesMax else {
      throw Rejection(.malformed, "the payment has \(Self.disputesMax) disputes already")
    }
    disputes.append(Dispute(id: id))
    return disputes.count - 1
  }

  /// First what is taken or restored, then what is held or released (DECISIONS C7b); of a reward of 0 nothing is held.
  private mutating func changes(since before: EarningPayment, _ fact: PaymentFact) throws(Rejection) -> [RewardChange] {
    var changes: [RewardChange] = []
    if refunds != before.refunds || disputes != before.disputes {
      var taken = Taken()
      refunds.take(from: &taken)
      for dispute in disputes { dispute.take(from: &taken) }
      let (amount, because) = try exactly("what is left of payment '\(fact.payment)'") { () throws(ArithmeticOverflow) in
        try base.reward(after: taken)
      }
      left = amount
      if left != before.left, let taking = fact.taking {
        changes.append(.left(left, by: taking, at: fact.instant, because: [because], heldBy: causes))
      }
    }
    guard left > 0, before.left > 0 else { return changes }
    for cause in before.causes where !causes.contains(cause) { changes.append(.released(cause, at: fact.instant)) }
    for cause in causes where !before.causes.contains(cause) { changes.append(.held(cause, at: fact.instant)) }
    return changes
  }
}

extension PaymentFact {
  var refund: RefundID? { taking?.refund }

  /// What takes a part of the reward, or gives it back.
  fileprivate var taking: RewardTaking? {
    switch self {
    case .refundRequested, .refundDeclined: nil
    case .refunded(let fact): RewardTaking(refund: fact.refund)
    case .refundFailed(let fact): RewardTaking(refund: fact.refund)
    case .disputed(let fact): RewardTaking(dispute: fact.dispute)
    case .disputeClosed(let fact): RewardTaking(dispute: fact.dispute)
    }
  }
}
