import Contracts
import FaultBench
import Foundation
import RocksStore
import Streaming
import Terms
import TermsFiles
import TestSupport

/// What one account and one payment cost a whole deployment: the constants of `laurel size`. CPU and bytes, which a busy machine changes
/// less than times.
///
/// First the state that the stages keep, in memory, the same on every machine. Then the four services on real Kafka, phase after phase.
struct SizeBench {
  private let programs: Programs
  /// Referees of each referrer.
  private static let each = 10

  init() throws { programs = try TermsFiles.load(directory: Installation.terms.path) }

  func run(referees: Int) throws {
    try state(referees: min(referees, 1_000))
    let broker = try startBroker()
    defer { broker.stop() }
    let ground = try Installation(bootstrap: broker.bootstrap)
    defer { ground.remove() }
    try ground.createTopics()
    // As the services are started by default.
    ground.extra = ["--commit-ms", "100"]
    for service in ServiceName.allCases { try ground.start(service) }
    try ground.waitReady()
    try work(ground, broker, referees: referees)
    try disk(ground)
    try restore(ground)
  }

  // MARK: State, in memory

  /// Rows and bytes of keys and values that stay, by one: in a program with rewards, without and with a refund window, and in one with
  /// monthly discounts.
  private func state(referees: Int) throws {
    print("state: rows and bytes of keys and values that one leaves behind, before compression; in memory")
    line("", ServiceName.allCases.map(\.rawValue))
    for (program, window) in [("bonus", nil), ("bonus", TimeSpan.days(30)), ("tiers", nil)] as [(ProgramID, TimeSpan?)] {
      print("\(program)\(window == nil ? "" : ", payments closed")")
      let load = try StateLoad.smallDeployment(programs, program, window: window, referees: referees) {
        name, count, before, after in
        let held = zip(after, before).map { $0 - $1 }
        line(
          "  \(name)",
          held.map {
            "\(decimal(Double($0.rows) / Double(count))) / \(Int((Double($0.bytes) / Double(count)).rounded())) B"
          })
      }
      guard load.rejected == 0 else { throw BrokerFailure("\(load.rejected) events were rejected") }
    }
  }

  // MARK: On Kafka

  private func work(_ ground: Installation, _ broker: KafkaBroker, referees: Int) throws {
    let meter = Meter(ground, broker)
    func load(_ program: ProgramID) throws -> StateLoad {
      try StateLoad(programs, program: program, services: []) { _ in MemoryStore() }
    }
    let (bonus, tiers) = (try load("bonus"), try load("tiers"))
    let referrers = referees / Self.each
    let start = StateLoad.start
    print("\nCPU µs and bytes on the broker by one, \(referees) referees, replication 1")
    line("", ServiceName.allCases.map(\.rawValue) + ["broker", "publish"] + Meter.kinds.map(\.rawValue))
    // What is met for the first time is not counted.
    try meter.clock(start + .seconds(1_000_000))
    _ = try meter.measure("", 1, try (1...100).map { try load("cash").account(ofReferrer: $0).line })
    try meter.measure(
      "referrer", referrers,
      (1...referrers).flatMap { [try bonus.account(ofReferrer: $0).line, try bonus.code(ofReferrer: $0).line] })
    try meter.measure("referral", referees, (1...referees).map { try bonus.registration($0, by: 1 + $0 % referrers).line })
    let payments = 2 * referees
    try meter.clock(start + .seconds(Int64(2_000_000 + payments)))
    try meter.measure(
      "payment", payments, (1...payments).map { try bonus.payment(by: 1 + $0 % referees, subscription: true).line })
    try meter.measure("credit", payments, [], clock: start + .seconds(Int64(2_000_000 + payments)) + .days(15))
    // Accounts with five active referees and a company of their own, so that each run deals a discount.
    let runs = max(10, referrers / 2)
    _ = try meter.measure(
      "", 1,
      (1...runs).flatMap {
        [
          try tiers.account(ofReferrer: $0).line, try tiers.code(ofReferrer: $0).line,
          try tiers.subscription(ofReferrer: $0).line,
        ]
      })
    _ = try meter.measure("", 1, (1...(5 * runs)).map { try tiers.registration($0, by: 1 + $0 % runs).line })
    _ = try meter.measure("", 1, (1...(5 * runs)).map { try tiers.subscription($0).line })
    try meter.measure(
      "payment, monthly discounts", 5 * runs, (1...(5 * runs)).map { try tiers.payment(by: $0, subscription: true).line })
    try meter.measure("monthly run", runs, [], clock: start + .days(60))
    meter.end()
  }

  /// What the state takes on disk.
  private func disk(_ ground: Installation) throws {
    print("\nstate on disk")
    for service in ServiceName.allCases {
      try ground.end(service, 1, gracefully: true)
      let folder = ground.stateFolder("\(service.rawValue)-1")
      let resources = RocksResources()
      var held = MeteredStore.Written()
      for path in Set(try files(folder).filter { $0.lastPathComponent == "CURRENT" }.map { $0.deletingLastPathComponent().path })
      {
        let store = try RocksStore(directory: path, resources: resources)
        let own = try MeteredStore(store, of: service).held()
        (held.rows, held.bytes) = (held.rows + own.rows, held.bytes + own.bytes)
        store.close()
      }
      let bytes = try files(folder).reduce(0) { try $0 + ($1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
      print("  \(service.rawValue): \(held.rows) rows, \(held.bytes) B of keys and values, \(bytes) B on disk")
    }
  }

  private func files(_ folder: URL) throws -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])
    return (found?.allObjects as? [URL] ?? []).filter { !$0.hasDirectoryPath }
  }

  /// Accrual's state anew from its changelog.
  private func restore(_ ground: Installation) throws {
    try FileManager.default.removeItem(at: ground.stateFolder("accrual-1"))
    let service = try ground.start(.accrual)
    let before = service.lines.count
    guard waitUntil(.seconds(900), { service.isReady }), let cost = service.cost else {
      throw BrokerFailure("accrual is not ready\n\(service.log.suffix(2000))")
    }
    let restored = service.lines.dropFirst(before).filter { $0["message"] as? String == "state restored" }
    let rows = restored.compactMap { $0["rows"] as? Int }.reduce(0, +)
    let seconds = restored.compactMap { $0["seconds"] as? Double }.reduce(0, +)
    print(
      "\nrestore of accrual: \(rows) rows, \(decimal(cost.cpuSeconds)) CPU s with the start, \(decimal(seconds)) s of a thread, "
        + "\(cost.memoryBytesMax >> 20) MiB at most")
  }

  private func line(_ name: String, _ cells: [String]) { Meter.line(name, cells) }
}

/// Publishes a phase's events with `laurel publish`, waits until they are worked off, and prints what that has cost everybody.
private final class Meter {
  static let kinds: [Topic.Kind] = [.input, .notices, .internal, .changelog]
  private let ground: Installation
  private let broker: KafkaBroker
  private let file: URL

  init(_ ground: Installation, _ broker: KafkaBroker) {
    self.ground = ground
    self.broker = broker
    file = ground.folder.appending(path: "events.jsonl")
  }

  func clock(_ instant: Instant) throws {
    _ = try laurel(["clock", "set", "\(instant)", "--yes"])
    _ = try waitUntilQuiet()
  }

  /// Until no service has told of anything processed for twenty seconds: on a busy machine a batch takes long.
  /// - Returns: the reading at the last sign of work, so that waiting costs nothing.
  private func waitUntilQuiet() throws -> (cpu: [Double], bytes: [Int]) {
    var last = ""
    var then = try reading()
    var since = ContinuousClock.now
    while ContinuousClock.now - since < .seconds(20) {
      _ = waitUntil(.seconds(1)) { false }
      let done = try ServiceName.allCases.map { service in
        let page = try ground.service(service).page("/metrics")?.body ?? ""
        return page.split(separator: "\n").filter { line in
          ["laurel_records_total", "laurel_outputs_total", "laurel_timers_fired_total"].contains { line.hasPrefix($0) }
        }.joined(separator: "\n")
      }.joined(separator: "\n")
      if done != last { (last, then, since) = (done, try reading(), .now) }
    }
    return then
  }

  @discardableResult
  func measure(_ name: String, _ count: Int, _ lines: [[UInt8]], clock instant: Instant? = nil) throws -> Double {
    let before = try reading()
    var publish = 0.0
    if !lines.isEmpty {
      try Data(lines.joined(separator: [0x0A])).write(to: file)
      publish = try laurel(["publish", file.path])
    }
    if let instant { _ = try laurel(["clock", "set", "\(instant)", "--yes"]) }
    let after = try waitUntilQuiet()
    let cpu = zip(after.cpu, before.cpu).map { $0 - $1 } + [publish]
    let bytes = zip(after.bytes, before.bytes).map { $0 - $1 }
    if !name.isEmpty {
      Self.line(
        name, cpu.map { String(format: "%.1f", $0 * 1e6 / Double(count)) } + bytes.map { "\($0 / count) B" })
    }
    return publish
  }

  /// The most that any service has held.
  func end() {
    let memory = ground.services.sorted { $0.key < $1.key }.map { "\($0.key) \(($0.value.cost?.memoryBytesMax ?? 0) >> 20)" }
    print("memory at most, MiB: " + memory.joined(separator: ", "))
  }

  private func reading() throws -> (cpu: [Double], bytes: [Int]) {
    let cpu = try ServiceName.allCases.map { try ground.service($0).cost?.cpuSeconds ?? 0 } + [broker.cost?.cpuSeconds ?? 0]
    let bytes = try Self.kinds.map { kind in
      try Topic.catalogue.filter { $0.kind == kind }.reduce(0) { try $0 + broker.bytes(of: ground.name($1)) }
    }
    return (cpu, bytes)
  }

  /// Runs a command to its end.
  /// - Returns: its CPU seconds, as seen last.
  private func laurel(_ arguments: [String]) throws -> Double {
    let process = try ground.command(arguments)
    var cpu = 0.0
    _ = waitUntil(.seconds(900)) {
      cpu = process.cost?.cpuSeconds ?? cpu
      return !process.isRunning
    }
    guard process.ending(within: .seconds(1)) == .status(0) else { throw BrokerFailure("laurel \(arguments): \(process.log)") }
    return cpu
  }

  static func line(_ name: String, _ cells: [String]) {
    print(
      name.padding(toLength: 36, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 13 - $0.count)) + $0 }.joined())
    fflush(nil)
  }
}
