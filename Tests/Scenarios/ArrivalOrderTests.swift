import Contracts
import Foundation
import TestSupport
import Testing

/// "The end state is the same in every order": the same facts, each randomly delayed, end in the same balances and statuses.
///
/// A sender guarantees that a code is issued before it is used, and that a referrer is known before it is judged (DECISIONS A1, T7).
/// Turnover and the welcome offer depend on the order of arrival (T5), so these histories do not depend on either. A run uses what has
/// arrived by then, so nothing arrives after it. Everything else may arrive in any order.
@Suite struct ArrivalOrderTests {
  @Test(arguments: ["bonus", "cash", "tiers"])
  func everyOrderEndsTheSame(program: String) throws {
    var facts = 0
    let seeds = AuditTests.seeds(byDefault: 12)
    for seed in seeds {
      var maker = OrderMaker(program: program, seed: seed)
      let history = try maker.make()
      let expected = try end(history)
      facts += expected.count
      for _ in 1...3 {
        let shuffled = maker.delayed(history)
        let found = try end(shuffled)
        guard found != expected else { continue }
        let differences = Set(found.keys).union(expected.keys).sorted().filter { found[$0] != expected[$0] }
        let reported = differences.map { "\($0): \(expected[$0] ?? "nothing") in order, \(found[$0] ?? "nothing") so" }
        Issue.record("\(program), seed \(seed)\n\(reported.joined(separator: "\n"))\n\(shuffled.lines.joined(separator: "\n"))")
        return
      }
    }
    #expect(facts > 5 * seeds.count, "the histories end with too few facts for a comparison")
  }

  /// The facts at the end, by their subject.
  private func end(_ history: History) throws -> [String: String] {
    let said = try ExampleTests.simulate(history.lines, until: Instant(milliseconds: history.until))
    // The order decides which of two results contradicts the other, but not where the money ends (C10c).
    #expect(said.rejected.allSatisfy { $0.reason == .contradictsResult }, "\(said.rejected)")
    var end: [String: String] = [:]
    var left: [String: Int64] = [:]
    for row in said.notices.compactMap(NoticeRow.init) {
      let type = String(row.type.dropLast(3))
      if let balance = row.data["balance"] as? [String: Any] {
        end["balance of \(row.text("referrer")) in \(balance["currency"] ?? "")"] =
          balance.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
      }
      switch type.prefix(while: { $0 != "." }) {
      case "reward":
        let reward = "reward \(row.text("reward"))\(row.text("reward").isEmpty ? row.text("payment") : "")"
        switch type {
        case "reward.accrued": left[reward] = row.number("amount")
        case "reward.adjusted", "reward.reversed", "reward.restored":
          left[reward, default: 0] += row.number("delta")
          // A reward of 0 is not frozen. When it is restored, it is frozen again.
          if left[reward] == 0 { for cause in ["dispute", "refund-requested"] { end["\(reward) \(cause)"] = nil } }
        case "reward.declined": end[reward] = "\(row.data["reasons"] ?? "")"
        case "reward.frozen", "reward.unfrozen": end["\(reward) \(row.text("cause"))"] = type == "reward.frozen" ? "frozen" : nil
        default: break
        }
      case "referral": end["referral of \(row.text("referee"))"] = type == "referral.deactivated" ? "referral.attributed" : type
      // The order decides which results are reported, but not where the money is.
      case "withdrawal":
        if type == "withdrawal.declined" { end["withdrawal \(row.text("request"))"] = "\(row.data["reasons"] ?? "")" }
      case "discount": end["discount \(row.text("period")) \(row.text("company")) \(type)"] = "\(row.data["percent"] ?? "")"
      default: break
      }
    }
    for (reward, amount) in left { end[reward] = "\(amount)" }
    return end
  }
}

/// Makes histories whose end does not depend on the order, in order, and the same with every fact delayed.
private struct OrderMaker {
  let program: String
  var random: SplitMix64
  private var events: [HistoryEvent] = []
  private static let start: Int64 = 1_767_600_000_000  // 2026-01-05T08:00:00Z
  private var taken: Set<Int64> = []

  init(program: String, seed: UInt64) {
    self.program = program
    random = SplitMix64(seed: seed &* 7_919 &+ UInt64(program.utf8.first ?? 0))
  }

  mutating func make() throws -> History {
    for referrer in ["ann", "bob"] {
      add("account.registered", "registeredAt", at: 0, ["account": referrer, "kind": "individual", "country": "UA"])
      add(
        "code.requested", "requestedAt", at: 1,
        ["request": "c-\(referrer)", "account": referrer, "vanity": referrer.uppercased()])
    }
    switch program {
    case "tiers": tiers()
    default: money()
    }
    events.sort { $0.at < $1.at }
    for index in events.indices { events[index].time = events[index].at }
    return try History(events: events, until: (events.map(\.time).max() ?? 0) + 70 * AuditedTime.day, terms: HistoryTerms.usual())
  }

  /// Delays each fact randomly, except those that the sender guarantees.
  mutating func delayed(_ history: History) -> History {
    var history = history
    let longest = program == "tiers" ? 5 : 30
    for index in history.events.indices {
      let isPromised = ["code.requested"].contains(history.events[index].type) || history.events[index].id.hasSuffix("-fixed")
      guard !isPromised, random.chance(70) else { continue }
      history.events[index].time += Int64(random.upTo(longest * 24)) * 3_600_000
    }
    history.events.sort { ($0.time, $0.at) < ($1.time, $1.at) }
    return history
  }

  /// - Parameter hour: hours since the beginning.
  private mutating func add(_ type: String, _ field: String, at hour: Int, fixed: Bool = false, _ data: [String: Any]) {
    var at = Self.start + Int64(hour) * 3_600_000
    // At equal instants the order of arrival would count.
    while !taken.insert(at).inserted { at += 60_000 }
    let isReferrer = type == "account.registered" && data["referral"] == nil
    events.append(
      HistoryEvent(
        id: "\(program)-\(events.count)\(fixed || isReferrer ? "-fixed" : "")", program: program, type: type, at: at, time: at,
        data: data.merging([field: AuditedTime.write(at)]) { $1 }))
  }

  private mutating func referees(_ count: Int) {
    for number in 1...count {
      let referral: [String: Any]? = random.chance(90) ? ["code": random.pick(["ANN", "ANN", "BOB", "NOPE"])] : nil
      var data: [String: Any] = ["account": "e\(number)"]
      if let referral { data["referral"] = referral }
      let id = "\(program)-e\(number)"
      add("account.registered", "registeredAt", at: 2 + random.upTo(20), data)
      events[events.count - 1].id = id
    }
  }

  private mutating func money() {
    referees(4)
    let currency = program == "bonus" ? "KZT" : "USD"
    for number in 1...8 {
      let payment = "p\(number)"
      let account = "e\(1 + (number - 1) % 4)"
      let hour = 24 + random.upTo(20 * 24)
      let lines: [[String: Any]] = (0...random.upTo(2)).map { index in
        [
          "sku": "s\(index)", "kind": index == 0 ? "plan" : random.pick(["service", "topUp"]),
          "category": random.pick(["domain", "domain", "vps"]),
          // Two payments of an account stay below every status.
          "amount": random.pick([5, 49, 333, 999, 1000, 1200]),
        ]
      }
      add("payment.settled", "paidAt", at: hour, ["payment": payment, "account": account, "currency": currency, "lines": lines])
      let about: [String: Any] = ["payment": payment, "account": account]
      for refund in 0..<random.upTo(2) {
        let line = random.pick(lines)
        let amount = max(1, (line["amount"] as? Int ?? 1) / (1 + random.upTo(2)))
        var data = about.merging(["refund": "\(payment)-r\(refund)", "currency": currency, "amount": amount]) { $1 }
        if random.chance(50) { data["lines"] = [["sku": line["sku"] ?? "", "amount": amount] as [String: Any]] }
        let refunded = hour + 1 + random.upTo(40 * 24)
        add("payment.refunded", "refundedAt", at: refunded, data)
        guard random.chance(30) else { continue }
        add(
          "payment.refundFailed", "failedAt", at: refunded + 1 + random.upTo(10 * 24),
          about.merging(["refund": "\(payment)-r\(refund)"]) { $1 })
      }
      // Every freeze ends. Until then the money stays where it was when the freeze became known.
      if random.chance(40) {
        let asked = hour + 1 + random.upTo(30 * 24)
        add("payment.refundRequested", "requestedAt", at: asked, about)
        add("payment.refundDeclined", "declinedAt", at: asked + 1 + random.upTo(10 * 24), about)
      }
      for dispute in 0..<(random.chance(30) ? 1 + random.upTo(1) : 0) {
        let disputed = hour + 1 + random.upTo(30 * 24)
        let about = about.merging(["dispute": "d\(dispute)"]) { $1 }
        let amount: [String: Any] = random.chance(60) ? ["amount": random.pick([0, 1, 300])] : [:]
        add("payment.disputed", "disputedAt", at: disputed, about.merging(amount) { $1 })
        var closed = disputed
        for outcome in random.pick([["won"], ["withdrawn"], ["lost"], ["lost", "won"]]) {
          closed += 1 + random.upTo(10 * 24)
          add("payment.disputeClosed", "closedAt", at: closed, about.merging(["outcome": outcome]) { $1 })
        }
      }
    }
    // After everything has arrived and matured: withdrawals, whose decisions and results may arrive before them.
    guard program == "cash" else { return }
    let hour = 150 * 24
    add(
      "withdrawal.requested", "requestedAt", at: hour,
      ["request": "w1", "account": "ann", "amount": random.pick([1, 10, 100_000]), "currency": "USD", "destination": "card:1"])
    for result in ["failed", "settled", "returned"] where random.chance(40) {
      add("payout.\(result)", "at", at: hour + 30 + random.upTo(20), ["payout": "w1#1", "referrer": "ann"])
    }
    if random.chance(40) { add("payout.unknown", "at", at: hour + 20, ["payout": "w1#1", "referrer": "ann"]) }
  }

  /// Everything before the first run on the 28th, so that the run counts it.
  private mutating func tiers() {
    referees(7)
    for company in ["a", "b"] {
      add(
        "subscription.changed", "changedAt", at: 5 + random.upTo(300),
        ["subscription": "ann-\(company)", "account": "ann", "company": company, "plan": "Pro", "status": "active"])
    }
    for number in 1...7 {
      let account = "e\(number)"
      var hour = 24 + random.upTo(200)
      var data: [String: Any] = ["subscription": "\(account)-s", "account": account, "company": "\(account)-c", "plan": "Pro"]
      if random.chance(40) {
        data["trialEndsAt"] = AuditedTime.write(Self.start + Int64(hour + 30) * 3_600_000)
        add("subscription.changed", "changedAt", at: hour, data.merging(["status": "trialing"]) { $1 })
        hour += 40
        data["trialEndsAt"] = nil
      }
      add("subscription.changed", "changedAt", at: hour, data.merging(["status": "active"]) { $1 })
      let payment: [String: Any] = ["payment": "\(account)-p", "account": account]
      add(
        "payment.settled", "paidAt", at: hour + random.upTo(20) - 10,
        payment.merging([
          "subscription": "\(account)-s", "currency": "USD",
          "lines": [["sku": "x", "kind": "plan", "amount": 900] as [String: Any]],
        ]) { $1 })
      for part in 0..<random.upTo(3) {
        add(
          "payment.refunded", "refundedAt", at: hour + 20 + random.upTo(100),
          payment.merging(["refund": "\(account)-r\(part)", "currency": "USD", "amount": 450]) { $1 })
        guard random.chance(30) else { continue }
        add(
          "payment.refundFailed", "failedAt", at: hour + 20 + random.upTo(100),
          payment.merging(["refund": "\(account)-r\(part)"]) { $1 })
      }
      if random.chance(25) {
        add(
          "subscription.changed", "changedAt", at: hour + 20 + random.upTo(100),
          data.merging(["status": random.pick(["pastDue", "canceled", "active"])]) { $1 })
      }
    }
    for number in 1...3 {
      let invoice: [String: Any] = ["invoice": "i\(number)", "account": "ann", "company": random.pick(["a", "b"])]
      let hour = 24 + random.upTo(200)
      let due = AuditedTime.write(Self.start + Int64(hour + 20 + random.upTo(30 * 24)) * 3_600_000)
      add("invoice.issued", "issuedAt", at: hour, invoice.merging(["dueAt": due, "amount": 1, "currency": "USD"]) { $1 })
      if random.chance(80) { add("invoice.settled", "settledAt", at: hour + 10, invoice) }
    }
    if random.chance(50) {
      add(
        "companyOrder.set", "requestedAt", at: 30 + random.upTo(100),
        ["request": "o", "account": "ann", "companies": ["b", "a"]])
    }
  }
}
