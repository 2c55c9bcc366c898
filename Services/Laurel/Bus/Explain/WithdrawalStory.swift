import Contracts
import Terms
import Words

/// The story of one withdrawal request.
struct WithdrawalStory {
  let program: ProgramID
  let request: RequestID
  let owner: AccountID
  let chronicle: Chronicle

  /// The withdrawal that a message is about. `nil` for the provider's results, which name only the payout, and for spends.
  static func request(of message: any Message) -> RequestID? {
    // A program without withdrawals declines one as it declines a spend (DECISIONS R1).
    let isDeclined = (message as? BonusDeclined)?.reasons.contains(.notWithdrawable) ?? false
    let isOne = isDeclined || ["withdrawal", "payout"].contains(type(of: message).type.prefix { $0 != "." })
    return isOne ? (message as? any HasRequest)?.request : nil
  }

  var story: Story {
    // The usual payout name is always included, so that results without an instruction are shown too. The payout of a long request
    // id has another name, which only the instruction shows.
    let payouts = Set(
      chronicle.notices(PayoutInstructed.self, program).filter { isOwn($0) }.map(\.payout.value) + ["\(request)#1"])
    let asked = chronicle.inputs(program).compactMap { $0 as? WithdrawalRequested }.first {
      $0.request == request && $0.account == owner
    }
    let passages = chronicle.passages(program, naming: request.value, currency: asked?.currency) { message in
      switch message {
      case let m as any HasPayout where !(m is any Notice): m.key == owner.value && payouts.contains(m.payout.value)
      default: isOwn(message)
      }
    }
    return Story(
      title: "Withdrawal \(request) of \(owner), program \(program)", passages: passages, asOf: chronicle.clock, next: next(asked)
    )
  }

  private func isOwn(_ message: any Message) -> Bool { Self.request(of: message) == request && message.key == owner.value }

  // MARK: What comes next

  private func next(_ asked: WithdrawalRequested?) -> [String] {
    guard let asked else { return ["the request itself has not arrived; events about it are kept until it does"] }
    var standing: (any Notice)?
    var opened: WithdrawalOpened?
    for entry in chronicle.entries where entry.program == program {
      guard case .notice(let notice) = entry.happening, isOwn(notice) else { continue }
      switch notice {
      case let n as WithdrawalOpened: (opened, standing) = (n, n)
      case is WithdrawalAwaitingApproval, is PayoutInstructed, is WithdrawalPaid, is WithdrawalFailed, is WithdrawalReturned,
        is WithdrawalDeclined, is BonusDeclined:
        standing = notice
      default: break
      }
    }
    let money = MoneyText.amount(asked.amount, asked.currency)
    let due = opened.map { " It is due on \($0.dueAt.readable)." } ?? ""
    let sentence: String
    switch standing {
    case nil: sentence = "it waits until the ledger has answered about another request of \(owner)"
    case is WithdrawalOpened: sentence = "the ledger has not set the money aside yet.\(due)"
    case is WithdrawalAwaitingApproval: sentence = "\(money) are set aside, and an operator has to decide.\(due)"
    case is PayoutInstructed:
      sentence = "the provider was instructed to pay \(money). Its answer ends the withdrawal. Nothing is sent twice.\(due)"
    case is WithdrawalPaid: sentence = "it is closed: the money has arrived. If it is returned, it goes back to the balance"
    case is WithdrawalFailed: sentence = "it is closed: the money is back on the balance and can be withdrawn again"
    case is WithdrawalReturned:
      sentence = "it is closed: the provider returned the money. It is back on the balance and can be withdrawn again"
    case let declined as WithdrawalDeclined where declined.reasons.contains(.accountBanned):
      sentence = "it is closed: nothing is paid. \(owner) was banned, and may ask again once the account is reopened"
    case is BonusDeclined: sentence = "it is closed: nothing is paid, because the balance cannot be withdrawn"
    default: sentence = "it is closed: nothing is paid. Another request can be made"
    }
    let balance = chronicle.balance(of: owner, in: asked.currency, program).map {
      "the balance of \(owner) is \(NoticeText.standing($0))"
    }
    return [sentence] + [balance].compactMap { $0 }
  }
}
