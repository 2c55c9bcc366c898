import Contracts
import Terms
import Words

/// The story of one referral: how its referee registered, whether that bound anybody, and what came of it.
struct ReferralStory {
  let program: ProgramID
  let referee: AccountID
  let chronicle: Chronicle

  static func all(_ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> [Story] {
    guard let referee = Self.referee(id, program, chronicle) else { return [] }
    return [ReferralStory(program: program, referee: referee, chronicle: chronicle).story]
  }

  /// By the id of the account or of the referral.
  private static func referee(_ id: String, _ program: ProgramID, _ chronicle: Chronicle) -> AccountID? {
    if let notice = chronicle.notices(ReferralAttributed.self, program).first(where: { $0.referral.value == id }) {
      return notice.referee
    }
    return chronicle.inputs(program).compactMap { ($0 as? AccountRegistered)?.account }.first { $0.value == id }
  }

  private var attributed: ReferralAttributed? {
    chronicle.notices(ReferralAttributed.self, program).first { $0.referee == referee }
  }

  private var story: Story {
    let passages = chronicle.passages(program, naming: referee.value, currency: nil) { message in
      switch message {
      case let m as AccountRegistered: m.account == referee
      case let m as AccountClosed: m.account == referee
      case let m as SubscriptionChanged: m.account == referee
      case let n as ReferralAttributed: n.referee == referee
      case let n as ReferralRejected: n.referee == referee
      case let n as ReferralActivated: n.referee == referee
      case let n as ReferralDeactivated: n.referee == referee
      case let n as OfferOpened: n.account == referee
      case let n as OfferUsed: n.account == referee
      case let n as OfferExpired: n.account == referee
      default: false
      }
    }
    return Story(
      title: "The referral of \(referee), program \(program)", passages: passages, asOf: chronicle.clock, next: next)
  }

  // MARK: What comes next

  private var next: [String] {
    guard let attributed else {
      return ["nobody brought \(referee), for good: what it pays earns nobody anything"]
    }
    return (["its referrer is \(attributed.referrer), for good"] + earned(attributed) + [activity, offer].compactMap { $0 })
  }

  private func earned(_ attributed: ReferralAttributed) -> [String] {
    let rewards = chronicle.notices(RewardAccrued.self, program).filter { $0.referee == referee }
    let declined = chronicle.notices(RewardDeclined.self, program).count { $0.referee == referee }
    var sentences: [String] = []
    for (currency, rewards) in Dictionary(grouping: rewards, by: \.currency).sorted(by: { $0.key < $1.key }) {
      guard let sum = try? Money.sum(rewards.map(\.amount)) else { continue }
      sentences.append(
        "\(counted(rewards.count, "payment")) in \(currency) earned \(attributed.referrer) \(MoneyText.amount(sum, currency)) "
          + "(refunds not taken off): \(listed(rewards.prefix(10).map(\.payment.value)))")
    }
    if declined > 0 { sentences.append("\(counted(declined, "payment")) earned nothing: laurel explain payment says why") }
    return sentences
  }

  private var activity: String? {
    let program = chronicle.programs[self.program]
    guard program?.versions.contains(where: { $0.discounts != nil }) ?? false else { return nil }
    let turns = chronicle.entries.compactMap { entry -> Bool? in
      guard entry.program == self.program, case .said(let notice) = entry.happening else { return nil }
      if let n = notice as? ReferralActivated, n.referee == referee { return true }
      if let n = notice as? ReferralDeactivated, n.referee == referee { return false }
      return nil
    }
    let isActive = turns.last ?? false
    let run = program?.version(at: chronicle.clock).discounts?.schedule.next(after: chronicle.clock).readable
    return (isActive ? "it is an active referral" : "it is no active referral")
      + (run.map { ", and counts \(isActive ? "" : "not ")at the run of \($0) if that stays so" } ?? "")
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
