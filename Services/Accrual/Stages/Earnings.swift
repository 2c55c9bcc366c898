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

  enum Input: Sendable {
    case registered(AccountRegistered)
    case attributed(ReferralAttributed)
    case rejected(ReferralRejected)
    case paid(PaymentSettled)
    case refundRequested(RefundRequested)
    case refundDeclined(RefundDeclined)
    case refunded(PaymentRefunded)
    case disputed(PaymentDisputed)
    case disputeClosed(DisputeClosed)
  }

  enum Output: StageOutput {
    case earned(RewardEarned)
    case refused(RewardRefused)
    case changed(RewardChanged)
    case resumed(RewardsResumed)

    var message: any Message {
      switch self {
      case .earned(let step): step
      case .refused(let step): step
      case .changed(let step): step
      case .resumed(let step): step
      }
    }
  }

  /// Set only where terms have a refund window.
  enum Due: Stored {
    /// The refund window of a payment closes.
    case closes(PaymentID)
    /// The refund window of any payment that a waiting fact can be about has closed.
    case expires(PaymentID, number: Int)
  }

  static let accepts: [Accepts<Input>] = [
    // Attribution judges registrations that come twice (DECISIONS R4); here only the first one counts.
    .on(Input.registered, repeats: .harmless),
    .on(Input.attributed),
    .on(Input.rejected),
    .on(Input.paid),
    .on(Input.refundRequested),
    .on(Input.refundDeclined),
    .on(Input.refunded),
    .on(Input.disputed),
    .on(Input.disputeClosed),
  ]

  // MARK: State

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

  static let standings = Table<Standing>("standing")
  /// Events that wait, by their number from 0, and how many there are.
  static let waiting = Table<BillingEvent>("waiting")
  static let waitingCounts = Table<Int>("waiting-count")
  static let payments = Table<PaymentState>("payment")
  /// Facts that came before their payment, by payment and number from 0.
  static let awaitedFacts = Table<PaymentFact>("awaited")
  /// Minor units by currency, where the terms have statuses.
  static let turnovers = Table<Int64>("turnover")
  /// Payments that have earned, where the terms limit them.
  static let earnedCounts = Table<Int>("earned-count")

  private let programs: Programs

  init(_ programs: Programs) { self.programs = programs }

  // MARK: The walk of an event

  func handle(_ input: Input, _ turn: Turn<Self>) throws(Rejection) {
    // A program that rewards nobody in any version keeps nothing.
    guard let program = programs[turn.program], program.versions.contains(where: { $0.reward != nil }) else { return }
    switch input {
    case .registered(let registration): register(registration, program, turn)
    case .attributed(let referral):
      bind(.referred(by: referral.referrer, attributedAt: referral.attributedAt), program, turn)
    case .rejected(let rejection):
      // A second registration of a bound account is rejected for that alone, and changes nothing.
      if !rejection.reasons.contains(.alreadyAttributed) { bind(.unreferred, program, turn) }
    case .paid(let payment): try take(.payment(payment), program, turn)
    case .refundRequested(let fact): try take(.fact(.refundRequested(fact)), program, turn)
    case .refundDeclined(let fact): try take(.fact(.refundDeclined(fact)), program, turn)
    case .refunded(let fact): try take(.fact(.refunded(fact)), program, turn)
    case .disputed(let fact): try take(.fact(.disputed(fact)), program, turn)
    case .disputeClosed(let fact): try take(.fact(.disputeClosed(fact)), program, turn)
    }
  }

  func fire(_ due: Due, at instant: Instant, _ turn: Turn<Self>) throws(Rejection) {
    switch due {
    case .closes(let payment): close(payment, at: instant, turn)
    case .expires(let payment, let number): expire(payment, number, turn)
    }
  }

  // MARK: Who referred the payer

  private func register(_ registration: AccountRegistered, _ program: Program, _ turn: Turn<Self>) {
    guard case .unknown(hasRegistered: false) = standing(turn) else { return }
    if registration.referral == nil {
      bind(.unreferred, program, turn)
    } else {
      turn[Self.standings] = .unknown(hasRegistered: true)
    }
  }

  /// An account is bound once and for good; what waited for it happens now, in order of arrival, or never (DECISIONS T4).
  private func bind(_ standing: Standing, _ program: Program, _ turn: Turn<Self>) {
    guard case .unknown = self.standing(turn) else { return }
    turn[Self.standings] = standing
    guard let count = turn[Self.waitingCounts] else { return }
    turn[Self.waitingCounts] = nil
    var replay: Replay? = Replay()
    for number in 0..<count {
      let row = RowPart.text("\(number)")
      guard let event = turn[Self.waiting, row] else { continue }
      turn[Self.waiting, row] = nil
      guard let referral = standing.referral else { continue }
      do {
        try happen(event, referral, program, &replay, turn)
      } catch {
        turn.refuse(event.message, error)
      }
    }
    if let referral = standing.referral { resume(replay, at: referral.attributedAt, referral, turn) }
  }

  private func standing(_ turn: Turn<Self>) -> Standing { turn[Self.standings] ?? .unknown(hasRegistered: false) }

  // MARK: Billing events

  private func take(_ event: BillingEvent, _ program: Program, _ turn: Turn<Self>) throws(Rejection) {
    let standing = standing(turn)
    if let referral = standing.referral {
      var replay: Replay?
      try happen(event, referral, program, &replay, turn)
    } else if case .unknown = standing {
      let count = turn[Self.waitingCounts] ?? 0
      turn[Self.waiting, .text("\(count)")] = event
      turn[Self.waitingCounts] = count + 1
    }
  }

  private func happen(
    _ event: BillingEvent, _ referral: Referral, _ program: Program, _ replay: inout Replay?, _ turn: Turn<Self>
  ) throws(Rejection) {
    switch event {
    case .payment(let payment): try settle(payment, referral, program, &replay, turn)
    case .fact(let fact): try learn(fact, referral, program, &replay, turn)
    }
  }
}
