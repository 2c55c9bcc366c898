import Contracts
import JSON

/// What has been heard about a withdrawal, in whatever order it came: even before the request itself. Of each kind the first to arrive
/// stays, so that neither a second decision nor a second result changes anything (DECISIONS C10).
struct WithdrawalFacts: Stored, Equatable {
  var answer: LedgerAnswer?
  var decision: OperatorDecision?
  var canceledAt: Instant?
  var result: PayoutResult?

  mutating func learn(_ answer: LedgerAnswer) { self.answer = self.answer ?? answer }
  mutating func learn(_ decision: OperatorDecision) { self.decision = self.decision ?? decision }
  mutating func learn(_ result: PayoutResult) { self.result = self.result ?? result }
  mutating func learn(canceledAt instant: Instant) { canceledAt = canceledAt ?? instant }
}

/// Whether the money was set aside.
enum LedgerAnswer: Stored, Equatable {
  case reserved
  case refused(reasons: [WithdrawalReason], because: [Because])
}

/// What an operator said about a large withdrawal.
enum OperatorDecision: Stored, Equatable {
  case approved(at: Instant, operator: OperatorID, note: String?)
  case rejected(at: Instant, operator: OperatorID, note: String?)
}

/// How a payout ended. (That nobody knows is no end.)
enum PayoutResult: Stored, Equatable {
  case settled(at: Instant, reference: String?)
  case failed(at: Instant, reason: String?)
}
