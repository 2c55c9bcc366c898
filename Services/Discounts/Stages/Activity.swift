import Contracts
import JSON
import Streaming
import Terms

/// Per referee: its welcome offer (row A5), and whether it is active (row B2), which it tells its referrer's ``Allocation``.
struct Activity: Stage {
  static let name = "activity"

  let programs: Programs

  enum Input: Sendable {
    case registered(AccountRegistered)
    case attributed(ReferralAttributed)
    case rejected(ReferralRejected)
    case subscriptionChanged(SubscriptionChanged)
    case paid(PaymentSettled)
    case refunded(PaymentRefunded)
    case disputeClosed(DisputeClosed)
  }

  enum Output: StageOutput {
    case offerOpened(OfferOpened)
    case offerUsed(OfferUsed)
    case offerExpired(OfferExpired)
    case told(ActivityTold)

    var message: any Message {
      switch self {
      case .offerOpened(let notice): notice
      case .offerUsed(let notice): notice
      case .offerExpired(let notice): notice
      case .told(let step): step
      }
    }
  }

  enum Due: String, JSONWord, Sendable { case offerExpires }

  // A registration is judged by attribution, which also says what a second one means (DECISIONS R4).
  static let accepts: [Accepts<Input>] = [
    .on(Input.registered, repeats: .harmless), .on(Input.attributed), .on(Input.rejected), .on(Input.subscriptionChanged),
    .on(Input.paid), .on(Input.refunded), .on(Input.disputeClosed),
  ]

  // MARK: State

  /// One row for every account with billing events: what it is to the program.
  struct Account: Stored {
    var standing = Standing.unknown
    /// Facts kept while nobody knows who the account is.
    var kept: Int64 = 0
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

  struct KeptFact: Stored {
    let number: Int64
    let fact: BillingFact
  }

  /// What Allocation was told last.
  struct Told: Stored, Equatable {
    let isActive: Bool
    let turns: [Instant]
    /// When it became so: what ends an activation is not dated before it.
    let since: Instant
  }

  enum Rows {
    static let account = Table<Account>("account")
    static let kept = Table<KeptFact>("kept")
    static let offer = Table<WelcomeOffer>("offer")
    static let subscriptions = Table<RefereeSubscription>("subscriptions")
    static let payments = Table<RefereePayment>("payments")
    /// By payment and number from 1: what came back of it.
    static let takenBack = Table<TakenBack>("taken-back")
    static let told = Table<Told>("told")
  }

  // MARK: Events

  func handle(_ input: Input, _ turn: Turn<Activity>) throws(Rejection) {
    guard let program = programs[turn.program], program.hasDiscounts || program.hasWelcomeOffers else { return }
    var account = turn[Rows.account] ?? Account()
    switch input {
    case .registered(let registered):
      guard account.standing == .unknown else { return }
      if registered.referral == nil {
        free(account, turn)
      } else {
        account.standing = .registered
        turn[Rows.account] = account
      }
    case .attributed(let attributed):
      if account.standing != .bound { bind(attributed, account, program, turn) }
    case .rejected(let rejected):
      // A second registration's rejection says nothing about the first.
      if account.standing == .unknown || account.standing == .registered, !rejected.reasons.contains(.alreadyAttributed) {
        free(account, turn)
      }
    case .subscriptionChanged(let changed):
      guard account.standing != .free, program.hasDiscounts else { return }
      take(.status(SubscriptionStatusFact(changed)), account, program, turn)
    case .paid(let settled):
      guard account.standing != .free else { return }
      take(.payment(try PaymentFact(settled, isCounted: program.hasDiscounts)), account, program, turn)
    case .refunded(let refunded):
      guard account.standing != .free, program.hasDiscounts else { return }
      take(.refund(TakenBack(refunded)), account, program, turn)
    case .disputeClosed(let closed):
      guard account.standing != .free, program.hasDiscounts, closed.outcome == .lost else { return }
      take(.refund(TakenBack(lost: closed)), account, program, turn)
    }
  }

  private func take(_ fact: BillingFact, _ account: Account, _ program: Program, _ turn: Turn<Activity>) {
    if let referral = account.referral {
      var told: [ActivityTold] = []
      apply(fact, referral, program, turn, &told)
      return send(told, turn)
    }
    var account = account
    account.kept += 1
    turn[Rows.kept, Self.part(account.kept)] = KeptFact(number: account.kept, fact: fact)
    turn[Rows.account] = account
  }

  /// Bound to a referrer: what was kept is replayed in order of arrival (DECISIONS T4).
  private func bind(_ attributed: ReferralAttributed, _ account: Account, _ program: Program, _ turn: Turn<Activity>) {
    let referral = Referral(
      referral: attributed.referral, referrer: attributed.referrer, attributedAt: attributed.attributedAt)
    let kept = turn.all(Rows.kept)
    for fact in kept { turn[Rows.kept, Self.part(fact.number)] = nil }
    turn[Rows.account] = Account(standing: .bound, referral: referral)
    if let offer = WelcomeOffer(attributed, terms: program.version(at: attributed.attributedAt)) {
      turn[Rows.offer] = offer
      turn.emit(.offerOpened(offer.opened(at: attributed.attributedAt, referrer: attributed.referrer)))
      turn.setTimer(at: offer.expiresAt, .offerExpires)
    }
    var told: [ActivityTold] = []
    if program.hasDiscounts {
      let because = Because("referred", ["attributedAt": .text(referral.attributedAt.description)])
      let now = Told(isActive: false, turns: [], since: referral.attributedAt)
      tell(now, at: referral.attributedAt, because, referral, turn, &told)
    }
    for fact in kept { apply(fact.fact, referral, program, turn, &told) }
    send(told, turn)
  }

  /// Bound to nobody: what was kept is dropped without a notice (DECISIONS T4).
  private func free(_ account: Account, _ turn: Turn<Activity>) {
    if account.kept > 0 {
      for fact in turn.all(Rows.kept) { turn[Rows.kept, Self.part(fact.number)] = nil }
    }
    turn[Rows.account] = Account(standing: .free)
  }

  /// Numbers order rows; text orders them as digits of one length.
  private static func part(_ number: Int64) -> RowPart {
    let digits = String(number)
    return .text(String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits)
  }

  // MARK: Facts of a referee

  private func apply(
    _ fact: BillingFact, _ referral: Referral, _ program: Program, _ turn: Turn<Activity>, _ told: inout [ActivityTold]
  ) {
    switch fact {
    case .status(let status):
      var subscription = turn[Rows.subscriptions, .id(status.subscription)] ?? RefereeSubscription(status.subscription)
      subscription.change(status)
      turn[Rows.subscriptions, .id(status.subscription)] = subscription
      judge(fact, referral, turn, &told)
    case .payment(let payment):
      if let offer = turn[Rows.offer], let plan = offer.plan(in: payment) {
        turn[Rows.offer] = nil
        turn.emit(.offerUsed(offer.used(by: payment, plan: plan)))
      }
      if program.hasDiscounts { pay(payment, referral, turn, &told) }
    case .refund(let part):
      takeBack(part, referral, turn, &told)
    }
  }

  /// A payment counts by its subscription and with an amount above zero (DECISIONS B2).
  private func pay(_ payment: PaymentFact, _ referral: Referral, _ turn: Turn<Activity>, _ told: inout [ActivityTold]) {
    let isKnown = turn[Rows.payments, .id(payment.payment)] != nil
    let waiting = isKnown ? turn.all(Rows.takenBack, .id(payment.payment)) : []
    for number in waiting.indices { turn[Rows.takenBack, .id(payment.payment), Self.part(Int64(number) + 1)] = nil }
    guard let subscriptionID = payment.subscription, payment.received > 0 else {
      if isKnown { turn[Rows.payments, .id(payment.payment)] = nil }
      return
    }
    turn[Rows.payments, .id(payment.payment)] = RefereePayment(
      settled: .init(subscription: subscriptionID, received: payment.received, currency: payment.currency))
    var subscription = turn[Rows.subscriptions, .id(subscriptionID)] ?? RefereeSubscription(subscriptionID)
    subscription.pay(payment.payment, at: payment.paidAt)
    turn[Rows.subscriptions, .id(subscriptionID)] = subscription
    judge(.payment(payment), referral, turn, &told)
    // What came before its payment is applied right after it, with the notices it would have given (DECISIONS T4).
    for part in waiting { takeBack(part, referral, turn, &told) }
  }

  private func takeBack(_ part: TakenBack, _ referral: Referral, _ turn: Turn<Activity>, _ told: inout [ActivityTold]) {
    var payment = turn[Rows.payments, .id(part.payment)] ?? RefereePayment()
    guard payment.settled?.isMoved(by: part) ?? true else { return }
    payment.parts += 1
    turn[Rows.takenBack, .id(part.payment), Self.part(payment.parts)] = part
    payment.settled?.take(part)
    if let settled = payment.settled, settled.left == 0 {
      payment.settled?.endedAt = settled.end(by: turn.all(Rows.takenBack, .id(part.payment)))
    }
    turn[Rows.payments, .id(part.payment)] = payment
    guard let settled = payment.settled, let endedAt = settled.endedAt,
      var subscription = turn[Rows.subscriptions, .id(settled.subscription)]
    else { return }
    subscription.end(part.payment, at: endedAt)
    turn[Rows.subscriptions, .id(settled.subscription)] = subscription
    judge(.refund(part), referral, turn, &told)
  }

  /// Tells Allocation what the facts make of the referee, if that is new.
  private func judge(_ fact: BillingFact, _ referral: Referral, _ turn: Turn<Activity>, _ told: inout [ActivityTold]) {
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
    _ now: Told, at instant: Instant, _ because: Because, _ referral: Referral, _ turn: Turn<Activity>,
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
  private func send(_ told: [ActivityTold], _ turn: Turn<Activity>) {
    guard let turns = told.last?.turns else { return }
    for var told in told {
      told.turns = turns
      turn.emit(.told(told))
    }
  }

  // MARK: Timers

  func fire(_ due: Due, at instant: Instant, _ turn: Turn<Activity>) throws(Rejection) {
    switch due {
    case .offerExpires:
      guard let offer = turn[Rows.offer] else { return }
      turn[Rows.offer] = nil
      turn.emit(.offerExpired(offer.expired))
    }
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
