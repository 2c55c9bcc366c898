import BusCommands
import Contracts
import Foundation
import JSON
import Kafka
import Streaming
import Terms
import TermsFiles
import TestSupport

/// From an earlier release to this one, one instance after the other, while events come.
///
/// Where both keep their state in one form, a history is worked off meanwhile and judged like under any fault. State of another form is
/// read by neither: then a new instance must reject it in words and leave everything to the old one, and the way is the runbook's, an
/// export and a rebuild under another prefix.
package struct Upgrade {
  /// A checkout of the earlier release, with its programs in `.build/release`.
  private let old: URL
  private let plan: FaultPlan
  private let bootstrap: String

  /// - Parameter old: nil: the row fails.
  package static func row(from old: URL?) -> FaultRow {
    FaultRow("upgrade", "the programs of an earlier release (--old TREE) replaced by these one after the other, under load") {
      plan in
      guard let old else { throw BrokerFailure("this row needs the earlier release: make faults ROWS=upgrade FROM=TAG") }
      return try Upgrade(old: old, plan: plan, bootstrap: KafkaBroker.forTest().bootstrap).run()
    }
  }

  private func run() throws -> FaultResult {
    guard try sharesForm() else { return try rebuild() }
    var plan = plan
    // Each of the eight instances once.
    plan.cycles = max(plan.cycles, RollingUpgrade.instances)
    var result = try plan.campaign(on: Installation(bootstrap: bootstrap), under: RollingUpgrade(from: old))
    result.remark = "same form of state: rolled"
    return result
  }

  /// Whether this release reads what the earlier one has written.
  private func sharesForm() throws -> Bool {
    let installation = try Installation(bootstrap: bootstrap)
    defer { installation.remove() }
    try installation.createTopics()
    installation.release = old
    try installation.start(.attribution)
    try installation.waitReady()
    let publisher = try BenchPublisher(installation)
    try publisher.repeatTick()
    _ = try publisher.flush()
    let parser = JSONParser()
    var sharesForm: Bool?
    let isThere = try waitUntil(.seconds(30)) {
      for record in try installation.records([.changelog(.attribution)]) {
        do {
          guard try Progress.record(key: record.key ?? [], value: record.value ?? [], parser: parser) != nil else { continue }
          sharesForm = true
        } catch is StateForm { sharesForm = false }
      }
      return sharesForm != nil
    }
    guard isThere, let sharesForm else { throw BrokerFailure("the earlier release has written no state") }
    return sharesForm
  }

  // MARK: Another form

  private static let words = "was written by another release: the state is of form"

  private func rebuild() throws -> FaultResult {
    let before = try Installation(bootstrap: bootstrap)
    defer { before.remove() }
    let after = try Installation(bootstrap: bootstrap)
    defer { after.remove() }
    let course = try Course(
      seed: plan.seed, rounds: min(plan.cycles, RollingUpgrade.instances), size: plan.size,
      programs: TermsFiles.load(directory: Installation.terms.path))
    var result = FaultResult(cycles: 0, events: course.eventCount, notices: course.notices.count)
    result.remark = "another form of state: rejected, then rebuilt"
    let started = ContinuousClock.now
    do {
      try reject(before, course, &result)
      try rebuild(before, after, course)
      try rejectBack(after)
    } catch {
      result.violations.append("\(error)")
      before.printLogs()
      after.printLogs()
    }
    result.cycles = result.recoveries.count
    result.seconds = (ContinuousClock.now - started).asSeconds
    return result
  }

  /// Under load a new instance comes in the place of each old one, ends, and the old one goes on with its state.
  private func reject(_ before: Installation, _ course: Course, _ result: inout FaultResult) throws {
    before.release = old
    try before.tool(["topics", "create", "--partitions", "\(before.partitions)", "--replication", "1"])
    for service in ServiceName.allCases { for number in 1...2 { try before.start(service, number) } }
    try before.waitReady()
    try tick(course.end, before)
    for part in course.prologue { try publish(part.events, before) }
    before.release = nil
    try before.tool(["topics", "create", "--partitions", "\(before.partitions)", "--replication", "1"])
    before.release = old
    let load = try before.command(["publish", file(course.rounds.flatMap(\.events), before), "--rate", "200"])
    for cycle in course.rounds.indices {
      let (service, number) = Campaign.victim(cycle)
      let since = ContinuousClock.now
      try before.end(service, number, gracefully: true)
      before.release = nil
      let new = try before.start(service, number)
      let ending = new.ending(within: .seconds(60))
      guard ending == .status(1), new.log.contains(Self.words) else {
        throw BrokerFailure("the new \(new.name) has not rejected the earlier release's state in words: \(ending)")
      }
      before.release = old
      let back = try before.start(service, number)
      guard waitUntil(.seconds(60), { back.isReady }) else { throw BrokerFailure("the old \(back.name) is not ready again") }
      result.recoveries.append(ContinuousClock.now - since)
      guard !back.log.contains("is rebuilt") else {
        throw BrokerFailure("the new \(new.name) has thrown the old one's store away")
      }
    }
    guard load.ending(within: .seconds(300)) == .status(0) else { throw BrokerFailure("the load: \(load.log)") }
    try publish((course.prologue + course.rounds).flatMap(\.answers), before)
    try before.tool(["verify", "--patience", "30"])
    try before.stopAll()
  }

  /// As RUNBOOK says under "Upgrade".
  private func rebuild(_ before: Installation, _ after: Installation, _ course: Course) throws {
    before.release = nil
    let backup = before.folder.appending(path: "backup").path
    try before.tool(["export", backup])
    try before.tool(["export", "\(backup)/notices", "rewards", "payouts"])
    try after.tool(["topics", "create", "--partitions", "6", "--replication", "1"])
    for service in ServiceName.allCases { try after.start(service) }
    try after.waitReady()
    try tick(course.end, after)
    let script = Process()
    script.executableURL = URL(filePath: "/usr/bin/env")
    script.arguments = [
      "python3", Installation.root.appending(path: "ops/rebuild").path, backup, "--quiet", "4", "--bootstrap", bootstrap,
      "--topic-prefix", after.prefix,
    ]
    let programs = try BuiltProgram.url("laurel").deletingLastPathComponent().path
    let environment = ProcessInfo.processInfo.environment
    script.environment = environment.filter { !$0.key.hasPrefix("LAUREL_") }
      .merging(["PATH": "\(programs):\(environment["PATH"] ?? "")"]) { $1 }
    let output = Pipe()
    (script.standardOutput, script.standardError) = (output, output)
    try script.run()
    let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    script.waitUntilExit()
    guard script.terminationStatus == 0 else { throw BrokerFailure("ops/rebuild: \(said.suffix(4000))") }
    try after.tool(["verify", "--patience", "30"])
  }

  /// What the earlier release says of state that this one has written.
  private func rejectBack(_ after: Installation) throws {
    try after.end(.accrual, 1, gracefully: true)
    after.release = old
    let back = try after.start(.accrual)
    let ending = back.ending(within: .seconds(60))
    guard ending == .status(1), back.log.contains(Self.words) else {
      throw BrokerFailure("the old accrual has not rejected the new release's state in words: \(ending)")
    }
    after.release = nil
    try after.start(.accrual)
    try after.waitReady()
    try after.tool(["verify", "--patience", "30"])
    try after.stopAll()
  }

  /// Everything is in the past then, so whatever is due happens at once.
  private func tick(_ instant: Instant, _ installation: Installation) throws {
    let publisher = try BenchPublisher(installation)
    try publisher.tick(instant)
    _ = try publisher.flush()
  }

  private func publish(_ events: [BenchEvent], _ installation: Installation) throws {
    guard !events.isEmpty else { return }
    try installation.tool(["publish", file(events, installation)])
    try installation.tool(["tail", "--from-beginning", "--until-quiet", "3"])
  }

  /// In order of time, one a line.
  private func file(_ events: [BenchEvent], _ installation: Installation) throws -> String {
    let file = installation.folder.appending(path: "events.jsonl")
    try Data(events.map { $0.envelope.structuredText(data: $0.data) }.joined(separator: [0x0A])).write(to: file)
    return file.path
  }
}

/// Each instance of the earlier release is stopped and started again under its name by this release's program.
private final class RollingUpgrade: Fault {
  static let instances = 2 * ServiceName.allCases.count
  private let old: URL

  init(from old: URL) { self.old = old }

  func prepare(_ campaign: Campaign) throws {
    campaign.installation.release = old
    try campaign.startAll()
    campaign.installation.release = nil
  }

  func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    guard cycle < Self.instances else { return Blow("nothing", ServiceName.allCases) }
    let (service, number) = campaign.victim(cycle)
    try campaign.pour(upTo: 300)
    let since = ContinuousClock.now
    try campaign.installation.end(service, number, gracefully: true)
    try campaign.installation.start(service, number)
    return Blow("\(service)-\(number) upgraded", [service], since: since)
  }
}
