import Contracts
import JSON
import Streaming
import Terms

/// Keyed by referee: its welcome offer (row A5) and its activity (row B2), which it reports to its referrer's ``Allocation``.
struct Activity: Stage {
  static let name = "activity"

  let programs: Programs

  static let reads: [Reads<Self>] = [
    // Attribution judges repeated registrations (DECISIONS R4). Here only the first counts.
    .on(Activity.registered, repeats: .harmless),
    .on(Activity.attributed),
    .on(Activity.rejected),
    .on(Activity.ended),
    .on(Activity.subscriptionChanged),
    .on(Activity.settled),
    .on(Activity.refunded),
    .on(Activity.refundFailed),
    .on(Activity.disputed),
    .on(Activity.disputeClosed),
  ]
  static let timers: [Timers<Self>] = [.on(Rows.offer, Activity.expire)]
  static let writes: [any Message.Type] = [OfferOpened.self, OfferUsed.self, OfferExpired.self, ActivityTold.self]

  // MARK: State

  /// One row for every account with billing events.
  struct Account: Stored {
    var standing = Standing.unknown
    /// How many facts wait for the account's attribution.
    var kept = 0
    /// The current referral. An ended one stays until the account is attributed again.
    var referral: Referral?
    /// An account gets only one welcome offer, even if an operator moves it to another referrer (DECISIONS A1e).
    var hasHadOffer = false
  }

  enum Standing: String, JSONWord, Sendable {
    case unknown
    /// Registered with a referral that attribution has not decided yet.
    case registered
    case bound
    /// Unattributed. Nothing is kept of it, but an operator may still assign it.
    case free
  }

  struct Referral: Stored {
    let referral: ReferralID
    let referrer: AccountID
    let attributedAt: Instant
    /// Set if an operator ended the referral (DECISIONS A1e).
    var endedAt: Instant?
  }

  /// The last report to Allocation.
  struct Told: Stored, Equatable {
    let isActive: Bool
    let turns: [Instant]
    /// Since when the referee is active or inactive. An activation cannot end before it.
    let since: Instant
  }

  enum Rows {
    static let account = Table<NoKey, Account>("account")
    /// By number, counted from 1.
    static let kept = Table<Int, BillingFact>("kept")
    static let offer = Table<NoKey, WelcomeOffer>("offer")
    static let subscriptions = Table<SubscriptionID, RefereeSubscription>("subscriptions")
    static let payments = Table<PaymentID, RefereePayment>("payments")
    /// Facts that arrived before their payment, by payment and number, counted from 1.
    static let waiting = Table<KeyPair<PaymentID, Int>, BillingFact>("waiting")
    static let refunds = Table<KeyPair<PaymentID, RefundID>, RefereeRefund>("refunds")
    static let disputes = Table<KeyPair<PaymentID, DisputeKey>, RefereeDispute>("disputes")
    static let told = Table<NoKey, Told>("told")
  }

  // MARK: Events

  func program(_ id: ProgramID) -> Program? {
    programs[id].flatMap { $0.hasDiscounts || $0.hasWelcomeOffers ? $0 : nil }
  }

  private func registered(_ registered: AccountRegistered, _ turn: Turn<Self>) {
    var account = turn[Rows.account] ?? Account()
    guard account.standing == .unknown else { return }
    if registered.referral == nil {
      free(account, turn)
    } else {
      account.standing = .registered
      turn[Rows.account] = account
    }
  }

  private func attributed(_ attributed: ReferralAttributed, _ turn: Turn<Self>) {
    let account = turn[Rows.account] ?? Account()
    if account.standing != .bound || account.referral?.endedAt != nil { bind(attributed, account, turn) }
  }

  /// From its end on the referral no longer counts. The welcome offer stays (DECISIONS A1e).
  private func ended(_ ended: ReferralEnded, _ turn: Turn<Self>) {
    guard var account = turn[Rows.account], var referral = account.referral, referral.endedAt == nil else { return }
    referral.endedAt = ended.at
    account.referral = referral
    turn[Rows.account] = account
    guard turn.program.hasDiscounts else { return }
    var told: [ActivityTold] = []
    judge(at: ended.at, Because(ended: ended), referral, turn, &told)
    send(told, turn)
  }

  private func rejected(_ rejected: ReferralRejected, _ turn: Turn<Self>) {
    let account = turn[Rows.account] ?? Account()
    // The rejection of a second registration does not concern the first.
    if account.standing == .unknown || account.standing == .registered, !rejected.reasons.contains(.alreadyAttributed) {
      free(account, turn)
    }
  }

  private func subscriptionChanged(_ changed: SubscriptionChanged, _ turn: Turn<Self>) {
    guard turn.program.hasDiscounts else { return }
    take(.status(SubscriptionStatusFact(changed)), turn)
  }

  private func settled(_ settled: PaymentSettled, _ turn: Turn<Self>) throws(Rejection) {
    guard turn[Rows.account]?.standing != .free else { return }
    take(.payment(try PaymentFact(settled, isCounted: turn.program.hasDiscounts)), turn)
  }

  private func refunded(_ refunded: PaymentRefunded, _ turn: Turn<Self>) {
    if turn.program.hasDiscounts { take(.refund(RefundFact(refunded)), turn) }
  }

  private func refundFailed(_ failed: RefundFailed, _ turn: Turn<Self>) {
    if turn.program.hasDiscounts { take(.refundFailure(RefundFailureFact(failed)), turn) }
  }

  private func disputed(_ disputed: PaymentDisputed, _ turn: Turn<Self>) {
    if turn.program.hasDiscounts { take(.dispute(DisputeFact(disputed)), turn) }
  }

  private func disputeClosed(_ closed: DisputeClosed, _ turn: Turn<Self>) {
    if turn.program.hasDiscounts { take(.dispute(DisputeFact(closed)), turn) }
  }

  private func take(_ fact: BillingFact, _ turn: Turn<Self>) {
    var account = turn[Rows.account] ?? Account()
    guard account.standing != .free else { return }
    if let referral = account.referral {
      var told: [ActivityTold] = []
      apply(fact, referral, turn, &told)
      return send(told, turn)
    }
    account.kept += 1
    turn[Rows.kept, account.kept] = fact
    turn[Rows.account] = account
  }

  /// Attributes the account. After a registration the kept facts are replayed in order of arrival (DECISIONS T4). After an operator's
  /// assignment they are not judged again (DECISIONS A1e), but the subscriptions of a moved account are known and decide its activity.
  private func bind(_ attributed: ReferralAttributed, _ account: Account, _ turn: Turn<Self>) {
    let referral = Referral(
      referral: attributed.referral, referrer: attributed.referrer, attributedAt: attributed.attributedAt)
    let kept = takeKept(account, turn)
    let offer = account.hasHadOffer ? nil : WelcomeOffer(attributed, terms: turn.program.version(at: attributed.attributedAt))
    turn[Rows.account] = Account(standing: .bound, referral: referral, hasHadOffer: account.hasHadOffer || offer != nil)
    if let offer {
      turn[Rows.offer] = offer
      turn.emit(offer.opened(at: attributed.attributedAt, referrer: attributed.referrer))
    }
    var told: [ActivityTold] = []
    if turn.program.hasDiscounts {
      let because = Because("referred", ["attributedAt": .text(referral.attributedAt.description)])
      let now = Told(isActive: false, turns: [], since: referral.attributedAt)
      tell(now, at: referral.attributedAt, because, referral, turn, &told)
      judge(at: referral.attributedAt, because, referral, turn, &told)
    }
    if attributed.request == nil { for fact in kept { apply(fact, referral, turn, &told) } }
    send(told, turn)
  }

  /// The account is unattributed. The kept facts are dropped without a notice (DECISIONS T4).
  private func free(_ account: Account, _ turn: Turn<Self>) {
    _ = takeKept(account, turn)
    turn[Rows.account] = Account(standing: .free)
  }

  /// Removes the kept facts and returns them in order of arrival.
  private func takeKept(_ account: Account, _ turn: Turn<Self>) -> [BillingFact] {
    guard account.kept > 0 else { return [] }
    let kept = turn.all(Rows.kept)
    for number in 1...account.kept { turn[Rows.kept, number] = nil }
    return kept
  }

  // MARK: Facts of a referee

  private func apply(
    _ fact: BillingFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]
  ) {
    switch fact {
    case .status(let status):
      var subscription = turn[Rows.subscriptions, status.subscription] ?? RefereeSubscription(status.subscription)
      subscription.change(status)
      turn[Rows.subscriptions, status.subscription] = subscription
      judge(fact, referral, turn, &told)
    case .payment(let payment):
      if let offer = turn[Rows.offer], let plan = offer.plan(in: payment) {
        turn[Rows.offer] = nil
        turn.emit(offer.used(by: payment, plan: plan))
      }
      if turn.program.hasDiscounts { pay(payment, referral, turn, &told) }
    case .refund(let refund):
      change(refund.payment, by: fact, referral, turn, &told) { payment, settled in
        // A refund in another currency takes nothing from this payment.
        guard refund.currency == settled.currency else { return }
        var row = turn[Rows.refunds, refund.payment, refund.refund] ?? RefereeRefund()
        (row.refundedAt, row.amount) = (refund.at, refund.amount)
        turn[Rows.refunds, refund.payment, refund.refund] = row
        payment.take(refund.amount)
      }
    case .refundFailure(let failure):
      change(failure.payment, by: fact, referral, turn, &told) { _, _ in
        var row = turn[Rows.refunds, failure.payment, failure.refund] ?? RefereeRefund()
        row.failedAt = failure.at
        turn[Rows.refunds, failure.payment, failure.refund] = row
      }
    case .dispute(let dispute):
      change(dispute.payment, by: fact, referral, turn, &told) { payment, _ in
        let key = DisputeKey(id: dispute.dispute)
        var row = turn[Rows.disputes, dispute.payment, key] ?? RefereeDispute()
        row.steps.put(dispute.step, at: dispute.at)
        turn[Rows.disputes, dispute.payment, key] = row
        for taking in row.takings { payment.take(taking.amount) }
      }
    }
  }

  /// A payment counts only if it names a subscription and its amount is above 0 (DECISIONS B2).
  private func pay(_ payment: PaymentFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]) {
    let isKnown = turn[Rows.payments, payment.payment] != nil
    let waiting = isKnown ? turn.all(Rows.waiting, under: payment.payment) : []
    for number in waiting.indices { turn[Rows.waiting, payment.payment, number + 1] = nil }
    guard let subscriptionID = payment.subscription, payment.received > 0 else {
      if isKnown { turn[Rows.payments, payment.payment] = nil }
      return
    }
    turn[Rows.payments, payment.payment] = RefereePayment(
      settled: .init(subscription: subscriptionID, received: payment.received, currency: payment.currency))
    var subscription = turn[Rows.subscriptions, subscriptionID] ?? RefereeSubscription(subscriptionID)
    subscription.pay(payment.payment, at: payment.paidAt)
    turn[Rows.subscriptions, subscriptionID] = subscription
    judge(.payment(payment), referral, turn, &told)
    // Facts that arrived before their payment are applied directly after it, with the same notices as in order (DECISIONS T4).
    for fact in waiting { apply(fact, referral, turn, &told) }
  }

  /// Applies a refund, a failed refund or a dispute to its payment, or keeps it until the payment arrives.
  private func change(
    _ id: PaymentID, by fact: BillingFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold],
    _ take: (inout RefereePayment, RefereePayment.Settled) -> Void
  ) {
    var payment = turn[Rows.payments, id] ?? RefereePayment()
    guard let settled = payment.settled else {
      payment.waiting += 1
      turn[Rows.waiting, id, payment.waiting] = fact
      turn[Rows.payments, id] = payment
      return
    }
    take(&payment, settled)
    turn[Rows.payments, id] = payment
    guard payment.takenAtMost >= settled.received, var subscription = turn[Rows.subscriptions, settled.subscription] else {
      return
    }
    let takings = turn.all(Rows.refunds, under: id).compactMap(\.taking) + turn.all(Rows.disputes, under: id).flatMap(\.takings)
    guard subscription.setGaps(RefereePayment.gaps(received: settled.received, takings), of: id) else { return }
    turn[Rows.subscriptions, settled.subscription] = subscription
    judge(fact, referral, turn, &told)
  }

  private func judge(_ fact: BillingFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]) {
    judge(at: fact.instant, Because(ended: fact), referral, turn, &told)
  }

  /// Reports the referee's activity to Allocation if it has changed.
  /// - Parameters:
  ///   - instant: the instant of the fact that arrived.
  ///   - ended: the reason to report if the referee is inactive.
  private func judge(
    at instant: Instant, _ ended: Because, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]
  ) {
    let subscriptions = turn.all(Rows.subscriptions)
    let attributedAt = referral.attributedAt
    let turns = Activation.turns(subscriptions, attributedAt: attributedAt, endedAt: referral.endedAt)
    let counting = referral.endedAt == nil ? Activation.counting(subscriptions, attributedAt: attributedAt) : nil
    let known = turn[Rows.told]
    guard (counting != nil) != known?.isActive || turns != known?.turns else { return }
    let at: Instant
    if let counting {
      at = counting.at
    } else {
      let endedAt = Activation.deactivatedAt(turns, fact: instant, attributedAt: attributedAt)
      at = known.map { $0.isActive ? max(endedAt, $0.since) : endedAt } ?? endedAt
    }
    let since = known.flatMap { $0.isActive == (counting != nil) ? $0.since : nil } ?? at
    let now = Told(isActive: counting != nil, turns: turns, since: since)
    tell(now, at: at, counting.map(Because.init(counting:)) ?? ended, referral, turn, &told)
  }

  private func tell(
    _ now: Told, at instant: Instant, _ because: Because, _ referral: Referral, _ turn: Turn<Self>,
    _ told: inout [ActivityTold]
  ) {
    guard let referee = AccountID(turn.key) else { return }
    turn[Rows.told] = now
    told.append(
      ActivityTold(
        referral: referral.referral, referee: referee, referrer: referral.referrer, attributedAt: referral.attributedAt,
        isActive: now.isActive, at: instant, turns: now.turns, because: because))
  }

  /// Sends the reports of one invocation, each with the final changes of activity. Allocation holds a missed run when the first report
  /// arrives, and the run must already see the rest.
  private func send(_ told: [ActivityTold], _ turn: Turn<Self>) {
    guard let turns = told.last?.turns else { return }
    for var told in told {
      told.turns = turns
      turn.emit(told)
    }
  }

  // MARK: Timers

  /// The offer expired unused.
  private func expire(_: NoKey, _ offer: WelcomeOffer, at instant: Instant, _ turn: Turn<Self>) {
    turn[Rows.offer] = nil
    turn.emit(offer.expired)
  }
}

extension Because {
  init(counting: SubscriptionChain.Counting) {
    self.init(
      "counting-subscription",
      [
        "subscription": .text(counting.subscription.value), "activeSince": .text(counting.activeSince.description),
        "payment": .text(counting.payment.value), "paidAt": .text(counting.paidAt.description),
      ])
  }

  /// Why no subscription counts after the fact that arrived.
  init(ended fact: BillingFact) {
    var facts: [(String, Fact)]
    switch fact {
    case .status(let status):
      facts = [("subscription", .text(status.subscription.value)), ("status", .text(status.status.rawValue))]
      if let trialEndsAt = status.trialEndsAt { facts.append(("trialEndsAt", .text(trialEndsAt.description))) }
    case .payment(let payment): facts = [("payment", .text(payment.payment.value))]
    case .refund(let refund): facts = Self.taken(refund.payment, at: refund.at, cause: "refund")
    case .refundFailure(let failure): facts = [("payment", .text(failure.payment.value))]
    case .dispute(let dispute): facts = Self.taken(dispute.payment, at: dispute.at, cause: "dispute")
    }
    self.init("no-counting-subscription", facts)
  }

  private static func taken(_ payment: PaymentID, at instant: Instant, cause: String) -> [(String, Fact)] {
    [("payment", .text(payment.value)), ("takenBackAt", .text(instant.description)), ("cause", .text(cause))]
  }

  init(ended: ReferralEnded) {
    self.init(
      "ended-by-operator",
      [
        "operator": .text(ended.operator.value), "request": .text(ended.request.value), "endedAt": .text(ended.at.description),
      ])
  }
}
