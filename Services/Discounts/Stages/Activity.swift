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
    .on(fact { .status(SubscriptionStatusFact($0)) }, where: \.hasDiscounts),
    .on(Activity.settled),
    .on(Activity.refunded, where: \.hasDiscounts),
    .on(fact { .refundFailure(RefundFailureFact($0)) }, where: \.hasDiscounts),
    .on(fact { (disputed: PaymentDisputed) in .dispute(DisputeFact(disputed)) }, where: \.hasDiscounts),
    .on(fact { (closed: DisputeClosed) in .dispute(DisputeFact(closed)) }, where: \.hasDiscounts),
  ]
  static let timers: [Timers<Self>] = [.on(Rows.offer, Activity.expire)]
  static let writes: [any Message.Type] = [OfferOpened.self, OfferUsed.self, OfferExpired.self, ActivityReported.self]

  // MARK: State

  /// One row for every account with billing events.
  struct Account: Stored {
    var standing = RefereeStatus.unknown
    /// How many facts wait for the account's attribution.
    var kept = 0
    /// The current referral. An ended one stays until the account is attributed again.
    var referral: Referral?
    /// An account gets only one welcome offer, even if an operator moves it to another referrer (DECISIONS A1e).
    var hasHadOffer = false
  }

  enum RefereeStatus: String, JSONWord, Sendable {
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
  struct Reported: Stored, Equatable {
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
    static let payments = Table<PaymentID, RefereePayment>("payments", keepsDecoded: false)
    /// Facts that arrived before their payment, by payment and number, counted from 1.
    static let waiting = Table<KeyPair<PaymentID, Int>, BillingFact>("waiting")
    static let refunds = Table<KeyPair<PaymentID, RefundID>, RefereeRefund>("refunds", keepsDecoded: false)
    static let disputes = Table<KeyPair<PaymentID, DisputeKey>, RefereeDispute>("disputes", keepsDecoded: false)
    static let reported = Table<NoKey, Reported>("told")
  }

  // MARK: Events

  func program(_ id: ProgramID) -> Program? {
    programs[id].flatMap { $0.hasDiscounts || $0.hasWelcomeOffers ? $0 : nil }
  }

  private func registered(_ registered: AccountRegistered, _ context: Context<Self>) {
    var account = context[Rows.account] ?? Account()
    guard account.standing == .unknown else { return }
    if registered.referral == nil {
      free(account, context)
    } else {
      account.standing = .registered
      context[Rows.account] = account
    }
  }

  private func attributed(_ attributed: ReferralAttributed, _ context: Context<Self>) {
    let account = context[Rows.account] ?? Account()
    if account.standing != .bound || account.referral?.endedAt != nil { bind(attributed, account, context) }
  }

  /// From its end on the referral no longer counts. The welcome offer stays (DECISIONS A1e).
  private func ended(_ ended: ReferralEnded, _ context: Context<Self>) {
    guard var account = context[Rows.account], var referral = account.referral, referral.endedAt == nil else { return }
    referral.endedAt = ended.at
    account.referral = referral
    context[Rows.account] = account
    guard context.program.hasDiscounts else { return }
    var reported: [ActivityReported] = []
    judge(at: ended.at, Because(ended: ended), referral, context, &reported)
    send(reported, context)
  }

  private func rejected(_ rejected: ReferralRejected, _ context: Context<Self>) {
    let account = context[Rows.account] ?? Account()
    // The rejection of a second registration does not concern the first.
    if account.standing == .unknown || account.standing == .registered, !rejected.reasons.contains(.alreadyAttributed) {
      free(account, context)
    }
  }

  private func settled(_ settled: PaymentSettled, _ context: Context<Self>) throws(Rejection) {
    guard context[Rows.account]?.standing != .free else { return }
    take(.payment(try PaymentFact(settled, isCounted: context.program.hasDiscounts)), context)
  }

  private func refunded(_ refunded: PaymentRefunded, _ context: Context<Self>) throws(Rejection) {
    let refund = RefundFact(refunded)
    if let settled = context[Rows.payments, refund.payment]?.settled { try refund.mustMatch(settled) }
    take(.refund(refund), context)
  }

  private static func fact<Event>(_ fact: @escaping @Sendable (Event) -> BillingFact) -> Reads<Self>.Handler<Event> {
    { stage in { event, context in stage.take(fact(event), context) } }
  }

  private func take(_ fact: BillingFact, _ context: Context<Self>) {
    var account = context[Rows.account] ?? Account()
    guard account.standing != .free else { return }
    if let referral = account.referral {
      var reported: [ActivityReported] = []
      apply(fact, referral, context, &reported)
      return send(reported, context)
    }
    account.kept += 1
    context[Rows.kept, account.kept] = fact
    context[Rows.account] = account
  }

  /// Attributes the account. After a registration the kept facts are replayed in order of arrival (DECISIONS T4). After an operator's
  /// assignment they are not judged again (DECISIONS A1e), but the subscriptions of a moved account are known and decide its activity.
  private func bind(_ attributed: ReferralAttributed, _ account: Account, _ context: Context<Self>) {
    let referral = Referral(
      referral: attributed.referral, referrer: attributed.referrer, attributedAt: attributed.attributedAt)
    let kept = takeKept(account, context)
    let offer = account.hasHadOffer ? nil : WelcomeOffer(attributed, terms: context.program.version(at: attributed.attributedAt))
    context[Rows.account] = Account(standing: .bound, referral: referral, hasHadOffer: account.hasHadOffer || offer != nil)
    if let offer {
      context[Rows.offer] = offer
      context.emit(offer.opened(at: attributed.attributedAt, referrer: attributed.referrer))
    }
    var reported: [ActivityReported] = []
    if context.program.hasDiscounts {
      let because = Because("referred", ["attributedAt": .text(referral.attributedAt.description)])
      let now = Reported(isActive: false, turns: [], since: referral.attributedAt)
      report(now, at: referral.attributedAt, because, referral, context, &reported)
      judge(at: referral.attributedAt, because, referral, context, &reported)
    }
    if attributed.request == nil { for fact in kept { apply(fact, referral, context, &reported) } }
    send(reported, context)
  }

  /// The account is unattributed. The kept facts are dropped without a notice (DECISIONS T4).
  private func free(_ account: Account, _ context: Context<Self>) {
    _ = takeKept(account, context)
    context[Rows.account] = Account(standing: .free)
  }

  /// Removes the kept facts and returns them in order of arrival.
  private func takeKept(_ account: Account, _ context: Context<Self>) -> [BillingFact] {
    guard account.kept > 0 else { return [] }
    let kept = context.all(Rows.kept)
    for number in 1...account.kept { context[Rows.kept, number] = nil }
    return kept
  }

  // MARK: Facts of a referee

  private func apply(
    _ fact: BillingFact, _ referral: Referral, _ context: Context<Self>, _ reported: inout [ActivityReported]
  ) {
    switch fact {
    case .status(let status):
      var subscription = context[Rows.subscriptions, status.subscription] ?? RefereeSubscription(status.subscription)
      subscription.change(status)
      context[Rows.subscriptions, status.subscription] = subscription
      judge(fact, referral, context, &reported)
    case .payment(let payment):
      if let offer = context[Rows.offer], let plan = offer.plan(in: payment) {
        context[Rows.offer] = nil
        context.emit(offer.used(by: payment, plan: plan))
      }
      if context.program.hasDiscounts { pay(payment, referral, context, &reported) }
    case .refund(let refund):
      change(refund.payment, by: fact, referral, context, &reported) { payment, settled in
        do throws(Rejection) { try refund.mustMatch(settled) } catch {
          // The refund arrived before its payment. It is stored without its lines, which are not needed here.
          if let account = AccountID(context.key) { context.reject(refund.message(of: account), error) }
          return
        }
        var row = context[Rows.refunds, refund.payment, refund.refund] ?? RefereeRefund()
        (row.refundedAt, row.amount) = (refund.at, refund.amount)
        context[Rows.refunds, refund.payment, refund.refund] = row
        payment.take(refund.amount)
      }
    case .refundFailure(let failure):
      change(failure.payment, by: fact, referral, context, &reported) { _, _ in
        var row = context[Rows.refunds, failure.payment, failure.refund] ?? RefereeRefund()
        row.failedAt = failure.at
        context[Rows.refunds, failure.payment, failure.refund] = row
      }
    case .dispute(let dispute):
      change(dispute.payment, by: fact, referral, context, &reported) { payment, _ in
        let key = DisputeKey(id: dispute.dispute)
        var row = context[Rows.disputes, dispute.payment, key] ?? RefereeDispute()
        row.take(dispute.step, at: dispute.at)
        context[Rows.disputes, dispute.payment, key] = row
        for taking in row.takings { payment.take(taking.amount) }
      }
    }
  }

  /// A payment counts only if it names a subscription and its amount is above 0 (DECISIONS B2).
  private func pay(_ payment: PaymentFact, _ referral: Referral, _ context: Context<Self>, _ reported: inout [ActivityReported]) {
    let isKnown = context[Rows.payments, payment.payment] != nil
    let waiting = isKnown ? context.all(Rows.waiting, under: payment.payment) : []
    for number in waiting.indices { context[Rows.waiting, payment.payment, number + 1] = nil }
    guard let subscriptionID = payment.subscription, payment.received > 0 else {
      if isKnown { context[Rows.payments, payment.payment] = nil }
      return
    }
    context[Rows.payments, payment.payment] = RefereePayment(
      settled: .init(subscription: subscriptionID, received: payment.received, currency: payment.currency))
    var subscription = context[Rows.subscriptions, subscriptionID] ?? RefereeSubscription(subscriptionID)
    subscription.pay(payment.payment, at: payment.paidAt)
    context[Rows.subscriptions, subscriptionID] = subscription
    judge(.payment(payment), referral, context, &reported)
    // Facts that arrived before their payment are applied directly after it, with the same notices as in order (DECISIONS T4).
    for fact in waiting { apply(fact, referral, context, &reported) }
  }

  /// Applies a refund, a failed refund or a dispute to its payment, or keeps it until the payment arrives.
  private func change(
    _ id: PaymentID, by fact: BillingFact, _ referral: Referral, _ context: Context<Self>, _ reported: inout [ActivityReported],
    _ take: (inout RefereePayment, RefereePayment.Settled) -> Void
  ) {
    var payment = context[Rows.payments, id] ?? RefereePayment()
    guard let settled = payment.settled else {
      payment.waiting += 1
      context[Rows.waiting, id, payment.waiting] = fact
      context[Rows.payments, id] = payment
      return
    }
    take(&payment, settled)
    context[Rows.payments, id] = payment
    guard payment.takenAtMost >= settled.received, var subscription = context[Rows.subscriptions, settled.subscription] else {
      return
    }
    let takings =
      context.all(Rows.refunds, under: id).compactMap(\.taking) + context.all(Rows.disputes, under: id).flatMap(\.takings)
    guard subscription.setGaps(RefereePayment.gaps(received: settled.received, takings), of: id) else { return }
    context[Rows.subscriptions, settled.subscription] = subscription
    judge(fact, referral, context, &reported)
  }

  private func judge(_ fact: BillingFact, _ referral: Referral, _ context: Context<Self>, _ reported: inout [ActivityReported]) {
    judge(at: fact.instant, Because(ended: fact), referral, context, &reported)
  }

  /// Reports the referee's activity to Allocation if it has changed.
  /// - Parameters:
  ///   - instant: the instant of the fact that arrived.
  ///   - ended: the reason to report if the referee is inactive.
  private func judge(
    at instant: Instant, _ ended: Because, _ referral: Referral, _ context: Context<Self>, _ reported: inout [ActivityReported]
  ) {
    let subscriptions = context.all(Rows.subscriptions)
    let attributedAt = referral.attributedAt
    let turns = Activation.turns(subscriptions, attributedAt: attributedAt, endedAt: referral.endedAt)
    let counting = referral.endedAt == nil ? Activation.counting(subscriptions, attributedAt: attributedAt) : nil
    let known = context[Rows.reported]
    guard (counting != nil) != known?.isActive || turns != known?.turns else { return }
    let at: Instant
    if let counting {
      at = counting.at
    } else {
      let endedAt = Activation.deactivatedAt(turns, fact: instant, attributedAt: attributedAt)
      at = known.map { $0.isActive ? max(endedAt, $0.since) : endedAt } ?? endedAt
    }
    let since = known.flatMap { $0.isActive == (counting != nil) ? $0.since : nil } ?? at
    let now = Reported(isActive: counting != nil, turns: turns, since: since)
    report(now, at: at, counting.map(Because.init(counting:)) ?? ended, referral, context, &reported)
  }

  private func report(
    _ now: Reported, at instant: Instant, _ because: Because, _ referral: Referral, _ context: Context<Self>,
    _ reported: inout [ActivityReported]
  ) {
    guard let referee = AccountID(context.key) else { return }
    context[Rows.reported] = now
    reported.append(
      ActivityReported(
        referral: referral.referral, referee: referee, referrer: referral.referrer, attributedAt: referral.attributedAt,
        isActive: now.isActive, at: instant, turns: now.turns, because: because))
  }

  /// Sends the reports of one invocation, each with the final changes of activity. Allocation holds a missed run when the first report
  /// arrives, and the run must already see the rest.
  private func send(_ reported: [ActivityReported], _ context: Context<Self>) {
    guard let turns = reported.last?.turns else { return }
    for var reported in reported {
      reported.turns = turns
      context.emit(reported)
    }
  }

  // MARK: Timers

  /// The offer expired unused.
  private func expire(_: NoKey, _ offer: WelcomeOffer, at instant: Instant, _ context: Context<Self>) {
    context[Rows.offer] = nil
    context.emit(offer.expired)
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
    let facts: KeyValuePairs<String, Fact?> =
      switch fact {
      case .status(let status):
        [
          "subscription": .text(status.subscription.value), "status": .text(status.status.rawValue),
          "trialEndsAt": status.trialEndsAt.map { "\($0)" },
        ]
      case .payment(let payment): ["payment": .text(payment.payment.value)]
      case .refund(let refund):
        ["payment": .text(refund.payment.value), "takenBackAt": "\(refund.at)", "cause": "refund"]
      case .refundFailure(let failure): ["payment": .text(failure.payment.value)]
      case .dispute(let dispute):
        ["payment": .text(dispute.payment.value), "takenBackAt": "\(dispute.at)", "cause": "dispute"]
      }
    self.init("no-counting-subscription", facts)
  }

  init(ended: ReferralEnded) {
    self.init(
      "ended-by-operator",
      [
        "operator": .text(ended.operator.value), "request": .text(ended.request.value), "endedAt": .text(ended.at.description),
      ])
  }
}
