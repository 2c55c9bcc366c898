import Contracts
import JSON
import Streaming
import Terms

/// One account: its registration and what binds it, its facts as a referrer, its codes.
///
/// The way of a registration: judged here, claimed at the code, judged at the referrer's account, bound here.
public struct Accounts: Stage {
  public static let name = "accounts"

  public static let reads: [Reads<Self>] = [
    .on(Accounts.registered, repeats: .rememberedByBody),
    .on(Accounts.updated),
    .on(Accounts.closed),
    .on(Accounts.codeRequested),
    .on(Accounts.codeAnswered),
    .on(Accounts.claimResolved),
    .on(Accounts.decided),
  ]
  public static let writes: [any Message.Type] = [
    ReferralAttributed.self, ReferralRejected.self, CodeIssued.self, CodeDeclined.self, CodeClaimed.self, ReferralClaimed.self,
    Verdict.self,
  ]

  // MARK: State

  /// The first registration, which stays (DECISIONS R4).
  struct Registration: Stored {
    var isReferred: Bool
    var registeredAt: Instant
    var identities: [String]
    var standing: Standing
    /// Other registrations that came while the verdict on the first was on its way.
    var waiting: [AccountRegistered] = []
  }

  enum Standing: Stored, Equatable {
    /// It named no referral, or was rejected.
    case unbound
    case pending
    case bound(referrer: AccountID)
  }

  /// Registrations of one account kept while its first is judged; more are no registrations.
  private static let waitingMax = 100
  /// And of their texts: they wait in one row, and a row must fit a record (4 MiB; of a text's bytes each is at most six in JSON).
  private static let waitingBytesMax = 512 * 1024

  static let registration = Table<NoKey, Registration>("registration")
  static let facts = Table<NoKey, AccountFacts>("facts")
  /// Referees whose claims this account has approved as their referrer; the value is when they registered.
  static let approved = Table<AccountID, Instant>("approved")

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func program(_ id: ProgramID) -> Program? { programs[id] }

  // MARK: An account's facts

  private func updated(_ event: AccountUpdated, _ turn: Turn<Self>) {
    learn(turn) { $0.learn(at: event.updatedAt, kind: event.kind, country: event.country) }
  }

  private func closed(_ event: AccountClosed, _ turn: Turn<Self>) { learn(turn) { $0.close(at: event.closedAt) } }

  private func learn(_ turn: Turn<Self>, _ change: (inout AccountFacts) -> Void) {
    var facts = turn[Self.facts] ?? AccountFacts()
    change(&facts)
    turn[Self.facts] = facts
  }

  // MARK: Registration (rows A1, B1, C2, C4)

  private func registered(_ event: AccountRegistered, _ turn: Turn<Self>) throws(Rejection) {
    guard var first = turn[Self.registration] else { return register(event, turn) }
    switch first.standing {
    case .pending:
      let bytes = first.waiting.reduce(event.textBytes) { $0 + $1.textBytes }
      guard first.waiting.count < Self.waitingMax, bytes <= Self.waitingBytesMax else {
        throw Rejection(
          .conflictingDuplicate, "account '\(event.account)' has \(first.waiting.count) registrations that wait already")
      }
      first.waiting.append(event)
      turn[Self.registration] = first
    case .bound, .unbound:
      if let rejection = again(event, first, turn) { throw rejection }
    }
  }

  private func register(_ event: AccountRegistered, _ turn: Turn<Self>) {
    learn(turn) { $0.learn(at: event.registeredAt, kind: event.kind, country: event.country) }
    var registration = Registration(
      isReferred: event.referral != nil, registeredAt: event.registeredAt, identities: event.identities ?? [], standing: .unbound)
    defer { turn[Self.registration] = registration }
    guard let referral = event.referral else { return }
    let terms = turn.program.version(at: event.registeredAt)
    let judgement = judge(event, referral, boundTo: nil, by: terms.attribution)
    guard judgement.reasons.isEmpty, let text = judgement.code else {
      return reject(event, judgement, terms, turn)
    }
    // Text that can be no code's name is known to nobody.
    guard let code = Code(text) else {
      let objection = Objection(.unknownCode, judge: "registration", [("named", .text(String(text.prefix(128))))])
      let judgement = RegistrationJudgement(code: text, reasons: [objection.reason], because: [objection.because])
      return reject(event, judgement, terms, turn)
    }
    registration.standing = .pending
    let claim = ReferralClaimed(
      code: code, referee: event.account, registeredAt: event.registeredAt, identities: event.identities ?? [])
    turn.emit(claim)
  }

  /// A second registration with another body (DECISIONS R4); gives why it is refused, if it is no attempt to refer a bound account.
  private func again(
    _ event: AccountRegistered, _ first: Registration, _ turn: Turn<Self>
  ) -> Rejection? {
    guard case .bound(let referrer) = first.standing, let referral = event.referral else {
      return Rejection(.conflictingDuplicate, "account '\(event.account)' is registered with another body")
    }
    let terms = turn.program.version(at: event.registeredAt)
    reject(event, judge(event, referral, boundTo: referrer, by: terms.attribution), terms, turn)
    return nil
  }

  private func reject(
    _ event: AccountRegistered, _ judgement: RegistrationJudgement, _ terms: TermsVersion, _ turn: Turn<Self>
  ) {
    turn.emit(
      ReferralRejected(
        referee: event.account, code: judgement.code, at: event.registeredAt, reasons: judgement.reasons, terms: terms.name,
        because: judgement.because))
  }

  // MARK: A claim, at the referrer's account

  private func claimResolved(_ resolved: ClaimResolved, _ turn: Turn<Self>) {
    let claim = resolved.claim
    let own = turn[Self.registration]
    var boundTo: AccountID?
    if case .bound(let referrer)? = own?.standing { boundTo = referrer }
    let objections = judge(
      claim, referrer: resolved.referrer, facts: turn[Self.facts] ?? AccountFacts(), identities: own?.identities ?? [],
      boundTo: boundTo, by: turn.program.version(at: claim.registeredAt).attribution)
    if objections.isEmpty { turn[Self.approved, claim.referee] = claim.registeredAt }
    turn.emit(verdict(claim, objections, referrer: resolved.referrer))
  }

  // MARK: The verdict, back at the referee's account

  private func decided(_ verdict: Verdict, _ turn: Turn<Self>) {
    guard var registration = turn[Self.registration], registration.standing == .pending else { return }
    let claim = verdict.claim
    let terms = turn.program.version(at: claim.registeredAt)
    var reasons = verdict.reasons
    var because = verdict.because ?? reasons.map { Because($0.rawValue) }
    if reasons.isEmpty, let referrer = verdict.referrer, let theirs = turn[Self.approved, referrer],
      comesFirst((theirs, referrer), (claim.registeredAt, claim.referee))
    {
      reasons = [.loop]
      because = [
        Objection(.loop, judge: "referee", [("boundTo", .text(claim.referee.value)), ("registeredAt", "\(theirs)")]).because
      ]
    }
    if reasons.isEmpty, let referrer = verdict.referrer, let referral = ReferralID(claim.referee.value) {
      registration.standing = .bound(referrer: referrer)
      turn.emit(
        ReferralAttributed(
          referral: referral, referrer: referrer, referee: claim.referee, code: claim.code, registeredAt: claim.registeredAt,
          attributedAt: claim.registeredAt, terms: terms.name,
          because: [Because("code-named", ["referralCode": .text(claim.code.value), "owner": .text(referrer.value)])]))
    } else {
      registration.standing = .unbound
      turn.emit(
        ReferralRejected(
          referee: claim.referee, code: claim.code.value, referrer: verdict.referrer, at: claim.registeredAt, reasons: reasons,
          terms: terms.name, because: because))
    }
    let waiting = registration.waiting
    registration.waiting = []
    turn[Self.registration] = registration
    for event in waiting {
      if let rejection = again(event, registration, turn) { turn.refuse(event, rejection) }
    }
  }

  // MARK: Codes (row A1, DECISIONS A1b)

  private func codeRequested(_ event: CodeRequested, _ turn: Turn<Self>) {
    guard let wish = event.vanity else { return claimDerived(event, attempt: 1, turn) }
    guard let code = CodeNames.vanity(wish) else {
      return decline(event.request, event.account, event.requestedAt, .invalid, wish: wish, turn)
    }
    turn.emit(
      CodeClaimed(
        code: code, owner: event.account, request: event.request, requestedAt: event.requestedAt, attempt: nil))
  }

  private func claimDerived(_ event: CodeRequested, attempt: Int, _ turn: Turn<Self>) {
    guard let code = CodeNames.derived(turn.programID, event.account, attempt: attempt) else { return }
    turn.emit(
      CodeClaimed(
        code: code, owner: event.account, request: event.request, requestedAt: event.requestedAt, attempt: attempt))
  }

  private func codeAnswered(_ answer: CodeAnswered, _ turn: Turn<Self>) {
    let claim = answer.claim
    guard answer.isTaken else {
      let terms = turn.program.version(at: claim.requestedAt)
      return turn.emit(
        CodeIssued(
          request: claim.request, account: claim.owner, code: claim.code,
          link: CodeNames.link(terms.attribution.link, claim.code),
          at: claim.requestedAt,
          terms: terms.name,
          because: [Because(claim.attempt == nil ? "wished" : "derived", ["request": .text(claim.request.value)])]))
    }
    guard let attempt = claim.attempt else {
      return decline(claim.request, claim.owner, claim.requestedAt, .taken, wish: claim.code.value, turn)
    }
    let request = CodeRequested(request: claim.request, account: claim.owner, requestedAt: claim.requestedAt)
    claimDerived(request, attempt: attempt + 1, turn)
  }

  private func decline(
    _ request: RequestID, _ account: AccountID, _ at: Instant, _ reason: CodeReason, wish: String, _ turn: Turn<Self>
  ) {
    turn.emit(
      CodeDeclined(
        request: request, account: account, at: at, reasons: [reason], terms: turn.program.version(at: at).name,
        because: [Because(reason.rawValue, ["wish": .text(String(wish.prefix(128)))])]))
  }
}

extension AccountRegistered {
  /// Of the texts that have no limit of their own but that of an event.
  fileprivate var textBytes: Int {
    let lists =
      (identities ?? []).reduce(0) { $0 + $1.utf8.count } + (previousAccounts ?? []).reduce(0) { $0 + $1.value.utf8.count }
    return [plan, referral?.code, referral?.landingURL].reduce(lists) { $0 + ($1?.utf8.count ?? 0) }
  }
}
