/// Every figure of one account in one currency.
struct AuditedBalance {
  var amounts: [String: Int64] = [:]

  mutating func move(_ amount: Int64, from: String?, to: String) {
    if let from { amounts[from, default: 0] -= amount }
    amounts[to, default: 0] += amount
  }

  func told(_ currency: String) -> [String: Any] {
    var told: [String: Any] = ["currency": currency]
    for name in ["pending", "available", "locked", "reserved", "spent", "paid", "reversed"] { told[name] = amounts[name] ?? 0 }
    return told
  }
}

/// Something that holds a reward back: of its beginnings and ends the latest instant counts (T6), at one instant the later
/// arrival (T1).
struct AuditedHold {
  private var latest: Int64 = 0
  private(set) var isOpen = false

  mutating func hear(begins: Bool, at instant: Int64) {
    guard instant >= latest else { return }
    (latest, isOpen) = (instant, begins)
  }
}

/// One reward of one payment.
struct AuditedReward {
  enum Place { case pending, held, available }

  let referrer: String
  let payment: String
  let currency: String
  let rate: Int64
  let base: Int64
  /// All that was received for the payment, the base of a refund without lines.
  let received: Int64
  /// The lines that earned, by name; how much a refund can take from them at most where a line that did not earn has the same
  /// name.
  let skus: [String: Int64]
  let availableAt: Int64
  /// When the money comes: `availableAt`, or the release of a hold if that is later.
  var maturesAt: Int64
  var amount: Int64
  var place: Place
  var refunds: Int64 = 0
  var lineRefunds: Int64 = 0
  var refundsBySKU: [String: Int64] = [:]
  var isLost = false
  var holds: [String: AuditedHold] = [:]
  var frozenFor: Set<String> = []

  var bucket: String {
    switch place {
    case .pending: "pending"
    case .held: "locked"
    case .available: frozenFor.isEmpty ? "available" : "locked"
    }
  }
}

/// Payments, what they earn, and what becomes of it.
extension AuditedProgram {
  func earn(_ payer: String, referrer: String, _ type: String, _ data: Facts, at instant: Int64) {
    guard let payment = data.text("payment") else { return }
    if type == "payment.settled" {
      change(payer) { $0.payments.insert(payment) }
      useOffer(of: payer, data, at: instant)
      reward(payer, referrer: referrer, payment, data, at: instant)
      let waiting = account(payer).waiting[payment] ?? []
      change(payer) { $0.waiting[payment] = nil }
      for event in waiting { follow(payer, payment, event.type, event.data, at: event.at) }
    } else if account(payer).payments.contains(payment) {
      follow(payer, payment, type, data, at: instant)
    } else {
      change(payer) { $0.waiting[payment, default: []].append((type, data, instant)) }
    }
  }

  private func reward(_ payer: String, referrer: String, _ payment: String, _ data: Facts, at instant: Int64) {
    let lines = data.parts("lines")
    let currency = data.text("currency") ?? ""
    let before = account(payer).turnover[currency] ?? 0
    let turned = lines.filter { $0.text("kind") != "topUp" }.reduce(0) { $0 + ($1.number("amount") ?? 0) }
    change(payer) { $0.turnover[currency, default: 0] += turned }

    let earning = lines.filter { Self.objections(to: $0, rules).isEmpty }
    let withBonus = data.number("paidWithBonus") ?? 0
    let base = earning.reduce(0) { $0 + ($1.number("amount") ?? 0) } - withBonus
    let rate: Int64 = rules.paysOut && currency == "USD" && before > 7500 ? 100 : 1000
    let amount = base > 0 ? (base * rate * 2 + 10_000) / 20_000 : 0
    var reasons: Set<String> = []
    if rules.paysOut {
      if data.text("promoCode") != nil { reasons.insert("promo-code") }
      if earning.isEmpty { reasons.formUnion(lines.flatMap { Self.objections(to: $0, rules) }) }
    } else if !lines.contains(where: { $0.text("kind") == "plan" }) {
      reasons.insert("no-plan-line")
    }
    if reasons.isEmpty, amount == 0 { reasons.insert("no-base") }
    if reasons.isEmpty {
      if !isEligible(referrer, at: instant) { reasons.insert("referrer-not-eligible") }
      if account(referrer).isClosed(at: instant) { reasons.insert("account-closed") }
    }
    let id = "\(payer) \(payment)"
    var told: [String: Any] = ["referrer": referrer, "referee": payer, "payment": payment]
    guard reasons.isEmpty else {
      told["at"] = AuditedTime.write(instant)
      told["reasons"] = Array(reasons)
      return say("reward.declined", told)
    }
    let availableAt = instant + (rules.paysOut ? 30 : 14) * AuditedTime.day
    rewards[id] = AuditedReward(
      referrer: referrer, payment: payment, currency: currency, rate: rate, base: base,
      received: lines.reduce(0) { $0 + ($1.number("amount") ?? 0) } - withBonus, skus: Self.caps(of: lines, earning: earning),
      availableAt: availableAt, maturesAt: availableAt, amount: amount, place: .pending)
    told.merge([
      "amount": amount, "currency": currency, "base": base, "rate": rate, "accruedAt": AuditedTime.write(instant),
      "availableAt": AuditedTime.write(availableAt), "balance": move(amount, from: nil, to: "pending", referrer, currency),
    ]) { $1 }
    say("reward.accrued", told)
    if rules.paysOut {
      rewards[id]?.place = .held
      told = ["referrer": referrer, "payment": payment, "amount": amount, "currency": currency]
      told["creditedAt"] = AuditedTime.write(instant)
      told["balance"] = move(amount, from: "pending", to: "locked", referrer, currency)
      say("reward.credited", told)
    }
    set(.matures(reward: id), at: availableAt)
  }

  private static func caps(of lines: [Facts], earning: [Facts]) -> [String: Int64] {
    var caps: [String: Int64] = [:]
    for line in earning { caps[line.text("sku") ?? "", default: 0] += line.number("amount") ?? 0 }
    for (sku, amount) in caps {
      let isShared = lines.filter { $0.text("sku") == sku }.count > earning.filter { $0.text("sku") == sku }.count
      caps[sku] = isShared ? max(amount, 0) : .max
    }
    return caps
  }

  /// What a line has against it (A3, C6, C8).
  private static func objections(to line: Facts, _ rules: AuditedRules) -> [String] {
    guard rules.paysOut else { return line.text("kind") == "topUp" ? ["not-eligible-service"] : [] }
    var objections: [String] = []
    if line.text("kind") == "topUp" || !["shared-hosting", "domain"].contains(line.text("category") ?? "") {
      objections.append("not-eligible-service")
    }
    if line.parts("discounts").contains(where: { ["promo", "sale", "manual"].contains($0.text("kind") ?? "") }) {
      objections.append("discounted-price")
    }
    return objections
  }

  /// What comes after a payment.
  private func follow(_ payer: String, _ payment: String, _ type: String, _ data: Facts, at instant: Int64) {
    let id = "\(payer) \(payment)"
    guard let reward = rewards[id] else { return }
    if type == "payment.refunded", data.text("currency") != reward.currency { return }  // currencies never mix
    switch type {
    case "payment.refunded": refund(id, data, at: instant)
    case "payment.refundRequested": begin(id, "refund-requested", at: instant)
    case "payment.refundDeclined": end(id, "refund-requested", at: instant)
    case "payment.disputed": begin(id, "dispute", at: instant)
    case "payment.disputeClosed" where data.text("outcome") == "won": end(id, "dispute", at: instant)
    case "payment.disputeClosed": lose(id, at: instant)
    default: break
    }
  }

  private func refund(_ id: String, _ data: Facts, at instant: Int64) {
    guard var reward = rewards[id] else { return }
    let lines = data.parts("lines")
    reward.refunds += data.number("amount") ?? 0
    reward.lineRefunds += lines.reduce(0) { $0 + ($1.number("amount") ?? 0) }
    for line in lines { reward.refundsBySKU[line.text("sku") ?? "", default: 0] += line.number("amount") ?? 0 }
    let amount = reward.isLost ? 0 : min(reward.amount, Self.remaining(of: reward))
    let delta = amount - reward.amount
    rewards[id] = reward
    if delta < 0 {
      fireMatured(until: instant)
      reward.place = rewards[id]?.place ?? reward.place
    }
    reward.amount = amount
    rewards[id] = reward
    if delta < 0 {
      var told: [String: Any] = ["referrer": reward.referrer, "payment": reward.payment, "refund": data.text("refund") ?? ""]
      told["delta"] = delta
      told["currency"] = reward.currency
      told["at"] = AuditedTime.write(instant)
      told["balance"] = move(-delta, from: reward.bucket, to: "reversed", reward.referrer, reward.currency)
      if reward.place == .pending {
        told["amount"] = amount
        say("reward.adjusted", told)
      } else {
        told["cause"] = "refund"
        say("reward.reversed", told)
      }
    }
    end(id, "refund-requested", at: instant)
  }

  /// A9: what a reward is worth after its refunds, rounded once, half up.
  private static func remaining(of reward: AuditedReward) -> Int64 {
    let left = reward.skus.reduce(reward.base) { $0 - min(reward.refundsBySKU[$1.key] ?? 0, $1.value) }
    let others = reward.refunds - reward.lineRefunds
    let basis = reward.received - reward.lineRefunds
    guard left > 0 else { return 0 }
    guard basis > 0, basis > others else { return 0 }  // all of it, or more, has gone back
    guard others > 0 else { return (left * reward.rate * 2 + 10_000) / 20_000 }
    return (left * (basis - others) * reward.rate * 2 + 10_000 * basis) / (20_000 * basis)
  }

  private func lose(_ id: String, at instant: Int64) {
    fireMatured(until: instant)
    guard let reward = rewards[id] else { return }
    rewards[id]?.isLost = true
    rewards[id]?.amount = 0
    if reward.amount > 0 {
      say(
        "reward.reversed",
        [
          "referrer": reward.referrer, "payment": reward.payment, "delta": -reward.amount, "currency": reward.currency,
          "at": AuditedTime.write(instant), "cause": "dispute",
          "balance": move(reward.amount, from: reward.bucket, to: "reversed", reward.referrer, reward.currency),
        ])
    }
    rewards[id]?.frozenFor = []
  }

  private func begin(_ id: String, _ cause: String, at instant: Int64) {
    rewards[id]?.holds[cause, default: AuditedHold()].hear(begins: true, at: instant)
    guard let known = rewards[id], known.amount > 0, known.holds[cause]?.isOpen == true, !known.frozenFor.contains(cause)
    else { return }
    fireMatured(until: instant)
    guard let reward = rewards[id] else { return }
    rewards[id]?.frozenFor.insert(cause)
    sayHold("reward.frozen", reward, cause, movedFrom: reward.bucket, to: rewards[id]?.bucket ?? "", at: instant)
  }

  private func end(_ id: String, _ cause: String, at instant: Int64) {
    rewards[id]?.holds[cause, default: AuditedHold()].hear(begins: false, at: instant)
    guard let reward = rewards[id], reward.frozenFor.contains(cause), reward.holds[cause]?.isOpen == false else { return }
    fireMatured(until: instant)
    rewards[id]?.frozenFor.remove(cause)
    guard reward.amount > 0, let freed = rewards[id] else { return }
    sayHold("reward.unfrozen", reward, cause, movedFrom: reward.bucket, to: freed.bucket, at: instant)
    if freed.frozenFor.isEmpty, freed.place != .available {
      let maturesAt = max(instant, reward.availableAt)
      rewards[id]?.maturesAt = maturesAt
      set(.matures(reward: id), at: maturesAt)
    }
  }

  private func sayHold(_ type: String, _ reward: AuditedReward, _ cause: String, movedFrom: String, to: String, at instant: Int64)
  {
    let balance = move(movedFrom == to ? 0 : reward.amount, from: movedFrom, to: to, reward.referrer, reward.currency)
    say(
      type,
      [
        "referrer": reward.referrer, "payment": reward.payment, "cause": cause, "at": AuditedTime.write(instant),
        "balance": balance,
      ])
  }

  /// A4, C9: the money is there.
  func mature(_ id: String, at instant: Int64) {
    guard let reward = rewards[id], reward.amount > 0, reward.frozenFor.isEmpty, reward.place != .available,
      reward.maturesAt == instant
    else { return }
    rewards[id]?.place = .available
    var told: [String: Any] = ["referrer": reward.referrer, "payment": reward.payment, "amount": reward.amount]
    told["currency"] = reward.currency
    told[rules.paysOut ? "at" : "creditedAt"] = AuditedTime.write(instant)
    told["balance"] = move(reward.amount, from: reward.bucket, to: "available", reward.referrer, reward.currency)
    say(rules.paysOut ? "reward.unlocked" : "reward.credited", told)
  }

  /// Moves money of an account and gives the balance as it is told.
  func move(_ amount: Int64, from: String?, to: String, _ account: String, _ currency: String) -> [String: Any] {
    change(account) { $0.balances[currency, default: AuditedBalance()].move(amount, from: from, to: to) }
    return self.account(account).balances[currency, default: AuditedBalance()].told(currency)
  }
}
