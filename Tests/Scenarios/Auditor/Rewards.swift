/// All figures of one account in one currency.
struct AuditedBalance {
  var amounts: [String: Int64] = [:]

  mutating func move(_ amount: Int64, from: String?, to: String) {
    if let from { amounts[from, default: 0] -= amount }
    amounts[to, default: 0] += amount
  }

  func reported(_ currency: String) -> [String: Any] {
    var reported: [String: Any] = ["currency": currency]
    for name in ["pending", "available", "locked", "reserved", "spent", "paid", "reversed"] {
      reported[name] = amounts[name] ?? 0
    }
    if let corrected = amounts["corrected"], corrected != 0 { reported["corrected"] = corrected }
    return reported
  }
}

/// Of starts and ends the latest instant counts (T6). At the same instant the later arrival counts (T1).
struct AuditedHold {
  private var latest = Int64.min
  private(set) var isOpen = false

  mutating func hear(begins: Bool, at instant: Int64) {
    guard instant >= latest else { return }
    (latest, isOpen) = (instant, begins)
  }
}

/// One dispute of a payment (C7c).
struct AuditedDispute {
  enum Standing { case open, lost, won }
  private var events: [(at: Int64, standing: Standing, amount: Int64?)] = []

  mutating func hear(_ data: Facts, at instant: Int64) {
    let standing: Standing = data.text("outcome").map { $0 == "lost" ? .lost : .won } ?? .open
    events.append((instant, standing, data.number("amount")))
  }

  var instants: [Int64] { events.map(\.at) }

  func isOpen(before instant: Int64) -> Bool { past(instant).last?.standing == .open }

  /// The amount that a lost dispute takes. Without an amount it takes everything.
  func taken(before instant: Int64) -> Int64 {
    guard past(instant).last?.standing == .lost else { return 0 }
    return past(instant).last { $0.standing == .open }?.amount ?? .max
  }

  private func past(_ instant: Int64) -> [(at: Int64, standing: Standing, amount: Int64?)] {
    events.enumerated().filter { $0.element.at < instant }.sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
  }
}

/// One reward of one payment.
struct AuditedReward {
  enum Place { case pending, held, available }

  let referrer: String
  let referee: String
  let payment: String
  let currency: String
  let paidAt: Int64
  let worth: AuditedWorth
  /// The accrued amount, which is the maximum.
  let whole: Int64
  let availableAt: Int64
  /// When the money is available: `availableAt`, or the end of a freeze or a restoration if that is later.
  var maturesAt: Int64
  var amount: Int64
  var place: Place
  var refunds: [String: Facts] = [:]
  var failedRefunds: Set<String> = []
  var request = AuditedHold()
  var disputes: [String: AuditedDispute] = [:]
  var frozenFor: Set<String> = []

  var bucket: String {
    switch place {
    case .pending: "pending"
    case .held: "locked"
    case .available: frozenFor.isEmpty ? "available" : "locked"
    }
  }

  /// Its worth after all facts so far.
  var left: Int64 {
    let lost = disputes.values.map { $0.taken(before: .max) }
    if lost.contains(.max) { return 0 }
    let counting = refunds.filter { !failedRefunds.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    return min(whole, worth.left(after: counting, others: lost.reduce(0, +)))
  }

  func isHeld(for cause: String) -> Bool {
    cause == "dispute" ? disputes.values.contains { $0.isOpen(before: .max) } : request.isOpen
  }

  func reported(_ more: [String: Any]) -> [String: Any] {
    ["referrer": referrer, "referee": referee, "payment": payment, "currency": currency].merging(more) { $1 }
  }
}

/// Payments, their rewards, and what happens to these.
extension AuditedProgram {
  func earn(_ payer: String, _ type: String, _ data: Facts, at instant: Int64) {
    guard let payment = data.text("payment") else { return }
    if type == "payment.settled" {
      change(payer) { $0.payments.insert(payment) }
      useOffer(of: payer, data, at: instant)
      reward(payer, payment, data, at: instant)
      let waiting = account(payer).waiting[payment] ?? []
      change(payer) { $0.waiting[payment] = nil }
      for event in waiting { follow(payer, payment, event.type, event.data, at: event.at) }
    } else if account(payer).payments.contains(payment) {
      follow(payer, payment, type, data, at: instant)
    } else {
      change(payer) { $0.waiting[payment, default: []].append((type, data, instant)) }
    }
  }

  /// The referral that judges a payment of this instant (A1e).
  private func referral(of payer: String, at paidAt: Int64) -> AuditedReferral? {
    let referrals = account(payer).referrals
    return referrals.indices.reversed().first { index in
      let referral = referrals[index]
      if index == 0 || paidAt >= referral.attributedAt { return true }
      return paidAt >= referral.attributedAt - terms.leeway && paidAt >= referrals[index - 1].endedAt ?? .max
    }.map { referrals[$0] }
  }

  private func reward(_ payer: String, _ payment: String, _ data: Facts, at instant: Int64) {
    guard let referral = referral(of: payer, at: instant) else { return }
    let currency = data.text("currency") ?? ""
    let rate = terms.rate(turnover: account(payer).turnover[currency] ?? 0, currency)
    let worth = AuditedWorth(data, terms: terms, rate: rate)
    if worth.received > 0 {  // R6
      let turned = data.parts("lines").filter { $0.text("kind") != "topUp" }.reduce(0) { $0 + ($1.number("amount") ?? 0) }
      change(payer) { $0.turnover[currency, default: 0] += max(0, turned) }
    }
    let accrued = account(payer).accrued[currency] ?? 0
    let limit = terms.maxPerReferee[currency] ?? .max
    let whole = min(worth.left(), limit - accrued)

    var reasons = objections(to: data)
    if reasons.isEmpty, worth.left() == 0 { reasons = ["no-base"] }
    if reasons.isEmpty {
      if !isEligible(referral.referrer, at: instant) { reasons.insert("referrer-not-eligible") }
      if account(referral.referrer).closings.isClosed(at: instant) { reasons.insert("account-closed") }
    }
    if reasons.isEmpty {
      if let most = terms.maxPayments, account(payer).earningPayments >= most { reasons.insert("max-payments") }
      if instant < referral.attributedAt - terms.leeway { reasons.insert("before-referral") }
      if let endedAt = referral.endedAt, instant >= endedAt { reasons.insert("referral-ended") }
      if let earnsFor = terms.earnsFor, instant >= referral.attributedAt + earnsFor { reasons.insert("earning-period-over") }
      if accrued >= limit { reasons.insert("max-reward") }
    }
    let reported: [String: Any] = ["referrer": referral.referrer, "referee": payer, "payment": payment]
    guard reasons.isEmpty else {
      return say("reward.declined", reported.merging(["at": AuditedTime.write(instant), "reasons": Array(reasons)]) { $1 })
    }
    change(payer) {
      $0.earningPayments += 1
      $0.accrued[currency, default: 0] += whole
    }
    let availableAt = instant + terms.availableAfter
    let reward = AuditedReward(
      referrer: referral.referrer, referee: payer, payment: payment, currency: currency, paidAt: instant, worth: worth,
      whole: whole, availableAt: availableAt, maturesAt: availableAt, amount: whole, place: .pending)
    accrue(reward, rate: terms.amounts == nil && terms.rates == nil ? rate : nil, at: instant)
  }

  private func accrue(_ reward: AuditedReward, rate: Int64?, at instant: Int64) {
    let (id, referrer, currency) = ("\(reward.referee) \(reward.payment)", reward.referrer, reward.currency)
    rewards[id] = reward
    var reported = reward.reported([
      "amount": reward.amount, "base": reward.worth.base, "accruedAt": AuditedTime.write(instant),
      "availableAt": AuditedTime.write(reward.availableAt),
      "balance": move(reward.amount, from: nil, to: "pending", referrer, currency),
    ])
    reported["rate"] = rate
    say("reward.accrued", reported)
    if terms.creditAfter < terms.availableAfter {
      rewards[id]?.place = .held
      let balance = move(reward.amount, from: "pending", to: "locked", referrer, currency)
      say(
        "reward.credited",
        reward.reported(["amount": reward.amount, "creditedAt": AuditedTime.write(instant), "balance": balance]))
    }
    set(.matures(reward: id), at: reward.availableAt)
  }

  /// The reasons against a payment, except for its base (R2).
  private func objections(to payment: Facts) -> Set<String> {
    let lines = payment.parts("lines")
    var reasons: Set<String> = []
    if terms.refusesPromoCodes, let promo = payment.text("promoCode"), !AuditedTerms.cut(promo).isEmpty {
      reasons.insert("promo-code")
    }
    let hasPlan = !terms.needsPlanLine || lines.contains { $0.text("kind") == "plan" }
    if !hasPlan { reasons.insert("no-plan-line") }
    if lines.allSatisfy({ !terms.objections(to: $0).isEmpty }) {
      // For a top-up, `no-plan-line` is enough.
      let others = lines.filter { hasPlan || $0.text("kind") != "topUp" }
      reasons.formUnion(others.flatMap { terms.objections(to: $0) })
    }
    return reasons
  }

  /// Events that follow a payment.
  private func follow(_ payer: String, _ payment: String, _ type: String, _ data: Facts, at instant: Int64) {
    let id = "\(payer) \(payment)"
    guard let known = rewards[id] else { return }
    if type == "payment.refunded", data.text("currency") != known.currency { return }  // R5: malformed
    fireMatured(until: instant)
    guard var reward = rewards[id] else { return }
    let isInTime = terms.refundWindow.map { instant < reward.paidAt + $0 } ?? true
    let refund = data.text("refund") ?? ""
    switch type {
    case "payment.refunded":
      if isInTime { reward.refunds[refund] = data }
      reward.request.hear(begins: false, at: instant)
    case "payment.refundFailed": reward.failedRefunds.insert(refund)
    case "payment.refundRequested": if isInTime { reward.request.hear(begins: true, at: instant) }
    case "payment.refundDeclined": reward.request.hear(begins: false, at: instant)
    case "payment.disputed", "payment.disputeClosed":
      if isInTime || type == "payment.disputeClosed" {
        reward.disputes[data.text("dispute") ?? "", default: AuditedDispute()].hear(data, at: instant)
      }
    default: return
    }
    rewards[id] = reward
    adjust(id, data, at: instant)
    for cause in ["refund-requested", "dispute"] { hold(id, cause, at: instant) }
  }

  /// Sets the reward to its present worth (A9, A9c, C7c).
  private func adjust(_ id: String, _ data: Facts, at instant: Int64) {
    guard let reward = rewards[id] else { return }
    let amount = reward.left
    let delta = amount - reward.amount
    if delta == 0 { return }
    var reported = reward.reported(["delta": delta, "at": AuditedTime.write(instant)])
    for name in ["refund", "dispute"] { reported[name] = data.text(name) }
    rewards[id]?.amount = amount
    if delta > 0 {
      reported["amount"] = amount
      reported["balance"] = move(delta, from: "reversed", to: reward.bucket, reward.referrer, reward.currency)
      say("reward.restored", reported)
      // It was 0 and may have missed its date.
      if reward.amount == 0 { mature(later: id, at: instant) }
      return
    }
    // A reward of 0 is no longer frozen.
    if amount == 0 { rewards[id]?.frozenFor = [] }
    reported["balance"] = move(-delta, from: reward.bucket, to: "reversed", reward.referrer, reward.currency)
    if reward.place == .pending, data.text("refund") != nil {
      reported["amount"] = amount
      say("reward.adjusted", reported)
    } else {
      reported["cause"] = data.text("refund") == nil ? "dispute" : "refund"
      say("reward.reversed", reported)
    }
  }

  /// One pair of notices per cause, while the reward is above 0 (C7).
  private func hold(_ id: String, _ cause: String, at instant: Int64) {
    guard let reward = rewards[id], reward.amount > 0 else { return }
    let isHeld = reward.isHeld(for: cause)
    guard isHeld != reward.frozenFor.contains(cause) else { return }
    if isHeld { rewards[id]?.frozenFor.insert(cause) } else { rewards[id]?.frozenFor.remove(cause) }
    let bucket = rewards[id]?.bucket ?? ""
    let balance = move(
      bucket == reward.bucket ? 0 : reward.amount, from: reward.bucket, to: bucket, reward.referrer, reward.currency)
    say(
      isHeld ? "reward.frozen" : "reward.unfrozen",
      reward.reported(["cause": cause, "at": AuditedTime.write(instant), "balance": balance]))
    if !isHeld { mature(later: id, at: instant) }
  }

  /// A reward that missed its date matures now, or on its date if that is later.
  private func mature(later id: String, at instant: Int64) {
    guard let reward = rewards[id], reward.place != .available else { return }
    let maturesAt = max(instant, reward.availableAt)
    rewards[id]?.maturesAt = maturesAt
    set(.matures(reward: id), at: maturesAt)
  }

  /// The money becomes available (A4, C9).
  func mature(_ id: String, at instant: Int64) {
    guard let reward = rewards[id], reward.amount > 0, reward.frozenFor.isEmpty, reward.place != .available,
      reward.maturesAt == instant
    else { return }
    rewards[id]?.place = .available
    let isCredited = reward.place == .held
    var reported = reward.reported(["amount": reward.amount])
    reported[isCredited ? "at" : "creditedAt"] = AuditedTime.write(instant)
    reported["balance"] = move(reward.amount, from: reward.bucket, to: "available", reward.referrer, reward.currency)
    say(isCredited ? "reward.unlocked" : "reward.credited", reported)
  }

  /// Moves money of an account and returns the balance as notices show it.
  func move(_ amount: Int64, from: String?, to: String, _ account: String, _ currency: String) -> [String: Any] {
    change(account) { $0.balances[currency, default: AuditedBalance()].move(amount, from: from, to: to) }
    return self.account(account).balances[currency, default: AuditedBalance()].reported(currency)
  }
}
