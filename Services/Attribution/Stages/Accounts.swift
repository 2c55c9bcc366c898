import Contracts
import JSON
import Streaming
import Terms

/// Keyed by account: its registration and referral, its facts as a referrer, and its codes.
///
/// A registration is judged here, claimed at the code, judged at the referrer's account, and then attributed here.
public struct Accounts: Stage {
  public static let name = "accounts"

  public static let reads: [Reads<Self>] = [
    .on(Accounts.registered, repeats: .rememberedByBody),
    .on(Accounts.updated),
    .on(Accounts.closed),
    .on(Accounts.reopened),
    .on(Accounts.assignRequested),
    .on(Accounts.endRequested),
    .on(Accounts.codeRequested),
    .on(Accounts.codeAnswered),
    .on(Accounts.claimResolved),
    .on(Accounts.decided),
    .on(Accounts.released),
  ]
  public static let writes: [any Message.Type] = [
    ReferralAttributed.self, ReferralRejected.self, ReferralEnded.self, CodeIssued.self, CodeDeclined.self, CodeClaimed.self,
    ReferralClaimed.self, ClaimResolved.self, ClaimDecided.self, ReferralReleased.self,
  ]

  // MARK: State

  /// The account's first registration, which is final (DECISIONS R4), and its current referral.
  struct Registration: Stored {
    var isReferred: Bool
    var registeredAt: Instant
    var identities: [String]
    /// At most `previousAccountsMax` of the accounts that the registration named.
    var previousAccounts: [AccountID]
    /// A claim is pending. Other events that would attribute the account or end its referral wait for the answer.
    var isPending = false
    /// The current referral, or the last one that an operator ended.
    var referral: Referral?
  }

  struct Referral: Stored, Equatable {
    let referrer: AccountID
    /// After the end an operator can assign the account again, but a registration cannot attribute it (DECISIONS A1e).
    var endedAt: Instant?

    func holds(at instant: Instant) -> Bool { endedAt.map { instant < $0 } ?? true }
  }

  /// How many previous accounts a rejection lists.
  static let previousAccountsMax = 10

  /// An event that arrived while a claim was pending, or an operator's decision that arrived before the registration.
  enum Waiting: Stored, Equatable {
    case registered(AccountRegistered)
    case assign(ReferralAssignRequested)
    case end(ReferralEndRequested)
  }

  /// The numbers of the waiting events, in order of arrival: `first..<end`.
  struct Line: Stored {
    var first = 0
    var end = 0
  }

  static let registration = Table<NoKey, Registration>("registration")
  static let line = Table<NoKey, Line>("line")
  /// Waiting events by number.
  static let waiting = Table<Int, Waiting>("waiting")
  static let facts = Table<NoKey, AccountFacts>("facts")
  /// Referees whose claims this account approved as their referrer. The value is when they registered or were assigned by an operator.
  static let approved = Table<AccountID, Instant>("approved")
  /// Whether this account has a code. An operator cannot assign a referee to an account without one (DECISIONS A1e).
  static let hasCode = Table<NoKey, Bool>("has-code")

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func program(_ id: ProgramID) -> Program? { programs[id] }

  // MARK: An account's facts

  private func updated(_ event: AccountUpdated, _ context: Context<Self>) {
    learn(context) { $0.learn(at: event.updatedAt, kind: event.kind, country: event.country) }
  }

  private func closed(_ event: AccountClosed, _ context: Context<Self>) { learn(context) { $0.close(event) } }

  private func reopened(_ event: AccountReopened, _ context: Context<Self>) { learn(context) { $0.reopen(at: event.reopenedAt) } }

  private func learn(_ context: Context<Self>, _ change: (inout AccountFacts) -> Void) {
    var facts = context[Self.facts] ?? AccountFacts()
    change(&facts)
    context[Self.facts] = facts
  }

  // MARK: Registration (rows A1, B1, C2, C4)

  private func registered(_ event: AccountRegistered, _ context: Context<Self>) throws(Rejection) {
    guard let first = context[Self.registration] else {
      register(event, context)
      return goOn(context)
    }
    guard !first.isPending else { return wait(.registered(event), context) }
    try again(event, first, context)
  }

  private func register(_ event: AccountRegistered, _ context: Context<Self>) {
    learn(context) { $0.learn(at: event.registeredAt, kind: event.kind, country: event.country) }
    var registration = Registration(
      isReferred: event.referral != nil, registeredAt: event.registeredAt, identities: event.identities ?? [],
      previousAccounts: Array((event.previousAccounts ?? []).prefix(Self.previousAccountsMax)))
    defer { context[Self.registration] = registration }
    guard let referral = event.referral else { return }
    let terms = context.program.version(at: event.registeredAt)
    let judgement = judge(event, referral, bound: nil, by: terms.attribution)
    guard judgement.reasons.isEmpty, let text = judgement.code else {
      return reject(event, judgement, terms, context)
    }
    // No account can own text that is not a valid code.
    guard let code = Code(text) else {
      let objection = Objection(.unknownCode, judge: "registration", ["named": .text(String(text.prefix(128)))])
      let judgement = RegistrationJudgement(code: text, reasons: [objection.reason], because: [objection.because])
      return reject(event, judgement, terms, context)
    }
    registration.isPending = true
    let claim = Claim(
      referee: event.account, at: event.registeredAt, identities: registration.identities, code: code, assignment: nil)
    context.emit(ReferralClaimed(code: code, claim: claim))
  }

  /// A second registration with different content (DECISIONS R4). The account counts as attributed even if its referral has ended.
  /// - Throws: if the account was never attributed, or if the registration names no referral.
  func again(_ event: AccountRegistered, _ first: Registration, _ context: Context<Self>) throws(Rejection) {
    guard let bound = first.referral, let referral = event.referral else {
      throw Rejection(.conflictingDuplicate, "account '\(event.account)' was already registered with different content")
    }
    let terms = context.program.version(at: event.registeredAt)
    reject(event, judge(event, referral, bound: bound, by: terms.attribution), terms, context)
  }

  private func reject(
    _ event: AccountRegistered, _ judgement: RegistrationJudgement, _ terms: TermsVersion, _ context: Context<Self>
  ) {
    context.emit(
      ReferralRejected(
        referee: event.account, code: judgement.code, at: event.registeredAt, reasons: judgement.reasons, terms: terms.name,
        because: judgement.because))
  }

  // MARK: A claim, at the referrer's account

  private func claimResolved(_ resolved: ClaimResolved, _ context: Context<Self>) {
    let claim = resolved.claim
    let own = context[Self.registration]
    let bound = own?.referral.flatMap { $0.holds(at: claim.at) ? $0.referrer : nil }
    var objections: [Objection] = []
    if claim.assignment != nil, context[Self.hasCode] == nil {
      objections.append(Objection(.unknownCode, judge: "code", ["referrer": .text(resolved.referrer.value)]))
    } else {
      objections = judge(
        claim, referrer: resolved.referrer, facts: context[Self.facts] ?? AccountFacts(), identities: own?.identities ?? [],
        boundTo: bound, by: context.program.version(at: claim.at).attribution)
    }
    if objections.isEmpty { context[Self.approved, claim.referee] = claim.at }
    context.emit(answer(claim, objections, referrer: resolved.referrer))
  }

  private func released(_ released: ReferralReleased, _ context: Context<Self>) { context[Self.approved, released.referee] = nil }

  // MARK: The answer, back at the referee's account

  private func decided(_ decided: ClaimDecided, _ context: Context<Self>) {
    guard var registration = context[Self.registration], registration.isPending else { return }
    registration.isPending = false
    let claim = decided.claim
    let terms = context.program.version(at: claim.at)
    var reasons = decided.reasons
    var because = decided.because
    if reasons.isEmpty, let referrer = decided.referrer, let theirs = context[Self.approved, referrer],
      comesFirst((theirs, referrer), (claim.at, claim.referee))
    {
      let loop = Objection(.loop, judge: "referee", ["boundTo": .text(claim.referee.value), "registeredAt": "\(theirs)"])
      (reasons, because) = ([loop.reason], [loop.because])
      context.emit(ReferralReleased(referrer: referrer, referee: claim.referee, at: claim.at))
    }
    if reasons.isEmpty, let referrer = decided.referrer, let referral = ReferralID(claim.referee.value) {
      registration.referral = Referral(referrer: referrer)
      context.emit(
        ReferralAttributed(
          referral: referral, referrer: referrer, referee: claim.referee, code: claim.code, registeredAt: claim.at,
          attributedAt: claim.at, request: claim.assignment?.request, operator: claim.assignment?.operator, terms: terms.name,
          because: [bound(by: claim, to: referrer)]))
    } else {
      context.emit(
        ReferralRejected(
          referee: claim.referee, code: claim.code?.value, referrer: decided.referrer, request: claim.assignment?.request,
          operator: claim.assignment?.operator, at: claim.at, reasons: reasons, terms: terms.name, because: because))
    }
    context[Self.registration] = registration
    goOn(context)
  }

  private func bound(by claim: Claim, to referrer: AccountID) -> Because {
    if let assignment = claim.assignment {
      return Because("assigned-by-operator", decision(assignment.request, assignment.operator, note: assignment.note))
    }
    return Because("code-named", [("referralCode", .text(claim.code?.value ?? "")), ("owner", .text(referrer.value))])
  }
}
