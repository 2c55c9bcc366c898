import Contracts
import JSON

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
  /// When the invoice that used it was voided; `nil` if none was. Only an invoice that arrives later can use it then.
  var restoredAt: Instant?

  enum End: Equatable {
    case used(InvoiceID, at: Instant)
    case canceled(at: Instant, Cancellation.Cause)
  }

  mutating func restore(at instant: Instant) {
    usedBy = nil
    restoredAt = instant
  }

  /// What ends an open discount before the next run, by what is known. `nil` if nothing does or if it is used already.
  func end(invoices: [Invoice], cancellation: Cancellation?, before next: Instant?) -> End? {
    guard usedBy == nil else { return nil }
    let first = invoices.lazy.filter { !$0.isVoided }.compactMap { invoice in invoice.issued.map { (invoice.invoice, $0) } }
      .filter { $0.1.isCharge && $0.1.company == company && takes(issuedAt: $0.1.issuedAt, before: next) }
      .min { ($0.1.issuedAt, $0.0) < ($1.1.issuedAt, $1.0) }
    // A cancellation that had ended before the discount was restored does not count.
    let canceled = cancellation?.since(from: restoredAt ?? asOf, to: next)
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
