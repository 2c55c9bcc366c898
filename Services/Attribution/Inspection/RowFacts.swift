import Contracts
import Streaming

extension AttributionService {
  /// A row's content as facts under a code, for the `laurel` command. `nil` if there is nothing to explain.
  public static func describe(_ row: StageRow) throws -> Because? {
    guard row.stage == Accounts.name else { return nil }
    if let event = try row.value(in: Accounts.waiting)?.message {
      return Because("referral-event-waits", ["referee": .text(row.key), "type": .text(type(of: event).type)])
    }
    guard let registration = try row.value(in: Accounts.registration) else { return nil }
    let facts: [(String, Because.Fact)] = [("referee", .text(row.key)), ("registeredAt", "\(registration.registeredAt)")]
    if registration.isPending { return Because("registered-pending", facts) }
    guard let referral = registration.referral else {
      return Because("registered-unattributed", facts + [("named", .flag(registration.isReferred))])
    }
    let ended: [(String, Because.Fact)] = referral.endedAt.map { [("endedAt", "\($0)")] } ?? []
    return Because("registered-bound", facts + [("referrer", .text(referral.referrer.value))] + ended)
  }
}
