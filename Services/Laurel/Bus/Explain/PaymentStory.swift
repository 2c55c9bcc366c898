import Contracts
import Terms
import Words

/// The story of one payment: what it earned and for whom, what happened to the reward, and when the reward can be used.
struct PaymentStory {
  let program: ProgramID
  let payment: PaymentID
  let payer: AccountID
  let chronicle: Chronicle

  static func payment(of message: any Message) -> PaymentID? {
    // A notice about a payment can have another key than its payer.
    message is any Notice ? nil : (message as? any HasPayment)?.payment
  }

  var story: Story {
    let settled = chronicle.inputs(program).compactMap { $0 as? PaymentSettled }.first {
      $0.payment == payment && $0.account == payer
    }
    let accrued = chronicle.notices(RewardAccrued.self, program).first { $0.payment == payment && $0.referee == payer }
    let passages = chronicle.passages(program, naming: payment.value, currency: settled?.currency) { message in
      concerns(message, reward: accrued?.reward)
    }
    return Story(
      title: "Payment \(payment) of \(payer), program \(program)", passages: passages, asOf: chronicle.clock,
      next: next(settled, accrued))
  }

  private func concerns(_ message: any Message, reward: RewardID?) -> Bool {
    if Self.payment(of: message) == payment, message.key == payer.value { return true }
    switch message {
    case let n as ReferralAttributed: return n.referee == payer
    case let n as ReferralRejected: return n.referee == payer
    case let n as RewardDeclined: return n.payment == payment && n.referee == payer
    case let n as OfferUsed: return n.payment == payment && n.account == payer
    case let n as ReferralActivated: return n.referee == payer && n.because.contains { $0["payment"] == .text(payment.value) }
    case let n as ReferralDeactivated: return n.referee == payer && n.because.contains { $0["payment"] == .text(payment.value) }
    default: return reward != nil && (message as? any HasReward)?.reward == reward
    }
  }

  // MARK: What comes next

  private func next(_ settled: PaymentSettled?, _ accrued: RewardAccrued?) -> [String] {
    guard settled != nil else { return ["the payment itself has not arrived; events about it are kept until it does"] }
    if let accrued { return next(of: accrued) }
    if chronicle.notices(RewardDeclined.self, program).contains(where: { $0.payment == payment && $0.referee == payer }) {
      return ["that is final: this payment will earn nothing"]
    }
    return [withoutNotice]
  }

  /// Where the payment has arrived, and whether all that has arrived of it was rejected.
  private var arrival: (index: Int, isRejected: Bool)? {
    var found: (index: Int, isRejected: Bool)?
    for (index, entry) in chronicle.entries.enumerated() where entry.program == program {
      switch entry.happening {
      case .arrived(let message as PaymentSettled, _) where message.payment == payment && message.account == payer:
        return (index, false)
      case .rejected(let message as PaymentSettled, _, _) where message.payment == payment && message.account == payer:
        found = found ?? (index, true)
      default: break
      }
    }
    return found
  }

  /// Whether the payer had no referrer yet when the payment arrived.
  private func precedesAttribution(_ index: Int) -> Bool {
    let attributed = chronicle.entries.firstIndex { entry in
      guard entry.program == program, case .notice(let notice as ReferralAttributed) = entry.happening else { return false }
      return notice.referee == payer && notice.request != nil
    }
    return attributed.map { index < $0 } ?? false
  }

  private var withoutNotice: String {
    let arrival = arrival
    if let arrival, arrival.isRejected { return "it was rejected, and counts for nothing" }
    guard let terms = chronicle.programs[program] else { return Story.withoutTerms }
    guard terms.versions.contains(where: { $0.reward != nil }) else {
      return "the program rewards no payments; this one may count for an active referral"
    }
    if chronicle.notices(ReferralAttributed.self, program).contains(where: { $0.referee == payer }) {
      if let arrival, precedesAttribution(arrival.index) {
        return "it came before \(payer) was assigned to a referrer; payments are not judged again, so it earns nothing"
      }
      return "the terms in force have no reward for payments, so it earns nothing"
    }
    let registered = chronicle.inputs(program).contains { ($0 as? AccountRegistered)?.account == payer }
    return registered
      ? "nobody referred \(payer), so the payment earns nothing"
      : "its payer, \(payer), has not registered; the payment is kept and judged at the registration"
  }

  private func next(of accrued: RewardAccrued) -> [String] {
    var progress = RewardProgress(accrued)
    for entry in chronicle.entries where entry.program == program {
      if case .notice(let notice) = entry.happening, (notice as? any HasReward)?.reward == accrued.reward {
        progress.hear(notice)
      }
    }
    let standing = chronicle.balance(of: accrued.referrer, in: accrued.currency, program).map {
      "the balance of \(accrued.referrer) is \(NoticeText.standing($0))"
    }
    return [progress.next] + [standing].compactMap { $0 }
  }
}

/// The progress of a reward, by the notices about it.
struct RewardProgress {
  private let accrued: RewardAccrued
  private let creditAt: Instant?
  private var amount: Int64
  private var isCredited = false
  private var isUnlocked = false
  private var causes: [FreezeCause] = []

  init(_ accrued: RewardAccrued) {
    self.accrued = accrued
    amount = accrued.amount
    creditAt = accrued.because.first { $0.code == "hold" }?.text("creditAt").flatMap(Instant.init(rfc3339:))
  }

  mutating func hear(_ notice: any Notice) {
    switch notice {
    case is RewardCredited: isCredited = true
    case is RewardUnlocked: isUnlocked = true
    case let n as RewardAdjusted: amount = n.amount
    case let n as RewardReversed: amount += n.delta
    case let n as RewardRestored: amount = n.amount
    case let n as RewardFrozen: causes.append(n.cause)
    case let n as RewardUnfrozen: causes.removeAll { $0 == n.cause }
    default: break
    }
  }

  var next: String {
    let money = MoneyText.amount(amount, accrued.currency)
    guard amount > 0 else { return "nothing is left of the reward" }
    let isAvailable = isUnlocked || isCredited && accrued.availableAt == (creditAt ?? accrued.availableAt)
    if !causes.isEmpty {
      let cause = listed(
        causes.map { cause in
          switch cause {
          case .dispute: "the dispute"
          case .refundRequested: "the request for a refund"
          case .other(let word): "'\(word)'"
          }
        })
      return "\(money) are held until \(cause) is settled"
        + (isAvailable ? "" : isCredited ? ", and until \(accrued.availableAt.readable)" : ", and not credited before then")
    }
    if isAvailable { return "its \(money) have become part of the available balance of \(accrued.referrer)" }
    if isCredited { return "\(money) are credited, and can be used from \(accrued.availableAt.readable) on" }
    let credit = "\(money) will be credited on \((creditAt ?? accrued.availableAt).readable)"
    return creditAt == accrued.availableAt ? credit : credit + ", and can be used from \(accrued.availableAt.readable) on"
  }
}
