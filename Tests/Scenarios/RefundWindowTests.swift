import Contracts
import Terms
import Testing

/// Terms with `reward.refundWindow`: later facts have no effect, the stored rows are deleted, and nothing is lost silently.
///
/// The payment of 1000 on 10 January earns 100, which are available on 24 January. Its window of 60 days closes on 11 March.
@Suite struct RefundWindowTests {
  private static func bonus(_ window: TimeSpan = .days(60)) throws -> AccrualScenario {
    try AccrualScenario.bonus(terms(window)).bound()
  }

  private static func terms(_ window: TimeSpan?) -> RewardTerms {
    var terms = AccrualScenario.bonusTerms
    terms.refundWindow = window
    return terms
  }

  private static let tooLate = DeadLetterReason.refundWindowClosed

  // MARK: What counts

  @Test func `The last day counts, from the closing on nothing does`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.refunded("r1", "p", "03-10", 200)
    try scenario.refunded("r2", "p", "03-11", 200)
    try scenario.requested("p", "03-11")
    try scenario.declined("p", "03-12")
    try scenario.disputed("p", "03-13")
    try scenario.closed("p", .won, "03-14")
    try scenario.closed("p", .lost, "03-15")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-24 reward.credited 100 → available 100",
        "03-10 reward.reversed -20 (refund) → available 80 reversed 20",
      ])
    #expect(scenario.rejections == Array(repeating: Self.tooLate, count: 6))
  }

  @Test func `Without a window a refund counts forever`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("12-30")
    try scenario.refunded("r", "p", "12-31", 1000)
    #expect(scenario.said().last == "12-31 reward.reversed -100 (refund) → reversed 100")
    #expect(scenario.rejections == [])
  }

  @Test func `A fact dated after the closing is rejected even if it arrives before it`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.refunded("r", "p", "03-11", 200, late: "02-01")
    #expect(scenario.rejections == [Self.tooLate])
    #expect(try scenario.kept == ["payment p", "reward p"])
  }

  // MARK: Deleted rows

  @Test func `At the closing all goes but the balance`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("03-10")
    #expect(try scenario.kept == ["payment p", "reward p"])
    try scenario.advance("03-11")
    #expect(try scenario.kept == [])
    try scenario.spend("s", "03-12", 100)
    #expect(scenario.said().last == "03-12 bonus.reserved s 100 → reserved 100")
  }

  @Test func `A payment that earns nothing goes too, and its facts mean nothing until then`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", [PaymentLine(sku: "x", kind: .service, amount: 1000)])
    try scenario.refunded("r1", "p", "02-01", 200)
    #expect(scenario.rejections == [])
    #expect(try scenario.kept == ["payment p"])
    try scenario.refunded("r2", "p", "03-11", 200)
    #expect(scenario.rejections == [Self.tooLate])
    #expect(try scenario.kept == [])
  }

  @Test func `A reward of which nothing is left is kept, for its refund may fail`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.refunded("r", "p", "02-01", 1000)
    try scenario.advance("03-11")
    #expect(try scenario.kept == ["payment p", "reward p"])
    _ = scenario.said()
    try scenario.refundFailed("r", "p", "04-01")
    #expect(scenario.said() == ["04-01 reward.restored 100 → available 100"])
    #expect(try scenario.kept == [])
  }

  @Test func `A fact of the time before the closing that arrives when all is gone is a dead letter`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.refunded("r", "p", "03-01", 200, late: "03-12")
    #expect(scenario.rejections == [Self.tooLate])
    #expect(try scenario.kept == [])
    #expect(scenario.said().last == "01-24 reward.credited 100 → available 100")
  }

  @Test func `The payment itself is known forever`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("12-31")
    _ = scenario.said()
    try scenario.paid("p", "01-10", 1000)
    #expect(scenario.said() == [])
    try scenario.paid("p", "01-10", 999)
    #expect(scenario.said() == [])
    #expect(scenario.rejections == [.conflictingDuplicate])
  }

  // MARK: Open facts at the closing

  @Test func `A dispute that is open at the closing is answered whenever that is`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.disputed("p", "03-10")
    try scenario.advance("04-01")
    #expect(try scenario.kept == ["payment p", "reward p"])
    try scenario.requested("p", "04-02")
    #expect(scenario.rejections == [Self.tooLate])
    _ = scenario.said()
    try scenario.closed("p", .won, "04-03")
    #expect(scenario.said() == ["04-03 reward.unfrozen (dispute) → available 100"])
    // An end of a dispute may be corrected, however late.
    try scenario.closed("p", .lost, "04-04")
    #expect(scenario.said() == ["04-04 reward.reversed -100 (dispute) → reversed 100"])
    #expect(scenario.rejections == [Self.tooLate])
  }

  @Test func `A dispute that is lost after the closing takes the reward`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.disputed("p", "03-10")
    try scenario.closed("p", .lost, "04-03")
    #expect(scenario.said().last == "04-03 reward.reversed -100 (dispute) → reversed 100")
    try scenario.closed("p", .won, "05-01")
    #expect(scenario.said() == ["05-01 reward.restored 100 → available 100"])
  }

  @Test func `A refund after the closing takes nothing, and ends the request that was open`() throws {
    let scenario = try Self.bonus()
    try scenario.paid("p", "01-10", 1000)
    try scenario.requested("p", "03-10")
    try scenario.refunded("r", "p", "04-01", 400)
    #expect(
      scenario.said().suffix(2) == [
        "03-10 reward.frozen (refund-requested) → locked 100", "04-01 reward.unfrozen (refund-requested) → available 100",
      ])
    #expect(scenario.rejections == [Self.tooLate])
    #expect(try scenario.kept == [])
    try scenario.refunded("r2", "p", "04-02", 100)
    #expect(scenario.rejections == [Self.tooLate, Self.tooLate])
  }

  @Test func `A reward that is pending when the window closes is credited all the same`() throws {
    let scenario = try Self.bonus(.days(5))
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("01-20")
    #expect(try scenario.kept == ["reward p"])
    try scenario.advance("01-24")
    #expect(scenario.said().last == "01-24 reward.credited 100 → available 100")
    #expect(try scenario.kept == [])
  }

  @Test func `A reward that is locked when the window closes is unlocked all the same`() throws {
    var terms = AccrualScenario.cashTerms
    terms.refundWindow = .days(20)
    let scenario = try AccrualScenario.cash(terms).registered().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("02-01")
    #expect(try scenario.kept == ["reward p"])
    try scenario.advance("02-09")
    #expect(scenario.said().last == "02-09 reward.unlocked 100 → available 100")
    #expect(try scenario.kept == [])
  }

  // MARK: Facts before their payment

  @Test func `A refund of a payment that never comes is a dead letter when no payment can be meant any more`() throws {
    let scenario = try Self.bonus()
    try scenario.refunded("r1", "p", "02-01", 200)
    try scenario.refunded("r2", "p", "02-11", 200)
    try scenario.advance("04-01")
    #expect(scenario.rejections == [])
    try scenario.advance("04-02")
    #expect(scenario.rejections == [Self.tooLate])
    #expect(try scenario.kept == ["awaited p", "payment p"])
    try scenario.advance("04-12")
    #expect(scenario.rejections == [Self.tooLate, Self.tooLate])
    #expect(try scenario.kept == [])
    // If the payment arrives anyway, it earns. The refund has been rejected already.
    try scenario.paid("p", "01-10", 1000, late: "05-01")
    #expect(
      scenario.said() == ["01-10 reward.accrued p 100 at 10% → pending 100", "01-24 reward.credited 100 → available 100"])
    #expect(try scenario.kept == [])
  }

  @Test func `A payment that comes after its own window earns, and takes what waited for it`() throws {
    let scenario = try Self.bonus()
    try scenario.refunded("r1", "p", "03-01", 200)
    try scenario.refunded("r2", "p", "03-11", 200)
    try scenario.paid("p", "01-10", 1000, late: "04-01")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-24 reward.credited 100 → available 100",
        "03-01 reward.reversed -20 (refund) → available 80 reversed 20",
      ])
    #expect(scenario.rejections == [Self.tooLate])
    // The accepted refund may fail, so the payment is kept. Another refund dated inside the window still counts, however late it arrives.
    try scenario.refunded("r3", "p", "03-02", 200, late: "04-02")
    #expect(scenario.said() == ["03-02 reward.reversed -20 (refund) → available 60 reversed 40"])
  }

  @Test func `What an account did before it registered is taken in its order, the refund before the payment too`() throws {
    let scenario = try AccrualScenario.bonus(Self.terms(.days(60)))
    try scenario.refunded("r", "p", "01-20", 200)
    try scenario.paid("p", "01-10", 1000, late: "01-20")
    try scenario.refunded("r2", "p", "03-11", 200, late: "01-21")
    try scenario.bound("01-05", late: "01-22")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-20 reward.adjusted -20 → pending 80 reversed 20",
      ])
    #expect(scenario.rejections == [Self.tooLate])
  }

  @Test(arguments: [nil, TimeSpan.days(60)])
  func `However much came before a payment, all of it counts`(window: TimeSpan?) throws {
    let scenario = try AccrualScenario.bonus(Self.terms(window)).bound()
    for number in 0..<250 { try scenario.refunded("r\(number)", "p", "01-12", 10) }
    try scenario.paid("p", "01-10", 10_000, late: "01-13")
    let said = scenario.said()
    #expect(said.count == 251)
    #expect(said.last == "01-12 reward.adjusted -1 → pending 750 reversed 250")
    #expect(try scenario.kept == ["payment p", "reward p"])
  }

  // MARK: Versions

  @Test func `The window is that of the version that judged the payment`() throws {
    let scenario = try AccrualScenario.bonus(versions: [
      ("2020-01-01", Self.terms(.days(60))), ("2026-02-01", Self.terms(nil)),
    ]).bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.paid("q", "02-10", 1000)
    try scenario.advance("12-01")
    #expect(try scenario.kept == ["payment q", "reward q"])
    try scenario.refunded("r1", "p", "12-01", 1000)
    try scenario.refunded("r2", "q", "12-01", 1000)
    #expect(scenario.rejections == [Self.tooLate])
    #expect(scenario.said().last == "12-01 reward.reversed -100 (refund) → available 100 reversed 100")
    // Some payments have no window, so a fact waits for its payment without a limit.
    try scenario.refunded("r3", "z", "12-02", 10)
    try scenario.advance("12-30")
    #expect(try scenario.kept == ["awaited z", "payment q", "payment z", "reward q"])
  }
}
