import Contracts
import Deployment
import JSON
import Streaming
import Terms

/// Runs a history of any size through the services' own stages and measures their state: one referrer, its referees, their payments.
///
/// All ids and amounts have the same length, so that equal work writes equal bytes. Events set the clock.
public final class StateLoad {
  /// 2026-01-05T09:00:00Z
  public static let start = Instant(milliseconds: 1_767_603_600_000)

  public private(set) var stores: [MeteredStore] = []
  private let simulation: Simulation
  private let program: ProgramID
  private let counts = Counts()
  private var payments = 0

  private final class Counts {
    var notices = 0
    var rejected = 0
  }

  /// An event, ready to be processed.
  public struct Event {
    let record: InputRecord
    let envelope: Envelope
    let data: [UInt8]

    /// As a line of a file of events.
    public var line: [UInt8] { envelope.structuredText(data: data) }
  }

  /// - Parameters:
  ///   - services: the services to run; all if nil.
  ///   - store: makes the store for a service's state.
  public init(
    _ programs: Programs, program: ProgramID, services: [ServiceName]? = nil, store: (ServiceName) throws -> any StateStore
  ) throws {
    self.program = program
    var stores: [MeteredStore] = []
    let counts = counts
    simulation = try Simulation(
      services: Deployment.services(programs).filter { services?.contains($0.name) ?? true }, programs: programs.ids,
      store: { name in
        let metered = MeteredStore(try store(name), of: name)
        stores.append(metered)
        return metered
      }, notice: { _ in counts.notices += 1 }, rejected: { _ in counts.rejected += 1 })
    self.stores = stores
  }

  public var notices: Int { counts.notices }
  public var rejected: Int { counts.rejected }

  /// Rows and bytes of row changes so far, over all stores.
  public var written: MeteredStore.Written { stores.reduce(into: .init()) { $0.add($1.written) } }

  // MARK: Events

  /// Requests the code that referees name.
  public func code() throws -> Event {
    try event(CodeRequested(request: "code", account: "referrer", requestedAt: Self.start, vanity: "CODE"))
  }

  public func registration(_ referee: Int) throws -> Event {
    try event(
      AccountRegistered(account: try account(referee), registeredAt: at(referee), referral: RegistrationReferral(code: "CODE")))
  }

  /// The account of one of many referrers, and then its code.
  public func account(ofReferrer number: Int) throws -> Event {
    try event(AccountRegistered(account: try id("r", number), registeredAt: at(number), kind: .individual, country: "UA"))
  }

  public func code(ofReferrer number: Int) throws -> Event {
    try event(
      CodeRequested(
        request: try id("q", number), account: try id("r", number), requestedAt: at(number), vanity: Self.code(number)))
  }

  public func subscription(ofReferrer number: Int) throws -> Event {
    try event(
      SubscriptionChanged(
        subscription: try id("t", number), account: try id("r", number), company: try id("d", number), plan: "Pro",
        changedAt: at(number), status: .active))
  }

  public func registration(_ referee: Int, by referrer: Int) throws -> Event {
    try event(
      AccountRegistered(
        account: try account(referee), registeredAt: at(referee),
        referral: RegistrationReferral(code: Self.code(referrer), channel: .link)))
  }

  /// What attribution says of a registration: for loads without attribution.
  public func attribution(_ referee: Int) throws -> Event {
    try event(
      ReferralAttributed(
        referral: try id("e", referee), referrer: "referrer", referee: try account(referee), code: "CODE",
        registeredAt: at(referee), attributedAt: at(referee), terms: "\(program)@1", because: []))
  }

  public func subscription(_ referee: Int) throws -> Event {
    try event(
      SubscriptionChanged(
        subscription: try id("s", referee), account: try account(referee), company: try id("c", referee), plan: "Pro",
        changedAt: at(referee), status: .active))
  }

  /// The next payment, `every` seconds after the last one.
  public func payment(by referee: Int, every seconds: Int = 1, subscription: Bool = false) throws -> Event {
    payments += 1
    return try event(
      PaymentSettled(
        payment: try id("p", payments), account: try account(referee), subscription: subscription ? try id("s", referee) : nil,
        paidAt: Self.start + .seconds(Int64(2_000_000 + payments * seconds)), currency: "KZT",
        lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Corporate", amount: Int64(100_000 + payments % 1000))]))
  }

  /// Refunds a small part of a payment, which may arrive later. `number` counts the refunds.
  public func refund(_ number: Int, ofPayment payment: Int, by referee: Int) throws -> Event {
    try event(
      PaymentRefunded(
        refund: try id("r", number), payment: try id("p", payment), account: try account(referee),
        refundedAt: Self.start + .seconds(Int64(3_000_000 + number)), currency: "KZT", amount: 10))
  }

  /// Processes one event and writes its changes at once. A batch of several events would write a shared row only once.
  public func take(_ event: Event) throws {
    try simulation.take(event.record)
    try simulation.commit()
  }

  public func advance(to instant: Instant) throws {
    try simulation.advance(to: instant)
    try simulation.commit()
  }

  public var clock: Instant { simulation.clock }

  /// A whole history of a program in memory: ten referees and their payments, two each, for every referrer, and forty days after them.
  /// - Parameters:
  ///   - window: the refund window of all terms.
  ///   - after: what the services held before and after each step, of so many.
  public static func smallDeployment(
    _ programs: Programs, _ program: ProgramID, window: TimeSpan?, referees: Int,
    after: (String, Int, [MeteredStore.Written], [MeteredStore.Written]) -> Void = { _, _, _, _ in }
  ) throws -> StateLoad {
    let terms = programs.all.map { program in
      Program(
        id: program.id,
        versions: program.versions.map { version in
          var version = version
          version.reward?.refundWindow = window
          return version
        })
    }
    let load = try StateLoad(Programs(terms), program: program) { _ in MemoryStore() }
    func step(_ name: String, _ count: Int, _ body: () throws -> Void) throws {
      let before = try load.stores.map { try $0.held() }
      try body()
      after(name, count, before, try load.stores.map { try $0.held() })
    }
    let referrers = referees / 10
    try step("referrer", referrers) {
      for number in 1...referrers {
        try load.take(load.account(ofReferrer: number))
        try load.take(load.code(ofReferrer: number))
        if program == "tiers" { try load.take(load.subscription(ofReferrer: number)) }
      }
    }
    try step("referral", referees) {
      for number in 1...referees {
        try load.take(load.registration(number, by: 1 + number % referrers))
        if program == "tiers" { try load.take(load.subscription(number)) }
      }
      // Their welcome offers are over.
      try load.advance(to: load.clock + .days(22))
    }
    try step("payment", 2 * referees) {
      for number in 1...(2 * referees) { try load.take(load.payment(by: 1 + number % referees, subscription: true)) }
      try load.advance(to: load.clock + .days(40))
    }
    return load
  }

  // MARK: Plumbing

  private var made: Int64 = 0

  private func event<M: Message>(_ message: M) throws -> Event {
    made += 1
    let envelope = Envelope(
      id: "evt-" + Self.digits(Int(made)), source: "/load", type: M.type, time: message.instant, program: program)
    let data = message.jsonBytes()
    return Event(
      record: InputRecord(envelope, topic: M.topic, data: data, number: made), envelope: envelope, data: data)
  }

  private func at(_ referee: Int) -> Instant { Self.start + .seconds(Int64(referee)) }
  private func account(_ referee: Int) throws -> AccountID { try id("e", referee) }

  private func id<Kind>(_ prefix: String, _ number: Int) throws -> Identifier<Kind> {
    let text = prefix + Self.digits(number)
    guard let id = Identifier<Kind>(text) else { throw BrokerFailure("not an identifier: \(text)") }
    return id
  }

  private static func code(_ referrer: Int) -> String { "CODE" + digits(referrer) }
  private static func digits(_ number: Int) -> String { String(String(100_000_000 + number).dropFirst()) }
}
