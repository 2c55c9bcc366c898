import Contracts
import JSON
import Streaming
import Terms

/// Per referee: its welcome offer (row A5), and whether it is active (row B2), which it tells its referrer's ``Allocation``.
struct Activity: Stage {
  static let name = "activity"

  let programs: Programs

  static let reads: [Reads<Self>] = [
    // A registration is judged by attribution, which also says what a second one means (DECISIONS R4).
    .on(Activity.registered, repeats: .harmless),
    .on(Activity.attributed),
    .on(Activity.rejected),
    .on(Activity.subscriptionChanged),
    .on(Activity.settled),
    .on(Activity.refunded),
    .on(Activity.disputeClosed),
  ]
  static let timers: [Timers<Self>] = [.on(Rows.offer, Activity.expire)]
  static let writes: [any Message.Type] = [OfferOpened.self, OfferUsed.self, OfferExpired.self, ActivityTold.self]

  // MARK: State

  /// One row for every account with billing events: what it is to the program.
  struct Account: Stored {
    var standing = Standing.unknown
    /// Facts kept while nobody knows who the account is.
    var kept = 0
    /// Once bound.
    var referral: Referral?
  }

  enum Standing: String, JSONWord, Sendable {
    case unknown
    /// Registered with a referral; the verdict is on its way.
    case registered
    case bound
    /// Bound to nobody, for good: nothing is kept of it.
    case free
  }

  struct Referral: Stored {
    let referral: ReferralID
    let referrer: AccountID
    let attributedAt: Instant
  }

  /// What Allocation was told last.
  struct Told: Stored, Equatable {
    let isActive: Bool
    let turns: [Instant]
    /// When it became so: what ends an activation is not dated before it.
    let since: Instant
  }

  enum Rows {
    static let account = Table<NoKey, Account>("account")
    /// By number from 1.
    static let kept = Table<Int, BillingFact>("kept")
    static let offer = Table<NoKey, WelcomeOffer>("offer")
    static let subscriptions = Table<SubscriptionID, RefereeSubscription>("subscriptions")
    static let payments = Table<PaymentID, RefereePayment>("payments")
    /// By payment and number from 1: what came back of it.
    static let takenBack = Table<KeyPair<PaymentID, Int>, TakenBack>("taken-back")
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
    if account.standing != .bound { bind(attributed, account, turn) }
  }

  private func rejected(_ rejected: ReferralRejected, _ turn: Turn<Self>) {
    let account = turn[Rows.account] ?? Account()
    // A second registration's rejection says nothing about the first.
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
    guard turn.program.hasDiscounts else { return }
    take(.refund(TakenBack(refunded)), turn)
  }

  private func disputeClosed(_ closed: DisputeClosed, _ turn: Turn<Self>) {
    guard turn.program.hasDiscounts, closed.outcome == .lost else { return }
    take(.refund(TakenBack(lost: closed)), turn)
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

  /// Bound to a referrer: what was kept is replayed in order of arrival (DECISIONS T4).
  private func bind(_ attributed: ReferralAttributed, _ account: Account, _ turn: Turn<Self>) {
    let referral = Referral(
      referral: attributed.referral, referrer: attributed.referrer, attributedAt: attributed.attributedAt)
    let kept = takeKept(account, turn)
    turn[Rows.account] = Account(standing: .bound, referral: referral)
    if let offer = WelcomeOffer(attributed, terms: turn.program.version(at: attributed.attributedAt)) {
      turn[Rows.offer] = offer
      turn.emit(offer.opened(at: attributed.attributedAt, referrer: attributed.referrer))
    }
    var told: [ActivityTold] = []
    if turn.program.hasDiscounts {
      let because = Because("referred", ["attributedAt": .text(referral.attributedAt.description)])
      let now = Told(isActive: false, turns: [], since: referral.attributedAt)
      tell(now, at: referral.attributedAt, because, referral, turn, &told)
    }
    for fact in kept { apply(fact, referral, turn, &told) }
    send(told, turn)
  }

  /// Bound to nobody: what was kept is dropped without a notice (DECISIONS T4).
  private func free(_ account: Account, _ turn: Turn<Self>) {
    _ = takeKept(account, turn)
    turn[Rows.account] = Account(standing: .free)
  }

  /// What was kept, in order of arrival, taken out.
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
    case .refund(let part):
      takeBack(part, referral, turn, &told)
    }
  }

  /// A payment counts by its subscription and with an amount above zero (DECISIONS B2).
  private func pay(_ payment: PaymentFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]) {
    let isKnown = turn[Rows.payments, payment.payment] != nil
    let waiting = isKnown ? turn.all(Rows.takenBack, under: payment.payment) : []
    for number in waiting.indices { turn[Rows.takenBack, payment.payment, number + 1] = nil }
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
    // What came before its payment is applied right after it, with the notices it would have given (DECISIONS T4).
    for part in waiting { takeBack(part, referral, turn, &told) }
  }

  private func takeBack(_ part: TakenBack, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]) {
    var payment = turn[Rows.payments, part.payment] ?? RefereePayment()
    guard payment.settled?.isMoved(by: part) ?? true else { return }
    payment.parts += 1
    turn[Rows.takenBack, part.payment, payment.parts] = part
    payment.settled?.take(part)
    if let settled = payment.settled, settled.left == 0 {
      payment.settled?.endedAt = settled.end(by: turn.all(Rows.takenBack, under: part.payment))
    }
    turn[Rows.payments, part.payment] = payment
    guard let settled = payment.settled, let endedAt = settled.endedAt,
      var subscription = turn[Rows.subscriptions, settled.subscription]
    else { return }
    subscription.end(part.payment, at: endedAt)
    turn[Rows.subscriptions, settled.subscription] = subscription
    judge(.refund(part), referral, turn, &told)
  }

  /// Tells Allocation what the facts make of the referee, if that is new.
  private func judge(_ fact: BillingFact, _ referral: Referral, _ turn: Turn<Self>, _ told: inout [ActivityTold]) {
    let subscriptions = turn.all(Rows.subscriptions)
    let attributedAt = referral.attributedAt
    let turns = Activation.turns(subscriptions, attributedAt: attributedAt)
    let counting = Activation.counting(subscriptions, attributedAt: attributedAt)
    let known = turn[Rows.told]
    guard (counting != nil) != known?.isActive || turns != known?.turns else { return }
    let at: Instant
    if let counting {
      at = counting.at
    } else {
      let endedAt = Activation.deactivatedAt(turns, fact: fact.instant, attributedAt: attributedAt)
      at = known.map { $0.isActive ? max(endedAt, $0.since) : endedAt } ?? endedAt
    }
    let since = known.flatMap { $0.isActive == (counting != nil) ? $0.since : nil } ?? at
    let now = Told(isActive: counting != nil, turns: turns, since: since)
    tell(now, at: at, counting.map(Because.init(counting:)) ?? Because(ended: fact), referral, turn, &told)
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

  /// What is told in one turn tells the end of it: a missed run is held as soon as the first of it arrives, and must see the rest.
  private func send(_ told: [ActivityTold], _ turn: Turn<Self>) {
    guard let turns = told.last?.turns else { return }
    for var told in told {
      told.turns = turns
      turn.emit(told)
    }
  }

  // MARK: Timers

  /// The offer was not used in time.
  private func expire(_: NoKey, _ offer: WelcomeOffer, at instant: Instant, _ turn: Turn<Self>) {
    turn[Rows.offer] = nil
    turn.emit(offer.expired)
  }
}

extension Because {
  init(counting: RefereeSubscription.Counting) {
    self.init(
      "counting-subscription",
      [
        "subscription": .text(counting.subscription.value), "activeSince": .text(counting.activeSince.description),
        "payment": .text(counting.payment.value), "paidAt": .text(counting.paidAt.description),
      ])
  }

  init(ended fact: BillingFact) {
    switch fact {
    case .status(let status):
      self.init(
        "no-counting-subscription",
        ["subscription": .text(status.subscription.value), "status": .text(status.status.rawValue)])
    case .payment(let payment):
      self.init("no-counting-subscription", ["payment": .text(payment.payment.value)])
    case .refund(let part):
      self.init(
        "no-counting-subscription",
        [
          "payment": .text(part.payment.value), "takenBackAt": .text(part.at.description),
          "cause": part.amount == nil ? "dispute" : "refund",
        ])
    }
  }
}
