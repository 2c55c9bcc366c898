import Contracts
import Terms
import Words

/// The story of one company: its subscriptions and invoices, and the discounts that the monthly runs assigned to it.
struct CompanyStory {
  let program: ProgramID
  let company: CompanyID
  let owner: AccountID
  let chronicle: Chronicle

  static func company(of message: any Message) -> CompanyID? { (message as? any HasCompany)?.company }

  var story: Story {
    var passages = chronicle.passages(program, naming: company.value, currency: nil) { message in
      switch message {
      case let m as CompanyOrderSet: m.account == owner && m.companies.contains(company)
      case let n as DiscountSkipped: n.account == owner
      default: Self.company(of: message) == company && message.key == owner.value
      }
    }
    // A share of 0 % causes no notice. The notices of the owner's other companies show that the run took place.
    for run in runsWithoutShare {
      passages.append(
        Story.Passage(
          at: run.asOf, isDecision: true, text: "company \(company) of \(owner) gets nothing in \(run.period)",
          because: [
            "by \(run.terms): the owner's \(counted(run.activeReferrals, "active referral")) went to companies before it in the "
              + "order, too few were left for the first tier, or it was closed or without a subscription"
          ]))
    }
    return Story(
      title: "Company \(company) of \(owner), program \(program)", passages: Story.inOrderOfTime(passages),
      asOf: chronicle.clock, next: next)
  }

  private var runsWithoutShare: [DiscountAssigned] {
    let dealt = chronicle.notices(DiscountAssigned.self, program).filter { $0.account == owner }
    let first = chronicle.inputs(program).filter { Self.company(of: $0) == company && $0 is SubscriptionChanged }.map(\.instant)
      .min()
    let runs = Dictionary(dealt.map { ($0.asOf, $0) }, uniquingKeysWith: { first, _ in first })
    return runs.values.filter { run in
      !dealt.contains { $0.asOf == run.asOf && $0.company == company } && first.map { $0 < run.asOf } ?? false
    }.sorted { $0.asOf < $1.asOf }
  }

  // MARK: What comes next

  private var next: [String] {
    guard let terms = chronicle.programs[program] else { return [Story.withoutTerms] }
    guard let schedule = terms.version(at: chronicle.clock).discounts?.schedule else {
      return ["the terms in force have no discounts for companies"]
    }
    let run = schedule.next(after: chronicle.clock).readable
    let dealt = chronicle.notices(DiscountAssigned.self, program).last { $0.company == company && $0.account == owner }
    let open = dealt.flatMap { isOpen($0.assignment) ? $0 : nil }
    guard let open else { return ["no discount is open; the next run is on \(run)"] }
    return [
      "its \(open.percent) % are taken off the first invoice issued before the next run, on \(run); that run replaces an unused "
        + "discount"
    ]
  }

  /// The last notice about the assignment decides.
  private func isOpen(_ assignment: AssignmentID) -> Bool {
    chronicle.entries.reduce(true) { isOpen, entry in
      guard entry.program == program, case .notice(let notice) = entry.happening else { return isOpen }
      return switch notice {
      case let n as DiscountApplied where n.assignment == assignment: false
      case let n as DiscountVoided where n.assignment == assignment: false
      case let n as DiscountRestored where n.assignment == assignment: true
      default: isOpen
      }
    }
  }
}
