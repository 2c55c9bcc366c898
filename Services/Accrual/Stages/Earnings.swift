import Contracts
import JSON
import Streaming
import Terms

/// Keyed by payer: decides which payments earn, how much, and how much of that refunds and disputes leave.
///
/// It keeps the account's referrals, turnover and payments. It owns no balance and writes no notices; its decisions go to the referrer's
/// ledger.
struct EarningsStage: Stage {
  static let name = "earnings"

  static let reads: [Reads<Self>] = [
    // Attribution judges repeated registrations (DECISIONS R4). Here only the first counts.
    .on(EarningsStage.registered, repeats: .harmless),
    .on(EarningsStage.attributed),
    .on(EarningsStage.rejected),
    .on(EarningsStage.ended),
    .on(EarningsStage.counted),
    .on(EarningsStage.settled, repeats: .rememberedByStage),
    .on(fact(PaymentChange.refundRequested)),
    .on(fact(PaymentChange.refundDeclined)),
    .on(fact(PaymentChange.refunded)),
    .on(fact(PaymentChange.refundFailed)),
    .on(fact(PaymentChange.disputed)),
    .on(fact(PaymentChange.disputeClosed)),
  ]
  /// Used only if the terms have a refund window.
  static let timers: [Timers<Self>] = [.on(payments, EarningsStage.close), .on(awaitedFacts, EarningsStage.expire)]
  static let writes: [any Message.Type] = [RewardEarned.self, RewardRefused.self, RewardChanged.self, RewardsResumed.self]

  // MARK: State

  /// What is known of the payer.
  struct Payer: Stored, Equatable {
    /// Billing events wait until this is `known`.
    var standing = PayerStatus.unknown
    /// Its referrals in order of time. An operator may end one and begin the next (DECISIONS A1e).
    var referrals: [PayerReferral] = []
    /// How many billing events wait. Each has its own row.
    var waiting = 0
    /// Minor units by currency. Kept only if the terms have statuses.
    var turnovers: [String: Int64]?
    /// What its payments have earned, by referrer. Kept only if the terms limit that.
    var accrued: [String: Accrued]?

    init() {}
  }

  enum PayerStatus: String, JSONWord, Sendable {
    /// The account is not registered yet.
    case unknown
    /// Attribution has not decided about the registration yet.
    case registered
    /// Attribution has decided, so `referrals` is complete.
    case known
  }

  /// A billing event that arrived before attribution decided about its payer.
  enum BillingEvent: Stored {
    case payment(PaymentSettled)
    case fact(PaymentChange)

    var message: any Message {
      switch self {
      case .payment(let payment): payment
      case .fact(let fact): fact.message
      }
    }
  }

  static let payers = Table<NoKey, Payer>("payer")
  /// Waiting events by number, counted from 0.
  static let waiting = Table<Int, BillingEvent>("waiting")
  static let payments = Table<PaymentID, Payment>("payment", keepsDecoded: false)
  /// Facts that arrived before their payment, by payment and number, counted from 0.
  static let awaitedFacts = Table<KeyPair<PaymentID, Int>, AwaitedFact>("awaited")

  /// Refunds of payments that earned a reward.
  static let refunds = Table<KeyPair<PaymentID, RefundID>, Refund>("refund", keepsDecoded: false)

  private let programs: Programs

  init(_ programs: Programs) { self.programs = programs }

  /// `nil` if no version of the program has rewards; then the stage keeps no state for it.
  func program(_ id: ProgramID) -> Program? {
    programs[id].flatMap { program in program.versions.contains { $0.reward != nil } ? program : nil }
  }

  // MARK: Who referred the payer

  private func registered(_ registration: AccountRegistered, _ context: Context<Self>) {
    var payer = payer(context)
    guard payer.standing == .unknown else { return }
    if registration.referral == nil { return bind(nil, context) }
    payer.standing = .registered
    context[Self.payers] = payer
  }

  private func attributed(_ attributed: ReferralAttributed, _ context: Context<Self>) {
    var payer = payer(context)
    guard payer.standing != .known || attributed.request != nil else { return }
    let referral = PayerReferral(referrer: attributed.referrer, attributedAt: attributed.attributedAt)
    if payer.standing != .known {
      // Payments from before an operator's assignment are not judged again (DECISIONS A1e).
      if attributed.request == nil { return bind(referral, context) }
      bind(nil, context)
      payer = self.payer(context)
    }
    payer.referrals.append(referral)
    context[Self.payers] = payer
  }

  private func ended(_ end: ReferralEnded, _ context: Context<Self>) {
    var payer = payer(context)
    guard let place = payer.referrals.lastIndex(where: { $0.referrer == end.referrer && $0.endedAt == nil }) else { return }
    payer.referrals[place].endedAt = end.at
    context[Self.payers] = payer
  }

  private func rejected(_ rejection: ReferralRejected, _ context: Context<Self>) {
    // A rejected assignment changes nothing, and neither does a rejected second registration of an attributed account.
    if rejection.request == nil, !rejection.reasons.contains(.alreadyAttributed) { bind(nil, context) }
  }

  private func counted(_ counted: RewardsCounted, _ context: Context<Self>) {
    var payer = payer(context)
    payer.accrued = (payer.accrued ?? [:]).merging([counted.referrer.value: counted.accrued]) { $1 }
    context[Self.payers] = payer
  }

  /// Handles the waiting billing events in order of arrival. If nobody referred the account, they are dropped (DECISIONS T4).
  private func bind(_ referral: PayerReferral?, _ context: Context<Self>) {
    var payer = payer(context)
    guard payer.standing != .known else { return }
    let count = payer.waiting
    payer.standing = .known
    payer.referrals = referral.map { [$0] } ?? []
    payer.waiting = 0
    context[Self.payers] = payer
    guard count > 0 else { return }
    var replay: Replay? = Replay()
    for number in 0..<count {
      guard let event = context[Self.waiting, number] else { continue }
      context[Self.waiting, number] = nil
      do {
        try happen(event, &replay, context)
      } catch {
        context.reject(event.message, error)
      }
    }
    if let referral { resume(replay, at: referral.attributedAt, referral.referrer, context) }
  }

  func payer(_ context: Context<Self>) -> Payer { context[Self.payers] ?? Payer() }

  // MARK: Billing events

  private func settled(_ payment: PaymentSettled, _ context: Context<Self>) throws(Rejection) {
    var row = context[Self.payments, payment.payment] ?? Payment()
    if try context.isRepeat(of: row.memory) { return }
    row.memory = context.memory
    context[Self.payments, payment.payment] = row
    try take(.payment(payment), context)
  }

  /// Handles a fact about a payment.
  private static func fact<Fact>(_ change: @escaping @Sendable (Fact) -> PaymentChange) -> Reads<Self>.Handler<Fact> {
    { stage in { fact, context throws(Rejection) in try stage.take(.fact(change(fact)), context) } }
  }

  private func take(_ event: BillingEvent, _ context: Context<Self>) throws(Rejection) {
    var payer = payer(context)
    if payer.standing == .known {
      var replay: Replay?
      return try happen(event, &replay, context)
    }
    context[Self.waiting, payer.waiting] = event
    payer.waiting += 1
    context[Self.payers] = payer
  }

  private func happen(_ event: BillingEvent, _ replay: inout Replay?, _ context: Context<Self>) throws(Rejection) {
    let payer = payer(context)
    switch event {
    case .payment(let payment) where payer.referrals.isEmpty:
      // The payer is unattributed. If an operator assigns a referrer later, this payment is not judged again (DECISIONS A1e).
      guard var row = context[Self.payments, payment.payment] else { return }
      row.state = .over(closesAt: nil)
      context[Self.payments, payment.payment] = row
    case .payment(let payment): try settle(payment, payer, &replay, context)
    case .fact(let fact): if !payer.referrals.isEmpty { try learn(fact, &replay, context) }
    }
  }
}
