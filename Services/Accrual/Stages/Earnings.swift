import Contracts
import JSON
import Streaming
import Terms

/// Keyed by payer: which of an account's payments earn, how much, and what refunds and disputes leave of it.
///
/// It knows to whom an account is bound, the turnover and the payments; it owns no balance and writes no notice. What it decides
/// goes to the referrer's ledger.
struct EarningsStage: Stage {
  static let name = "earnings"

  static let reads: [Reads<Self>] = [
    // Attribution judges registrations that come twice (DECISIONS R4); here only the first one counts.
    .on(EarningsStage.registered, repeats: .harmless),
    .on(EarningsStage.attributed),
    .on(EarningsStage.rejected),
    .on(EarningsStage.settled, repeats: .rememberedByStage),
    .on(EarningsStage.refundRequested),
    .on(EarningsStage.refundDeclined),
    .on(EarningsStage.refunded),
    .on(EarningsStage.disputed),
    .on(EarningsStage.disputeClosed),
  ]
  /// Set only where terms have a refund window.
  static let timers: [Timers<Self>] = [.on(payments, EarningsStage.close), .on(awaitedFacts, EarningsStage.expire)]
  static let writes: [any Message.Type] = [RewardEarned.self, RewardRefused.self, RewardChanged.self, RewardsResumed.self]

  // MARK: State

  /// What is known of an account that may pay.
  struct Payer: Stored, Equatable {
    var standing = Standing.unknown(hasRegistered: false)
    /// Billing events that wait, in rows of their own.
    var waiting = 0
    /// Minor units by currency, where the terms have statuses.
    var turnovers: [String: Int64]?
    /// Payments that have earned, where the terms limit them.
    var earned: Int?

    init() {}
  }

  /// What is known about who referred an account.
  enum Standing: Stored, Equatable {
    /// Not registered yet, or its registration is still on its way through attribution: billing events wait.
    case unknown(hasRegistered: Bool)
    case referred(by: AccountID, attributedAt: Instant)
    /// Nobody, for good.
    case unreferred

    var referral: Referral? {
      if case .referred(let referrer, let attributedAt) = self {
        Referral(referrer: referrer, attributedAt: attributedAt)
      } else {
        nil
      }
    }
  }

  /// A billing event that came before it was known whether its payer is bound.
  enum BillingEvent: Stored {
    case payment(PaymentSettled)
    case fact(PaymentFact)

    var message: any Message {
      switch self {
      case .payment(let payment): payment
      case .fact(let fact): fact.message
      }
    }
  }

  static let payers = Table<NoKey, Payer>("payer")
  /// Events that wait, by their number from 0.
  static let waiting = Table<Int, BillingEvent>("waiting")
  static let payments = Table<PaymentID, Payment>("payment")
  /// Facts that came before their payment, by payment and number from 0.
  static let awaitedFacts = Table<KeyPair<PaymentID, Int>, AwaitedFact>("awaited")

  private let programs: Programs

  init(_ programs: Programs) { self.programs = programs }

  /// A program that rewards nobody in any version keeps nothing.
  func program(_ id: ProgramID) -> Program? {
    programs[id].flatMap { program in program.versions.contains { $0.reward != nil } ? program : nil }
  }

  // MARK: Who referred the payer

  private func registered(_ registration: AccountRegistered, _ turn: Turn<Self>) {
    var payer = payer(turn)
    guard case .unknown(hasRegistered: false) = payer.standing else { return }
    if registration.referral == nil {
      bind(.unreferred, turn)
    } else {
      payer.standing = .unknown(hasRegistered: true)
      turn[Self.payers] = payer
    }
  }

  private func attributed(_ referral: ReferralAttributed, _ turn: Turn<Self>) {
    bind(.referred(by: referral.referrer, attributedAt: referral.attributedAt), turn)
  }

  private func rejected(_ rejection: ReferralRejected, _ turn: Turn<Self>) {
    // A second registration of a bound account is rejected for that alone, and changes nothing.
    if !rejection.reasons.contains(.alreadyAttributed) { bind(.unreferred, turn) }
  }

  /// An account is bound once and for good; what waited for it happens now, in order of arrival, or never (DECISIONS T4).
  private func bind(_ standing: Standing, _ turn: Turn<Self>) {
    var payer = payer(turn)
    guard case .unknown = payer.standing else { return }
    let count = payer.waiting
    payer.standing = standing
    payer.waiting = 0
    turn[Self.payers] = payer
    guard count > 0 else { return }
    var replay: Replay? = Replay()
    for number in 0..<count {
      guard let event = turn[Self.waiting, number] else { continue }
      turn[Self.waiting, number] = nil
      guard let referral = standing.referral else { continue }
      do {
        try happen(event, referral, &replay, turn)
      } catch {
        turn.refuse(event.message, error)
      }
    }
    if let referral = standing.referral { resume(replay, at: referral.attributedAt, referral, turn) }
  }

  func payer(_ turn: Turn<Self>) -> Payer { turn[Self.payers] ?? Payer() }

  // MARK: Billing events

  private func settled(_ payment: PaymentSettled, _ turn: Turn<Self>) throws(Rejection) {
    var row = turn[Self.payments, payment.payment] ?? Payment()
    if try turn.isRepeat(of: row.memory) { return }
    row.memory = turn.memory
    turn[Self.payments, payment.payment] = row
    try take(.payment(payment), turn)
  }

  private func refundRequested(_ fact: RefundRequested, _ turn: Turn<Self>) throws(Rejection) {
    try take(.fact(.refundRequested(fact)), turn)
  }

  private func refundDeclined(_ fact: RefundDeclined, _ turn: Turn<Self>) throws(Rejection) {
    try take(.fact(.refundDeclined(fact)), turn)
  }

  private func refunded(_ fact: PaymentRefunded, _ turn: Turn<Self>) throws(Rejection) {
    try take(.fact(.refunded(fact)), turn)
  }

  private func disputed(_ fact: PaymentDisputed, _ turn: Turn<Self>) throws(Rejection) {
    try take(.fact(.disputed(fact)), turn)
  }

  private func disputeClosed(_ fact: DisputeClosed, _ turn: Turn<Self>) throws(Rejection) {
    try take(.fact(.disputeClosed(fact)), turn)
  }

  private func take(_ event: BillingEvent, _ turn: Turn<Self>) throws(Rejection) {
    var payer = payer(turn)
    if let referral = payer.standing.referral {
      var replay: Replay?
      try happen(event, referral, &replay, turn)
    } else if case .unknown = payer.standing {
      turn[Self.waiting, payer.waiting] = event
      payer.waiting += 1
      turn[Self.payers] = payer
    }
  }

  private func happen(
    _ event: BillingEvent, _ referral: Referral, _ replay: inout Replay?, _ turn: Turn<Self>
  ) throws(Rejection) {
    switch event {
    case .payment(let payment): try settle(payment, referral, &replay, turn)
    case .fact(let fact): try learn(fact, referral, &replay, turn)
    }
  }
}
