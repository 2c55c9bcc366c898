import Contracts
import FaultBench
import TestSupport

/// A load on the `bonus` program: referees with one referrer each, and payments within ten days, so that nothing is credited before the
/// clock moves on. The expected result is simple arithmetic.
struct Payments {
  static let start = Instant(milliseconds: 1_767_603_600_000)  // 2026-01-05T09:00:00Z
  /// By then all rewards are credited.
  static let end = start + .days(40)

  let referees: Int
  let count: Int

  func amount(_ number: Int) -> Int64 { Int64(1000 + number * 10) }
  func reward(_ number: Int) -> Int64 { amount(number) / 10 }
  func referee(_ number: Int) -> Int { number % referees }
  func payment(_ number: Int) -> String { "p\(number)" }

  /// The expected final balance of each referrer.
  var balances: [String: Int64] {
    (0..<count).reduce(into: [:]) { $0["r\(referee($1))", default: 0] += reward($1) }
  }

  /// The referrers' codes. A registration that arrives before its code is issued is rejected.
  func publishCodes(_ publisher: Publisher) throws {
    for number in 0..<referees {
      try publisher.publish(
        CodeRequested(
          request: try id("code\(number)"), account: try id("r\(number)"), requestedAt: Self.start, vanity: "CODE\(number)"))
    }
  }

  /// Registrations with these codes. Each takes all internal messages of attribution, and opens a welcome offer.
  func publishRegistrations(_ numbers: Range<Int>, _ publisher: Publisher) throws {
    for number in numbers {
      try publisher.publish(
        AccountRegistered(
          account: try id("e\(number)"), registeredAt: Self.start + .seconds(1),
          referral: RegistrationReferral(code: "CODE\(number)", channel: .code)))
    }
  }

  /// Withdrawals without money: each takes a request to the ledger, its answer, and one rejection.
  func publishWithdrawals(_ numbers: Range<Int>, _ publisher: Publisher) throws {
    for number in numbers {
      try publisher.publish(
        WithdrawalRequested(
          request: try id("w\(number)"), account: try id("x\(number)"), requestedAt: Self.start + .hours(1), amount: 100,
          currency: "USD", destination: "card"), program: "cash")
    }
  }

  func publish(_ numbers: Range<Int>, _ publisher: Publisher) throws {
    for number in numbers {
      try publisher.publish(
        PaymentSettled(
          payment: try id(payment(number)), account: try id("e\(referee(number))"),
          paidAt: Self.start + .seconds(Int64(60 + number * (860_000 / max(count, 1)))), currency: "KZT",
          lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Basic", amount: amount(number))]))
    }
  }

  private func id<Kind>(_ text: String) throws -> Identifier<Kind> {
    guard let id = Identifier<Kind>(text) else { throw BrokerFailure("not an identifier: \(text)") }
    return id
  }
}
