import Contracts
import Streaming
import Terms

/// Keyed by code: its owner. Answers claims and counts clicks.
public struct Codes: Stage {
  public static let name = "codes"

  public static let reads: [Reads<Self>] = [.on(Codes.claimed), .on(Codes.named), .on(Codes.visited)]
  public static let writes: [any Message.Type] = [
    ClickCounted.self, ClickRejected.self, CodeAnswered.self, ClaimResolved.self, ClaimDecided.self,
  ]

  static let owner = Table<NoKey, AccountID>("owner")

  private let programs: Programs

  public init(programs: Programs) { self.programs = programs }

  public func program(_ id: ProgramID) -> Program? { programs[id] }

  /// The first account to claim a code owns it forever. The owner may claim it again.
  private func claimed(_ claim: CodeClaimed, _ context: Context<Self>) {
    let owner = context[Self.owner]
    if owner == nil { context[Self.owner] = claim.owner }
    let isTaken = owner.map { $0 != claim.owner } ?? false
    context.emit(CodeAnswered(claim: claim, isTaken: isTaken))
  }

  private func named(_ claimed: ReferralClaimed, _ context: Context<Self>) {
    if let owner = context[Self.owner] {
      context.emit(ClaimResolved(referrer: owner, claim: claimed.claim))
    } else {
      let objection = Objection(.unknownCode, judge: "code", ["named": .text(claimed.code.value)])
      context.emit(answer(claimed.claim, [objection], referrer: nil))
    }
  }

  /// Clicks (row C4, DECISIONS C4b).
  private func visited(_ visit: LinkVisited, _ context: Context<Self>) {
    let terms = context.program.version(at: visit.visitedAt)
    // A code that was issued before the terms had their present pattern may no longer match it. Then it is unknown.
    let isCode = terms.attribution.isCode(visit.code.value)
    let owner = isCode ? context[Self.owner] : nil
    var reasons: [ClickReason] = []
    var because: [Because] = []
    if owner == nil {
      reasons.append(.unknownCode)
      let pattern = isCode ? nil : terms.attribution.codePattern
      because.append(
        Because(
          ClickReason.unknownCode.rawValue,
          ["named": .text(visit.code.value), "codePattern": pattern.map { .text($0.text) }]))
    }
    if let marker = LandingURL(visit.url).first(of: terms.attribution.paidAdParameters) {
      reasons.append(.paidAd)
      because.append(Because(ClickReason.paidAd.rawValue, ["parameter": .text(marker)]))
    }
    if let owner, reasons.isEmpty {
      context.emit(
        ClickCounted(
          code: visit.code.code, at: visit.visitedAt, visitor: visit.visitor, terms: terms.name,
          because: [Because("counted", ["owner": .text(owner.value)])]))
    } else {
      context.emit(
        ClickRejected(
          code: visit.code.code, at: visit.visitedAt, reasons: reasons, terms: terms.name, because: because))
    }
  }
}
