import Contracts

/// The subject of a notice, whatever was decided. It matches a notice under one of the terms with its counterpart under the other.
struct NoticeIdentity: Hashable, Sendable {
  let program: ProgramID
  let type: String
  /// The business ids of the notice, without the terms, the envelope's id and the sequence.
  let subject: String

  init(_ notice: any Notice, program: ProgramID) {
    self.init(program: program, type: Swift.type(of: notice).type, subject: Self.joined([notice.key] + Self.ids(notice)))
  }

  private init(program: ProgramID, type: String, subject: String) {
    self.program = program
    self.type = type
    self.subject = subject
  }

  /// The opposite decision on the same subject, which the other terms may have made. `nil` if there is none.
  func opposite(of notice: any Notice) -> NoticeIdentity? {
    if let n = notice as? DiscountAssigned {
      return NoticeIdentity(program: program, type: DiscountSkipped.type, subject: Self.joined([n.key, n.period]))
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
    ["balance", "bonus", "payout", "withdrawal"].contains(Swift.type(of: notice).type.prefix { $0 != "." })
  }

  /// The ids of the subject below the notice's key.
  private static func ids(_ notice: any Notice) -> [String] {
    switch notice {
    case let n as CodeIssued: [n.code.value]
    case is ClickCounted, is ClickRejected: [notice.instant.description]
    case let n as ReferralAttributed: [n.request?.value ?? ""]
    case let n as ReferralRejected: [n.request?.value ?? ""]
    case let n as RewardAccrued: [n.referee.value, n.payment.value]
    case let n as RewardDeclined: [n.referee.value, n.payment.value]
    case let n as RewardFrozen: [n.reward.value, n.cause.rawValue]
    case let n as RewardUnfrozen: [n.reward.value, n.cause.rawValue]
    case let n as RewardAdjusted: [n.reward.value, n.refund.value]
    // A refund before the credit has only its own id, too: `RewardAdjusted` is the opposite.
    case let n as RewardReversed: [n.reward.value] + [n.refund?.value, n.dispute.map { "dispute \($0)" }].compactMap { $0 }
    case let n as RewardRestored: [n.reward.value, n.refund?.value ?? "", n.dispute?.value ?? ""]
    case let n as any HasReward: [n.reward.value]
    case let n as BonusReturned: [n.request.value, n.return.value]
    case let n as PayoutInstructed: [n.payout.value]
    // The last order counts, whichever request set it.
    case is CompanyOrderRecorded: []
    case let n as any HasRequest: [n.request.value]
    case let n as any HasReferee: [n.referee.value]
    case let n as DiscountAssigned: [n.company.value, n.period]
    case let n as DiscountApplied: [n.company.value, n.period]
    case let n as DiscountVoided: [n.company.value, n.period]
    case let n as DiscountRestored: [n.company.value, n.invoice.value]
    case let n as DiscountSkipped: [n.period]
    default: []
    }
  }

  /// No identifier contains the separator, so different ids never give the same subject.
  private static func joined(_ ids: [String]) -> String { ids.joined(separator: "\u{1f}") }
}
