import Testing

/// Small histories on which the stages and the second implementation once differed.
@Suite struct AuditCasesTests {
  /// One event: its type, instant field, instant and other fields.
  private static func event(_ program: String, _ type: String, _ field: String, _ at: String, _ data: [String: Any])
    -> HistoryEvent
  {
    let instant = AuditedTime.read(at) ?? 0
    return HistoryEvent(
      id: "\(type) \(at) \(data["payment"] ?? data["status"] ?? data["request"] ?? "")", program: program, type: type,
      at: instant,
      time: instant, data: data.merging([field: at]) { $1 })
  }

  private static func types(_ events: [HistoryEvent]) throws -> [String] {
    let history = try History(
      events: events, until: (events.map(\.time).max() ?? 0) + AuditedTime.day, terms: HistoryTerms.usual())
    let differences = try AuditTests.differences(history)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    let said = try ExampleTests.simulate(history.lines).notices
    return said.compactMap { line in
      line.split(separator: "\"").first { $0.hasSuffix(".v1") }.map(String.init)
    }
  }

  private static var bound: [HistoryEvent] {
    [
      event(
        "tiers", "code.requested", "requestedAt", "2026-01-05T08:00:00.000Z",
        ["request": "c", "account": "ann", "vanity": "ANN"]),
      event(
        "tiers", "account.registered", "registeredAt", "2026-01-06T08:00:00.000Z",
        ["account": "ben", "referral": ["code": "ANN"]]),
      event(
        "tiers", "subscription.changed", "changedAt", "2026-01-08T08:00:00.000Z",
        ["subscription": "s", "account": "ben", "company": "co", "plan": "Pro", "status": "active"]),
      event(
        "tiers", "payment.settled", "paidAt", "2026-01-15T08:00:00.000Z",
        [
          "payment": "p", "account": "ben", "subscription": "s", "currency": "USD",
          "lines": [["sku": "a", "kind": "plan", "amount": 400] as [String: Any]],
        ]),
    ]
  }

  /// C10: days 7 and 10 of a late request have passed, but it is never open.
  @Test func aLateRequestThatIsDeclinedIsNeverOverdue() throws {
    let types = try Self.types([
      Self.event("cash", "account.closed", "closedAt", "2026-02-16T08:00:00.000Z", ["account": "zoe"]),
      Self.event(
        "cash", "withdrawal.requested", "requestedAt", "2026-02-06T08:00:00.000Z",
        ["request": "w", "account": "ann", "amount": 100, "currency": "USD", "destination": "card:1"]),
    ])
    #expect(types.contains("withdrawal.declined.v1"))
    #expect(!types.contains("withdrawal.dueSoon.v1") && !types.contains("withdrawal.overdue.v1"))
  }

  /// B2: a status that arrives late must not date the end of an activation before its beginning.
  @Test func aDeactivationIsNotDatedBeforeItsActivation() throws {
    let late = Self.event(
      "tiers", "subscription.changed", "changedAt", "2026-01-10T08:00:00.000Z",
      ["subscription": "s", "account": "ben", "company": "co", "plan": "Pro", "status": "pastDue"])
    let types = try Self.types(Self.bound + [late])
    #expect(types.suffix(2) == ["referral.activated.v1", "referral.deactivated.v1"])
  }

  /// Currencies never mix: a refund in another currency takes nothing from the payment.
  @Test func aRefundInAnotherCurrencyLeavesTheReferralActive() throws {
    let refund = Self.event(
      "tiers", "payment.refunded", "refundedAt", "2026-01-20T08:00:00.000Z",
      ["refund": "r", "payment": "p", "account": "ben", "currency": "GBP", "amount": 400])
    #expect(try Self.types(Self.bound + [refund]).last == "referral.activated.v1")
  }
}
