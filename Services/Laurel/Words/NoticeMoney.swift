import Contracts

extension NoticeText {
  /// The currency of a notice's amounts. `nil` if the notice does not name it.
  package static func currency(of notice: any Notice) -> Currency? {
    if let balance = balance(after: notice) { return balance.currency }
    return switch notice {
    case let n as BonusDeclined: n.currency
    case let n as WithdrawalOpened: n.currency
    case let n as WithdrawalAwaitingApproval: n.currency
    case let n as PayoutInstructed: n.currency
    case let n as WithdrawalPaid: n.currency
    case let n as WithdrawalFailed: n.currency
    case let n as WithdrawalReturned: n.currency
    default: nil
    }
  }

  /// The balance in a notice. `nil` if it contains none.
  package static func balance(after notice: any Notice) -> Balance? {
    switch notice {
    case let n as RewardAccrued: n.balance
    case let n as RewardCredited: n.balance
    case let n as RewardUnlocked: n.balance
    case let n as RewardFrozen: n.balance
    case let n as RewardUnfrozen: n.balance
    case let n as RewardAdjusted: n.balance
    case let n as RewardReversed: n.balance
    case let n as RewardRestored: n.balance
    case let n as BonusReserved: n.balance
    case let n as BonusCaptured: n.balance
    case let n as BonusReleased: n.balance
    case let n as BonusReturned: n.balance
    case let n as BalanceCorrected: n.balance
    case let n as WithdrawalReserved: n.balance
    case let n as WithdrawalReleased: n.balance
    case let n as WithdrawalBooked: n.balance
    case let n as WithdrawalRestored: n.balance
    default: nil
    }
  }
}
