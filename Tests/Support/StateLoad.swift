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

  /// Attribution's notice about a registration, for loads without attribution.
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

  // MARK: Plumbing

  private var made: Int64 = 0

  private func event<M: Message>(_ message: M) throws -> Event {
    made += 1
    let envelope = Envelope(
      id: "evt-" + Self.digits(Int(made)), source: "/load", type: M.type, time: message.instant, program: program)
    return Event(record: InputRecord(envelope, topic: M.topic, data: message.jsonBytes(), number: made))
  }

  private func at(_ referee: Int) -> Instant { Self.start + .seconds(Int64(referee)) }
  private func account(_ referee: Int) throws -> AccountID { try id("e", referee) }

  private func id<Kind>(_ prefix: String, _ number: Int) throws -> Identifier<Kind> {
    let text = prefix + Self.digits(number)
    guard let id = Identifier<Kind>(text) else { throw BrokerFailure("not an identifier: \(text)") }
    return id
  }

  private static func digits(_ number: Int) -> String { String(String(100_000_000 + number).dropFirst()) }
}
