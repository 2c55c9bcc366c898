import Contracts
import Terms

/// The monthly run of one account (rows B4, B5, B6, B8, B9), with the facts just before its instant, however late it is held.
struct MonthlyRun {
  let asOf: Instant
  let terms: DiscountTerms
  let own: OwnFacts
  /// The order that the user had asked for.
  let wished: [CompanyID]?
  /// Active referees.
  let active: Int64

  enum Decision {
    /// Every reason that holds (DECISIONS R1).
    case skipped([SkipReason], because: [Because])
    /// Can be empty: a share of 0 % is no assignment (DECISIONS B4).
    case assigned([DiscountTerms.Share])
  }

  func decide() -> Decision {
    let pending = own.invoices.filter { $0.isOverdue(before: asOf) }
    let known = own.companies.filter { $0.isKnown(before: asOf) }
    let canceled = known.reduce(into: [CompanyID: Cancellation.Cause]()) { causes, company in
      causes[company.company] = own.cancellation(of: company).cause(before: asOf)
    }
    let companies = Self.order(known.filter { canceled[$0.company] == nil }, wished: wished ?? []).map(\.company)
    let reasons = Self.reasonsToSkip(hasPendingPayments: !pending.isEmpty, companies: companies, active: active, terms)
    guard reasons.isEmpty else {
      return .skipped(reasons, because: reasons.map { because($0, pending: pending, canceled: canceled) })
    }
    return .assigned(terms.shares(of: active, companies: companies))
  }

  static func reasonsToSkip(
    hasPendingPayments: Bool, companies: [CompanyID], active: Int64, _ terms: DiscountTerms
  ) -> [SkipReason] {
    var reasons: [SkipReason] = []
    if hasPendingPayments { reasons.append(.pendingPayments) }
    if companies.isEmpty { reasons.append(.noActiveCompany) }
    if !(terms.tiers.first.map { active >= $0.from } ?? false) { reasons.append(.belowMinimum) }
    return reasons
  }

  /// The order of companies (row B9): as the user wishes, then by first subscription. Wished companies that are unknown are skipped.
  static func order(_ known: [Company], wished: [CompanyID]) -> [Company] {
    let byFirst = known.sorted { left, right in
      guard let left = left.first, let right = right.first else { return left.first != nil && right.first == nil }
      return (left.at, left.number) < (right.at, right.number)
    }
    let byID = Dictionary(byFirst.map { ($0.company, $0) }, uniquingKeysWith: { first, _ in first })
    var taken: Set<CompanyID> = []
    let asWished = wished.compactMap { taken.insert($0).inserted ? byID[$0] : nil }
    return asWished + byFirst.filter { !taken.contains($0.company) }
  }

  private func because(_ reason: SkipReason, pending: [Invoice], canceled: [CompanyID: Cancellation.Cause]) -> Because {
    switch reason {
    case .pendingPayments:
      return Because(
        reason.rawValue, ["invoices": .list(pending.prefix(10).map(\.invoice.value)), "count": .number(Int64(pending.count))])
    case .noActiveCompany:
      func companies(_ cause: Cancellation.Cause) -> Because.Fact {
        .list(canceled.filter { $0.value == cause }.keys.sorted().prefix(10).map(\.value))
      }
      return Because(
        reason.rawValue,
        [
          "companies": .number(Int64(canceled.count)), "closed": companies(.closed), "ended": companies(.subscriptionsEnded),
        ])
    case .belowMinimum:
      return Because(reason.rawValue, ["active": .number(active), "minimum": .number(terms.tiers.first?.from ?? 0)])
    case .other(let word): return Because(word)
    }
  }
}

/// An account's own invoices, companies and subscriptions.
struct OwnFacts {
  let invoices: [Invoice]
  let companies: [Company]
  let subscriptions: [CompanyID: [OwnSubscription]]

  func cancellation(of company: Company) -> Cancellation { Cancellation(of: company, subscriptions[company.company] ?? []) }

  /// nil if the account has no such company.
  func cancellation(of id: CompanyID) -> Cancellation? { companies.first { $0.company == id }.map(cancellation(of:)) }
}
