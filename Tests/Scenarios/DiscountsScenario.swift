import Contracts
import Discounts
import JSON
import Streaming
import Terms
import TestSupport
import Testing

/// The discounts service alone, in memory: billing events and attributions in, one line per notice out.
final class DiscountsScenario {
  private var simulation: Simulation
  private let store = MemoryStore()
  private let notices = Notices()
  private let parser = JSONParser()
  private var number: Int64 = 0

  private final class Notices {
    var lines: [String] = []
    var rejections: [DeadLetterReason] = []
    let parser = JSONParser()
  }

  static let owner: AccountID = "own"

  /// A day or an instant. An invalid text becomes 1970, which fails the test.
  static func instant(_ text: String) -> Instant {
    Instant(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text) ?? Instant(milliseconds: 0)
  }

  /// The tiers of row B3, with versions that set the day of the runs.
  /// - Parameter versions: a version with day 0 has no discounts.
  static func tiers(_ versions: [(from: String, day: Int64)] = [("2020-01-01", 28)]) -> Program {
    Program(
      id: "tiers",
      versions: versions.enumerated().map { index, version in
        TermsVersion(
          program: "tiers", version: index + 1, effectiveFrom: at(version.from),
          attribution: AttributionTerms(link: "https://app.example/?ref={code}", parameter: "ref"),
          discounts: version.day == 0
            ? nil
            : DiscountTerms(
              tiers: [
                .init(from: 5, percent: 5), .init(from: 10, percent: 10), .init(from: 15, percent: 20),
                .init(from: 20, percent: 40),
              ], maxPerCompany: 20, schedule: MonthlySchedule(day: version.day, zone: .utc)))
      })
  }

  static let bonus = Program(
    id: "bonus",
    versions: [
      TermsVersion(
        program: "bonus", version: 1, effectiveFrom: at("2020-01-01"),
        attribution: AttributionTerms(link: "https://doc.example/?ref={code}", parameter: "ref"),
        welcomeOffer: WelcomeOfferTerms(percent: 10, plans: ["Business", "Start+"], within: .days(21)))
    ])

  init(_ program: Program = tiers()) throws {
    simulation = try Self.simulation(program, store, notices)
  }

  private static func simulation(_ program: Program, _ store: MemoryStore, _ notices: Notices) throws -> Simulation {
    try Simulation(
      services: [DiscountsService.service(Programs([program]))], programs: [program.id], store: { _ in store },
      notice: { notices.lines.append(Self.line($0, notices.parser)) },
      rejected: { notices.rejections.append($0.rejection.reason) }
    )
  }

  /// Starts the service again, with other terms.
  func restart(_ program: Program) throws {
    try simulation.commit()
    let clock = simulation.clock
    simulation = try Self.simulation(program, store, notices)
    try simulation.advance(to: clock)
  }

  // MARK: Given

  /// `arriving`: the time on the envelope, if the event arrives later than its date.
  func take<M: Message>(_ message: M, arriving: String? = nil) throws {
    number += 1
    let envelope = Envelope(id: "e\(number)", source: "/test", type: M.type, time: arriving.map(at) ?? message.instant)
    try simulation.take(InputRecord(envelope, topic: M.topic, data: message.jsonBytes(), number: number))
  }

  func takeWithoutTime<M: Message>(_ message: M) throws {
    number += 1
    let envelope = Envelope(id: "e\(number)", source: "/test", type: M.type)
    try simulation.take(InputRecord(envelope, topic: M.topic, data: message.jsonBytes(), number: number))
  }

  func advance(to instant: String) throws { try simulation.advance(to: at(instant)) }

  func bind(_ referee: String, _ instant: String, arriving: String? = nil) throws {
    try take(
      ReferralAttributed(
        referral: id(referee), referrer: Self.owner, referee: id(referee), code: "OWN", registeredAt: at(instant),
        attributedAt: at(instant), terms: "t@1", because: []), arriving: arriving)
  }

  /// By an operator.
  func assign(_ referee: String, to referrer: String = "own", _ instant: String, arriving: String? = nil) throws {
    try take(
      ReferralAttributed(
        referral: id(referee), referrer: id(referrer), referee: id(referee), registeredAt: at(instant), attributedAt: at(instant),
        request: id("assign-\(referee)-\(instant)"), operator: "op-1", terms: "t@1", because: []), arriving: arriving)
  }

  func end(_ referee: String, of referrer: String = "own", _ instant: String, arriving: String? = nil) throws {
    try take(
      ReferralEnded(
        referral: id(referee), referrer: id(referrer), referee: id(referee), request: id("end-\(referee)-\(instant)"),
        at: at(instant), operator: "op-1", terms: "t@1", because: []), arriving: arriving)
  }

  func subscription(
    _ subscription: String, of account: String = "own", company: String = "a", _ status: SubscriptionStatus, _ instant: String,
    trialEnds: String? = nil, replaces: String? = nil, arriving: String? = nil
  ) throws {
    try take(
      SubscriptionChanged(
        subscription: id(subscription), account: id(account), company: id(company), plan: "Pro", changedAt: at(instant),
        status: status, trialEndsAt: trialEnds.map(at), replaces: replaces.map { id($0) }), arriving: arriving)
  }

  func payment(
    _ payment: String, of account: String, subscription: String?, amount: Int64 = 1000, plan: String = "Pro", _ instant: String,
    arriving: String? = nil
  ) throws {
    try take(
      PaymentSettled(
        payment: id(payment), account: id(account), subscription: subscription.map { id($0) }, paidAt: at(instant),
        currency: "USD",
        lines: [PaymentLine(sku: "plan", kind: .plan, plan: plan, amount: amount)]), arriving: arriving)
  }

  func refund(
    _ refund: String, of payment: String, by account: String, _ amount: Int64, _ instant: String, currency: Currency = "USD",
    arriving: String? = nil
  )
    throws
  {
    try take(
      PaymentRefunded(
        refund: id(refund), payment: id(payment), account: id(account), refundedAt: at(instant), currency: currency,
        amount: amount),
      arriving: arriving)
  }

  func invoice(
    _ invoice: String, company: String = "a", amount: Int64 = 5000, _ issued: String, due: String, arriving: String? = nil
  ) throws {
    try take(
      InvoiceIssued(
        invoice: id(invoice), account: Self.owner, company: id(company), issuedAt: at(issued), dueAt: at(due), amount: amount,
        currency: "USD"), arriving: arriving)
  }

  func void(_ invoice: String, company: String = "a", _ instant: String, arriving: String? = nil) throws {
    try take(
      InvoiceVoided(invoice: id(invoice), account: Self.owner, company: id(company), voidedAt: at(instant)), arriving: arriving)
  }

  /// Referees that are active from the given day on.
  func activeReferees(_ count: Int, _ day: String, prefix: String = "r") throws {
    for index in 1...count {
      let referee = "\(prefix)\(index)"
      try bind(referee, day + "T01:00:00Z")
      try subscription("\(referee)-s", of: referee, company: "\(referee)-c", .active, day + "T02:00:00Z")
      try payment("\(referee)-p", of: referee, subscription: "\(referee)-s", day + "T03:00:00Z")
    }
    clear()
  }

  // MARK: Then

  var rejections: [DeadLetterReason] { notices.rejections }
  func clear() { notices.lines.removeAll() }

  /// The notices since the last call.
  func said() -> [String] {
    defer { clear() }
    return notices.lines
  }

  private static func line(_ record: OutputRecord, _ parser: JSONParser) -> String {
    do {
      let (envelope, data) = try record.event()
      switch envelope.type {
      case ReferralActivated.type:
        let notice = try parser.decode(ReferralActivated.self, from: data)
        return "\(notice.referee) active at \(short(notice.at))"
      case ReferralDeactivated.type:
        let notice = try parser.decode(ReferralDeactivated.self, from: data)
        return "\(notice.referee) inactive at \(short(notice.at))"
      case DiscountAssigned.type:
        let notice = try parser.decode(DiscountAssigned.self, from: data)
        return "\(notice.period) \(notice.company): \(notice.percent)% for \(notice.slots) of \(notice.activeReferrals)"
      case DiscountSkipped.type:
        let notice = try parser.decode(DiscountSkipped.self, from: data)
        return "\(notice.period) skipped: \(notice.reasons.map(\.rawValue).joined(separator: ", "))"
      case DiscountApplied.type:
        let notice = try parser.decode(DiscountApplied.self, from: data)
        return "\(notice.period) \(notice.company): \(notice.percent)% on \(notice.invoice) at \(short(notice.at))"
      case DiscountVoided.type:
        let notice = try parser.decode(DiscountVoided.self, from: data)
        return "\(notice.period) \(notice.company): \(notice.reason.rawValue) at \(short(notice.at))"
      case DiscountRestored.type:
        let notice = try parser.decode(DiscountRestored.self, from: data)
        return "\(notice.period) \(notice.company): \(notice.invoice) gives it back at \(short(notice.at))"
      case OfferOpened.type:
        let notice = try parser.decode(OfferOpened.self, from: data)
        return "\(notice.account) \(notice.percent)% until \(short(notice.expiresAt))"
      case OfferUsed.type:
        let notice = try parser.decode(OfferUsed.self, from: data)
        return "\(notice.account) used by \(notice.payment) at \(short(notice.at))"
      case OfferExpired.type:
        let notice = try parser.decode(OfferExpired.self, from: data)
        return "\(notice.account) expired at \(short(notice.at))"
      default: return envelope.type
      }
    } catch {
      return "on \(record.topic.name): \(error)"
    }
  }

  /// `02-28` at midnight, else `02-28T09:00`.
  private static func short(_ instant: Instant) -> String {
    let text = "\(instant)".dropFirst(5).prefix(11)
    return text.hasSuffix("T00:00") ? String(text.prefix(5)) : String(text)
  }
}

private func at(_ text: String) -> Instant { DiscountsScenario.instant(text) }

private func id<Kind>(_ text: String) -> Identifier<Kind> { Identifier(derivedFrom: [text]) }
