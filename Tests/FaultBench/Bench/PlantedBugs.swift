import Contracts
import Foundation
import TestSupport

/// The bench on trial: with a mistake planted in the services, a campaign must end in violations, and in those that the mistake makes.
package struct PlantedBug: Sendable {
  package let name: String
  /// How the violation that shows it begins, after its count.
  let kind: String
  let fault: @Sendable () -> any Fault

  package static let all = [
    PlantedBug(name: "lostNotice", kind: "lost") { NoFault() },
    PlantedBug(name: "doubledNotice", kind: "doubled") { NoFault() },
    PlantedBug(name: "wrongBalance", kind: "sum of balance") { NoFault() },
    PlantedBug(name: "noFence", kind: "doubled") { Frozen() },
  ]

  var row: FaultRow {
    FaultRow("bug:\(name)", "planted: the bench must see it", smokeCycles: 1) { plan in
      let installation = try Installation(bootstrap: try KafkaBroker.forTest().bootstrap)
      var result = try plan.campaign(on: installation, under: Planted(self))
      let isSeen = result.violations.contains { $0.contains(" \(kind):") }
      result.remark = "seen: \(result.violations.map { $0.prefix { $0 != "\n" } }.joined(separator: " "))"
      result.violations = isSeen ? [] : ["the planted bug was not seen: \(result.violations)"]
      return result
    }
  }
}

/// A fault with all services carrying the bug.
private final class Planted: Fault {
  private let bug: PlantedBug
  private let fault: any Fault

  init(_ bug: PlantedBug) {
    self.bug = bug
    fault = bug.fault()
  }

  func prepare(_ campaign: Campaign) throws { try campaign.startAll(fault: "bug:\(bug.name)") }
  func fall(on campaign: Campaign, cycle: Int) throws -> Blow { try fault.fall(on: campaign, cycle: cycle) }
  func lift(from campaign: Campaign, cycle: Int) throws { try fault.lift(from: campaign, cycle: cycle) }
}
