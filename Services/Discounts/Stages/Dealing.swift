import Contracts
import JSON
import Terms

/// The decisions of a run from facts as of its instant (rows B3, B4, B6, B8, B9). Pure functions.
enum Dealing {
  enum Verdict: Equatable {
    case skipped([SkipReason])
    /// May be empty, because a share of 0 % is no assignment (DECISIONS B4).
    case dealt([DiscountTerms.Share])
  }

  /// All reasons to skip the run, or else its shares (DECISIONS R1).
  static func verdict(hasPendingPayments: Bool, companies: [CompanyID], active: Int64, _ terms: DiscountTerms) -> Verdict {
    var reasons: [SkipReason] = []
    if hasPendingPayments { reasons.append(.pendingPayments) }
    if companies.isEmpty { reasons.append(.noActiveCompany) }
    if !(terms.tiers.first.map { active >= $0.from } ?? false) { reasons.append(.belowMinimum) }
    return reasons.isEmpty ? .dealt(terms.shares(of: active, companies: companies)) : .skipped(reasons)
  }

  /// The order in which companies get discounts (row B9): first as the user wants, then by first subscription. Unknown companies in the
  /// user's order are skipped.
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
  /// `nil` if only its end has arrived.
  var issued: Issued?
  /// When it was settled or voided, whichever was first. A payment does not end it (DECISIONS B6).
  var endedAt: Instant?
  /// A voided invoice uses no discount (DECISIONS B7).
  var isVoided = false

  struct Issued: Stored, Equatable {
    let company: CompanyID
    let issuedAt: Instant
    let dueAt: Instant
    /// Whether its amount is above 0. Otherwise it uses no discount and is never overdue (DECISIONS R6).
    let isCharge: Bool
  }

  mutating func end(at instant: Instant, isVoided: Bool) {
    endedAt = min(endedAt ?? instant, instant)
    if isVoided { self.isVoided = true }
  }

  /// Whether it was issued and due before a run and had not ended by then (row B6).
  func isOverdue(before run: Instant) -> Bool {
    guard let issued, issued.isCharge, issued.issuedAt < run, issued.dueAt < run else { return false }
    return endedAt.map { $0 >= run } ?? true
  }

  /// Whether no run from this instant on can need it.
  func isPast(_ instant: Instant) -> Bool {
    guard let issued, issued.issuedAt < instant else { return false }
    return endedAt.map { $0 < instant } ?? !issued.isCharge
  }
}

/// A company's discount, from its run to the next (row B7). The first invoice from the run on uses it.
struct Assignment: Stored, Equatable {
  let assignment: AssignmentID
  let account: AccountID
  let company: CompanyID
  let period: String
  let percent: Int64
  /// The run's instant.
  let asOf: Instant
  let terms: String
  /// `nil` while the discount is open.
  var usedBy: InvoiceID?
  /// Whether the invoice that used it was voided. Then only an invoice that arrives later can use it.
  var isRestored = false

  enum End: Equatable {
    case used(InvoiceID, at: Instant)
    case canceled(at: Instant, Cancellation.Cause)
  }

  mutating func restore() {
    usedBy = nil
    isRestored = true
  }

  /// What ends an open discount before the next run, by what is known. `nil` if nothing does or if it is used already.
  func end(invoices: [Invoice], cancellation: Cancellation?, before next: Instant?) -> End? {
    guard usedBy == nil else { return nil }
    let first = invoices.lazy.filter { !$0.isVoided }.compactMap { invoice in invoice.issued.map { (invoice.invoice, $0) } }
      .filter { $0.1.isCharge && $0.1.company == company && takes(issuedAt: $0.1.issuedAt, before: next) }
      .min { ($0.1.issuedAt, $0.0) < ($1.1.issuedAt, $1.0) }
    let canceled = cancellation?.since(from: asOf, to: next)
    switch (first, canceled) {
    case (let (invoice, issued)?, let canceled?) where issued.issuedAt <= canceled.at: return .used(invoice, at: issued.issuedAt)
    case (_, let canceled?): return .canceled(at: canceled.at, canceled.cause)
    case (let (invoice, issued)?, nil): return .used(invoice, at: issued.issuedAt)
    case (nil, nil): return nil
    }
  }

  /// Whether an invoice of this instant can use the discount. The next run replaces unused discounts.
  func takes(issuedAt instant: Instant, before next: Instant?) -> Bool {
    instant >= asOf && next.map { instant < $0 } ?? true
  }
}
