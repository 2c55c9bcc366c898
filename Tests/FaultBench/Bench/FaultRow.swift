import BusCommands
import Contracts
import Foundation
import JSON
import Kafka
import Terms
import TermsFiles
import TestSupport

/// A row of the bench's table: a fault, and how its campaign runs.
package struct FaultRow: Sendable, CustomStringConvertible {
  package let name: String
  /// One line that describes the fault.
  package let what: String
  /// The cycles of a short run in CI.
  package let smokeCycles: Int
  package let run: @Sendable (FaultPlan) throws -> FaultResult

  package var description: String { name }

  package init(_ name: String, _ what: String, smokeCycles: Int = 3, run: @escaping @Sendable (FaultPlan) throws -> FaultResult) {
    self.name = name
    self.what = what
    self.smokeCycles = smokeCycles
    self.run = run
  }

  /// A row on the shared broker.
  package init(_ name: String, _ what: String, smokeCycles: Int = 3, fault: @escaping @Sendable () -> any Fault) {
    self.init(name, what, smokeCycles: smokeCycles) { plan in
      let broker = try KafkaBroker.forTest()
      return try plan.campaign(on: Installation(bootstrap: broker.bootstrap), under: fault())
    }
  }
}

/// The size of a run.
package struct FaultPlan: Sendable {
  package var cycles: Int
  package var seed: UInt64
  package var size: BenchHistory.Size

  package init(cycles: Int, seed: UInt64, size: BenchHistory.Size = .small) {
    self.cycles = cycles
    self.seed = seed
    self.size = size
  }

  /// Runs a campaign on its own installation, judges it and cleans up.
  /// - Parameter judge: replaces the judge for real Kafka.
  package func campaign(
    on installation: Installation, under fault: any Fault, judge: ((Installation, Course) throws -> [String])? = nil
  ) throws -> FaultResult {
    defer { installation.remove() }
    let programs = try TermsFiles.load(directory: Installation.terms.path)
    let course = try Course(seed: seed, rounds: cycles, size: size, programs: programs)
    var result = FaultResult(cycles: 0, events: course.eventCount, notices: course.notices.count)
    let started = ContinuousClock.now
    try installation.createTopics()
    let campaign = try Campaign(installation, course: course, programs: programs, seed: seed)
    do {
      try fault.prepare(campaign)
      try campaign.run(fault)
    } catch {
      // The notices so far are still judged.
      result.violations.append("the campaign ended early: \(error)")
      if ProcessInfo.processInfo.environment["FAULTS_TRACE"] != nil { installation.printLogs() }
    }
    result.cycles = campaign.recoveries.count
    result.recoveries = campaign.recoveries
    result.seconds = (ContinuousClock.now - started).asSeconds
    func judged() throws -> [String] {
      try judge?(installation, course)
        ?? Self.judge(
          installation, course, deadLetters: fault.deadLetters, answersEarly: fault.answersEarly, isRepaired: campaign.repairs > 0
        )
    }
    do {
      var found = try judged()
      if fault.mayHideRecords, found.contains(where: { $0.contains(" lost:") }) {
        if found.contains(where: { $0.hasPrefix("verify: ") }) {
          try campaign.restartAndRepair()
          found = try judged()
        } else {
          found.append("lost messages were not reported")
        }
      }
      result.violations += try found + fault.violations(on: installation)
    } catch {
      result.violations.append("the result could not be judged: \(error)")
    }
    result.repairs = campaign.repairs
    if !result.violations.isEmpty { keep(installation, result.violations) }
    return result
  }

  /// With FAULTS_KEEP: keeps broker, topics and folders for inspection, until the folder is removed.
  private func keep(_ installation: Installation, _ violations: [String]) {
    guard ProcessInfo.processInfo.environment["FAULTS_KEEP"] != nil else { return }
    let text = """
      \(violations.joined(separator: "\n"))
      kept: \(installation.configuration.bootstrap), topics \(installation.prefix)…; remove \(installation.folder.path) to continue

      """
    FileHandle.standardError.write(Data(text.utf8))
    while FileManager.default.fileExists(atPath: installation.folder.path) { _ = waitUntil(.seconds(1)) { false } }
  }

  /// - Parameter isRepaired: notices may have been hidden and written again, so they may be late.
  static func judge(
    _ installation: Installation, _ course: Course, deadLetters: [BenchLetter] = [], answersEarly: Bool = false,
    isRepaired: Bool = false
  ) throws -> [String] {
    // The record that ends a hanging transaction is not a notice, and readers ignore it.
    let notices = try installation.records([.referrals, .rewards, .discounts, .payouts]).filter {
      $0.header("ce_type") != TransactionEnd.type
    }
    var verdict = try Verdict(notices, course, prefix: installation.prefix, answersEarly: answersEarly, isRepaired: isRepaired)
    verdict.add(try missing(installation, course))
    let letters = try ServiceName.allCases.flatMap { service in
      try installation.records([.deadLetters(service)]).map { BenchLetter($0, of: service) }
    }
    verdict.compareLetters(letters, deadLetters)
    // Compares the state folders, the changelogs, the positions and the notices, as `laurel verify` does for an operator.
    let folders = try FileManager.default.contentsOfDirectory(at: installation.folder, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasPrefix("state-") }.map(\.path).sorted()
    let report = try Verify.check(
      bus: installation.bus, states: folders, services: ServiceName.allCases,
      groups: Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, installation.group($0)) }), patience: .seconds(30),
      onProgress: { _ in })
    verdict.add((report.differences + report.moving).prefix(10).map { "verify: \($0)" })
    return verdict.violations
  }
}

extension FaultPlan {
  /// Events of the history that the bus itself has lost. That is not a fault of the services.
  private static func missing(_ installation: Installation, _ course: Course) throws -> [String] {
    let events = (course.prologue + course.rounds).flatMap { $0.events + $0.answers }
    let parser = JSONParser()
    let onBus = Set(
      try installation.records(Array(Set(events.map(\.topic)))).compactMap { record in
        // Garbage has no id.
        try? Envelope.record(
          headers: record.headers.compactMap { header in header.value.map { (header.name, $0) } }, value: record.value ?? [],
          parser: parser
        ).0.id
      })
    let lost = events.filter { !onBus.contains($0.envelope.id) }
    guard let first = lost.first else { return [] }
    return ["\(lost.count) events of the history are not on the bus: \(first.envelope.id) …"]
  }
}

/// The result of a row.
package struct FaultResult: Sendable {
  /// Completed cycles.
  package var cycles: Int
  package var events = 0
  package var notices = 0
  package var seconds = 0.0
  package var violations: [String] = []
  /// From each fault until the affected services worked again on every partition.
  package var recoveries: [Duration] = []
  /// How many messages `laurel repair` has written again.
  package var repairs = 0
  /// What was not done, and why.
  package var remark: String?

  package init(cycles: Int, events: Int = 0, notices: Int = 0) {
    self.cycles = cycles
    self.events = events
    self.notices = notices
  }

  /// Adds another part of the same row.
  mutating func add(_ other: FaultResult) {
    cycles += other.cycles
    events += other.events
    notices += other.notices
    seconds += other.seconds
    violations += other.violations
    recoveries += other.recoveries
    repairs += other.repairs
  }

  /// The recovery time in seconds within which `share` of all recoveries lie.
  package func recovery(_ share: Double) -> Double? {
    let sorted = recoveries.sorted()
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)].asSeconds
  }
}

extension Duration {
  package var asSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
