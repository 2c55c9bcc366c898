import Contracts
import Streaming
import Terms

/// One code: whose it is. Answers claims, and counts clicks.
public struct Codes: Stage {
  public static let name = "codes"

  public enum Input: Sendable {
    case claimed(Claim)
    case visited(LinkVisited)
  }

  /// What accounts ask.
  public struct Claim: Sendable {
    enum Kind: Sendable {
      case code(CodeClaimed)
      case referral(ReferralClaimed)
    }
    let kind: Kind
  }

  public enum Output: StageOutput {
    case clickCounted(ClickCounted)
    case clickRejected(ClickRejected)
    case step(Accounts.Step)

    public var message: any Message {
      switch self {
      case .clickCounted(let message): message
      case .clickRejected(let message): message
      case .step(let step): step.message
      }
    }
  }

  public typealias Due = NoTimer

  public static let accepts: [Accepts<Input>] = [
    .on { (claim: CodeClaimed) in .claimed(Claim(kind: .code(claim))) },
    .on { (claim: ReferralClaimed) in .claimed(Claim(kind: .referral(claim))) },
    .on(Input.visited),
  ]

  static let owner = Table<AccountID>("owner")

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func handle(_ input: Input, _ turn: Turn<Codes>) throws(Rejection) {
    guard let program = programs[turn.program] else { return }
    switch input {
    case .claimed(let claim):
      switch claim.kind {
      case .code(let claim): claimed(claim, turn)
      case .referral(let claim): claimed(claim, turn)
      }
    case .visited(let visit): visited(visit, program, turn)
    }
  }

  public func fire(_ due: NoTimer, at instant: Instant, _ turn: Turn<Codes>) {}

  /// The first account to claim a code has it for good; its owner may claim it again.
  private func claimed(_ claim: CodeClaimed, _ turn: Turn<Codes>) {
    let owner = turn[Self.owner]
    if owner == nil { turn[Self.owner] = claim.owner }
    let isTaken = owner.map { $0 != claim.owner } ?? false
    turn.emit(.step(Accounts.Step(message: CodeAnswered(claim: claim, isTaken: isTaken))))
  }

  private func claimed(_ claim: ReferralClaimed, _ turn: Turn<Codes>) {
    let next: any Message =
      if let owner = turn[Self.owner] {
        ClaimResolved(referrer: owner, claim: claim)
      } else {
        verdict(claim, [Objection(.unknownCode, judge: "code", [("named", .text(claim.code.value))])], referrer: nil)
      }
    turn.emit(.step(Accounts.Step(message: next)))
  }

  /// Clicks (row C4, DECISIONS C4b).
  private func visited(_ visit: LinkVisited, _ program: Program, _ turn: Turn<Codes>) {
    let terms = program.version(at: visit.visitedAt)
    let owner = turn[Self.owner]
    var reasons: [ClickReason] = []
    var because: [Because] = []
    if owner == nil {
      reasons.append(.unknownCode)
      because.append(Because(ClickReason.unknownCode.rawValue, ["named": .text(visit.code.value)]))
    }
    if let marker = LandingURL(visit.url).first(of: terms.attribution.paidAdParameters) {
      reasons.append(.paidAd)
      because.append(Because(ClickReason.paidAd.rawValue, ["parameter": .text(marker)]))
    }
    if let owner, reasons.isEmpty {
      turn.emit(
        .clickCounted(
          ClickCounted(
            code: visit.code.code, at: visit.visitedAt, visitor: visit.visitor, terms: terms.name,
            because: [Because("counted", ["owner": .text(owner.value)])])))
    } else {
      turn.emit(
        .clickRejected(
          ClickRejected(
            code: visit.code.code, at: visit.visitedAt, reasons: reasons, terms: terms.name, because: because)))
    }
  }
}
