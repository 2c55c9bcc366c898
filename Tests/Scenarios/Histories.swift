import Foundation
import TestSupport

/// One event of a history, before it becomes a line.
struct HistoryEvent {
  var id: String
  var program: String
  var type: String
  /// The instant in the data.
  var at: Int64
  /// The envelope's time.
  var time: Int64
  var data: [String: Any]

  var line: String {
    let row: [String: Any] = [
      "specversion": "1.0", "id": id, "source": "/history", "type": type + ".v1", "time": AuditedTime.write(time),
      "program": program,
      "datacontenttype": "application/json", "data": data,
    ]
    let bytes = try? JSONSerialization.data(withJSONObject: row, options: [.sortedKeys, .withoutEscapingSlashes])
    return bytes.map { String(decoding: $0, as: UTF8.self) } ?? "?"
  }
}

/// The events in order of arrival, the end of the clock, and the terms.
struct History {
  var events: [HistoryEvent]
  var until: Int64
  /// Texts of terms files, one per program.
  var terms: [String]

  var lines: [String] { events.map(\.line) }

  /// Makes a plausible but difficult history of one program, or of all three together.
  static func make(program: String, seed: UInt64) throws -> History {
    let terms = try HistoryTerms.make(seed: seed)
    guard program == "mixed" else {
      let events = HistoryMaker(program: program, seed: seed).make()
      return History(events: events, until: until(after: events), terms: terms)
    }
    var random = SplitMix64(seed: seed ^ 0xA5A5)
    var parts = ["bonus", "tiers", "cash"].map { HistoryMaker(program: $0, seed: seed, steps: 14).make() }
    var events: [HistoryEvent] = []
    while parts.contains(where: { !$0.isEmpty }) {
      // Mostly in the order of time across programs, as on one bus.
      let open = parts.indices.filter { !parts[$0].isEmpty }
      let earliest = open.min { parts[$0][0].at < parts[$1][0].at } ?? open[0]
      events.append(parts[random.chance(85) ? earliest : random.pick(open)].removeFirst())
    }
    return History(events: events, until: until(after: events), terms: terms)
  }

  private static func until(after events: [HistoryEvent]) -> Int64 {
    (events.map(\.time).max() ?? 0) + 40 * AuditedTime.day
  }
}

/// Makes histories. It knows the programs just well enough to come close to their limits, and judges nothing.
struct HistoryMaker {
  let program: String
  var random: SplitMix64
  var now: Int64 = 1_767_600_000_000  // 2026-01-05T08:00:00Z
  var events: [HistoryEvent] = []
  /// Instants at which something is due, so that events can fall on them.
  var limits: [Int64] = []
  var referrers = ["ann", "bob", "cyd"]
  var referees: [String] = []
  /// The referrer of most accounts.
  var favourite = "ann"
  /// When the money of payments becomes available, and the approximate amount.
  var ripe: [(at: Int64, amount: Int, currency: String)] = []
  var codes: [String] = []
  var payments: [(id: String, account: String, lines: [[String: Any]], currency: String)] = []
  var refunds: [[String: Any]] = []
  var disputes: [[String: Any]] = []
  var closed: [String] = []
  var spends: [(id: String, account: String)] = []
  var withdrawals: [(id: String, account: String)] = []
  var subscriptions: [(id: String, account: String, company: String)] = []
  var invoices: [(id: String, account: String, company: String)] = []
  private let steps: Int
  private var count = 0

  init(program: String, seed: UInt64, steps: Int? = nil) {
    self.program = program
    var random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(program.utf8.count) &* 7919 &+ UInt64(program.utf8.first ?? 0))
    self.steps = steps ?? 18 + random.upTo(30)
    self.random = random
  }

  func make() -> [HistoryEvent] {
    var maker = self
    maker.begin()
    for _ in 0..<maker.steps { maker.step() }
    maker.disturb()
    return maker.events
  }

  // MARK: Plumbing

  mutating func named(_ prefix: String) -> String {
    count += 1
    return "\(prefix)\(count)"
  }

  mutating func add(_ type: String, _ instant: String, _ data: [String: Any]) {
    let id = named("\(program)-")
    let time = random.chance(5) ? now + Int64(random.upTo(5)) * AuditedTime.day / 2 : now
    var data = data.filter { !($0.value is NSNull) }
    data[instant] = AuditedTime.write(now)
    if random.chance(3) { data["unheardOf"] = "x" }
    events.append(HistoryEvent(id: id, program: program, type: type, at: now, time: time, data: data))
  }

  /// Moves time: not at all, a little, a lot, or exactly to a due instant.
  mutating func pass() {
    let due = limits.filter { $0 >= now }
    switch random.upTo(99) {
    case 0..<15: break
    case 15..<50: now += Int64(random.upTo(600) + 1) * 60_000
    case 50..<75: now += Int64(random.upTo(5) + 1) * AuditedTime.day + Int64(random.upTo(1000))
    case 75..<82: now += Int64(random.upTo(20) + 5) * AuditedTime.day
    default:
      guard !due.isEmpty else {
        now += 3_600_000
        return
      }
      now = max(now, random.pick(due) + random.pick([-1, 0, 0, 0, 1]))
    }
  }

  // MARK: Accounts

  private mutating func begin() {
    favourite = random.pick(referrers)
    for referrer in referrers {
      if random.chance(5) { add("account.updated", "updatedAt", ["account": referrer, "kind": "individual", "country": "UA"]) }
      if random.chance(85) { register(referrer, referral: random.chance(80) ? nil : referral()) }
      if referrer == favourite || random.chance(90) { requestCode(referrer) }
      if random.chance(30) { pass() }
    }
    if program == "tiers" {
      for company in ["a", "b", "c"].prefix(1 + random.upTo(2)) {
        changeStatus((named("own"), favourite, "\(favourite)-\(company)"), to: "active")
      }
    }
    let few = program == "tiers" ? 5 + random.upTo(3) : 2 + random.upTo(3)
    let many = random.pick([11, 16, 21, 26, 45])
    for number in 1...(program == "tiers" && random.chance(20) ? many : few) {
      let referee = "e\(number)"
      referees.append(referee)
      if program == "tiers", random.chance(12) { subscribeAndPay(referee) }
      if random.chance(93) { register(referee, referral: random.chance(75) ? ["code": favourite.uppercased()] : referral()) }
      if program == "tiers", random.chance(90) { subscribeAndPay(referee) }
      if random.chance(12) { payBefore(referee) }
      if random.chance(10) { requestCode(referee) }
      now += Int64(random.upTo(90)) * 60_000
    }
    // Somebody who referred others registers later, with the code of one of them.
    if random.chance(15) { register(random.pick(referrers), referral: ["code": random.pick(codes)]) }
  }

  mutating func register(_ account: String, referral: [String: Any]?) {
    let eligible = random.chance(account == favourite ? 95 : 80)
    var data: [String: Any] = ["account": account]
    if eligible || random.chance(50) {
      data["kind"] = eligible ? "individual" : random.pick(["soleTrader", "legalEntity", "individual"])
    }
    if eligible || random.chance(50) { data["country"] = eligible ? "UA" : random.pick(["PL", "UA"]) }
    if eligible, random.chance(10) { data["country"] = random.pick(["ua", "UKR"]) }
    if random.chance(20) { data["identities"] = random.pick([["email:a1"], ["email:2", "card:7"], ["Email:A1"], []]) }
    if random.chance(8) { data["previousAccounts"] = random.pick([["old1"], []]) }
    if let referral { data["referral"] = referral }
    add("account.registered", "registeredAt", data)
    limits += [now + 21 * AuditedTime.day, AuditedTime.run(after: now)]
  }

  private mutating func referral() -> [String: Any]? {
    let code = random.chance(90) ? random.pick(codes + ["ANN"]) : random.pick(["NOPE", "ann", ""])
    let blanks = random.chance(20) ? random.pick([" ", "\u{200B}", "\t\u{FEFF}", "\u{A0}"]) : ""
    let own = program == "cash" ? "page" : "ref"
    let parameter = random.chance(10) ? own.uppercased() : own
    let other = program == "cash" ? "ref" : "page"
    let ad =
      random.chance(10)
      ? random.pick(["&gclid=1", "&gad_source=x", "&utm_source=g", "&wbraid", "&gbraid=2&x=1", "&amp;gclid=1", "#/x?GCLID=1"])
      : ""
    switch random.upTo(99) {
    case 0..<8: return nil
    case 8..<50: return ["code": code + blanks, "channel": "code"]
    case 50..<70: return ["landingURL": "https://x.example/p?a=1&\(parameter)=\(code)\(ad)#\(parameter)=BOB", "channel": "link"]
    case 70..<85:
      let link = random.pick([
        "#/x?\(parameter)=\(code)", "?a=1&amp;\(parameter)=\(code)/", "?a=1?\(parameter)=%20\(code)%20/%09",
        "#\(parameter)=\(code)",
        "?\(parameter)=2&\(parameter)=\(code)", "?\(parameter)=\(code)//", "?\(parameter)=%20#/x?a=1?\(parameter)=\(code)",
      ])
      return ["landingURL": "https://x.example/\(link)\(ad)", "channel": "link"]
    case 85..<90: return ["landingURL": "https://x.example/p?\(other)=\(code)\(ad)", "channel": "banner"]
    case 90..<95: return ["code": random.pick([code, blanks, "2"]), "landingURL": "https://x.example/?\(parameter)=BOB\(ad)"]
    default: return random.pick([[:], ["channel": "button"], ["landingURL": "https://x.example/"]])
    }
  }

  private mutating func requestCode(_ account: String) {
    let code =
      random.chance(95) ? account.uppercased() + (codes.contains(account.uppercased()) ? "2" : "") : random.pick(["ANN", "BOB"])
    codes.append(code)
    let vanity = random.chance(5) ? random.pick([" \(code)\u{2060}", "A B", " ", "A/"]) : code
    add("code.requested", "requestedAt", ["request": named("c"), "account": account, "vanity": vanity])
  }

  private mutating func anybody() -> String { random.pick(referrers + referees) }
  private mutating func payer() -> String { random.chance(93) ? random.pick(referees) : anybody() }

  // MARK: Events

  private mutating func step() {
    pass()
    switch random.upTo(99) {
    case 0..<3: register(anybody(), referral: referral())
    case 3..<5: requestCode(random.chance(60) ? random.pick(referrers) : anybody())
    case 5..<9:
      var data: [String: Any] = ["account": anybody()]
      if random.chance(70) { data["kind"] = random.pick(["individual", "legalEntity", "soleTrader"]) }
      if random.chance(50) { data["country"] = random.pick(["UA", "UA", "PL"]) }
      add("account.updated", "updatedAt", data)
    case 9..<12: close()
    case 12..<15:
      let code = random.pick(codes + ["NOPE"]) + random.pick(["", "", " "])
      let url = "https://x.example/?page=\(code)&ref=\(code)" + random.pick(["", "", "&gclid=7", "&utm=1", "#/?gbraid=1"])
      add("link.visited", "visitedAt", ["code": code, "url": url])
    case 15..<20: decide()
    case 20..<23:
      guard program != "tiers" || random.chance(5) else { return tier() }
      let data: [String: Any] = [
        "request": named("k"), "account": random.chance(70) ? favourite : anybody(), "operator": "olga", "reason": "by hand",
        "amount": random.pick([1, 500, 60_000, -1, -700, 0]), "currency": random.pick(["USD", "KZT"]),
      ]
      add("balance.correctionRequested", "decidedAt", data)
    default:
      switch program {
      case "bonus": earn(spendShare: 30)
      case "cash": random.chance(1) ? spend() : earn(spendShare: 35)
      default: tier()
      }
    }
  }

  /// Closings, bans and reopenings.
  private mutating func close() {
    if !closed.isEmpty, random.chance(60) {
      return add("account.reopened", "reopenedAt", ["account": random.chance(80) ? closed.removeLast() : closed[0]])
    }
    let account = random.chance(60) ? random.pick(referrers) : anybody()
    closed.append(account)
    var data: [String: Any] = ["account": account]
    if random.chance(70) { data["reason"] = random.pick(["banned", "banned", "closed"]) }
    add("account.closed", "closedAt", data)
  }

  /// An operator's decision about a referral: assign, end or move.
  private mutating func decide() {
    let data: [String: Any] = ["account": random.chance(85) ? random.pick(referees) : anybody(), "operator": "olga"]
    let kind = random.upTo(99)
    if kind >= 35 { add("referral.endRequested", "decidedAt", data.merging(["request": named("d")]) { $1 }) }
    if kind >= 65 { now += random.pick([0, 0, 1, 3_600_000, AuditedTime.day, -1]) }
    if kind < 35 || kind >= 65 {
      let referrer = random.chance(95) ? random.pick(referrers) : anybody()
      add("referral.assignRequested", "decidedAt", data.merging(["request": named("d"), "referrer": referrer]) { $1 })
      limits += [now + 21 * AuditedTime.day, now + AuditedTime.day]
    }
  }

  // MARK: Payments and their consequences

  /// A check-out that charged before it registered (A1f).
  private mutating func payBefore(_ account: String) {
    let after = now
    now -= random.pick([1, 24, 24, 24, 72]) * 3_600_000 + random.pick([-1, 0, 0, 1])
    pay(account)
    now = after
  }

  mutating func pay(_ account: String, subscription: (id: String, company: String)? = nil) {
    let id = named("p")
    let currency = random.pick(program == "bonus" ? ["KZT", "KZT", "KZT", "USD"] : ["USD", "USD", "USD", "USD", "EUR"])
    var lines: [[String: Any]] = []
    let isPlain = random.chance(40)
    for index in 0..<(isPlain ? 1 : random.chance(3) ? 0 : 1 + random.upTo(2)) {
      let kind = isPlain ? "plan" : random.pick(["plan", "plan", "service", "service", "topUp"])
      let amount =
        isPlain
        ? random.pick([999, 1000, 7500, 7501, 10_005, 600_000, 999, 1000, 7500, 7501, 0, -7000])
        : random.pick([1, 4, 5, 10, 49, 50, 149, 999, 1000, 3333, 7500, 7501, 10_005, 600_000, 0, 0, -50, -50, -1000, -8000])
      var line: [String: Any] = ["sku": random.chance(3) ? "s0" : "s\(index)", "kind": kind, "amount": amount]
      if kind == "plan" { line["plan"] = random.pick(["Basic", "Basic", "Business", "Start+"]) }
      if isPlain { line["category"] = "domain" }
      if program == "cash", !isPlain, random.chance(90) {
        line["category"] = random.pick(["shared-hosting", "shared-hosting", "domain", "vps"])
      }
      if !isPlain, random.chance(20) {
        line["discounts"] = (0...random.upTo(1)).map { _ in
          [
            "kind": random.pick(["promo", "sale", "manual", "term", "loyalty", "term", "loyalty", "referral"]),
            "amount": random.pick([10, 10, -10, 0]),
          ]
        }
      }
      lines.append(line)
    }
    var data: [String: Any] = ["payment": id, "account": account, "currency": currency, "lines": lines]
    if let subscription { (data["subscription"], data["company"]) = (subscription.id, subscription.company) }
    if random.chance(15) { data["tax"] = random.pick([0, 12, 500, 500, -1]) }
    if random.chance(10) { data["paidWithBonus"] = random.pick([0, 1, 100, 1000, 1000, 7501, -5]) }
    if random.chance(7) { data["promoCode"] = random.pick(["WELCOME", "WELCOME", " \u{200B}"]) }
    add("payment.settled", "paidAt", data)
    payments.append((id, account, lines, currency))
    let availableAt = now + (program == "cash" ? 30 : 14) * AuditedTime.day
    limits.append(availableAt)
    let received = lines.reduce(0) { $0 + ($1["amount"] as? Int ?? 0) }
    if received > 10 { ripe.append((availableAt, received / 10, currency)) }
  }

  private mutating func earn(spendShare: Int) {
    guard !payments.isEmpty, random.chance(65) else { return pay(payer()) }
    if random.chance(spendShare) { return program == "bonus" ? spend() : withdraw() }
    follow()
  }

  mutating func follow() {
    // A known payment, or (rarely) one that never arrives.
    let payment = random.chance(96) ? random.pick(payments) : (id: "p0", account: payer(), lines: [], currency: "USD")
    let data: [String: Any] = ["payment": payment.id, "account": payment.account]
    switch random.upTo(99) {
    case 0..<32: refund(payment)
    case 32..<45:
      guard let refund = refunds.isEmpty ? nil : random.pick(refunds) else { return self.refund(payment) }
      let failed: [String: Any] = [
        "refund": random.chance(90) ? refund["refund"] ?? "" : "r0", "payment": refund["payment"] ?? "",
        "account": refund["account"] ?? "",
      ]
      add("payment.refundFailed", "failedAt", failed)
    case 45..<57: add("payment.refundRequested", "requestedAt", data)
    case 57..<66: add("payment.refundDeclined", "declinedAt", data)
    case 66..<82: dispute(data, of: payment.lines)
    default:
      var data = disputes.isEmpty || random.chance(20) ? data : random.pick(disputes)
      data["amount"] = nil
      data["outcome"] = random.pick(["won", "lost", "lost", "withdrawn"])
      add("payment.disputeClosed", "closedAt", data)
    }
  }

  private mutating func dispute(_ payment: [String: Any], of lines: [[String: Any]]) {
    var data = payment
    let received = lines.reduce(0) { $0 + ($1["amount"] as? Int ?? 0) }
    if random.chance(65) { data["dispute"] = random.pick(["d1", "d1", "d2", "d3"]) }
    if random.chance(65) { data["amount"] = random.pick([received / 2, received / 3, received, received + 1, 1, 0, -1]) }
    disputes.append(data)
    add("payment.disputed", "disputedAt", data)
  }

  private mutating func refund(_ payment: (id: String, account: String, lines: [[String: Any]], currency: String)) {
    var data: [String: Any] = [
      "refund": named("r"), "payment": payment.id, "account": payment.account,
      "currency": random.chance(2) ? "GBP" : payment.currency,
    ]
    let positive = payment.lines.filter { ($0["amount"] as? Int ?? 0) > 0 }
    let received = payment.lines.reduce(0) { $0 + ($1["amount"] as? Int ?? 0) }
    if random.chance(55), !positive.isEmpty {
      var lines: [[String: Any]] = []
      for line in positive where lines.isEmpty || random.chance(50) {
        let amount = line["amount"] as? Int ?? 0
        lines.append([
          "sku": line["sku"] ?? "", "amount": max(1, random.pick([amount, amount, amount / 2, amount / 3, amount * 2])),
        ])
      }
      if random.chance(15) { lines.append(["sku": "unheard-of", "amount": random.pick([5, received / 2 + 1, received + 9])]) }
      if random.chance(5) { lines = [] }
      data["lines"] = lines
      // Sometimes the lines add up to more or less than the whole.
      let named = lines.reduce(random.chance(15) ? random.pick([-100, -1, 100]) : 0) { $0 + ($1["amount"] as? Int ?? 0) }
      data["amount"] = max(random.chance(5) ? 0 : 1, named)
    } else {
      data["amount"] = random.pick([max(1, received), max(1, received / 2), max(1, received / 3), 1, 0, max(1, received) + 100])
    }
    refunds.append(data)
    add("payment.refunded", "refundedAt", data)
  }

  // MARK: Spends and withdrawals

  /// The account and amount of a request, usually one that has money.
  private mutating func asking() -> [String: Any] {
    var (amount, currency) = (random.pick([1, 10, 100, 750, 6000, 50_000, 50_001, 0]), random.pick(["USD", "KZT", "EUR"]))
    if random.chance(80), !ripe.isEmpty {
      let money = random.pick(ripe)
      if random.chance(70) { now = max(now, money.at + random.pick([0, 0, 1, 3_600_000])) }
      amount = random.pick([money.amount, money.amount, money.amount / 2, money.amount / 3, money.amount + 1])
      currency = money.currency
    }
    return ["account": random.chance(85) ? favourite : random.pick(referrers), "amount": amount, "currency": currency]
  }

  private mutating func spend() {
    switch random.upTo(99) {
    case 0..<50:
      let id = named("s")
      var data = asking()
      data["request"] = id
      data["invoice"] = named("own")
      data["kinds"] = random.pick([["plan"], ["plan", "service"], ["service"], ["plan"], ["topUp"], ["plan", "topUp"]])
      add("bonus.spendRequested", "requestedAt", data)
      spends.append((id, data["account"] as? String ?? ""))
    case 50..<74:
      let spend = spends.last.map { random.chance(60) ? $0 : random.pick(spends) } ?? (id: "s0", account: "ann")
      if random.chance(60) {
        add("bonus.spendCaptured", "capturedAt", ["request": spend.id, "account": spend.account])
      } else {
        add("bonus.spendReleased", "releasedAt", ["request": spend.id, "account": spend.account])
      }
    case 74..<92:
      let spend = spends.isEmpty ? (id: "s0", account: "ann") : random.pick(spends)
      var data: [String: Any] = ["return": named("x"), "request": spend.id, "account": spend.account]
      if random.chance(60) { data["amount"] = random.pick([1, 50, 333, 5000, 0]) }
      add("bonus.spendReturned", "returnedAt", data)
    default: requestWithdrawal()
    }
  }

  private mutating func requestWithdrawal() {
    let id = named("w")
    var data = asking()
    data["request"] = id
    data["destination"] = "card:1"
    add("withdrawal.requested", "requestedAt", data)
    withdrawals.append((id, data["account"] as? String ?? ""))
    limits += [now + 7 * AuditedTime.day, now + 10 * AuditedTime.day]
  }

  private mutating func withdraw() {
    guard !withdrawals.isEmpty, random.chance(60) else { return requestWithdrawal() }
    let withdrawal = random.chance(75) ? withdrawals[withdrawals.count - 1] : random.pick(withdrawals)
    let data: [String: Any] = ["request": withdrawal.id, "account": withdrawal.account]
    var result: [String: Any] = ["payout": withdrawal.id + (random.chance(95) ? "#1" : "#2"), "referrer": withdrawal.account]
    if random.chance(30) { result["reference"] = random.pick(["tx-1", "tx-2"]) }
    switch random.upTo(99) {
    case 0..<20: add("withdrawal.approved", "decidedAt", data.merging(["operator": "olga"]) { $1 })
    case 20..<30: add("withdrawal.rejected", "decidedAt", data.merging(["operator": "olga"]) { $1 })
    case 30..<40: add("withdrawal.canceled", "canceledAt", data)
    case 40..<60: add("payout.settled", "at", result)
    case 60..<78: add("payout.failed", "at", result)
    case 78..<94: add("payout.returned", "at", result)
    default: add("payout.unknown", "at", result)
    }
  }
}
