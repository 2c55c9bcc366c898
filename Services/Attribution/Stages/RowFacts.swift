import Contracts
import Streaming

extension AttributionService {
  /// What a row of this service says, as facts under a code, for those who tell about its state; nil: nothing that there is a story of.
  public static func describe(_ row: StageRow) throws -> Because? {
    guard row.stage == Accounts.name, let registration = try row.value(in: Accounts.registration) else { return nil }
    let facts: [(String, Because.Fact)] = [("referee", .text(row.key)), ("registeredAt", "\(registration.registeredAt)")]
    switch registration.standing {
    case .unbound: return Because("registered-unbound", facts + [("named", .flag(registration.isReferred))])
    case .pending: return Because("registered-pending", facts)
    case .bound(let referrer): return Because("registered-bound", facts + [("referrer", .text(referrer.value))])
    }
  }
}
