import Contracts
import JSON

/// What has been heard about a withdrawal from the ledger, from operators and from its owner, in whatever order it came: even before the
/// request itself. Of each kind the first to arrive stays, so that no second decision changes anything (DECISIONS C10).
struct WithdrawalFacts: Stored, Equatable {
  var answer: LedgerAnswer?
  var decision: OperatorDecision?
  var canceledAt: Instant?

  mutating func learn(_ answer: LedgerAnswer) { self.answer = self.answer ?? answer }
  mutating func learn(_ decision: OperatorDecision) { self.decision = self.decision ?? decision }
  mutating func learn(canceledAt instant: Instant) { canceledAt = canceledAt ?? instant }
}

/// Whether the money was set aside.
enum LedgerAnswer: Stored, Equatable {
  case reserved
  case refused(reasons: [WithdrawalReason], because: [Because])
}

/// What an operator said about a withdrawal that awaits approval.
enum OperatorDecision: Stored, Equatable {
  case approved(at: Instant, operator: OperatorID, note: String?)
  case rejected(at: Instant, operator: OperatorID, note: String?)
}

/// What the provider said about a payout, of each kind the first to arrive. Kept for good, because money can move after an end: of
/// several results the strongest holds, from strong to weak returned, settled, failed (DECISIONS C10c). That nobody knows is no result.
struct PayoutResults: Stored, Equatable {
  var settled: PayoutResult?
  var failed: PayoutResult?
  var returned: PayoutResult?

  /// - Throws: `contradicts-result`, if it was settled before under another reference: two transfers may have gone out.
  mutating func settle(_ result: PayoutResult, of payout: PayoutID) throws(Rejection) {
    guard let known = settled else {
      settled = result
      return
    }
    if let first = known.reference, let second = result.reference, first != second {
      throw Rejection(
        .contradictsResult, "payout '\(payout)' is settled under reference '\(second)', and was settled under '\(first)' before")
    }
    settled?.reference = known.reference ?? result.reference
  }

  /// - Throws: `contradicts-result`, if it was settled before. After a return it makes no difference.
  mutating func fail(_ result: PayoutResult, of payout: PayoutID) throws(Rejection) {
    guard returned == nil else { return }
    if let settled {
      throw Rejection(.contradictsResult, "payout '\(payout)' is failed, and was settled on \(settled.at) before")
    }
    failed = failed ?? result
  }

  mutating func `return`(_ result: PayoutResult) { returned = returned ?? result }
}

/// One result, in the provider's words.
struct PayoutResult: Stored, Equatable {
  let at: Instant
  var reference: String?
  let reason: String?
}
