import Contracts
import JSON
import Kafka
import TestSupport

/// An event of a generated history, for the bus and for the simulation.
package struct BenchEvent: Sendable {
  package let topic: Topic
  package let key: String
  package let envelope: Envelope
  /// The bare data.
  package let data: [UInt8]

  init<M: Message>(_ message: M, program: ProgramID, id: String) throws {
    topic = M.topic
    key = message.key
    envelope = Envelope(
      id: id, source: "/bench", type: M.type, time: message.instant, program: program, partitionKey: message.key)
    data = message.jsonBytes()
  }

  var headers: [Header] { envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) } }
}

/// A history of the three programs in rounds. Its notices do not depend on the order in which partitions are processed, so a bus at full
/// speed must give the same notices as the simulation.
///
/// All events of a round lie within two hours. Rounds are 11 days apart, so that nothing that an event starts (7, 10, 14, 21 and 30 days
/// later, or at a monthly run) becomes due within a round; only the next tick makes it due. Within a round no two facts of different keys
/// affect each other: only payments of the previous round are refunded (their rewards cannot be spent yet), and only accounts from an
/// earlier round pay. On the bus only the order between a referrer's many referees is random, and with it the balances between and the
/// numbers of the notices.
package struct BenchHistory {
  package struct Size: Sendable {
    /// Referrers of each program.
    package var referrers: Int
    /// Registrations, and then payments, of each program per round.
    package var registrations: Int
    package var payments: Int
    /// For a bus that shows aborted transactions and restores from them, where undone work may exist beside its replacement. So no spend
    /// or withdrawal depends on the balance, and a payment is refunded once.
    package var showsAborted = false

    /// A few hundred events per round.
    package static let small = Size(referrers: 6, registrations: 12, payments: 40)
    package static func payments(_ count: Int) -> Size {
      Size(referrers: max(6, count / 10), registrations: max(12, count / 5), payments: count)
    }
  }

  /// 2026-01-05T09:00:00Z
  package static let start = Instant(milliseconds: 1_767_603_600_000)
  private static let period = TimeSpan.days(11)

  private let size: Size
  private var random: SplitMix64
  private var count = 0
  private var now = BenchHistory.start
  private var events: [BenchEvent] = []

  private var referees: [ProgramID: [String]] = [:]
  private var payments: [ProgramID: [Payment]] = [:]

  private struct Payment {
    let id: String
    let account: String
    let currency: Currency
    let lines: [PaymentLine]
    let round: Int
    var left: Int64
    var isTakenBack = false
  }

  package init(seed: UInt64, size: Size) {
    self.size = size
    random = SplitMix64(seed: seed)
  }

  /// The part before the first round: referrers, their referees, and payments early enough to be spent and withdrawn in the first round.
  /// Each of its parts must be finished before the next begins.
  package mutating func prologue() throws -> [(tick: Instant, events: [BenchEvent])] {
    now = Self.start - .days(60)
    var parts: [(tick: Instant, events: [BenchEvent])] = []
    events = []
    for program in Self.programs {
      for referrer in referrers(program) {
        try add(AccountRegistered(account: id(referrer), registeredAt: tick(), kind: .individual, country: "UA"), program)
        try add(
          CodeRequested(request: id("code-\(referrer)"), account: id(referrer), requestedAt: tick(), vanity: code(of: referrer)),
          program)
      }
    }
    parts.append((Self.start - .days(61), events))
    // The first fact about an account starts its calendar and is the cause of every run, so each account has one such fact.
    events = []
    for referrer in referrers(Self.tiers) { try register(Self.tiers, by: referrer) }
    parts.append((Self.start - .days(61), events))
    events = []
    for referrer in referrers(Self.tiers) {
      for company in ["a", "b"] {
        try add(
          SubscriptionChanged(
            subscription: id("\(referrer)-\(company)"), account: id(referrer), company: id("\(referrer)-\(company)"), plan: "Pro",
            changedAt: tick(), status: .active), Self.tiers)
      }
    }
    parts.append((Self.start - .days(61), events))
    now = Self.start - .days(59)
    events = []
    for _ in 0..<size.registrations { for program in Self.programs { try register(program) } }
    admitNewcomers()
    parts.append((Self.start - .days(59), events))
    now = Self.start - .days(45)
    events = []
    for _ in 0..<size.payments { for program in Self.programs { try pay(program, -4) } }
    parts.append((Self.start - .days(45), events))
    return parts
  }

  /// When a round begins. The ticks lie before it.
  package static func start(ofRound round: Int) -> Instant { start + .milliseconds(period.milliseconds * Int64(round)) }

  /// The events of a round in order of time.
  package mutating func round(_ round: Int) throws -> [BenchEvent] {
    now = Self.start(ofRound: round)
    events = []
    for step in 0..<max(size.payments, size.registrations) {
      for program in Self.programs {
        if step < size.registrations { try register(program) }
        if step < size.payments { try pay(program, round) }
        if random.chance(25) { try takeBack(program, round) }
      }
      if !size.showsAborted {
        if random.chance(20) { try spend() }
        if random.chance(12) { try withdraw(round, step) }
      }
      if random.chance(20) { try bill() }
    }
    // A new account pays from the next round on, because nobody knows when it is attributed.
    admitNewcomers()
    return events
  }

  /// The payment provider's answer to an instruction, right after the round's events. It is the same for the same payout in every run.
  package mutating func answers(to payout: PayoutInstructed) throws -> [BenchEvent] {
    events = []
    switch StableHash.value64(of: Array(payout.payout.value.utf8)) % 8 {
    case 0: try add(PayoutFailed(payout: payout.payout, referrer: payout.referrer, at: tick(), reason: "closed card"), Self.cash)
    case 1:
      try add(PayoutUnknown(payout: payout.payout, referrer: payout.referrer, at: tick()), Self.cash)
      try add(PayoutSettled(payout: payout.payout, referrer: payout.referrer, at: tick(), reference: "late"), Self.cash)
    default: try add(PayoutSettled(payout: payout.payout, referrer: payout.referrer, at: tick(), reference: "r"), Self.cash)
    }
    return events
  }

  private mutating func admitNewcomers() {
    for program in Self.programs { referees[program, default: []] += newcomers[program] ?? [] }
    newcomers = [:]
  }

  private var newcomers: [ProgramID: [String]] = [:]

  // MARK: Who there is

  private static let bonus: ProgramID = "bonus"
  private static let cash: ProgramID = "cash"
  private static let tiers: ProgramID = "tiers"
  private static let programs = [bonus, tiers, cash]

  private func referrers(_ program: ProgramID) -> [String] { (1...size.referrers).map { "\(program.value)-r\($0)" } }
  private func code(of referrer: String) -> String { referrer.uppercased() }

  /// Returns each instant once.
  private mutating func tick() -> Instant {
    now = now + .milliseconds(Int64(1 + random.upTo(3)))
    return now
  }

  private mutating func named(_ prefix: String) -> String {
    count += 1
    return "\(prefix)\(count)"
  }

  private func id<Kind>(_ text: String) throws -> Identifier<Kind> {
    guard let id = Identifier<Kind>(text) else { throw BrokerFailure("not an identifier: \(text)") }
    return id
  }

  private mutating func add(_ message: some Message, _ program: ProgramID) throws {
    events.append(try BenchEvent(message, program: program, id: named("h")))
  }

  // MARK: What happens

  private mutating func register(_ program: ProgramID) throws {
    // The first referrers bring most referees, because discounts need many referees of one referrer.
    let referrer = referrers(program)[random.chance(60) ? random.upTo(1) : random.upTo(size.referrers - 1)]
    try register(program, by: random.chance(5) ? nil : random.chance(5) ? "nobody" : referrer)
  }

  private mutating func register(_ program: ProgramID, by referrer: String?) throws {
    let account = named("\(program.value)-e")
    let referral = referrer.map { RegistrationReferral(code: code(of: $0), channel: .link) }
    try add(
      AccountRegistered(account: id(account), registeredAt: tick(), kind: .legalEntity, country: "KZ", referral: referral),
      program)
    newcomers[program, default: []].append(account)
  }

  private mutating func pay(_ program: ProgramID, _ round: Int) throws {
    guard let account = referees[program].flatMap({ $0.isEmpty ? nil : random.pick($0) }) else { return }
    if program == Self.tiers, random.chance(60) {
      try add(
        SubscriptionChanged(
          subscription: id("\(account)-s"), account: id(account), company: id("\(account)-c"), plan: "Pro", changedAt: tick(),
          status: random.pick([.active, .active, .active, .active, .pastDue, .canceled])), program)
    }
    let currency: Currency = program == Self.bonus ? "KZT" : "USD"
    let lines = (0...random.upTo(2)).map { index in
      PaymentLine(
        sku: "s\(index)", kind: index == 0 ? .plan : random.pick([.service, .topUp]),
        category: random.pick(["domain", "shared-hosting", "vps"]), plan: random.pick(["Basic", "Business"]),
        amount: Int64(100 + random.upTo(20_000)),
        discounts: random.chance(10) ? [LineDiscount(kind: random.pick([.promo, .loyalty]), amount: 5)] : nil)
    }
    let payment = Payment(
      id: named("p"), account: account, currency: currency, lines: lines, round: round, left: lines.reduce(0) { $0 + $1.amount })
    try add(
      PaymentSettled(
        payment: id(payment.id), account: id(account), subscription: program == Self.tiers ? id("\(account)-s") : nil,
        paidAt: tick(),
        currency: currency, lines: lines, promoCode: random.chance(5) ? "PROMO" : nil), program)
    payments[program, default: []].append(payment)
  }

  /// A refund of a payment of the previous round, or a freeze that the next round ends.
  private mutating func takeBack(_ program: ProgramID, _ round: Int) throws {
    guard let known = payments[program] else { return }
    let recent = known.indices.filter {
      known[$0].round == round - 1 && known[$0].left > 0 && !(size.showsAborted && known[$0].isTakenBack)
    }
    guard !recent.isEmpty else { return }
    let index = random.pick(recent)
    payments[program]?[index].isTakenBack = true
    let payment = known[index]
    switch random.upTo(9) {
    case 0...5:
      let amount = random.chance(50) ? payment.left : 1 + payment.left / 3
      payments[program]?[index].left -= amount
      try add(
        PaymentRefunded(
          refund: id(named("f")), payment: id(payment.id), account: id(payment.account), refundedAt: tick(),
          currency: payment.currency, amount: amount), program)
    case 6, 7:
      try add(RefundRequested(payment: id(payment.id), account: id(payment.account), requestedAt: tick()), program)
      try add(RefundDeclined(payment: id(payment.id), account: id(payment.account), declinedAt: tick()), program)
    default:
      try add(PaymentDisputed(payment: id(payment.id), account: id(payment.account), disputedAt: tick()), program)
      try add(
        DisputeClosed(
          payment: id(payment.id), account: id(payment.account), closedAt: tick(), outcome: random.pick([.won, .lost])), program)
      payments[program]?[index].left = 0
    }
  }

  private mutating func spend() throws {
    let account = random.pick(referrers(Self.bonus))
    let request = named("spend")
    try add(
      SpendRequested(
        request: id(request), account: id(account), requestedAt: tick(), amount: Int64(100 + random.upTo(5000)), currency: "KZT",
        invoice: id("i-\(request)"), kinds: ["plan", "service"]), Self.bonus)
    switch random.upTo(2) {
    case 0: try add(SpendCaptured(request: id(request), account: id(account), capturedAt: tick()), Self.bonus)
    case 1: try add(SpendReleased(request: id(request), account: id(account), releasedAt: tick()), Self.bonus)
    default: break
    }
  }

  /// At most once per referrer and round: the next request comes after this one's result is known.
  private mutating func withdraw(_ round: Int, _ step: Int) throws {
    let account = "cash-r\(1 + step % size.referrers)"
    guard withdrawn.insert("\(round) \(account)").inserted else { return }
    let request = named("w")
    let amount = Int64(random.pick([50, 500, 5000, 60_000, 600_000]))
    try add(
      WithdrawalRequested(
        request: id(request), account: id(account), requestedAt: tick(), amount: amount, currency: "USD", destination: "card:1"),
      Self.cash)
    guard amount > 50_000 else { return }
    undecided.append((request, account, random.chance(70)))
  }

  /// An operator's decisions about the round's larger withdrawals, after the ledger has answered. The later of the two is the cause of
  /// what follows.
  package mutating func decisions() throws -> [BenchEvent] {
    events = []
    for (request, account, isApproved) in undecided {
      if isApproved {
        try add(WithdrawalApproved(request: id(request), account: id(account), operator: "op", decidedAt: tick()), Self.cash)
      } else {
        try add(WithdrawalRejected(request: id(request), account: id(account), operator: "op", decidedAt: tick()), Self.cash)
      }
    }
    undecided = []
    return events
  }

  private var undecided: [(request: String, account: String, isApproved: Bool)] = []
  private var withdrawn: Set<String> = []

  /// An invoice of a referrer's own company.
  private mutating func bill() throws {
    let account = random.pick(referrers(Self.tiers))
    let company = "\(account)-\(random.pick(["a", "b"]))"
    let invoice = named("inv")
    let issued = tick()
    try add(
      InvoiceIssued(
        invoice: id(invoice), account: id(account), company: id(company), issuedAt: issued, dueAt: issued + .days(5), amount: 900,
        currency: "USD"), Self.tiers)
    if random.chance(80) {
      try add(InvoiceSettled(invoice: id(invoice), account: id(account), company: id(company), settledAt: tick()), Self.tiers)
    }
  }
}
