import Contracts
import Foundation
import TestSupport

/// Tests the bench itself: with a bug planted in the services, a campaign must end in the violations that the bug causes.
package struct PlantedBug: Sendable {
  /// Campaigns after which an undetected bug counts as one that the bench cannot detect.
  private static let campaignsMax: UInt64 = 6

  package let name: String
  /// Text of the violation that shows the bug; alternatives are separated by `|`.
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
    PlantedBug("wrongBalance", seenAs: " balance:") { NoFault() },
    PlantedBug("lostChange", seenAs: "verify: ") { NoFault() },
    PlantedBug("noFence", seenAs: " doubled:") { plan, bug in
      try plan.campaign(
        on: Installation(bootstrap: try KafkaBroker.forTest().bootstrap), under: Frozen(planted: "bug:\(bug.name)"))
    },
    PlantedBug("noGuard", seenAs: "the group has committed|doubled:") { plan, bug in
      try BadNetwork.run(plan, onlyLateCommits: true, planted: "bug:\(bug.name)")
    },
  ]

  func isSeen(in result: FaultResult) -> Bool {
    result.violations.contains { violation in kind.split(separator: "|").contains { violation.contains($0) } }
  }

  var row: FaultRow {
    FaultRow("bug:\(name)", "planted: the bench must detect it", smokeCycles: 1) { plan in
      var plan = plan
      var result = try run(plan, self)
      // A bug that needs a random moment may not occur in a short campaign, so retry with other seeds.
      for _ in 1..<Self.campaignsMax where !isSeen(in: result) {
        plan.seed += 1
        result.add(try run(plan, self))
      }
      result.remark = "seen: \(result.violations.map { $0.prefix { $0 != "\n" } }.joined(separator: " "))"
      result.violations = isSeen(in: result) ? [] : ["the planted bug was not detected: \(result.violations)"]
      return result
    }
  }
}

extension PlantedBug {
  /// The bugs that need no other fault, one in each service, in one campaign for a short run.
  static let together = FaultRow("bugs", "planted in each service: the bench must detect them all", smokeCycles: 1) { plan in
    var result = try plan.campaign(on: Installation(bootstrap: try KafkaBroker.forTest().bootstrap), under: PlantedEverywhere())
    let unseen = all.prefix(4).filter { !$0.isSeen(in: result) }
    result.remark = "seen: \(result.violations.map { $0.prefix { $0 != "\n" } }.joined(separator: " "))"
    result.violations = unseen.map { "the planted bug \($0.name) was not detected: \(result.violations)" }
    return result
  }
}

private final class PlantedEverywhere: Fault {
  func prepare(_ campaign: Campaign) throws {
    let bugs: [ServiceName: String] = [
      .discounts: "lostNotice", .attribution: "doubledNotice", .accrual: "wrongBalance", .payouts: "lostChange",
    ]
    for service in ServiceName.allCases {
      for number in 1...2 { try campaign.installation.start(service, number, fault: bugs[service].map { "bug:\($0)" }) }
    }
  }
  func fall(on campaign: Campaign, cycle: Int) -> Blow { Blow("nothing", ServiceName.allCases) }
}

/// A fault with the bug in all services.
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
