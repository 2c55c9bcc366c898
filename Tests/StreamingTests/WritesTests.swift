import Contracts
import Streaming
import Testing

/// Compares the outputs that a stage declares with those that it writes.
@Suite struct WritesTests {
  private static let stages = [AnyStage(Script()), AnyStage(Echo()), AnyStage(Diary()), AnyStage(Payments())]

  /// A run in which each stage gets every message that it reads, with every possible action.
  private static func records() throws -> [InputRecord] {
    let at = Instant(milliseconds: 1000)
    let acts: [Act] = [
      .put(["x"], "1"), .get(["x"]), .list([]), .walk, .say("x"), .step(to: "b", [.say("y")]), .timer(at: 2000, [.say("z")]),
      .rejectKept("k"), .drop(["x"]),
    ]
    let payment = PaymentSettled(
      payment: "p", account: "a", paidAt: at, currency: "USD", lines: [PaymentLine(sku: "s", kind: .plan, amount: 1)])
    return try [
      record(Reported(key: "a", id: "1", at: at, acts: acts), id: "1"), record(Handed(key: "a", at: at, acts: acts), id: "2"),
      record(Registered(key: "a", at: at, name: "n"), id: "3"), record(Said(key: "a", at: at, text: "t"), id: "4"),
      record(payment, id: "5"), record(AccountUpdated(account: "a", updatedAt: at, plan: "p"), id: "6"),
    ]
  }

  @Test(arguments: stages.indices)
  func aStageWritesWhatItSays(index: Int) throws {
    let stage = Self.stages[index]
    let bench = try Bench([stage])
    for record in try Self.records() { bench.take(record) }
    bench.advance(9000)
    let written = Set(try bench.commit().outputs.map(\.envelope.type))
    #expect(written == Set(stage.writes.map { $0.type }), "\(stage.name)")
  }

  /// Whichever topics the stages share, a stage of the service has declared each message.
  @Test func whatServicesWriteIsNamedByTheirStages() throws {
    let services = [Service(.attribution, [Self.stages[0], Self.stages[3]]), Service(.accrual, [Self.stages[1]])]
    var written: [ServiceName: Set<String>] = [:]
    let simulation = try Simulation(
      services: services, programs: ["bonus"],
      notice: { output in
        let envelope = try? output.event().envelope
        for service in services where envelope?.source == "/laurel/\(service.name.rawValue)" {
          written[service.name, default: []].insert(envelope?.type ?? "nothing")
        }
      }, rejected: { _ in })
    for record in try Self.records() { try simulation.take(record) }
    try simulation.advance(to: Instant(milliseconds: 9000))
    for service in services {
      let named = Set(service.stages.flatMap { $0.writes.map { $0.type } })
      #expect(written[service.name]?.isSubset(of: named) == true)
    }
  }
}
