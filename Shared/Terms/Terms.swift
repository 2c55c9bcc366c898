import Contracts

/// One referral program: an id and its versions of terms, oldest first.
public struct Program: Sendable, Equatable {
  public let id: ProgramID
  /// Never empty; sorted by `effectiveFrom`, each instant once.
  public let versions: [TermsVersion]

  public init(id: ProgramID, versions: [TermsVersion]) {
    self.id = id
    self.versions = versions.sorted { $0.effectiveFrom < $1.effectiveFrom }
  }

  /// The version in force at an instant (row B10). What happened before the first version is judged by the first.
  public func version(at instant: Instant) -> TermsVersion {
    var inForce = versions[0]
    for version in versions where version.effectiveFrom <= instant { inForce = version }
    return inForce
  }

  /// The version that judges an event of a referral: by the event's own instant, or by that of the attribution, as the version in
  /// force at the event says (`judgedBy`, "For every program").
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

/// One version of a program's terms: everything that a row of PROGRAMS.md calls a parameter. A section that is absent switches its
/// rule off.
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

  /// `program@version`, as every notice carries it.
  public var name: String { "\(program.value)@\(version)" }
}

/// How a referral is bound (rows A1, B1, C1, C2, C4).
public struct AttributionTerms: Sendable, Equatable {
  /// The link that a code's owner is given; `{code}` stands for the code.
  public var link: String
  /// The query parameter of a landing URL that carries the code (`ref`, `page`).
  public var parameter: String
  /// Query parameters that mark a paid advertisement; a landing URL with one of them does not bind (row C4).
  public var paidAdParameters: [String]
  /// Refuse a registration that names earlier accounts (row B1).
  public var refusesPriorAccounts: Bool
  /// Who may refer and earn; nil: anybody (row C1).
  public var referrer: Eligibility?
  /// Which texts are codes; nil: all (DECISIONS A1).
  public var codePattern: CodePattern?
  /// How long before the referral a payment still earns and uses the welcome offer (DECISIONS A1f).
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

  /// Whether a text is a code of the program, whoever has it.
  public func isCode(_ text: String) -> Bool { codePattern?.matches(text) ?? true }
}

/// Which accounts may refer, earn and withdraw (row C1). An empty list allows every value; an account that names none is refused.
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

  /// What an account is, and what it would have to be, for the `because` of a rejection.
  public static func facts(kind: AccountKind?, country: Country?, by rule: Eligibility?) -> [(String, Because.Fact)] {
    var facts: [(String, Because.Fact)] = [
      ("kind", .text(kind?.rawValue ?? "unknown")), ("country", .text(country?.code ?? "unknown")),
    ]
    if let rule, !rule.kinds.isEmpty { facts.append(("allowedKinds", .list(rule.kinds.map(\.rawValue)))) }
    if let rule, !rule.countries.isEmpty { facts.append(("allowedCountries", .list(rule.countries.prefix(20).map(\.code)))) }
    return facts
  }
}

/// What a referee's payment earns its referrer (rows A2–A4, C5, C6, C8, C9).
public struct RewardTerms: Sendable, Equatable {
  /// Kinds of lines that earn.
  public var lineKinds: [LineKind]
  /// The payment must hold a plan line to earn at all (row A3).
  public var requiresPlanLine: Bool
  /// Categories of lines that earn; nil: every category (row C8).
  public var categories: [String]?
  /// A promo code on the order excludes the whole payment (row C6).
  public var refusesPromoCodes: Bool
  /// A line with a discount of one of these kinds is excluded (row C6).
  public var excludedDiscounts: [DiscountKind]
  /// What an earning payment is worth.
  public var pay: Pay
  /// How many payments of an account earn; nil: all (row A2).
  public var maxPayments: Int?
  /// From attribution: how long payments earn; nil: for ever.
  public var earnsFor: TimeSpan?
  /// What an account's payments earn in all, minor units by currency; a currency that is absent has no limit.
  public var maxPerReferee: [Currency: Int64]
  /// From payment to credit (row A4: 14 d, row C9: 0).
  public var creditAfter: TimeSpan
  /// From payment to availability, not before the credit (row A4: 14 d, row C9: 30 d).
  public var availableAfter: TimeSpan
  /// From payment to the instant from which on no refund, request or dispute changes anything any more; nil: they count for ever.
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
    /// A share of the base; statuses by turnover, lowest first, change it (row C5).
    case rate(BasisPoints, statuses: [Status])
    /// A fixed amount a payment, minor units by currency.
    case amount([Currency: Int64])
    /// A share of each line, by the first that fits it.
    case rates([LineRate])
  }

  /// A rate for lines of a plan, of a kind or of a category; what is nil fits every line.
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

    public func fits(_ line: PaymentLine) -> Bool {
      (plan == nil || plan == line.plan) && (kind == nil || kind == line.kind) && (category == nil || category == line.category)
    }
  }

  /// The rate before any status is reached; nil where the reward is no share of the whole base.
  public var rate: BasisPoints? {
    if case .rate(let rate, _) = pay { rate } else { nil }
  }

  /// Empty where the reward does not depend on a status.
  public var statuses: [Status] {
    if case .rate(_, let statuses) = pay { statuses } else { [] }
  }

  /// Whether it matters what an account's payments have earned before.
  public var hasLimits: Bool { maxPayments != nil || !maxPerReferee.isEmpty }

  /// A loyalty status of the referee: reached when its turnover in a currency is above the threshold (exactly at it: not yet).
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

  /// The highest status that a turnover has reached; nil: none yet (Basic). A currency without thresholds never reaches one
  /// (DECISIONS C5).
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
  /// The smallest withdrawal; minor units by currency. A currency that is absent has no minimum.
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

/// Which withdrawals an operator approves first (DECISIONS C10).
public enum ApprovalLimits: Sendable, Equatable {
  /// None, however large.
  case never
  /// Those above the limit of their currency, in minor units. A currency that is absent has no limit: all of its withdrawals.
  case above([Currency: Int64])
}

/// The new client's own discount (row A5).
public struct WelcomeOfferTerms: Sendable, Equatable {
  /// Whole percent.
  public var percent: Int64
  public var plans: [String]
  /// From registration to expiry; used only if paid strictly before (DECISIONS T1).
  public var within: TimeSpan

  public init(percent: Int64, plans: [String], within: TimeSpan) {
    self.percent = percent
    self.plans = plans
    self.within = within
  }
}

/// Monthly discounts by active referrals (rows B2–B9).
public struct DiscountTerms: Sendable, Equatable {
  /// Lowest first; below the first: 0 %.
  public var tiers: [Tier]
  /// Active referrals that count for one company (row B4).
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
