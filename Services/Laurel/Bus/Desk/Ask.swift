import Contracts
import Words

/// One thing that an operator asks of the services, and what answers it.
struct Ask {
  /// What the operator calls it: a request or a payout.
  let name: String
  /// nil if the deployment has only one.
  let program: ProgramID?
  let message: any Message
  /// The request that the answers name.
  let request: RequestID
  /// What it does, for the operator who is to agree.
  let preview: String
  /// Why the event would have no effect, so it is not published; nil if it would have one.
  var obstacle: String?
  /// The types of the notices that answer: one of each group.
  let answers: [[String]]
  /// The types of notices that say that it was not done.
  var rejections: [String] = []

  /// The same for every run of one command, so that a record which the broker has taken twice is one event (R3).
  var envelope: Envelope {
    let own = [message.businessID, (message as? any PayoutReport)?.payout.value, (message as? any PayoutReport)?.reference]
    return Envelope(
      id: derivedID([type(of: message).type, program?.value ?? "", message.key] + own.compactMap { $0 }), source: "/laurel/desk",
      type: type(of: message).type, time: message.instant, subject: message.key, program: program, partitionKey: message.key)
  }

  /// Whether an event on the bus asks for the same. When, by whom and with which note does not matter.
  func repeats(_ entry: AccountLog.Entry) -> Bool {
    guard entry.message.key == message.key, isOfProgram(entry.envelope.program) else { return false }
    switch (message, entry.message) {
    case (let own as CorrectionRequested, let other as CorrectionRequested):
      return own.request == other.request && own.amount == other.amount && own.currency == other.currency
    case (let own as ReferralAssignRequested, let other as ReferralAssignRequested):
      return own.request == other.request && own.referrer == other.referrer
    case (let own as any PayoutReport, let other as any PayoutReport):
      // A second transfer under another reference is no repeat (C10c).
      let isOneTransfer = own.reference == nil || other.reference == nil || own.reference == other.reference
      return type(of: own).type == type(of: other).type && own.payout == other.payout && isOneTransfer
    default:
      return type(of: message).type == type(of: entry.message).type && message.businessID == entry.message.businessID
    }
  }

  /// Whether the operator can ask for the same once more, under another request id.
  var canBeRetried: Bool {
    message is CorrectionRequested || message is ReferralAssignRequested || message is ReferralEndRequested
  }

  private func isOfProgram(_ other: ProgramID?) -> Bool { program == nil || other == nil || program == other }
}

/// What the messages of topic `payout-results` have in common.
protocol PayoutReport: Message {
  var payout: PayoutID { get }
  var reference: String? { get }
}

extension PayoutSettled: PayoutReport {}
extension PayoutFailed: PayoutReport {}
extension PayoutReturned: PayoutReport {}

// MARK: - What came of it

/// What came of an ask.
enum AskOutcome {
  /// - Parameter notices: those that answer, one of each group.
  case done([AccountLog.Entry])
  /// The service decided that it is not done.
  case declined(AccountLog.Entry)
  case rejected(Letter)
  /// Nothing was published, because nothing would come of it.
  case unchanged(String)
}

extension Ask {
  /// nil until there is an answer.
  /// - Parameters:
  ///   - place: where its event lies.
  ///   - start: the first entry that can be an answer.
  func outcome(in log: AccountLog, at place: Letter.Place, from start: Int) -> AskOutcome? {
    let own = log.entries[start...].filter {
      $0.message is any Notice && $0.message.key == message.key && $0.request == request.value && isOfProgram($0.envelope.program)
    }
    if let rejection = own.first(where: { rejections.contains($0.envelope.type) }) { return .declined(rejection) }
    let found = answers.compactMap { types in own.first { types.contains($0.envelope.type) } }
    if found.count == answers.count { return .done(found) }
    // A notice goes first: the record may have been replayed since.
    return log.letters[place].map(AskOutcome.rejected)
  }
}
