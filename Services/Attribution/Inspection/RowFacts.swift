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
    let (referee, at): (Because.Fact, Because.Fact) = (.text(row.key), "\(registration.registeredAt)")
    if registration.isPending { return Because("registered-pending", ["referee": referee, "registeredAt": at]) }
    guard let referral = registration.referral else {
      let named = Because.Fact.flag(registration.isReferred)
      return Because("registered-unattributed", ["referee": referee, "registeredAt": at, "named": named])
    }
    return Because(
      "registered-bound",
      [
        "referee": referee, "registeredAt": at, "referrer": .text(referral.referrer.value),
        "endedAt": referral.endedAt.map { "\($0)" },
      ])
  }
}
