import Contracts
import Testing

/// Rows A9 and C7: the effects of refunds, requests and disputes on a reward, notice by notice.
@Suite struct AccrualHoldsTests {
  @Test func `A frozen reward misses its credit and gets it at the release`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.requested("p", "01-20")
    try scenario.declined("p", "01-30")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-20 reward.frozen (refund-requested) → pending 100",
        "01-30 reward.unfrozen (refund-requested) → pending 100", "01-30 reward.credited 100 → available 100",
      ])
  }

  @Test func `A reward released before its credit is credited on its day, even if the release comes later`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.requested("p", "01-12")
    try scenario.declined("p", "01-15", late: "01-30")
    #expect(
      scenario.said().suffix(2) == [
        "01-15 reward.unfrozen (refund-requested) → pending 100", "01-24 reward.credited 100 → available 100",
      ])
  }

  @Test func `Two causes: a pair of notices each, the money moves with the first and the last`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.spend("s", "02-01", 80)
    #expect(scenario.said().last == "02-01 bonus.reserved s 80 → available 20 reserved 80")
    try scenario.disputed("p", "02-02")
    try scenario.requested("p", "02-03")
    try scenario.disputed("p", "02-03")
    try scenario.closed("p", .won, "02-04")
    try scenario.declined("p", "02-05")
    #expect(
      scenario.said() == [
        "02-02 reward.frozen (dispute) → available -80 locked 100 reserved 80",
        "02-03 reward.frozen (refund-requested) → available -80 locked 100 reserved 80",
        "02-04 reward.unfrozen (dispute) → available -80 locked 100 reserved 80",
        "02-05 reward.unfrozen (refund-requested) → available 20 reserved 80",
      ])
  }

  @Test func `A refund ends the request; a lost dispute takes what is left, once`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.requested("p", "01-30")
    try scenario.disputed("p", "01-31")
    _ = scenario.said()
    try scenario.refunded("r", "p", "02-02", 400)
    try scenario.closed("p", .lost, "02-03")
    try scenario.refunded("r2", "p", "02-04", 100)
    try scenario.closed("p", .lost, "02-05")
    try scenario.requested("p", "02-06")
    #expect(
      scenario.said() == [
        "02-02 reward.reversed -40 (refund) → locked 60 reversed 40",
        "02-02 reward.unfrozen (refund-requested) → locked 60 reversed 40",
        "02-03 reward.reversed -60 (dispute) → reversed 100",
      ])
  }

  @Test func `Cash is locked until its day, and frozen longer`() throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.disputed("p", "01-20")
    try scenario.closed("p", .won, "02-20")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-10 reward.credited 100 → locked 100",
        "01-20 reward.frozen (dispute) → locked 100", "02-20 reward.unfrozen (dispute) → locked 100",
        "02-20 reward.unlocked 100 → available 100",
      ])
  }

  // MARK: Order (DECISIONS T4, T6)

  @Test func `What came before its payment gives the notices that it would have given in order`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.refunded("r", "p", "01-15", 400)
    try scenario.refunded("r2", "p", "01-30", 100)
    #expect(scenario.said() == [])
    try scenario.paid("p", "01-10", 1000, late: "02-10")
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 100 at 10% → pending 100", "01-15 reward.adjusted -40 → pending 60 reversed 40",
        "01-24 reward.credited 60 → available 60 reversed 40", "01-30 reward.reversed -10 (refund) → available 50 reversed 50",
      ])
  }

  @Test func `An end with the later instant wins over a request that arrives after it`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.declined("p", "01-12")
    try scenario.requested("p", "01-11", late: "01-13")
    try scenario.closed("p", .won, "01-14")
    try scenario.disputed("p", "01-15")
    #expect(
      scenario.said() == ["01-10 reward.accrued p 100 at 10% → pending 100", "01-15 reward.frozen (dispute) → pending 100"])
  }

  @Test func `Billing events of an account nobody knows wait for its registration`() throws {
    let scenario = try AccrualScenario.bonus()
    try scenario.paid("p", "01-06", 1000)
    try scenario.refunded("r", "p", "01-07", 500)
    try scenario.bound("01-05", late: "01-08")
    #expect(
      scenario.said() == [
        "01-06 reward.accrued p 100 at 10% → pending 100", "01-07 reward.adjusted -50 → pending 50 reversed 50",
      ])
  }

  @Test func `An account that registers without a referral is never bound`() throws {
    let scenario = try AccrualScenario.bonus()
    try scenario.paid("p", "01-06", 1000)
    try scenario.take(AccountRegistered(account: "beta", registeredAt: at("2026-01-07")))
    try scenario.bound("01-08")
    try scenario.paid("q", "01-09", 1000)
    #expect(scenario.said() == [])
  }

  // MARK: How much (DECISIONS A9)

  @Test func `A refund without lines takes a share of what line refunds have left`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid(
      "p", "01-10", [PaymentLine(sku: "a", kind: .plan, amount: 600), PaymentLine(sku: "t", kind: .topUp, amount: 400)])
    try scenario.refunded("r1", "p", "01-11", 333)
    // 600 × (1000 − 733) ÷ (1000 − 400) = 267
    try scenario.refunded("r2", "p", "01-12", 400, [RefundLine(sku: "t", amount: 400)])
    try scenario.refunded("r3", "p", "01-13", 1_000_000)
    #expect(
      scenario.said() == [
        "01-10 reward.accrued p 60 at 10% → pending 60", "01-11 reward.adjusted -20 → pending 40 reversed 20",
        "01-12 reward.adjusted -13 → pending 27 reversed 33", "01-13 reward.adjusted -27 → reversed 60",
      ])
  }

  @Test func `A line that does not earn may share its name with one that does`() throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    let sale = [LineDiscount(kind: .sale, amount: 1)]
    try scenario.paid(
      "p", "01-10",
      [
        PaymentLine(sku: "a", kind: .service, category: "domain", amount: 1000),
        PaymentLine(sku: "a", kind: .service, category: "domain", amount: 500, discounts: sale),
        PaymentLine(sku: "b", kind: .service, category: "domain", amount: 1000),
      ])
    try scenario.refunded("r", "p", "01-11", 1500, [RefundLine(sku: "a", amount: 1500)])
    #expect(scenario.said().last == "01-11 reward.reversed -100 (refund) → locked 100 reversed 100")
  }

  @Test func `A refund in another currency is a dead letter`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.take(
      PaymentRefunded(
        refund: "r", payment: "p", account: "beta", refundedAt: at("2026-01-11"), currency: "USD", amount: 1))
    #expect(scenario.rejections == [.malformed])
  }
}

private func at(_ text: String) -> Instant { AccrualScenario.instant(text) }
