/// Why a run gave an account nothing.
public enum SkipReason: String, Codable, CaseIterable, Hashable, Sendable {
  case pendingPayments = "pending-payments"
  case noActiveCompany = "no-active-company"
  case belowMinimum = "below-minimum"
}

/// Why an assignment ended unused.
public enum VoidReason: String, Codable, CaseIterable, Hashable, Sendable {
  case companyCanceled = "company-canceled"
  /// The next run took its place.
  case superseded
}

/// A run gave a company a discount on its next invoice.
public struct DiscountAssigned: Notice {
  public static let type = "discount.assigned.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { asOf }

  public var assignment: AssignmentID
  public var account: AccountID
  public var company: CompanyID
  /// `YYYY-MM`, the local month of the run.
  public var period: String
  public var percent: Int
  /// Of the account, as of the run.
  public var activeReferrals: Int
  /// How many of them this company takes.
  public var slots: Int
  public var asOf: Instant
  public var terms: String
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, percent: Int, activeReferrals: Int,
    slots: Int, asOf: Instant, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.percent = percent
    self.activeReferrals = activeReferrals
    self.slots = slots
    self.asOf = asOf
    self.terms = terms
    self.because = because
  }
}

/// A run gave an account nothing.
public struct DiscountSkipped: Notice {
  public static let type = "discount.skipped.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { asOf }

  public var account: AccountID
  /// `YYYY-MM`
  public var period: String
  public var asOf: Instant
  public var reasons: [SkipReason]
  public var terms: String
  public var because: [Because]

  public init(account: AccountID, period: String, asOf: Instant, reasons: [SkipReason], terms: String, because: [Because]) {
    self.account = account
    self.period = period
    self.asOf = asOf
    self.reasons = reasons
    self.terms = terms
    self.because = because
  }
}

/// An invoice used an assignment up.
public struct DiscountApplied: Notice {
  public static let type = "discount.applied.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  public var assignment: AssignmentID
  public var account: AccountID
  public var company: CompanyID
  /// `YYYY-MM` of the assignment.
  public var period: String
  public var invoice: InvoiceID
  public var percent: Int
  /// When the invoice was issued.
  public var at: Instant
  public var terms: String
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, invoice: InvoiceID, percent: Int,
    at: Instant, terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.invoice = invoice
    self.percent = percent
    self.at = at
    self.terms = terms
    self.because = because
  }
}

/// An assignment ended unused.
public struct DiscountVoided: Notice {
  public static let type = "discount.voided.v1"
  public static let topic = Topic.discounts
  public var key: String { account.value }
  public var instant: Instant { at }

  public var assignment: AssignmentID
  public var account: AccountID
  public var company: CompanyID
  /// `YYYY-MM` of the assignment.
  public var period: String
  public var at: Instant
  public var reason: VoidReason
  public var terms: String
  public var because: [Because]

  public init(
    assignment: AssignmentID, account: AccountID, company: CompanyID, period: String, at: Instant, reason: VoidReason,
    terms: String, because: [Because]
  ) {
    self.assignment = assignment
    self.account = account
    self.company = company
    self.period = period
    self.at = at
    self.reason = reason
    self.terms = terms
    self.because = because
  }
}
