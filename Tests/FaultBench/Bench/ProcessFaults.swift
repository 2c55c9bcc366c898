import Contracts
import Foundation
import TestSupport

/// No fault: the baseline of a campaign.
package final class NoFault: Fault {
  package init() {}
  package func fall(on campaign: Campaign, cycle: Int) -> Blow { Blow("nothing", ServiceName.allCases) }
}

/// kill -9 at a random moment. The same instance restarts at once.
package final class RandomKill: Fault {
  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    if campaign.random.chance(50) { try campaign.pour(upTo: 400) }
    try campaign.installation.service(service, number).kill()
    let since = ContinuousClock.now
    try campaign.installation.start(service, number)
    return Blow("kill -9 of \(service)-\(number)", [service], since: since)
  }
}

/// kill -9 of an instance that does not come back, between two transactions: the other one takes its partitions over.
package final class Takeover: Fault {
  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    try campaign.comeToRest()
    let since = ContinuousClock.now
    try campaign.installation.end(service, number, gracefully: false)
    return Blow("kill -9 of \(service)-\(number) for good", [service], since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    let (service, number) = campaign.victim(cycle)
    try campaign.installation.start(service, number)
  }
}

/// An instance ends for good in the middle of a transaction, which whoever takes over has to end.
package final class OpenTakeover: Fault {
  private static let points = ["whileProducing", "afterFlush", "afterOffsets", "afterOffsets"]

  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let installation = campaign.installation
    try installation.end(service, number, gracefully: false)
    let faulty = try installation.start(
      service, number, fault: "crash:\(campaign.random.pick(Self.points)):\(1 + campaign.random.upTo(2))")
    try campaign.keepBusy(until: .seconds(30)) { !faulty.isRunning }
    let since = ContinuousClock.now
    guard faulty.ending(within: .seconds(1)) == .signal(SIGKILL) else {
      throw BrokerFailure("\(service)-\(number) did not end in a transaction")
    }
    try installation.end(service, number, gracefully: false)
    return Blow("\(service)-\(number) ended in a transaction for good", [service], since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    let (service, number) = campaign.victim(cycle)
    try campaign.installation.start(service, number)
  }
}

/// SIGSTOP until the other instance has taken over, then SIGCONT. The thawed instance still acts as the owner of its partitions. The
/// moment is random or, equally often, a named point of the loop with an open batch.
package final class Frozen: Fault {
  private static let points = [
    "beforeBegin", "afterBegin", "whileProducing", "afterProduce", "afterFlush", "afterOffsets", "afterCommit",
  ]
  /// A planted bug of the frozen instance. Then it always has an open batch, and none of it is on the bus.
  private let planted: String?

  package init(planted: String? = nil) { self.planted = planted }

  package func prepare(_ campaign: Campaign) throws { try campaign.startAll(fault: planted) }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    if planted != nil || campaign.random.chance(50) { return try fall(on: campaign, service, number) }
    try campaign.pour(upTo: 300)
    let since = ContinuousClock.now
    try campaign.installation.service(service, number).freeze()
    return Blow("SIGSTOP of \(service)-\(number)", [service], since: since)
  }

  private func fall(on campaign: Campaign, _ service: ServiceName, _ number: Int) throws -> Blow {
    let point = planted == nil ? Self.points[campaign.random.upTo(Self.points.count - 1)] : "beforeBegin"
    let installation = campaign.installation
    try installation.end(service, number, gracefully: true)
    let process = try installation.start(
      service, number, fault: ["stop:\(point):1", planted].compactMap { $0 }.joined(separator: ","))
    // It may reach the point with earlier records.
    let isThere = waitUntil(.seconds(60)) { process.isFrozen || process.isReady }
    guard isThere else { throw BrokerFailure("\(process.name) is not ready") }
    try campaign.pour(upTo: 0)
    try campaign.keepBusy(until: .seconds(30)) { process.isFrozen }
    guard process.isFrozen else { throw BrokerFailure("\(process.name) did not reach \(point)") }
    return Blow("\(process.name) frozen at \(point)", [service])
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    let (service, number) = campaign.victim(cycle)
    let installation = campaign.installation
    try installation.service(service, number).thaw()
    let other = try installation.service(service, 3 - number)
    let half = Double(installation.partitions / 2)
    let back = waitUntil(.seconds(60)) { other.metric("laurel_assigned_partitions") == half }
    guard back else { throw BrokerFailure("the thawed \(service)-\(number) did not rejoin") }
  }
}

/// The process kills itself at a named point of its loop.
package final class CrashPoint: Fault {
  package static let points = [
    "beforeBegin", "afterBegin", "whileProducing", "afterProduce", "afterFlush", "afterOffsets", "afterCommit", "afterStoreWrite",
    "whileRestoring",
  ]

  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let point = Self.points[cycle % Self.points.count]
    let (service, number) = campaign.victim(cycle)
    let installation = campaign.installation
    try installation.service(service, number).kill()
    // Remove its state, so that it has something to restore.
    if point == "whileRestoring" {
      try FileManager.default.removeItem(at: installation.stateFolder("\(service.rawValue)-\(number)"))
    }
    let passing = point == "whileRestoring" ? 1 : 1 + campaign.random.upTo(2)
    let faulty = try installation.start(service, number, fault: "crash:\(point):\(passing)")
    try campaign.keepBusy(until: .seconds(30)) { !faulty.isRunning }
    let since = ContinuousClock.now
    guard faulty.ending(within: .seconds(1)) == .signal(SIGKILL) else {
      throw BrokerFailure("\(service)-\(number) did not pass \(point) \(passing) times")
    }
    try installation.start(service, number)
    return Blow("\(service)-\(number) ended at \(point)", [service], since: since)
  }
}

/// Instances of one service start and stop, with and without warning: 1, 4 and 1 again.
package final class Storm: Fault {
  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, _) = campaign.victim(cycle)
    let installation = campaign.installation
    try installation.end(service, 2, gracefully: cycle.isMultiple(of: 2))
    for number in 2...4 { try installation.start(service, number) }
    try campaign.keepBusy(until: .milliseconds(500 + campaign.random.upTo(3000))) { false }
    for number in 2...4 { try installation.end(service, number, gracefully: campaign.random.chance(50)) }
    return Blow("\(service) from 1 to 4 and to 1", [service])
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    try campaign.installation.start(campaign.victim(cycle).service, 2)
  }
}

/// The same with instances that follow one another's changelogs.
package final class WithStandby: Fault {
  private let fault: any Fault

  package init(_ fault: any Fault) { self.fault = fault }

  package func prepare(_ campaign: Campaign) throws {
    campaign.installation.extra.append("--standby")
    try fault.prepare(campaign)
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow { try fault.fall(on: campaign, cycle: cycle) }
  package func lift(from campaign: Campaign, cycle: Int) throws { try fault.lift(from: campaign, cycle: cycle) }
}

/// One fault after the other, in one campaign: what a bounded run can afford.
package final class Mixed: Fault {
  private let faults: [any Fault]

  package init(_ faults: [any Fault]) { self.faults = faults }

  private func fault(_ cycle: Int) -> any Fault { faults[cycle % faults.count] }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow { try fault(cycle).fall(on: campaign, cycle: cycle) }
  package func lift(from campaign: Campaign, cycle: Int) throws { try fault(cycle).lift(from: campaign, cycle: cycle) }
  package func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) throws -> [BenchRecord] {
    try fault(cycle).disturbed(events, cycle: cycle, campaign)
  }
  package var deadLetters: [BenchLetter] { faults.flatMap(\.deadLetters) }
}
