import Contracts
import Terms
import Testing

/// Refunds of payments with credits (negative lines), and refunds that name negative amounts. A refund never raises a reward and takes
/// no more than its amount (A9, R5).
@Suite struct RefundLineTests {
  private func line(_ sku: String, _ kind: LineKind, _ amount: Int64, sale: Int64? = nil) -> PaymentLine {
    PaymentLine(
      sku: sku, kind: kind, category: "domain", amount: amount,
      discounts: sale.map { [LineDiscount(kind: .sale, amount: $0)] })
  }

  @Test func `A refund of a line whose credits outweigh what earns takes nothing`() throws {
    let scenario = try AccrualScenario.cash().registered().bound()
    try scenario.paid(
      "p", "01-10", [line("domain", .service, 6000), line("hosting", .plan, -2000), line("hosting", .plan, 5000, sale: 500)])
    try scenario.refunded("r", "p", "01-11", 3000, [RefundLine(sku: "hosting", amount: 3000)])
    try scenario.advance("01-11")
    #expect(scenario.said() == ["01-10 reward.accrued p 400 at 10% → pending 400", "01-10 reward.credited 400 → locked 400"])
    try scenario.refunded("s", "p", "01-12", 3000, [RefundLine(sku: "domain", amount: 3000)])
    #expect(scenario.said().last == "01-12 reward.reversed -300 (refund) → locked 100 reversed 300")
  }

  @Test func `A refund of 0 takes nothing, whatever its lines are`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", [line("plan", .plan, 10_000), line("svc", .service, 5000)])
    #expect(scenario.said() == ["01-10 reward.accrued p 1500 at 10% → pending 1500"])
    try scenario.refunded("r", "p", "01-11", 0, [RefundLine(sku: "plan", amount: 5000), RefundLine(sku: "svc", amount: -5000)])
    try scenario.refunded("s", "p", "01-12", 0, [RefundLine(sku: "svc", amount: -10_000)])
    #expect(scenario.said() == [])
    #expect(scenario.rejections == [])
  }

  /// A billing system that mirrors a discount line in its credit note.
  @Test func `A refund with a negative line takes what it is worth`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", [line("plan", .plan, 10_000), line("discount", .plan, -2000)])
    try scenario.refunded(
      "r", "p", "01-11", 4000, [RefundLine(sku: "plan", amount: 5000), RefundLine(sku: "discount", amount: -1000)])
    #expect(scenario.said().last == "01-11 reward.adjusted -400 → pending 400 reversed 400")
  }

  @Test func `A lost dispute over any amount takes all`() throws {
    let scenario = try AccrualScenario.bonus().bound()
    try scenario.paid("p", "01-10", 10_000)
    try scenario.refunded("r", "p", "01-11", 1000)
    try scenario.take(
      PaymentDisputed(
        payment: Identifier(derivedFrom: ["p"]), account: "beta", disputedAt: AccrualScenario.instant("2026-01-12"), dispute: "d",
        amount: .max))
    try scenario.take(
      DisputeClosed(
        payment: Identifier(derivedFrom: ["p"]), account: "beta", closedAt: AccrualScenario.instant("2026-01-13"),
        outcome: .lost, dispute: "d"))
    #expect(scenario.said().last?.hasSuffix("→ reversed 1000") == true)
    #expect(scenario.rejections == [])
  }

  // MARK: With a refund window

  private func windowed() throws -> AccrualScenario {
    var terms = AccrualScenario.bonusTerms
    terms.refundWindow = .days(20)
    return try AccrualScenario.bonus(terms).bound()
  }

  @Test func `A late decline that arrives before its request ends it`() throws {
    let scenario = try windowed()
    try scenario.paid("p", "01-10", 1000)
    try scenario.declined("p", "01-31", late: "01-11")
    try scenario.requested("p", "01-12")
    try scenario.advance("02-10")
    #expect(scenario.rejections == [.refundWindowClosed])
    #expect(scenario.said().last == "01-24 reward.credited 100 → available 100")
  }

  @Test func `A late end of a dispute that arrives before its opening ends it`() throws {
    let scenario = try windowed()
    try scenario.paid("p", "01-10", 1000)
    try scenario.closed("p", .won, "01-31", late: "01-11")
    try scenario.disputed("p", "01-12")
    try scenario.advance("02-10")
    #expect(scenario.rejections == [.refundWindowClosed])
    #expect(scenario.said().last == "01-24 reward.credited 100 → available 100")
  }
}
