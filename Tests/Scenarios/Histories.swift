import Foundation
import TestSupport

/// One event of a history, before it becomes a line.
struct HistoryEvent {
  var id: String
  var program: String
  var type: String
  /// The instant in its data.
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

/// What happened, in order of arrival, and until when the clock runs.
struct History {
  var events: [HistoryEvent]
  var until: Int64

  var lines: [String] { events.map(\.line) }

  /// A plausible and nasty history of one program, or of all three at once.
  static func make(program: String, seed: UInt64) -> History {
    guard program == "mixed" else { return HistoryMaker(program: program, seed: seed).make() }
    var random = SplitMix64(seed: seed ^ 0xA5A5)
    var parts = ["bonus", "tiers", "cash"].map { HistoryMaker(program: $0, seed: seed, steps: 14).make().events }
    var events: [HistoryEvent] = []
    while parts.contains(where: { !$0.isEmpty }) {
      // Mostly in the order of time across the programs, as one bus would give them.
      let open = parts.indices.filter { !parts[$0].isEmpty }
      let earliest = open.min { parts[$0][0].at < parts[$1][0].at } ?? open[0]
      events.append(parts[random.chance(85) ? earliest : random.pick(open)].removeFirst())
    }
    return History(events: events, until: (events.map(\.time).max() ?? 0) + 40 * AuditedTime.day)
  }
}

/// Makes up histories. It knows just enough of the programs to come close to their limits; it judges nothing.
struct HistoryMaker {
  let program: String
  var random: SplitMix64
  var now: Int64 = 1_767_600_000_000  // 2026-01-05T08:00:00Z
  var events: [HistoryEvent] = []
  /// Instants at which something is due, so that events can fall on them.
  var limits: [Int64] = []
  var referrers = ["ann", "bob", "cyd"]
  var referees: [String] = []
  /// Who brings most of them.
  var favourite = "ann"
  /// When the money of payments comes, and about how much.
  var ripe: [(at: Int64, amount: Int, currency: String)] = []
  var codes: [String] = []
  var payments: [(id: String, account: String, lines: [[String: Any]], currency: String)] = []
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

  func make() -> History {
    var maker = self
    maker.begin()
    for _ in 0..<maker.steps { maker.step() }
    maker.disturb()
    return History(events: maker.events, until: (maker.events.map(\.time).max() ?? 0) + 40 * AuditedTime.day)
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

  /// Time passes: not at all, a little, a lot, or exactly to where something is due.
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
      if random.chance(10) { requestCode(referee) }
      now += Int64(random.upTo(90)) * 60_000
    }
    // Somebody who brought others comes later himself, by the code of one of them.
    if random.chance(15) { register(random.pick(referrers), referral: ["code": random.pick(codes)]) }
  }

  mutating func register(_ account: String, referral: [String: Any]?) {
    let eligible = random.chance(account == favourite ? 95 : 80)
    var data: [String: Any] = ["account": account]
    if eligible || random.chance(50) {
      data["kind"] = eligible ? "individual" : random.pick(["soleTrader", "legalEntity", "individual"])
    }
    if eligible || random.chance(50) { data["country"] = eligible ? "UA" : random.pick(["PL", "UA"]) }
    if random.chance(20) { data["identities"] = random.pick([["email:1"], ["email:2", "card:7"], ["card:7"], []]) }
    if random.chance(8) { data["previousAccounts"] = random.pick([["old1"], []]) }
    if let referral { data["referral"] = referral }
    add("account.registered", "registeredAt", data)
    limits += [now + 21 * AuditedTime.day, AuditedTime.run(after: now)]
  }

  private mutating func referral() -> [String: Any]? {
    let code = random.chance(90) ? random.pick(codes + ["ANN"]) : random.pick(["NOPE", "ann", ""])
    let parameter = program == "cash" ? "page" : "ref"
    let other = program == "cash" ? "ref" : "page"
    let ad = random.chance(10) ? random.pick(["&gclid=1", "&gad_source=x", "&utm_source=g", "&wbraid", "&gbraid=2&x=1"]) : ""
    switch random.upTo(99) {
    case 0..<8: return nil
    case 8..<55: return ["code": code, "channel": "code"]
    case 55..<85: return ["landingURL": "https://x.example/p?a=1&\(parameter)=\(code)\(ad)#\(parameter)=BOB", "channel": "link"]
    case 85..<90: return ["landingURL": "https://x.example/p?\(other)=\(code)\(ad)", "channel": "banner"]
    case 90..<95: return ["code": code, "landingURL": "https://x.example/?\(parameter)=BOB\(ad)"]
    default: return random.pick([[:], ["channel": "button"], ["landingURL": "https://x.example/"]])
    }
  }

  private mutating func requestCode(_ account: String) {
    let code =
      random.chance(95) ? account.uppercased() + (codes.contains(account.uppercased()) ? "2" : "") : random.pick(["ANN", "BOB"])
    codes.append(code)
    add("code.requested", "requestedAt", ["request": named("c"), "account": account, "vanity": code])
  }

  private mutating func anybody() -> String { random.pick(referrers + referees) }
  private mutating func payer() -> String { random.chance(93) ? random.pick(referees) : anybody() }

  // MARK: What happens

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
    case 9..<11: if random.chance(50) { add("account.closed", "closedAt", ["account": random.pick(referrers + [anybody()])]) }
    case 11..<14:
      let code = random.pick(codes + ["NOPE"])
      let url = "https://x.example/?page=\(code)&ref=\(code)" + random.pick(["", "", "&gclid=7", "&utm=1"])
      add("link.visited", "visitedAt", ["code": code, "url": url])
    default:
      switch program {
      case "bonus": earn(spendShare: 30)
      case "cash": random.chance(1) ? spend() : earn(spendShare: 35)
      default: tier()
      }
    }
  }

  // MARK: Payments and what follows them

  mutating func pay(_ account: String, subscription: (id: String, company: String)? = nil) {
    let id = named("p")
    let currency = random.pick(program == "bonus" ? ["KZT", "KZT", "KZT", "USD"] : ["USD", "USD", "USD", "USD", "EUR"])
    var lines: [[String: Any]] = []
    let isPlain = random.chance(40)
    for index in 0..<(isPlain ? 1 : random.chance(3) ? 0 : 1 + random.upTo(2)) {
      let kind = isPlain ? "plan" : random.pick(["plan", "plan", "service", "service", "topUp"])
      let amount =
        isPlain
        ? random.pick([999, 1000, 7500, 7501, 10_005, 600_000])
        : random.pick([1, 4, 5, 10, 49, 50, 149, 999, 1000, 3333, 7500, 7501, 10_005, 600_000, 0, -50, -1000])
      var line: [String: Any] = ["sku": random.chance(3) ? "s0" : "s\(index)", "kind": kind, "amount": amount]
      if kind == "plan" { line["plan"] = random.pick(["Basic", "Basic", "Business", "Start+"]) }
      if isPlain { line["category"] = "domain" }
      if program == "cash", !isPlain, random.chance(90) {
        line["category"] = random.pick(["shared-hosting", "shared-hosting", "domain", "vps"])
      }
      if !isPlain, random.chance(20) {
        line["discounts"] = (0...random.upTo(1)).map { _ in
          ["kind": random.pick(["promo", "sale", "manual", "term", "loyalty", "term", "loyalty", "referral"]), "amount": 10]
        }
      }
      lines.append(line)
    }
    var data: [String: Any] = ["payment": id, "account": account, "currency": currency, "lines": lines]
    if let subscription { (data["subscription"], data["company"]) = (subscription.id, subscription.company) }
    if random.chance(15) { data["tax"] = random.pick([0, 12, 500, 500, -1]) }
    if random.chance(10) { data["paidWithBonus"] = random.pick([0, 1, 100, 1000, -5]) }
    if random.chance(7) { data["promoCode"] = "WELCOME" }
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
    // A payment that is known, or (rarely) one that never comes.
    let payment = random.chance(96) ? random.pick(payments) : (id: "p0", account: payer(), lines: [], currency: "USD")
    let data: [String: Any] = ["payment": payment.id, "account": payment.account]
    switch random.upTo(99) {
    case 0..<40: refund(payment)
    case 40..<58: add("payment.refundRequested", "requestedAt", data)
    case 58..<70: add("payment.refundDeclined", "declinedAt", data)
    case 70..<84: add("payment.disputed", "disputedAt", data)
    default:
      let outcome = random.pick(["won", "lost"])
      add("payment.disputeClosed", "closedAt", data.merging(["outcome": outcome]) { $1 })
    }
  }

  private mutating func refund(_ payment: (id: String, account: String, lines: [[String: Any]], currency: String)) {
    var data: [String: Any] = [
      "refund": named("r"), "payment": payment.id, "account": payment.account,
      "currency": random.chance(2) ? "GBP" : payment.currency,
    ]
    let positive = payment.lines.filter { ($0["amount"] as? Int ?? 0) > 0 }
    let received = payment.lines.reduce(0) { $0 + ($1["amount"] as? Int ?? 0) }
    if random.chance(50), !positive.isEmpty {
      var lines: [[String: Any]] = []
      for line in positive where lines.isEmpty || random.chance(50) {
        let amount = line["amount"] as? Int ?? 0
        lines.append(["sku": line["sku"] ?? "", "amount": max(1, random.pick([amount, amount, amount / 2, amount / 3]))])
      }
      if random.chance(3) { lines.append(["sku": "unheard-of", "amount": 5]) }
      data["lines"] = lines
      // Now and then the lines name more or less than the whole.
      data["amount"] = max(1, lines.reduce(random.chance(5) ? random.pick([-100, 100]) : 0) { $0 + ($1["amount"] as? Int ?? 0) })
    } else {
      data["amount"] = random.pick([max(1, received), max(1, received / 2), max(1, received / 3), 1, 0, max(1, received) + 100])
    }
    add("payment.refunded", "refundedAt", data)
  }

  // MARK: Spends and withdrawals

  /// Who asks for how much, mostly when there is some.
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
    case 50..<90:
      let spend = spends.last.map { random.chance(60) ? $0 : random.pick(spends) } ?? (id: "s0", account: "ann")
      if random.chance(60) {
        add("bonus.spendCaptured", "capturedAt", ["request": spend.id, "account": spend.account])
      } else {
        add("bonus.spendReleased", "releasedAt", ["request": spend.id, "account": spend.account])
      }
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
    let result: [String: Any] = ["payout": withdrawal.id + (random.chance(95) ? "#1" : "#2"), "referrer": withdrawal.account]
    switch random.upTo(99) {
    case 0..<20: add("withdrawal.approved", "decidedAt", data.merging(["operator": "olga"]) { $1 })
    case 20..<30: add("withdrawal.rejected", "decidedAt", data.merging(["operator": "olga"]) { $1 })
    case 30..<42: add("withdrawal.canceled", "canceledAt", data)
    case 42..<70: add("payout.settled", "at", result)
    case 70..<88: add("payout.failed", "at", result)
    default: add("payout.unknown", "at", result)
    }
  }
}
