import Accrual
import Contracts
import JSON
import Streaming
import Terms
import TestSupport

/// The accrual service alone, in memory: billing events, attributions and requests in, one line per notice out, with the balance after
/// it. The referrer is `acme`, its referee `beta`.
final class AccrualScenario {
  private let simulation: Simulation
  private let store = MemoryStore()
  private let notices = Notices()
  private let currency: Currency
  private var number: Int64 = 0

  private final class Notices {
    var lines: [String] = []
    var rejections: [DeadLetterReason] = []
    let parser = JSONParser()
  }

  /// Rows A2–A6, in KZT.
  static let bonusTerms = RewardTerms(
    lineKinds: [.plan, .service], requiresPlanLine: true, categories: nil, refusesPromoCodes: false, excludedDiscounts: [],
    pay: .rate(percent(10), statuses: []), creditAfter: .days(14), availableAfter: .days(14))

  /// Rows C5–C9, in USD.
  static let cashTerms = RewardTerms(
    lineKinds: [.plan, .service], requiresPlanLine: false, categories: ["shared-hosting", "domain"], refusesPromoCodes: true,
    excludedDiscounts: [.promo, .sale, .manual],
    pay: .rate(percent(10), statuses: [.init(name: "Bronze", above: ["USD": 7500], rate: percent(1))]), creditAfter: .zero,
    availableAfter: .days(30))

  static func bonus(_ reward: RewardTerms = bonusTerms) throws -> AccrualScenario {
    try AccrualScenario(
      "bonus", "KZT",
      TermsVersion(
        program: "bonus", version: 1, effectiveFrom: at("2020-01-01"),
        attribution: AttributionTerms(link: "{code}", parameter: "ref"),
        reward: reward, spending: SpendingTerms(kinds: ["plan", "service"])))
  }

  static func cash(_ reward: RewardTerms = cashTerms) throws -> AccrualScenario {
    try AccrualScenario(
      "cash", "USD",
      TermsVersion(
        program: "cash", version: 1, effectiveFrom: at("2020-01-01"),
        attribution: AttributionTerms(
          link: "{code}", parameter: "page", referrer: Eligibility(kinds: [.individual], countries: ["UA"])),
        reward: reward, withdrawal: WithdrawalTerms(approvalAbove: .never, dueSoonAfter: .days(7), dueAfter: .days(10))))
  }

  /// Bonus terms with several versions, each with its reward from its day on.
  static func bonus(versions: [(from: String, reward: RewardTerms)]) throws -> AccrualScenario {
    try AccrualScenario(
      "bonus", "KZT",
      versions.enumerated().map { index, version in
        TermsVersion(
          program: "bonus", version: index + 1, effectiveFrom: at(version.from),
          attribution: AttributionTerms(link: "{code}", parameter: "ref"), reward: version.reward)
      })
  }

  private convenience init(_ program: ProgramID, _ currency: Currency, _ terms: TermsVersion) throws {
    try self.init(program, currency, [terms])
  }

  private init(_ program: ProgramID, _ currency: Currency, _ versions: [TermsVersion]) throws {
    self.currency = currency
    let (notices, store) = (notices, store)
    simulation = try Simulation(
      services: [AccrualService.service(Programs([Program(id: program, versions: versions)]))], programs: [program],
      store: { _ in store }, notice: { notices.lines.append(Self.line($0, notices.parser)) },
      rejected: { notices.rejections.append($0.rejection.reason) })
  }

  /// A day of a test. An invalid text becomes 1970, which fails the test.
  static func instant(_ day: String) -> Instant { Instant(rfc3339: day + "T00:00:00Z") ?? Instant(milliseconds: 0) }

  private static func percent(_ count: Int64) -> BasisPoints { BasisPoints(count * 100) ?? .zero }

  // MARK: Given. Days are in 2026. `late` is the day on which an event arrives, if it differs from its date.

  func take<M: Message>(_ message: M, late: String? = nil) throws {
    number += 1
    let envelope = Envelope(id: "e\(number)", source: "/test", type: M.type, time: late.map(day) ?? message.instant)
    try simulation.take(InputRecord(envelope, topic: M.topic, data: message.jsonBytes(), number: number))
  }

  func advance(_ to: String) throws { try simulation.advance(to: day(to)) }

  @discardableResult func registered(_ on: String = "01-01") throws -> Self {
    try take(AccountRegistered(account: "acme", registeredAt: day(on), kind: .individual, country: "UA"))
    return self
  }

  @discardableResult func bound(_ on: String = "01-05", late: String? = nil) throws -> Self {
    try take(
      ReferralAttributed(
        referral: "beta", referrer: "acme", referee: "beta", code: "ACME", registeredAt: day(on), attributedAt: day(on),
        terms: "t@1",
        because: []), late: late)
    return self
  }

  func paid(
    _ payment: String, _ on: String, _ lines: [PaymentLine], bonus: Int64? = nil, promoCode: String? = nil, late: String? = nil
  ) throws {
    try take(
      PaymentSettled(
        payment: id(payment), account: "beta", paidAt: day(on), currency: currency, lines: lines, paidWithBonus: bonus,
        promoCode: promoCode), late: late)
  }

  func paid(_ payment: String, _ on: String, _ amount: Int64, late: String? = nil) throws {
    try paid(payment, on, [PaymentLine(sku: "x", kind: .plan, category: "domain", amount: amount)], late: late)
  }

  func refunded(
    _ refund: String, _ payment: String, _ on: String, _ amount: Int64, _ lines: [RefundLine]? = nil, late: String? = nil
  ) throws {
    try take(
      PaymentRefunded(
        refund: id(refund), payment: id(payment), account: "beta", refundedAt: day(on), currency: currency, amount: amount,
        lines: lines), late: late)
  }

  func refundFailed(_ refund: String, _ payment: String, _ on: String, late: String? = nil) throws {
    try take(RefundFailed(refund: id(refund), payment: id(payment), account: "beta", failedAt: day(on)), late: late)
  }

  func requested(_ payment: String, _ on: String, late: String? = nil) throws {
    try take(RefundRequested(payment: id(payment), account: "beta", requestedAt: day(on)), late: late)
  }

  func declined(_ payment: String, _ on: String, late: String? = nil) throws {
    try take(RefundDeclined(payment: id(payment), account: "beta", declinedAt: day(on)), late: late)
  }

  func disputed(_ payment: String, _ on: String, late: String? = nil) throws {
    try take(PaymentDisputed(payment: id(payment), account: "beta", disputedAt: day(on)), late: late)
  }

  func closed(_ payment: String, _ outcome: DisputeOutcome, _ on: String, late: String? = nil) throws {
    try take(DisputeClosed(payment: id(payment), account: "beta", closedAt: day(on), outcome: outcome), late: late)
  }

  func spend(_ request: String, _ on: String, _ amount: Int64, kinds: [String] = ["plan"]) throws {
    try take(
      SpendRequested(
        request: id(request), account: "acme", requestedAt: day(on), amount: amount, currency: currency, invoice: "i",
        kinds: kinds))
  }

  func opened(_ request: String, _ on: String, _ amount: Int64) throws {
    try take(
      WithdrawalOpened(
        request: id(request), referrer: "acme", amount: amount, currency: currency, requestedAt: day(on), dueAt: day(on),
        at: day(on),
        terms: "t@1", because: []))
  }

  // MARK: Then

  var rejections: [DeadLetterReason] { notices.rejections }

  /// The stored payments, waiting facts and rewards: `payment p`, `awaited p`, `reward p`.
  var kept: [String] {
    get throws {
      try simulation.commit()
      return try KeptRows.names(in: store)
    }
  }

  /// The notices since the last call.
  func said() -> [String] {
    defer { notices.lines.removeAll() }
    return notices.lines
  }

  private static func line(_ record: OutputRecord, _ parser: JSONParser) -> String {
    do {
      let (envelope, data) = try record.event()
      let said = try parser.decode(Said.self, from: data)
      let type = envelope.type.dropLast(".v1".utf8.count)
      let day = "\(said.day)".dropFirst(5).prefix(5)
      let words: [String?] = [
        "\(day) \(type)", said.payment ?? said.request, said.delta.map { "\($0)" } ?? said.amount.map { "\($0)" },
        said.balance == nil ? said.currency : nil, said.rate.map { "at \($0)" }, said.cause.map { "(\($0))" },
        said.reasons.map { $0.joined(separator: " ") },
        said.balance.map { "→ \($0.parts)" },
      ]
      return words.compactMap(\.self).joined(separator: " ")
    } catch {
      return "on \(record.topic.name): \(error)"
    }
  }

  private struct Said: JSONDecodable {
    let payment: String?
    let request: String?
    let amount: Int64?
    let delta: Int64?
    let currency: String?
    let rate: BasisPoints?
    let cause: String?
    let reasons: [String]?
    let balance: Balance?
    let accruedAt: Instant?
    let creditedAt: Instant?
    let at: Instant?

    init(json: JSONValue) throws(JSONError) {
      let notice = try json.object()
      payment = try notice.optional("payment")
      request = try notice.optional("request")
      amount = try notice.optional("amount")
      currency = try notice.optional("currency")
      delta = try notice.optional("delta")
      rate = try notice.optional("rate")
      cause = try notice.optional("cause")
      reasons = try notice.optional("reasons")
      balance = try notice.optional("balance")
      accruedAt = try notice.optional("accruedAt")
      creditedAt = try notice.optional("creditedAt")
      at = try notice.optional("at")
    }

    var day: Instant { at ?? accruedAt ?? creditedAt ?? Instant(milliseconds: 0) }
  }
}

extension Balance {
  /// The parts that are not 0, such as `available 90 reversed 10`.
  fileprivate var parts: String {
    let parts = [
      ("pending", pending), ("available", available), ("locked", locked), ("reserved", reserved), ("spent", spent),
      ("paid", paid),
      ("reversed", reversed),
    ]
    let reported = parts.filter { $0.1 != 0 }.map { "\($0.0) \($0.1)" }
    return reported.isEmpty ? "nothing" : reported.joined(separator: " ")
  }
}

private func at(_ text: String) -> Instant { AccrualScenario.instant(text) }
private func day(_ text: String) -> Instant { at("2026-\(text)") }
private func id<Kind>(_ text: String) -> Identifier<Kind> { Identifier(derivedFrom: [text]) }
