import Contracts
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import TestSupport
import Testing

/// "State stays small" (row A7): the thousandth payment writes as much as the first. Measured in bytes, so it is the same on every
/// machine. `make bench-state` measures bytes and time, up to a million.
@Suite struct StateSizeTests {
  private static func load(_ program: ProgramID, _ change: (inout TermsVersion) -> Void = { _ in }) throws -> StateLoad {
    let programs = try TermsFiles.load(directory: Examples.terms.path).all.map { program in
      Program(
        id: program.id,
        versions: program.versions.map { version in
          var version = version
          change(&version)
          return version
        })
    }
    return try StateLoad(Programs(programs), program: program) { _ in MemoryStore() }
  }

  /// The average bytes that each of `count` events writes.
  private static func bytes(_ load: StateLoad, _ count: Int, _ event: () throws -> StateLoad.Event) throws -> Double {
    let before = load.written
    for _ in 0..<count { try load.take(try event()) }
    return Double((load.written - before).bytes) / Double(count)
  }

  @Test func `A referrer's four thousandth referee costs what the first cost`() throws {
    let load = try Self.load("bonus")
    try load.take(try load.code())
    var referee = 0
    func register(_ count: Int) throws -> Double {
      try Self.bytes(load, count) {
        referee += 1
        return try load.registration(referee)
      }
    }
    var payer = 0
    func pay(_ count: Int) throws -> Double {
      try Self.bytes(load, count) {
        payer += 1
        return try load.payment(by: payer)
      }
    }
    let firstRegistrations = try register(500)
    let firstPayments = try pay(400)
    _ = try register(3000)
    _ = try pay(3100)
    let lastRegistrations = try register(500)
    let lastPayments = try pay(500)
    // The balance and the sequence have more digits at the end.
    #expect(lastRegistrations < 1.02 * firstRegistrations, "\(firstRegistrations), then \(lastRegistrations)")
    #expect(lastPayments < 1.02 * firstPayments, "\(firstPayments), then \(lastPayments)")
    #expect(load.rejected == 0)
  }

  /// - Parameter subscription: whether the payments name one, so that they count for the referee's activity.
  @Test(arguments: ["bonus", "cash", "tiers"] as [ProgramID])
  func `A payer's three thousandth payment costs what the five hundredth cost`(program: ProgramID) throws {
    let load = try Self.load(program) { $0.attribution.referrer = nil }
    try load.take(try load.code())
    try load.take(try load.registration(1))
    if program == "tiers" { try load.take(try load.subscription(1)) }
    func pay(_ count: Int) throws -> Double {
      try Self.bytes(load, count) { try load.payment(by: 1, every: 3600, subscription: program == "tiers") }
    }
    _ = try pay(400)
    let early = try pay(400)
    _ = try pay(2000)
    let late = try pay(400)
    #expect(late < 1.02 * early, "\(early), then \(late)")
    #expect(load.stores.allSatisfy { $0.largest.bytes < 20_000 }, "\(load.stores.map(\.largest))")
    #expect(load.rejected == 0)
  }

  /// A payment may be refunded in any number of parts, also before it arrives.
  @Test(arguments: ["bonus", "tiers"] as [ProgramID], [false, true])
  func `A payment's thousandth refund costs what the hundredth cost`(program: ProgramID, isKnown: Bool) throws {
    let load = try Self.load(program)
    try load.take(try load.code())
    try load.take(try load.registration(1))
    if isKnown { try load.take(try load.payment(by: 1, subscription: true)) }
    var number = 0
    func refund(_ count: Int) throws -> Double {
      try Self.bytes(load, count) {
        number += 1
        return try load.refund(number, ofPayment: 1, by: 1)
      }
    }
    _ = try refund(50)
    let early = try refund(50)
    _ = try refund(850)
    let late = try refund(50)
    #expect(late < 1.02 * early, "\(early), then \(late)")
    #expect(load.rejected == 0)
  }

  /// With a window of 60 days, eight months of payments keep as much as 60 days.
  @Test func `With a refund window the state of payments stops growing`() throws {
    func rowsOfAccrual(_ window: TimeSpan?, payments: Int) throws -> Int {
      let load = try Self.load("bonus") { $0.reward?.refundWindow = window }
      try load.take(try load.code())
      try load.take(try load.registration(1))
      for _ in 0..<payments { try load.take(try load.payment(by: 1, every: 21_600)) }
      let stores = load.stores.filter { $0.service == .accrual }
      let rows = try stores.flatMap { try $0.rows(prefix: [], after: nil, limit: .max) }
      // The memory of repeats remains, one row per payment.
      return try rows.count { row in
        try !KeptRows.isOnlyMemory(row) { key in try stores.contains { try $0.holds(key) } }
      }
    }
    #expect(try rowsOfAccrual(nil, payments: 960) - rowsOfAccrual(nil, payments: 480) == 2 * 480)
    #expect(try rowsOfAccrual(.days(60), payments: 960) == rowsOfAccrual(.days(60), payments: 480))
  }
}
