import Contracts
import JSON
import Terms

/// What a run decides, from facts as of its instant (rows B3, B4, B6, B8, B9): pure functions.
enum Dealing {
  /// A company's part of the active referrals.
  struct Share: Equatable {
    let company: CompanyID
    let slots: Int64
    /// Whole percent, above 0.
    let percent: Int64
    /// 1 for the company that is dealt to first.
    let position: Int64
  }

  enum Verdict: Equatable {
    case skipped(SkipReason)
    /// Perhaps none: a share of 0 % is no assignment (DECISIONS B4).
    case dealt([Share])
  }

  /// The first reason to skip that there is.
  static func verdict(hasPendingPayments: Bool, companies: [CompanyID], active: Int64, _ terms: DiscountTerms) -> Verdict {
    if hasPendingPayments { return .skipped(.pendingPayments) }
    if companies.isEmpty { return .skipped(.noActiveCompany) }
    guard let minimum = terms.tiers.first?.from, active >= minimum else { return .skipped(.belowMinimum) }
    return .dealt(shares(of: active, companies: companies, terms))
  }

  /// Company by company: only when one has all that it can take does the next get any (row B4).
  static func shares(of active: Int64, companies: [CompanyID], _ terms: DiscountTerms) -> [Share] {
    var left = active
    var shares: [Share] = []
    for (index, company) in companies.enumerated() where left > 0 {
      let slots = min(left, terms.maxPerCompany)
      left -= slots
      let percent = terms.percent(for: slots)
      if percent > 0 { shares.append(Share(company: company, slots: slots, percent: percent, position: Int64(index) + 1)) }
    }
    return shares
  }

  /// The order of dealing (row B9): as the user wishes, then by first subscription; what is wished for but unknown is skipped.
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
}

/// An invoice of the account.
struct Invoice: Stored, Equatable {
  let invoice: InvoiceID
  /// nil: only its end has arrived.
  var issued: Issued?
  /// When it was settled or voided, whichever was first; a payment does not end it (DECISIONS B6).
  var endedAt: Instant?

  struct Issued: Stored, Equatable {
    let company: CompanyID
    let issuedAt: Instant
    let dueAt: Instant
  }

  mutating func end(at instant: Instant) { endedAt = min(endedAt ?? instant, instant) }

  /// As of a run: issued and due before it, and not ended before it (row B6).
  func isOverdue(before run: Instant) -> Bool {
    guard let issued, issued.issuedAt < run, issued.dueAt < run else { return false }
    return endedAt.map { $0 >= run } ?? true
  }

  /// No run from an instant on can ask for it.
  func isPast(_ instant: Instant) -> Bool {
    guard let issued, let endedAt else { return false }
    return issued.issuedAt < instant && endedAt < instant
  }
}

/// A discount that a company has not used yet (row B7): for its first invoice from the run on.
struct OpenAssignment: Stored, Equatable {
  let assignment: AssignmentID
  let account: AccountID
  let company: CompanyID
  let period: String
  let percent: Int64
  /// The run's instant.
  let asOf: Instant
  let terms: String

  enum End: Equatable {
    case used(InvoiceID, at: Instant)
    case canceled(at: Instant)
  }

  /// What ends it before the next run, by what is known; nil: nothing.
  func end(invoices: [Invoice], cancellation: Cancellation?, before next: Instant?) -> End? {
    let first = invoices.lazy.compactMap { invoice in invoice.issued.map { (invoice.invoice, $0) } }
      .filter { $0.1.company == company && takes(issuedAt: $0.1.issuedAt, before: next) }
      .min { ($0.1.issuedAt, $0.0) < ($1.1.issuedAt, $1.0) }
    let canceledAt = cancellation?.since(from: asOf, to: next)
    switch (first, canceledAt) {
    case (let (invoice, issued)?, let canceledAt?) where issued.issuedAt <= canceledAt: return .used(invoice, at: issued.issuedAt)
    case (_, let canceledAt?): return .canceled(at: canceledAt)
    case (let (invoice, issued)?, nil): return .used(invoice, at: issued.issuedAt)
    case (nil, nil): return nil
    }
  }

  /// An invoice from the run on, and before the next one, which replaces what is unused.
  func takes(issuedAt instant: Instant, before next: Instant?) -> Bool {
    instant >= asOf && next.map { instant < $0 } ?? true
  }
}
