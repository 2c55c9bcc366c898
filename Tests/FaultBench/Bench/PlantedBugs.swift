import Contracts
import Foundation
import TestSupport

/// The bench on trial: with a mistake planted in the services, a campaign must end in violations, and in those that the mistake makes.
package struct PlantedBug: Sendable {
  package let name: String
  /// What the violation that shows it says.
  let kind: String
  let run: @Sendable (FaultPlan, PlantedBug) throws -> FaultResult

  /// Under a fault on the shared broker.
  init(_ name: String, seenAs kind: String, under fault: @escaping @Sendable () -> any Fault) {
    self.init(name, seenAs: kind) { plan, bug in
      try plan.campaign(on: Installation(bootstrap: try KafkaBroker.forTest().bootstrap), under: Planted(bug.name, fault()))
    }
  }

  init(_ name: String, seenAs kind: String, run: @escaping @Sendable (FaultPlan, PlantedBug) throws -> FaultResult) {
    self.name = name
    self.kind = kind
    self.run = run
  }

  package static let all = [
    PlantedBug("lostNotice", seenAs: " lost:") { NoFault() },
    PlantedBug("doubledNotice", seenAs: " doubled:") { NoFault() },
    PlantedBug("wrongBalance", seenAs: " sum of balance:") { NoFault() },
    PlantedBug("lostChange", seenAs: "in the folder") { NoFault() },
    PlantedBug("noFence", seenAs: " doubled:") { Frozen() },
    PlantedBug("noGuard", seenAs: " doubled:") { plan, bug in
      try BadNetwork.run(plan, onlyLateCommits: true, planted: "bug:\(bug.name)")
    },
  ]

  var row: FaultRow {
    FaultRow("bug:\(name)", "planted: the bench must see it", smokeCycles: 1) { plan in
      var result = try run(plan, self)
      let isSeen = result.violations.contains { $0.contains(kind) }
      result.remark = "seen: \(result.violations.map { $0.prefix { $0 != "\n" } }.joined(separator: " "))"
      result.violations = isSeen ? [] : ["the planted bug was not seen: \(result.violations)"]
      return result
    }
  }
}

/// A fault with all services carrying the bug.
private final class Planted: Fault {
  private let name: String
  private let fault: any Fault

  init(_ name: String, _ fault: any Fault) {
    self.name = name
    self.fault = fault
  }

  func prepare(_ campaign: Campaign) throws { try campaign.startAll(fault: "bug:\(name)") }
  func fall(on campaign: Campaign, cycle: Int) throws -> Blow { try fault.fall(on: campaign, cycle: cycle) }
  func lift(from campaign: Campaign, cycle: Int) throws { try fault.lift(from: campaign, cycle: cycle) }
}
