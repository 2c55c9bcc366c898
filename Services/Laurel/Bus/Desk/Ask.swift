import CommandKit
import Contracts
import ServiceKit
import Words

/// One event that an operator publishes, and the notices that answer it.
struct Ask {
  /// The operator's name for it: the id of a request or of a payout.
  let name: String
  /// `nil` if it is unknown. Then the services use their only program.
  let program: ProgramID?
  let message: any Message
  /// The request that the answers refer to.
  let request: RequestID
  /// Describes to the operator what it will do.
  let preview: String
  /// Why the event would have no effect. Then it is not published. `nil` if it would have one.
  var obstacle: String?
  /// The types of the notices that answer it. It is done when a notice of each group has arrived.
  let answers: [[String]]
  /// The types of notices that report that the service decided against it.
  var rejections: [String] = []

  /// Its id is the same in every run of the command, so the services process the event once even if it is published twice (R3).
  var envelope: Envelope {
    let own = [message.businessID, (message as? any PayoutReport)?.payout.value, (message as? any PayoutReport)?.reference]
    return Envelope(
      id: derivedID([type(of: message).type, program?.value ?? "", message.key] + own.compactMap { $0 }), source: "/laurel/desk",
      type: type(of: message).type, time: message.instant, subject: message.key, program: program, partitionKey: message.key)
  }

  /// Whether an event on the bus requests the same. Its time, operator and note do not matter.
  func repeats(_ entry: AccountLog.Entry) -> Bool {
    guard entry.message.key == message.key, isOfProgram(entry.envelope.program) else { return false }
    switch (message, entry.message) {
    case (let own as CorrectionRequested, let other as CorrectionRequested):
      return own.request == other.request && own.amount == other.amount && own.currency == other.currency
    case (let own as ReferralAssignRequested, let other as ReferralAssignRequested):
      return own.request == other.request && own.referrer == other.referrer
    case (let own as any PayoutReport, let other as any PayoutReport):
      // A second transfer with another reference is not a repeat (C10c).
      let isOneTransfer = own.reference == nil || other.reference == nil || own.reference == other.reference
      return type(of: own).type == type(of: other).type && own.payout == other.payout && isOneTransfer
    default:
      return type(of: message).type == type(of: entry.message).type && message.businessID == entry.message.businessID
    }
  }

  /// Whether the operator can request the same again with another request id.
  var canBeRetried: Bool {
    message is CorrectionRequested || message is ReferralAssignRequested || message is ReferralEndRequested
  }

  private func isOfProgram(_ other: ProgramID?) -> Bool { program == nil || other == nil || program == other }
}

/// The fields that all messages of topic `payout-results` have.
protocol PayoutReport: HasPayout {
  var reference: String? { get }
}

extension PayoutSettled: PayoutReport {}
extension PayoutFailed: PayoutReport {}
extension PayoutReturned: PayoutReport {}

// MARK: - The outcome

/// The outcome of an ask.
enum AskOutcome {
  /// The notices that answer, one of each group.
  case done([AccountLog.Entry])
  /// The service decided against it, with this notice.
  case declined(AccountLog.Entry)
  case rejected(Letter)
  /// Nothing was published, because the event would have no effect, for this reason.
  case unchanged(String)
}

extension Ask {
  /// The outcome, or `nil` until there is an answer.
  /// - Parameters:
  ///   - place: the place of its event.
  ///   - start: the index of the first entry that can be an answer.
  func outcome(in log: AccountLog, at place: Letter.Place, from start: Int) -> AskOutcome? {
    let own = log.entries[start...].filter {
      $0.message is any Notice && $0.message.key == message.key && $0.request == request && isOfProgram($0.envelope.program)
    }
    if let rejection = own.first(where: { rejections.contains($0.envelope.type) }) { return .declined(rejection) }
    let found = answers.compactMap { types in own.first { types.contains($0.envelope.type) } }
    if found.count == answers.count { return .done(found) }
    // Look for notices first, because a rejected record may have been replayed since.
    return log.letters[place].map(AskOutcome.rejected)
  }
}

/// The options that all decisions have in common.
struct Decision {
  let name: OperatorID
  let at: Instant
  /// Needed only if the bus does not show which program is meant.
  var program: ProgramID?
  /// `nil` to derive it from the content of the request.
  var request: RequestID?
  var note: String?

  /// The same id for the same command, so a repeated command has no further effect.
  func request(derivedFrom parts: [String]) -> RequestID { request ?? RequestID(derivedFrom: parts) }
}

extension Decision {
  /// - Parameters:
  ///   - options: which of the options `request` and `note` the command has.
  init(_ desk: Desk, _ options: Set<String>) throws {
    let invocation = desk.invocation
    self.init(
      name: try Desk.id(invocation.text("operator"), "--operator", invocation), at: desk.at,
      program: try invocation.optionalText("program").map { try Desk.id($0, "--program", invocation) },
      request: options.contains("request")
        ? try invocation.optionalText("request").map { try Desk.id($0, "--request", invocation) } : nil,
      note: options.contains("note") ? invocation.optionalText("note") : nil)
  }
}
