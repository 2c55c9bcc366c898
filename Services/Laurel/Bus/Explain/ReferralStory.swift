import Contracts
import Terms
import Words

/// The story of one referral: how the referee registered, whether it was attributed to a referrer, and what happened since.
struct ReferralStory {
  let program: ProgramID
  let referee: AccountID
  let chronicle: Chronicle

  static func all(_ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> [Story] {
    guard let referee = Self.referee(id, program, chronicle) else { return [] }
    return [ReferralStory(program: program, referee: referee, chronicle: chronicle).story]
  }

  /// The referee with this account id or referral id.
  private static func referee(_ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> AccountID? {
    if let notice = chronicle.notices(ReferralAttributed.self, program).first(where: { $0.referral.value == id }) {
      return notice.referee
    }
    return chronicle.inputs(program).compactMap(account).first { $0.value == id }
  }

  /// The account whose referral an event is about.
  private static func account(_ message: any Message) -> AccountID? {
    switch message {
    case let m as AccountRegistered: m.account
    case let m as ReferralAssignRequested: m.account
    case let m as ReferralEndRequested: m.account
    default: nil
    }
  }

  /// The latest attribution. An operator can end a referral and assign the account again (DECISIONS A1e).
  private var attributed: ReferralAttributed? {
    chronicle.notices(ReferralAttributed.self, program).last { $0.referee == referee }
  }

  private var ended: ReferralEnded? {
    guard let attributed else { return nil }
    return chronicle.notices(ReferralEnded.self, program).last {
      $0.referee == referee && $0.referrer == attributed.referrer && $0.at >= attributed.attributedAt
    }
  }

  private var isRegistered: Bool {
    chronicle.inputs(program).contains { ($0 as? AccountRegistered)?.account == referee }
  }

  private var story: Story {
    let passages = chronicle.passages(program, naming: referee.value, currency: nil) { message in
      if Self.account(message) == referee { return true }
      return switch message {
      case let m as AccountClosed: m.account == referee
      case let m as SubscriptionChanged: m.account == referee
      case let m as PaymentSettled: hasDiscounts && m.account == referee
      case let m as PaymentRefunded: hasDiscounts && m.account == referee
      case let m as RefundFailed: hasDiscounts && m.account == referee
      case let m as DisputeClosed: hasDiscounts && m.account == referee
      case is RewardAccrued, is RewardDeclined: false
      case let n as any HasReferee: n.referee == referee
      case let n as OfferOpened: n.account == referee
      case let n as OfferUsed: n.account == referee
      case let n as OfferExpired: n.account == referee
      default: false
      }
    }
    return Story(
      title: "The referral of \(referee), program \(program)", passages: passages, asOf: chronicle.clock, next: next)
  }

  /// Whether the program has discounts. Only then do payments and refunds matter to a referral: they decide whether it is active
  /// (row B2).
  private var hasDiscounts: Bool {
    chronicle.programs[program]?.versions.contains { $0.discounts != nil } ?? false
  }

  // MARK: What comes next

  private var next: [String] {
    guard isRegistered else { return ["\(referee) has not registered; the operator's decision is kept until it does"] }
    guard let attributed else {
      return ["nobody referred \(referee); its payments earn nothing unless an operator assigns it to a referrer"]
    }
    let standing =
      ended.map {
        "its referral by \(attributed.referrer) has ended: payments from \($0.at.readable) on earn nothing"
      }
      ?? "its referrer is \(attributed.referrer), unless an operator ends that"
    return ([standing] + earned(attributed) + [activity, offer].compactMap { $0 })
  }

  private func earned(_ attributed: ReferralAttributed) -> [String] {
    let rewards = chronicle.notices(RewardAccrued.self, program).filter { $0.referee == referee }
    let declined = chronicle.notices(RewardDeclined.self, program).count { $0.referee == referee }
    var sentences: [String] = []
    for (currency, rewards) in Dictionary(grouping: rewards, by: \.currency).sorted(by: { $0.key < $1.key }) {
      guard let sum = try? Money.sum(rewards.map(\.amount)) else { continue }
      sentences.append(
        "\(counted(rewards.count, "payment")) in \(currency) earned \(attributed.referrer) \(MoneyText.amount(sum, currency)) "
          + "(before refunds): \(listed(rewards.prefix(10).map(\.payment.value)))")
    }
    if declined > 0 { sentences.append("\(counted(declined, "payment")) earned nothing: see 'laurel explain payment'") }
    return sentences
  }

  private var activity: String? {
    let program = chronicle.programs[self.program]
    guard hasDiscounts else { return nil }
    let turns = chronicle.entries.compactMap { entry -> Bool? in
      guard entry.program == self.program, case .notice(let notice) = entry.happening else { return nil }
      if let n = notice as? ReferralActivated, n.referee == referee { return true }
      if let n = notice as? ReferralDeactivated, n.referee == referee { return false }
      return nil
    }
    let isActive = turns.last ?? false
    let run = program?.version(at: chronicle.clock).discounts?.schedule.next(after: chronicle.clock).readable
    return (isActive ? "it is an active referral" : "it is not an active referral")
      + (run.map { ", and \(isActive ? "counts" : "does not count") at the run of \($0) if that stays so" } ?? "")
  }

  private var offer: String? {
    guard let opened = chronicle.notices(OfferOpened.self, program).last(where: { $0.account == referee }) else { return nil }
    let isOver =
      chronicle.notices(OfferUsed.self, program).contains { $0.offer == opened.offer }
      || chronicle.notices(OfferExpired.self, program).contains { $0.offer == opened.offer }
    guard !isOver else { return nil }
    return "its offer of \(opened.percent) % for \(listed(opened.plans, "or")) is open until \(opened.expiresAt.readable)"
  }
}
