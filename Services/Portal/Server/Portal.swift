import Contracts
import PortalAccess
import ServiceKit
import Terms
import Worker

/// Everything that requests need: the read model, the terms, access control and the clock.
final class Portal: Sendable {
  let settings: PortalSettings
  let programs: Programs
  let state: FeedState
  let pool: ModelPool
  let desk: RequestDesk
  let log: Log
  let metrics: PortalMetrics
  let verifier: TokenVerifier
  let cookies: SessionCookies
  let usedTokens: UsedTokens
  let formTokens: FormTokens
  /// By account.
  let accountLimit = RateLimit(burst: 60, interval: .milliseconds(200))
  /// By address; checked before anything else.
  let addressLimit = RateLimit(burst: 600, interval: .milliseconds(20))

  init(
    _ settings: PortalSettings, programs: Programs, keys: AccessKeys, state: FeedState, store: RequestStore,
    sender: RequestSender, log: Log, metrics: PortalMetrics
  ) throws {
    self.settings = settings
    self.programs = programs
    self.state = state
    self.log = log
    self.metrics = metrics
    pool = ModelPool(settings.modelPath, state: state)
    desk = RequestDesk(store: store, pool: pool, sender: sender)
    verifier = TokenVerifier(keys)
    usedTokens = UsedTokens(validMax: verifier.validMax)
    cookies = try SessionCookies(
      keys, isSecure: settings.isSecure, isFramed: settings.frameAncestors != "'none'")
    formTokens = try FormTokens(keys)
  }

  var freshness: Freshness { state.freshness(now: .now) }

  /// The time for the programs: the sandbox's, if there is one.
  func time() -> Instant { freshness.sandbox ?? .now }

  // MARK: Programs

  enum Choice {
    case one(ProgramID)
    /// No program was named, and there are several.
    case unnamed
    case unknown
  }

  /// The programs that both the session and the deployment have.
  func programs(of session: Session) -> [ProgramID] { session.programs.filter { programs[$0] != nil } }

  /// The program of a request.
  func program(_ name: String?, of session: Session) -> Choice {
    let own = programs(of: session)
    guard let name else { return own.count == 1 ? .one(own[0]) : own.isEmpty ? .unknown : .unnamed }
    return own.first { $0.value == name }.map { .one($0) } ?? .unknown
  }

  /// The terms in force.
  func terms(_ program: ProgramID) -> TermsVersion? { programs[program]?.version(at: time()) }

  // MARK: Discounts

  /// The content of the discounts page, with what each company would get if the run were now (rows B3, B4).
  func discounts(_ session: Session, _ program: ProgramID) throws -> Discounts {
    var discounts = try pool.read { try $0.discounts(session.account, program) }
    let names = Dictionary(session.companies.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    // Companies in the account's order come first, then the others as the host product lists them.
    var order = discounts.companies.map(\.company).filter { names.isEmpty || names[$0.value] != nil }
    order += session.companies.compactMap { CompanyID($0.id) }.filter { !order.contains($0) }
    let shares = terms(program)?.discounts?.shares(of: discounts.active, companies: order) ?? []
    discounts.companies = order.map { company in
      let share = shares.first { $0.company == company }
      return Discounts.Company(
        company: company, name: names[company.value], percent: share?.percent ?? 0, slots: share?.slots ?? 0)
    }
    return discounts
  }

  // MARK: Requests

  /// Why a request cannot be sent; `nil` if it can. The services then decide on it.
  func reason(against wish: Wish, _ request: RequestID, _ session: Session, _ program: ProgramID) throws -> String? {
    let terms = terms(program)
    switch wish {
    case .code: return nil
    case .order(let companies):
      guard terms?.discounts != nil else { return "the program has no monthly discounts" }
      let own = Set(session.companies.map(\.id))
      return companies.first { !own.contains($0.value) }.map { "\($0) is not among the token's companies" }
    case .withdrawal(_, _, let destination):
      guard terms?.withdrawal != nil else { return "the program has no withdrawals" }
      return session.recipients.contains { $0.id == destination } ? nil : "the destination is not among the token's recipients"
    case .cancel:
      guard terms?.withdrawal != nil else { return "the program has no withdrawals" }
      // Payouts would keep the cancellation of an unknown withdrawal until its request arrives, which may be never.
      let isKnown =
        try desk.status(session.account, program, request.value, type: WithdrawalRequested.type) != nil
        || pool.read { try $0.openWithdrawals(session.account, program).contains { $0.request == request.value } }
      return isKnown ? nil : "no withdrawal \(request) of the account is known"
    }
  }
}
