import Contracts
import Foundation
import RocksStore
import Streaming
import Terms
import TermsFiles
import TestSupport

/// The cost of an event and the size of its state, with few and with many other events: over RocksDB, in the simulation's driver. It
/// commits after each event, so absolute figures are well above a worker's, which commits thousands at once. Compare the ratios.
struct StateBench {
  /// The average cost of one of many equal events.
  struct Cost {
    /// CPU microseconds of all threads.
    var micros = 0.0
    /// Row changes, in rows and bytes.
    var rows = 0.0
    var bytes = 0.0
  }

  private static let few = 1000
  /// How often a small history is repeated, because a thousand events alone are too short to measure.
  private static let repetitions = 10

  private let programs: Programs

  init() throws {
    let terms = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ops/terms")
    programs = try TermsFiles.load(directory: terms.path)
  }

  func run(referees: Int, payments: Int) throws {
    let started = ContinuousClock.now
    print("                                      CPU µs     rows   bytes written   average per event")
    let registrations = min(referees, 100_000)
    try compare("one code, \(figureOf(registrations)) registrations", few: code(Self.few), many: code(registrations))
    try compare("one referrer, \(figureOf(referees)) referees", few: referrer(Self.few), many: referrer(referees))
    try compare("one payer, \(figureOf(payments)) payments", few: payer(Self.few), many: payer(payments))
    try compare("monthly run, \(figureOf(referees)) referees", few: monthlyRun(Self.few), many: monthlyRun(referees))
    print("took \(Int((ContinuousClock.now - started).seconds)) s")
  }

  private func figureOf(_ count: Int) -> String { "\(Self.few) and \(count)" }

  private func compare(_ title: String, few: [(String, Cost)], many: [(String, Cost)]) throws {
    print(title)
    for ((name, small), (_, large)) in zip(few, many) {
      for (label, cost) in [("\(name), few", small), ("\(name), many", large)] {
        Self.line(
          label, String(format: "%8.2f", cost.micros), String(format: "%8.2f", cost.rows), String(format: "%11.1f", cost.bytes))
      }
      func ratio(_ many: Double, _ few: Double) -> String { few > 0 ? String(format: "%8.2f", many / few) : "       -" }
      Self.line(
        "ratio", ratio(large.micros, small.micros), ratio(large.rows, small.rows), "   " + ratio(large.bytes, small.bytes))
    }
    // Flush now, because the whole run takes minutes and output to a file is buffered.
    fflush(nil)
  }

  private static func line(_ label: String, _ figures: String...) {
    print("  \(label.padding(toLength: 34, withPad: " ", startingAt: 0))\(figures.joined(separator: " "))")
  }

  // MARK: Histories

  /// `count` registrations with one code, through all four services.
  private func code(_ count: Int) throws -> [(String, Cost)] {
    try repeated(count) { load in
      try load.take(try load.code())
      let registration = try measured(load, count) { try load.registration($0) }
      return try [("registration", registration), held(load, per: count)]
    }
  }

  /// `count` referees with a payment each, then the days on which the rewards are credited. Runs the two services that read payments.
  private func referrer(_ count: Int) throws -> [(String, Cost)] {
    try repeated(count, services: [.accrual, .discounts]) { load in
      let binding = try measured(load, count) { try load.attribution($0) }
      let payment = try measured(load, count) { try load.payment(by: $0) }
      let credit = try measuredCredits(load, count)
      return try [
        ("binding", binding), ("payment", payment), ("credit, 14 days later", credit), held(load, per: count),
      ]
    }
  }

  /// One payer's payments are an hour apart, and each is credited when it is due.
  private func payer(_ count: Int) throws -> [(String, Cost)] {
    try repeated(count) { load in
      try load.take(try load.code())
      try load.take(try load.registration(1))
      // After these, each payment comes with the credit of an earlier one.
      for _ in 0..<400 { try load.take(try load.payment(by: 1, every: 3600)) }
      let payment = try measured(load, count) { _ in try load.payment(by: 1, every: 3600) }
      return try [("payment and a credit", payment), held(load, per: count + 400)]
    }
  }

  /// The run of an account with `count` referees, of which every tenth has a paid subscription. The cost is per referee.
  private func monthlyRun(_ count: Int) throws -> [(String, Cost)] {
    try repeated(count, program: "tiers", services: [.discounts]) { load in
      for referee in 1...count {
        try load.take(try load.attribution(referee))
        guard referee % 10 == 0 else { continue }
        try load.take(try load.subscription(referee))
        try load.take(try load.payment(by: referee, every: 0, subscription: true))
      }
      let run = Contracts.Instant(milliseconds: StateLoad.start.milliseconds + 60 * 86_400_000)
      let before = load.written
      let cpu = Self.cpuMicros
      try load.advance(to: run)
      return [("two runs, by referee", Self.cost(since: before, cpu, load, count))]
    }
  }

  // MARK: Measuring

  /// Measures only the last events of a long history: 20,000, or a tenth of it.
  private func measured(_ load: StateLoad, _ count: Int, _ event: (Int) throws -> StateLoad.Event) throws -> Cost {
    let last = count <= Self.few ? count : max(20_000, count / 10)
    for number in 1...max(1, count - last) where number <= count - last { try load.take(try event(number)) }
    var cost = Cost()
    var next = max(1, count - last + 1)
    while next <= count {
      let events = try (next...min(next + 999, count)).map(event)
      let before = load.written
      let cpu = Self.cpuMicros
      for event in events { try load.take(event) }
      let part = Self.cost(since: before, cpu, load, min(last, count))
      cost.micros += part.micros
      cost.rows += part.rows
      cost.bytes += part.bytes
      next += events.count
    }
    return cost
  }

  /// Payments are a second apart, so as many credits are due per second. Each call advances past a hundred, as in a worker's batch.
  private func measuredCredits(_ load: StateLoad, _ count: Int) throws -> Cost {
    let first = load.clock.milliseconds - Int64(count) * 1000 + 14 * 86_400_000
    let before = load.written
    let cpu = Self.cpuMicros
    for step in 0...(count / 100 + 1) { try load.advance(to: Contracts.Instant(milliseconds: first + Int64(step) * 100_000)) }
    return Self.cost(since: before, cpu, load, count)
  }

  private func held(_ load: StateLoad, per count: Int) throws -> (String, Cost) {
    let held = try load.stores.map { try $0.held() }
    return (
      "state held",
      Cost(
        rows: Double(held.map(\.rows).reduce(0, +)) / Double(count), bytes: Double(held.map(\.bytes).reduce(0, +)) / Double(count)
      )
    )
  }

  /// Runs a history over new stores. A small one runs several times, for the mean.
  private func repeated(
    _ count: Int, program: ProgramID = "bonus", services: [ServiceName]? = nil,
    _ history: (StateLoad) throws -> [(String, Cost)]
  ) throws -> [(String, Cost)] {
    var total: [(String, Cost)] = []
    let times = count <= Self.few ? Self.repetitions : 1
    for _ in 0..<times {
      let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-state"), directoryHint: .isDirectory)
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let resources = RocksResources()
      let load = try StateLoad(programs, program: program, services: services) { name in
        try RocksStore(directory: folder.appending(path: name.rawValue).path, resources: resources)
      }
      let costs = try history(load)
      guard load.rejected == 0 else { throw BrokerFailure("\(load.rejected) events were rejected") }
      if total.isEmpty { total = costs.map { ($0.0, Cost()) } }
      for (index, (_, cost)) in costs.enumerated() {
        total[index].1.micros += cost.micros / Double(times)
        total[index].1.rows += cost.rows / Double(times)
        total[index].1.bytes += cost.bytes / Double(times)
      }
    }
    return total
  }

  private static func cost(since before: MeteredStore.Written, _ cpu: Double, _ load: StateLoad, _ count: Int) -> Cost {
    let written = load.written - before
    return Cost(
      micros: (cpuMicros - cpu) / Double(count), rows: Double(written.rows) / Double(count),
      bytes: Double(written.bytes) / Double(count))
  }

  /// CPU time of all threads of this process, because RocksDB compacts on its own threads.
  private static var cpuMicros: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}
