import Contracts
import JSON

/// Facts about a withdrawal from the ledger, from operators and from its owner. They may arrive in any order, even before the request. The
/// first of each kind stays, so a second decision changes nothing (DECISIONS C10).
struct WithdrawalFacts: Stored, Equatable {
  var answer: LedgerAnswer?
  var decision: OperatorDecision?
  var canceledAt: Instant?

  mutating func learn(_ answer: LedgerAnswer) { self.answer = self.answer ?? answer }
  mutating func learn(_ decision: OperatorDecision) { self.decision = self.decision ?? decision }
  mutating func learn(canceledAt instant: Instant) { canceledAt = canceledAt ?? instant }
}

/// Whether the ledger reserved the money.
enum LedgerAnswer: Stored, Equatable {
  case reserved
  case rejected(reasons: [WithdrawalReason], because: [Because])
}

/// An operator's decision about a withdrawal that awaits approval.
enum OperatorDecision: Stored, Equatable {
  case approved(at: Instant, operator: OperatorID, note: String?)
  case rejected(at: Instant, operator: OperatorID, note: String?)
}

/// The provider's results for a payout, the first of each kind. They are kept forever, because money can still move after an end. The
/// strongest result holds: returned, then settled, then failed (DECISIONS C10c). `payout.unknown` is not a result.
struct PayoutResults: Stored, Equatable {
  var settled: PayoutResult?
  var failed: PayoutResult?
  var returned: PayoutResult?

  /// - Throws: `contradicts-result` if it was settled before under another reference. Two transfers may have been made.
  mutating func settle(_ result: PayoutResult, of payout: PayoutID) throws(Rejection) {
    guard let known = settled else {
      settled = result
      return
    }
    if let first = known.reference, let second = result.reference, first != second {
      throw Rejection(
        .contradictsResult, "payout '\(payout)' is settled under reference '\(second)', but was settled under '\(first)' before")
    }
    settled?.reference = known.reference ?? result.reference
  }

  /// - Throws: `contradicts-result` if it was settled before and not returned.
  mutating func fail(_ result: PayoutResult, of payout: PayoutID) throws(Rejection) {
    guard returned == nil else { return }
    if let settled {
      throw Rejection(.contradictsResult, "payout '\(payout)' is reported as failed, but was settled on \(settled.at)")
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
