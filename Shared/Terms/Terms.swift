import Contracts

/// One referral program: an id and its versions of terms, oldest first.
public struct Program: Sendable, Equatable {
  public let id: ProgramID
  /// Never empty. Sorted by `effectiveFrom`, without equal instants.
  public let versions: [TermsVersion]

  public init(id: ProgramID, versions: [TermsVersion]) {
    self.id = id
    self.versions = versions.sorted { $0.effectiveFrom < $1.effectiveFrom }
  }

  /// The version in force at an instant (row B10). Before the first version, the first one applies.
  public func version(at instant: Instant) -> TermsVersion {
    versions.last { $0.effectiveFrom <= instant } ?? versions[0]
  }

  /// The version that judges an event of a referral: the one in force at the event, or the one in force at the attribution.
  /// `judgedBy` of the version in force at the event decides which ("For every program").
  public func version(judging event: Instant, attributedAt: Instant) -> TermsVersion {
    let atEvent = version(at: event)
    switch atEvent.judgedBy {
    case .eventTime: return atEvent
    case .attributionTime: return version(at: attributedAt)
    }
  }
}

/// The programs of a deployment, by id.
public struct Programs: Sendable, Equatable {
  public let all: [Program]
  private let byID: [ProgramID: Program]

  public init(_ programs: [Program]) {
    all = programs.sorted { $0.id < $1.id }
    byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public subscript(id: ProgramID) -> Program? { byID[id] }
  public var ids: Set<ProgramID> { Set(byID.keys) }
}

/// Which version of the terms judges an event ("For every program").
public enum JudgedBy: String, Sendable, CaseIterable {
  case eventTime = "event-time"
  case attributionTime = "attribution-time"
}

/// One version of a program's terms: all parameters of PROGRAMS.md. If a section is absent, its rule is off.
public struct TermsVersion: Sendable, Equatable {
  public var program: ProgramID
  /// Counts from 1 in the order of `effectiveFrom`.
  public var version: Int
  public var effectiveFrom: Instant
  public var judgedBy: JudgedBy
  public var attribution: AttributionTerms
  public var reward: RewardTerms?
  public var spending: SpendingTerms?
  public var withdrawal: WithdrawalTerms?
  public var welcomeOffer: WelcomeOfferTerms?
  public var discounts: DiscountTerms?

  public init(
    program: ProgramID, version: Int, effectiveFrom: Instant, judgedBy: JudgedBy = .eventTime, attribution: AttributionTerms,
    reward: RewardTerms? = nil, spending: SpendingTerms? = nil, withdrawal: WithdrawalTerms? = nil,
    welcomeOffer: WelcomeOfferTerms? = nil, discounts: DiscountTerms? = nil
  ) {
    self.program = program
    self.version = version
    self.effectiveFrom = effectiveFrom
    self.judgedBy = judgedBy
    self.attribution = attribution
    self.reward = reward
    self.spending = spending
    self.withdrawal = withdrawal
    self.welcomeOffer = welcomeOffer
    self.discounts = discounts
  }

  /// `program@version`, as in every notice.
  public var name: String { "\(program.value)@\(version)" }
}

/// How accounts are attributed (rows A1, B1, C1, C2, C4).
public struct AttributionTerms: Sendable, Equatable {
  /// The link that a code's owner gets. `{code}` is replaced by the code.
  public var link: String
  /// The query parameter of a landing URL that carries the code (`ref`, `page`).
  public var parameter: String
  /// Query parameters that mark a paid advertisement. A click with one of them in its landing URL does not attribute (row C4).
  public var paidAdParameters: [String]
  /// Whether a registration that names earlier accounts is rejected (row B1).
  public var refusesPriorAccounts: Bool
  /// Who may refer and earn; `nil` if any account may (row C1).
  public var referrer: Eligibility?
  /// Which texts are codes; `nil` if all are (DECISIONS A1).
  public var codePattern: CodePattern?
  /// How long before the referral a payment may be made and still earn and use the welcome offer (DECISIONS A1f).
  public var leeway: TimeSpan

  public init(
    link: String, parameter: String, paidAdParameters: [String] = [], refusesPriorAccounts: Bool = false,
    referrer: Eligibility? = nil, codePattern: CodePattern? = nil, leeway: TimeSpan = .hours(24)
  ) {
    self.link = link
    self.parameter = parameter
    self.codePattern = codePattern
    self.paidAdParameters = paidAdParameters
    self.refusesPriorAccounts = refusesPriorAccounts
    self.referrer = referrer
    self.leeway = leeway
  }

  /// Whether a text can be a code of the program.
  public func isCode(_ text: String) -> Bool { codePattern?.matches(text) ?? true }
}

/// Which accounts may refer, earn and withdraw (row C1). An empty list allows every value. A list with values does not allow an
/// account whose value is unknown.
public struct Eligibility: Sendable, Equatable {
  public var kinds: [AccountKind]
  /// ISO 3166-1 alpha-2.
  public var countries: [Country]

  public init(kinds: [AccountKind], countries: [Country]) {
    self.kinds = kinds
    self.countries = countries
  }

  public func admits(kind: AccountKind?, country: Country?) -> Bool {
    (kinds.isEmpty || kind.map(kinds.contains) ?? false) && (countries.isEmpty || country.map(countries.contains) ?? false)
  }

  // For the `because` of a rejection; `nil` if all are allowed.
  public var allowedKinds: Because.Fact? { kinds.isEmpty ? nil : .list(kinds.map(\.rawValue)) }
  public var allowedCountries: Because.Fact? { countries.isEmpty ? nil : .list(countries.prefix(20).map(\.code)) }
}

/// The reward for a referee's payment (rows A2–A4, C5, C6, C8, C9).
public struct RewardTerms: Sendable, Equatable {
  /// The kinds of lines that earn.
  public var lineKinds: [LineKind]
  /// Whether a payment must have a plan line to earn at all (row A3).
  public var requiresPlanLine: Bool
  /// The categories of lines that earn; `nil` if all do (row C8).
  public var categories: [String]?
  /// Whether a promo code on the order excludes the whole payment (row C6).
  public var refusesPromoCodes: Bool
  /// A line with a discount of one of these kinds does not earn (row C6).
  public var excludedDiscounts: [DiscountKind]
  /// How the reward is computed.
  public var pay: Pay
  /// How many payments of an account earn; `nil` if all do (row A2).
  public var maxPayments: Int?
  /// How long after the attribution payments earn; `nil` if forever.
  public var earnsFor: TimeSpan?
  /// The maximum that an account's payments earn in total, in minor units by currency. An absent currency has no limit.
  public var maxPerReferee: [Currency: Int64]
  /// Time from payment to credit (row A4: 14 d, row C9: 0).
  public var creditAfter: TimeSpan
  /// Time from payment to availability. Not less than `creditAfter` (row A4: 14 d, row C9: 30 d).
  public var availableAfter: TimeSpan
  /// Time after the payment in which refunds, requests and disputes count; `nil` if they count forever.
  public var refundWindow: TimeSpan?

  public init(
    lineKinds: [LineKind], requiresPlanLine: Bool, categories: [String]?, refusesPromoCodes: Bool,
    excludedDiscounts: [DiscountKind], pay: Pay, maxPayments: Int? = nil, earnsFor: TimeSpan? = nil,
    maxPerReferee: [Currency: Int64] = [:], creditAfter: TimeSpan, availableAfter: TimeSpan, refundWindow: TimeSpan? = nil
  ) {
    self.lineKinds = lineKinds
    self.requiresPlanLine = requiresPlanLine
    self.categories = categories
    self.refusesPromoCodes = refusesPromoCodes
    self.excludedDiscounts = excludedDiscounts
    self.pay = pay
    self.maxPayments = maxPayments
    self.earnsFor = earnsFor
    self.maxPerReferee = maxPerReferee
    self.creditAfter = creditAfter
    self.availableAfter = availableAfter
    self.refundWindow = refundWindow
  }

  /// How a payment's reward is computed (DECISIONS, "terms of reward").
  public enum Pay: Sendable, Equatable {
    /// A share of the base. Statuses by turnover, lowest first, change the rate (row C5).
    case rate(BasisPoints, statuses: [Status])
    /// A fixed amount per payment, in minor units by currency.
    case amount([Currency: Int64])
    /// A share of each line, by the first rate that fits it.
    case rates([LineRate])
  }

  /// A rate for lines of a plan, kind or category. A property that is `nil` fits every line.
  public struct LineRate: Sendable, Equatable {
    public var plan: String?
    public var kind: LineKind?
    public var category: String?
    public var rate: BasisPoints

    public init(plan: String? = nil, kind: LineKind? = nil, category: String? = nil, rate: BasisPoints) {
      self.plan = plan
      self.kind = kind
      self.category = category
      self.rate = rate
    }

    /// Whether every line that `other` fits also fits this.
    public func covers(_ other: LineRate) -> Bool {
      (plan == nil || plan == other.plan) && (kind == nil || kind == other.kind)
        && (category == nil || category == other.category)
    }

    public func fits(_ line: PaymentLine) -> Bool {
      (plan == nil || plan == line.plan) && (kind == nil || kind == line.kind) && (category == nil || category == line.category)
    }
  }

  /// The rate before any status is reached; `nil` if the reward is not a share of the whole base.
  public var rate: BasisPoints? {
    if case .rate(let rate, _) = pay { rate } else { nil }
  }

  /// Empty if the reward does not depend on a status.
  public var statuses: [Status] {
    if case .rate(_, let statuses) = pay { statuses } else { [] }
  }

  /// Whether earlier rewards from an account's payments limit later ones.
  public var hasLimits: Bool { maxPayments != nil || !maxPerReferee.isEmpty }

  /// A loyalty status of the referee. The turnover in a currency must be above the threshold, not equal to it.
  public struct Status: Sendable, Equatable {
    public var name: String
    /// Minor units by currency.
    public var above: [Currency: Int64]
    public var rate: BasisPoints

    public init(name: String, above: [Currency: Int64], rate: BasisPoints) {
      self.name = name
      self.above = above
      self.rate = rate
    }
  }

  /// The highest status that a turnover has reached; `nil` if none (Basic). A currency without thresholds reaches none (DECISIONS
  /// C5).
  public func status(turnover: Int64, in currency: Currency) -> Status? {
    statuses.last { status in status.above[currency].map { turnover > $0 } ?? false }
  }
}

/// Spending the balance on the program's own invoices (row A6).
public struct SpendingTerms: Sendable, Equatable {
  /// Kinds of invoice lines that may be paid with the balance.
  public var kinds: [String]

  public init(kinds: [String]) { self.kinds = kinds }
}

/// Withdrawing the balance (row C10).
public struct WithdrawalTerms: Sendable, Equatable {
  public var approvalAbove: ApprovalLimits
  /// The smallest withdrawal, in minor units by currency. An absent currency has no minimum.
  public var minimum: [Currency: Int64]
  public var dueSoonAfter: TimeSpan
  public var dueAfter: TimeSpan

  public init(
    approvalAbove: ApprovalLimits, minimum: [Currency: Int64] = [:], dueSoonAfter: TimeSpan, dueAfter: TimeSpan
  ) {
    self.approvalAbove = approvalAbove
    self.minimum = minimum
    self.dueSoonAfter = dueSoonAfter
    self.dueAfter = dueAfter
  }
}

/// Which withdrawals need an operator's approval (DECISIONS C10).
public enum ApprovalLimits: Sendable, Equatable {
  /// None.
  case never
  /// Those above the limit of their currency, in minor units. In a currency that is absent here, all withdrawals.
  case above([Currency: Int64])
}

/// The new client's own discount (row A5).
public struct WelcomeOfferTerms: Sendable, Equatable {
  /// Whole percent.
  public var percent: Int64
  public var plans: [String]
  /// Time from registration to expiry. Only payments strictly before the expiry can use the offer (DECISIONS T1).
  public var within: TimeSpan

  public init(percent: Int64, plans: [String], within: TimeSpan) {
    self.percent = percent
    self.plans = plans
    self.within = within
  }
}

/// Monthly discounts for active referrals (rows B2–B9).
public struct DiscountTerms: Sendable, Equatable {
  /// Lowest first. Below the first tier the discount is 0 %.
  public var tiers: [Tier]
  /// The maximum number of active referrals that count for one company (row B4).
  public var maxPerCompany: Int64
  public var schedule: MonthlySchedule

  public init(tiers: [Tier], maxPerCompany: Int64, schedule: MonthlySchedule) {
    self.tiers = tiers
    self.maxPerCompany = maxPerCompany
    self.schedule = schedule
  }

  public struct Tier: Sendable, Equatable {
    /// Active referrals needed.
    public var from: Int64
    /// Whole percent.
    public var percent: Int64

    public init(from: Int64, percent: Int64) {
      self.from = from
      self.percent = percent
    }
  }

  /// The discount for a number of active referrals of one company, in whole percent (row B3).
  public func percent(for referrals: Int64) -> Int64 { tiers.last { $0.from <= referrals }?.percent ?? 0 }
}
