import Contracts
import JSON
import Streaming

/// An event about a payment that was made.
enum PaymentChange: Stored, Equatable {
  case refundRequested(RefundRequested)
  case refundDeclined(RefundDeclined)
  case refunded(PaymentRefunded)
  case refundFailed(RefundFailed)
  case disputed(PaymentDisputed)
  case disputeClosed(DisputeClosed)

  var payment: PaymentID { message.payment }
  var instant: Instant { message.instant }

  var message: any HasPayment {
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

/// What Earnings keeps of a payment, forever, so that a payment counts only once (DECISIONS R3).
struct Payment: Timed, Equatable {
  /// `nil` if the payment has not arrived yet.
  var memory: Memory?
  var state = PaymentState.noted
  /// When its refund window closes.
  var timer: Timer?

  init() {}
}

enum PaymentState: Stored, Equatable {
  /// Not judged: the payment waits for its payer's attribution, or it has not arrived.
  case noted
  /// Facts arrived before the payment (DECISIONS T4). Counts how many have arrived so far and how many of them still wait. Each has its own
  /// row.
  case awaited(come: Int, waiting: Int)
  case earning(EarningPayment)
  /// The refund window has closed, but open refunds, requests or disputes can still end or be undone.
  case closing(EarningPayment)
  /// The payment earned nothing, so later facts about it have no effect.
  ///
  /// - Parameter closesAt: the end of the refund window, or nil if it has none.
  case over(closesAt: Instant?)
  /// The refund window has closed, and nothing can end or be undone any more.
  case closed
}

/// A fact that arrived before its payment.
struct AwaitedFact: Timed, Equatable {
  let fact: PaymentChange
  /// Fires when the refund window of every possible payment has closed. `nil` if the fact waits forever.
  var timer: Timer?
}

/// A payment that earned a reward, and its refunds, disputes and refund requests.
struct EarningPayment: Stored, Equatable {
  /// A request for a refund, which freezes the reward.
  ///
  /// Its beginning and end may arrive in any order. The later instant wins; at equal instants, the later arrival (DECISIONS T6).
  struct PendingRefund: Stored, Equatable {
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
  /// The end of the refund window, fixed when the payment was judged, or nil if it has none. After it no refund counts, and no request or
  /// dispute can begin.
  let closesAt: Instant?
  let base: PaymentBase
  /// What refunds and lost disputes leave of the reward, in minor units.
  var left: Int64
  var refunds = RefundTotals()
  var disputes: [Dispute] = []
  var request = PendingRefund()

  /// Bounds the size of the row against a faulty sender. Real payments have far fewer.
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
  var mayChange: Bool {
    request.isOpen || refunds.count > 0 || disputes.contains { $0.began(before: closesAt) }
  }

  /// The effect of a fact on the reward. `rejection` is set if the fact came after the refund window.
  struct Outcome {
    var changes: [RewardChange] = []
    var rejection: Rejection?
    /// The new content of the refund's row.
    var refund: Refund?
  }

  /// Applies a fact (rows A9, C7; DECISIONS T6, A9c, C7b, C7c). If it throws, nothing has changed.
  ///
  /// - Parameter refund: the row of the refund that the fact is about.
  mutating func take(_ fact: PaymentChange, _ refund: Refund?) throws(Rejection) -> Outcome {
    var after = self
    var outcome = Outcome(refund: refund)
    outcome.rejection = try after.learn(fact, &outcome.refund)
    outcome.changes = try after.changes(since: self, fact)
    self = after
    return outcome
  }

  /// - Returns: a rejection if the fact itself came too late although it ended a request or a dispute, or nil if it counts.
  private mutating func learn(_ fact: PaymentChange, _ known: inout Refund?) throws(Rejection) -> Rejection? {
    switch fact {
    case .refundRequested(let requested):
      try mustComeInTime(fact)
      request.begin(at: requested.requestedAt)
    case .refundDeclined(let declined):
      // It ends a request of an earlier date that arrives later.
      let wasOpen = request.isOpen
      request.end(at: declined.declinedAt)
      if !wasOpen { do { try mustComeInTime(fact) } catch { return error } }
    case .refunded(let refund):
      guard refund.currency == currency else {
        throw Rejection(.malformed, "currency of refund '\(refund.refund)' is \(refund.currency), its payment's is \(currency)")
      }
      // Any refund ends the request, even one that takes nothing from the reward (DECISIONS C7b).
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
      let isKnown = disputes.contains { $0.id == closing.dispute && $0.began(before: closesAt) }
      if !isKnown, closing.outcome == .lost { try mustComeInTime(fact) }
      disputes[try place(of: closing.dispute)].close(closing)
      if !isKnown { do { try mustComeInTime(fact) } catch { return error } }
    }
    return nil
  }

  private func mustComeInTime(_ fact: PaymentChange) throws(Rejection) { try fact.mustComeBefore(closesAt) }

  private mutating func place(of id: DisputeID?) throws(Rejection) -> Int {
    if let place = disputes.firstIndex(where: { $0.id == id }) { return place }
    guard disputes.count < Self.disputesMax else {
      throw Rejection(.malformed, "the payment already has the maximum of \(Self.disputesMax) disputes")
    }
    disputes.append(Dispute(id: id))
    return disputes.count - 1
  }

  /// Takes or restores first, then freezes or releases (DECISIONS C7b). A reward of 0 is never frozen.
  private mutating func changes(since before: EarningPayment, _ fact: PaymentChange) throws(Rejection) -> [RewardChange] {
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

extension PaymentChange {
  var refund: RefundID? { taking?.refund }

  /// The refund or dispute of this fact. `nil` for a refund request and its end, which take nothing.
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
