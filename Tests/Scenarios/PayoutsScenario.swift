import Contracts
import JSON
import Payouts
import Streaming
import Terms
import TestSupport
import Testing

/// The payouts service alone, in memory: requests, decisions, the ledger's answers and results in, one line per notice out. The test
/// plays the ledger, so the ledger can be as slow as needed.
final class PayoutsScenario {
  private let simulation: Simulation
  private let heard = Heard()
  private var number: Int64 = 0

  private final class Heard {
    var notices: [Result<KeptOutput, any Error>] = []
    var rejections: [DeadLetterReason] = []
  }

  static let owner: AccountID = "own"

  /// Row C10: an operator approves amounts above 500.00 USD. Notices go out on days 7 and 10.
  static let cash = Program(
    id: "cash",
    versions: [
      version(
        1, from: "2020-01-01T00:00:00Z",
        WithdrawalTerms(
          approvalAbove: .above(["USD": 50_000]), dueSoonAfter: .days(7), dueAfter: .days(10)))
    ])

  static func version(_ number: Int, from instant: String, _ withdrawal: WithdrawalTerms?) -> TermsVersion {
    TermsVersion(
      program: "cash", version: number, effectiveFrom: Instant(rfc3339: instant) ?? Instant(milliseconds: 0),
      attribution: AttributionTerms(link: "https://hosting.example/?page={code}", parameter: "page"), withdrawal: withdrawal)
  }

  init(_ program: Program = cash) throws {
    let heard = heard
    simulation = try Simulation(
      services: [PayoutsService.service(Programs([program]))], programs: [program.id],
      notice: { record in heard.notices.append(Result { try KeptOutput(record) }) },
      rejected: { heard.rejections.append($0.rejection.reason) })
  }

  // MARK: Given

  /// `arriving`: the time on the envelope, if the event arrives later than its date. `isRepeat`: it has the id of the last event.
  func take(_ message: some Message, arriving: Instant? = nil, isRepeat: Bool = false) throws {
    if !isRepeat { number += 1 }
    let type = Swift.type(of: message)
    let envelope = Envelope(id: "e\(number)", source: "/test", type: type.type, time: arriving ?? message.instant)
    try simulation.take(InputRecord(envelope, topic: type.topic, data: message.jsonBytes(), number: number))
  }

  func advance(to instant: Instant) throws { try simulation.advance(to: instant) }

  // MARK: Then

  var rejections: [DeadLetterReason] { heard.rejections }
  /// All notices of a type so far.
  func notices<M: Message>(_ type: M.Type) throws -> [M] {
    let parser = JSONParser()
    return try heard.notices.map { try $0.get() }.filter { $0.envelope.type == type.type }.map {
      try parser.decode(type, from: $0.data)
    }
  }

  /// The notices since the last call, as `type request [payout] [reasons] instant`.
  func said() throws -> [String] {
    defer { heard.notices.removeAll() }
    return try heard.notices.map { try Self.line($0.get()) }
  }

  private struct Said: JSONDecodable {
    let request: String
    let payout: String?
    let reasons: [String]?
    let at: Instant

    init(json: JSONValue) throws(JSONError) {
      let notice = try json.object()
      request = try notice.required("request")
      payout = try notice.optional("payout")
      reasons = try notice.optional("reasons")
      at = try notice.required("at")
    }
  }

  private static func line(_ record: KeptOutput) throws -> String {
    let said = try JSONParser().decode(Said.self, from: record.data)
    let name = record.envelope.type.split(separator: ".")[1]
    let words = [String(name), said.request] + [said.payout].compactMap { $0 } + (said.reasons ?? [])
    return (words + [String("\(said.at)".dropFirst(5).prefix(11))]).joined(separator: " ")
  }
}

/// Events of an account's owner, an operator, the ledger and the provider.
enum PayoutsEvent {
  /// Noon of a day in March 2026.
  static func noon(_ day: Int) -> Instant { Instant(year: 2026, month: 3, day: day, hour: 12) ?? Instant(milliseconds: 0) }

  static func requested(_ request: RequestID, _ amount: Int64 = 400, day: Int = 1, currency: Currency = "USD")
    -> WithdrawalRequested
  {
    WithdrawalRequested(
      request: request, account: PayoutsScenario.owner, requestedAt: noon(day), amount: amount, currency: currency,
      destination: "card:1111")
  }

  static func canceled(_ request: RequestID, day: Int) -> WithdrawalCanceled {
    WithdrawalCanceled(request: request, account: PayoutsScenario.owner, canceledAt: noon(day))
  }

  static func approved(_ request: RequestID, day: Int) -> WithdrawalApproved {
    WithdrawalApproved(request: request, account: PayoutsScenario.owner, operator: "olga", decidedAt: noon(day), note: "known")
  }

  static func rejected(_ request: RequestID, day: Int) -> WithdrawalRejected {
    WithdrawalRejected(request: request, account: PayoutsScenario.owner, operator: "olga", decidedAt: noon(day))
  }

  static func reserved(_ request: RequestID, _ amount: Int64 = 400, day: Int = 1) -> WithdrawalReserved {
    WithdrawalReserved(
      request: request, referrer: PayoutsScenario.owner, amount: amount, currency: "USD", at: noon(day),
      balance: Balance(currency: "USD"), terms: "cash@1", because: [])
  }

  static func notReserved(_ request: RequestID, day: Int = 1, _ reasons: [WithdrawalReason] = [.insufficientBalance])
    -> ReservationRefused
  {
    ReservationRefused(
      request: request, referrer: PayoutsScenario.owner, requestedAt: noon(day), at: noon(day), reasons: reasons,
      because: [Because("withdrawal", ["available": 3])])
  }

  static func settled(_ payout: PayoutID, day: Int, reference: String? = "r1") -> PayoutSettled {
    PayoutSettled(payout: payout, referrer: PayoutsScenario.owner, at: noon(day), reference: reference)
  }

  static func failed(_ payout: PayoutID, day: Int) -> PayoutFailed {
    PayoutFailed(payout: payout, referrer: PayoutsScenario.owner, at: noon(day), reason: "card expired")
  }

  static func returned(_ payout: PayoutID, day: Int) -> PayoutReturned {
    PayoutReturned(payout: payout, referrer: PayoutsScenario.owner, at: noon(day), reason: "unclaimed")
  }

  static func closed(_ reason: ClosingReason?, day: Int) -> AccountClosed {
    AccountClosed(account: PayoutsScenario.owner, closedAt: noon(day), reason: reason)
  }

  static func reopened(day: Int) -> AccountReopened {
    AccountReopened(account: PayoutsScenario.owner, reopenedAt: noon(day))
  }

  static func unknown(_ payout: PayoutID, day: Int) -> PayoutUnknown {
    PayoutUnknown(payout: payout, referrer: PayoutsScenario.owner, at: noon(day))
  }
}

func permutations<Item>(of items: [Item]) -> [[Item]] {
  guard items.count > 1 else { return [items] }
  return items.indices.flatMap { index in
    var others = items
    let first = others.remove(at: index)
    return permutations(of: others).map { [first] + $0 }
  }
}
