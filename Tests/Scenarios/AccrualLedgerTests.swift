import Contracts
import Testing

/// Rows A2, A3, A6, C1, C5–C8 and C10: who may have a reward, and how a balance may be used.
@Suite struct AccrualLedgerTests {
  static let sale = [LineDiscount(kind: .sale, amount: 1)]

  /// Lines of a payment in `cash`, with or without a promo code, and the declined ones (DECISIONS R2).
  @Test(arguments: [
    ([PaymentLine(sku: "t", kind: .topUp, amount: 100)], false, "not-eligible-service"),
    ([PaymentLine(sku: "v", kind: .service, category: "vps", amount: 100)], false, "not-eligible-service"),
    ([PaymentLine(sku: "d", kind: .service, category: "domain", amount: 100, discounts: sale)], false, "discounted-price"),
    (
      [PaymentLine(sku: "v", kind: .service, category: "vps", amount: 1, discounts: sale)], true,
      "promo-code not-eligible-service discounted-price"
    ),
    (
      [
        PaymentLine(sku: "v", kind: .service, category: "vps", amount: 1),
        PaymentLine(sku: "d", kind: .service, category: "domain", amount: 9, discounts: sale),
      ], false, "not-eligible-service discounted-price"
    ),
    ([PaymentLine(sku: "d", kind: .service, category: "domain", amount: 100)], true, "promo-code"),
    ([PaymentLine(sku: "d", kind: .service, category: "domain", amount: 4)], false, "no-base"),
    ([PaymentLine(sku: "d", kind: .service, category: "domain", amount: -100)], false, "no-base"),
    ([], false, "no-base"),
  ])
  func `A payment that earns nothing says why`(lines: [PaymentLine], hasCode: Bool, reasons: String) throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.paid("p", "01-10", lines, promoCode: hasCode ? "X" : nil)
    #expect(scenario.said() == ["01-10 reward.declined p \(reasons)"])
  }

  @Test func `What was paid with bonuses earns none, and half a unit is rounded up`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    let plan = [PaymentLine(sku: "x", kind: .plan, amount: 1005)]
    try scenario.paid("p", "01-10", plan, bonus: 1000)
    try scenario.paid("q", "01-11", plan, bonus: 1001)
    #expect(scenario.said() == ["01-10 reward.accrued p 1 at 10% → pending 1", "01-11 reward.declined q no-base"])
  }

  @Test func `The terms may limit how many payments earn`() throws {
    var terms = AccrualScenario.bonusTerms
    terms.maxPayments = 1
    let scenario = try AccrualScenario.bonus(terms).bound()
    try scenario.paid("p", "01-10", [])
    try scenario.paid("q", "01-11", 1000)
    try scenario.paid("r", "01-12", 1000)
    #expect(
      scenario.said() == [
        "01-10 reward.declined p no-plan-line", "01-11 reward.accrued q 100 at 10% → pending 100",
        "01-12 reward.declined r max-payments",
      ])
  }

  @Test func `Turnover counts what earned nothing too; exactly at the threshold is below it`() throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.paid("t", "01-10", [PaymentLine(sku: "t", kind: .topUp, amount: 9000)])
    try scenario.paid("v", "01-11", [PaymentLine(sku: "v", kind: .service, category: "vps", amount: 7500)])
    try scenario.paid("p", "01-12", 1000)
    try scenario.paid("q", "01-13", 1000)
    #expect(
      scenario.said().filter { $0.contains("accrued") } == [
        "01-12 reward.accrued p 100 at 10% → pending 100", "01-13 reward.accrued q 10 at 1% → pending 10 locked 100",
      ])
  }

  @Test func `The referrer is judged as of the payment, a change at that very instant included`() throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.take(AccountUpdated(account: "acme", updatedAt: at("2026-01-10"), kind: .soleTrader))
    try scenario.paid("p", "01-10", 1000)
    try scenario.paid("q", "01-09", 1000, late: "01-11")
    try scenario.take(AccountClosed(account: "acme", closedAt: at("2026-01-12")))
    try scenario.paid("r", "01-12", 1000)
    try scenario.take(AccountUpdated(account: "acme", updatedAt: at("2026-01-14"), kind: .individual))
    try scenario.paid("s", "01-15", 1000)
    #expect(
      scenario.said() == [
        "01-10 reward.declined p referrer-not-eligible", "01-09 reward.accrued q 100 at 10% → pending 100",
        "01-09 reward.credited 100 → locked 100", "01-12 reward.declined r account-closed referrer-not-eligible",
        "01-15 reward.declined s account-closed",
      ])
  }

  @Test func `A spend is all or nothing, and its first end counts, also one that came before it`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("01-24")
    _ = scenario.said()
    try scenario.take(SpendCaptured(request: "s", account: "acme", capturedAt: at("2026-01-25")))
    try scenario.take(SpendReleased(request: "s", account: "acme", releasedAt: at("2026-01-26")))
    try scenario.spend("s", "01-27", 40)
    try scenario.spend("t", "01-28", 61, kinds: ["plan", "topUp"])
    try scenario.take(SpendCaptured(request: "t", account: "acme", capturedAt: at("2026-01-29")))
    try scenario.spend("u", "01-30", 60)
    try scenario.take(SpendReleased(request: "u", account: "acme", releasedAt: at("2026-01-31")))
    #expect(
      scenario.said() == [
        "01-27 bonus.reserved s 40 → available 60 reserved 40", "01-25 bonus.captured s 40 → available 60 spent 40",
        "01-28 bonus.declined t 61 KZT kind-not-allowed insufficient-balance", "01-30 bonus.reserved u 60 → reserved 60 spent 40",
        "01-31 bonus.released u 60 → available 60 spent 40",
      ])
  }

  @Test func `A balance is spent or withdrawn, as the terms say`() throws {
    let bonus = try AccrualScenario.bonus()
    try bonus.take(
      WithdrawalRequested(
        request: "w", account: "acme", requestedAt: at("2026-01-10"), amount: 1, currency: "KZT", destination: "card"))
    #expect(bonus.said() == ["01-10 bonus.declined w 1 KZT not-withdrawable"])
    let cash = try AccrualScenario.cash()
    try cash.spend("s", "01-10", 1)
    #expect(cash.said() == ["01-10 bonus.declined s 1 USD not-spendable"])
  }

  @Test func `A withdrawal is reserved, then booked or released; a closed referrer may have it, one that is not eligible not`()
    throws
  {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.paid("p", "01-10", 1000)
    try scenario.advance("02-09")
    _ = scenario.said()
    try scenario.take(AccountClosed(account: "acme", closedAt: at("2026-02-09")))
    try scenario.opened("w1", "02-10", 60)
    try scenario.take(
      WithdrawalPaid(
        request: "w1", referrer: "acme", amount: 60, currency: "USD", requestedAt: at("2026-02-10"), dueAt: at("2026-02-20"),
        at: at("2026-02-11"), terms: "t@1", because: []))
    try scenario.opened("w2", "02-12", 40)
    try scenario.take(
      WithdrawalFailed(
        request: "w2", referrer: "acme", amount: 40, currency: "USD", requestedAt: at("2026-02-12"), dueAt: at("2026-02-22"),
        at: at("2026-02-13"), terms: "t@1", because: []))
    try scenario.opened("w3", "02-14", 41)
    try scenario.take(AccountUpdated(account: "acme", updatedAt: at("2026-02-15"), country: "PL"))
    try scenario.opened("w4", "02-15", 40)
    #expect(
      scenario.said() == [
        "02-10 withdrawal.reserved w1 60 → available 40 reserved 60", "02-11 withdrawal.booked w1 60 → available 40 paid 60",
        "02-12 withdrawal.reserved w2 40 → reserved 40 paid 60", "02-13 withdrawal.released w2 40 → available 40 paid 60",
      ])
  }

  /// The sum of all lines fits into 64 bits, but the subtotal of one kind does not. An explanation must never reject a payment.
  @Test func whatCannotBeExplainedIsEarnedAllTheSame() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.take(
      PaymentSettled(
        payment: "p", account: "beta", paidAt: at("2026-01-10"), currency: "USD",
        lines: [
          PaymentLine(sku: "a", kind: .plan, amount: .max), PaymentLine(sku: "b", kind: .service, amount: -.max),
          PaymentLine(sku: "c", kind: .plan, amount: 1000),
        ]))
    #expect(scenario.said() == ["01-10 reward.accrued p 100 at 10% → pending 100"])
    #expect(scenario.rejections == [])
  }
}

private func at(_ text: String) -> Instant { AccrualScenario.instant(text) }
