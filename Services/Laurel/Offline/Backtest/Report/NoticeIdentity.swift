import Contracts

/// The subject of a notice, whatever was decided. It matches a notice under one of the terms with its counterpart under the other.
struct NoticeIdentity: Hashable, Sendable {
  let program: ProgramID
  let type: String
  /// The business ids of the notice, without the terms, the envelope's id and the sequence.
  let subject: String

  init(_ notice: any Notice, program: ProgramID) {
    self.init(program: program, type: Swift.type(of: notice).type, subject: Self.subject(notice) ?? notice.key)
  }

  private init(program: ProgramID, type: String, subject: String) {
    self.program = program
    self.type = type
    self.subject = subject
  }

  /// The opposite decision on the same subject, which the other terms may have made. `nil` if there is none.
  func opposite(of notice: any Notice) -> NoticeIdentity? {
    if let n = notice as? DiscountAssigned {
      return NoticeIdentity(program: program, type: DiscountSkipped.type, subject: Self.joined(n.account.value, n.period))
    }
    return Self.opposites[type].map { NoticeIdentity(program: program, type: $0, subject: subject) }
  }

  private static let opposites: [String: String] = {
    let pairs: [(any Notice.Type, any Notice.Type)] = [
      (RewardAccrued.self, RewardDeclined.self), (ReferralAttributed.self, ReferralRejected.self),
      (ClickCounted.self, ClickRejected.self), (RewardAdjusted.self, RewardReversed.self),
      (BonusReserved.self, BonusDeclined.self), (WithdrawalReserved.self, WithdrawalDeclined.self),
    ]
    return Dictionary(uniqueKeysWithValues: pairs.flatMap { [($0.type, $1.type), ($1.type, $0.type)] })
  }()

  /// Whether the notice reports a decision of the terms. What follows from a decision (a credit, a payout) is counted too, but is a
  /// poorer example.
  static func isDecision(_ notice: any Notice) -> Bool {
    switch notice {
    case is RewardAccrued, is RewardDeclined, is ReferralAttributed, is ReferralRejected, is DiscountAssigned, is DiscountSkipped,
      is OfferOpened, is BonusDeclined, is WithdrawalDeclined, is CodeDeclined, is ClickRejected:
      true
    default: false
    }
  }

  /// Whether the notice answers a spend, a withdrawal or a correction. They were requested under the current terms, so the answers
  /// say nothing about other terms.
  static func isUse(_ notice: any Notice) -> Bool {
    switch notice {
    case is BonusReserved, is BonusCaptured, is BonusReleased, is BonusReturned, is BonusDeclined, is BalanceCorrected,
      is WithdrawalReserved, is WithdrawalReleased, is WithdrawalBooked, is WithdrawalRestored, is WithdrawalOpened,
      is WithdrawalAwaitingApproval, is WithdrawalPaid, is WithdrawalFailed, is WithdrawalReturned, is WithdrawalDeclined,
      is WithdrawalDueSoon, is WithdrawalOverdue, is PayoutInstructed:
      true
    default: false
    }
  }

  private static func subject(_ notice: any Notice) -> String? {
    attribution(notice) ?? reward(notice) ?? request(notice) ?? discount(notice)
  }

  private static func attribution(_ notice: any Notice) -> String? {
    switch notice {
    case let n as CodeIssued: joined(n.account.value, n.code.value)
    case let n as CodeDeclined: joined(n.account.value, n.request.value)
    case let n as ClickCounted: joined(n.code.value, n.at.description)
    case let n as ClickRejected: joined(n.code.value, n.at.description)
    case let n as ReferralAttributed: joined(n.referee.value, n.request?.value ?? "")
    case let n as ReferralRejected: joined(n.referee.value, n.request?.value ?? "")
    case let n as ReferralEnded: joined(n.referee.value, n.request.value)
    default: nil
    }
  }

  private static func reward(_ notice: any Notice) -> String? {
    switch notice {
    case let n as RewardAccrued: joined(n.referrer.value, n.referee.value, n.payment.value)
    case let n as RewardDeclined: joined(n.referrer.value, n.referee.value, n.payment.value)
    case let n as RewardCredited: joined(n.referrer.value, n.reward.value)
    case let n as RewardUnlocked: joined(n.referrer.value, n.reward.value)
    case let n as RewardFrozen: joined(n.referrer.value, n.reward.value, n.cause.rawValue)
    case let n as RewardUnfrozen: joined(n.referrer.value, n.reward.value, n.cause.rawValue)
    case let n as RewardAdjusted: joined(n.referrer.value, n.reward.value, n.refund.value)
    case let n as RewardReversed: joined(n.referrer.value, n.reward.value, n.refund?.value ?? "", n.dispute?.value ?? "")
    case let n as RewardRestored: joined(n.referrer.value, n.reward.value, n.refund?.value ?? "", n.dispute?.value ?? "")
    default: nil
    }
  }

  private static func request(_ notice: any Notice) -> String? {
    switch notice {
    case let n as BonusReserved: joined(n.referrer.value, n.request.value)
    case let n as BonusCaptured: joined(n.referrer.value, n.request.value)
    case let n as BonusReleased: joined(n.referrer.value, n.request.value)
    case let n as BonusReturned: joined(n.referrer.value, n.request.value, n.return.value)
    case let n as BalanceCorrected: joined(n.referrer.value, n.request.value)
    case let n as BonusDeclined: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalReserved: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalReleased: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalBooked: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalRestored: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalReturned: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalOpened: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalAwaitingApproval: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalPaid: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalFailed: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalDeclined: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalDueSoon: joined(n.referrer.value, n.request.value)
    case let n as WithdrawalOverdue: joined(n.referrer.value, n.request.value)
    case let n as PayoutInstructed: joined(n.referrer.value, n.payout.value)
    default: nil
    }
  }

  private static func discount(_ notice: any Notice) -> String? {
    switch notice {
    case let n as OfferOpened: n.account.value
    case let n as OfferUsed: n.account.value
    case let n as OfferExpired: n.account.value
    case let n as ReferralActivated: joined(n.referrer.value, n.referee.value)
    case let n as ReferralDeactivated: joined(n.referrer.value, n.referee.value)
    case let n as DiscountAssigned: joined(n.account.value, n.company.value, n.period)
    case let n as DiscountApplied: joined(n.account.value, n.company.value, n.period)
    case let n as DiscountVoided: joined(n.account.value, n.company.value, n.period)
    case let n as DiscountRestored: joined(n.account.value, n.company.value, n.invoice.value)
    case let n as DiscountSkipped: joined(n.account.value, n.period)
    default: nil
    }
  }

  /// No identifier contains the separator, so different ids never give the same subject.
  private static func joined(_ ids: String...) -> String { ids.joined(separator: "\u{1f}") }
}
