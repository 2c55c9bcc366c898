import BusCommands
import Contracts
import Foundation
import TestSupport

/// One instance's messages are hidden, as when Kafka skips a transaction's marker. Readers stop or `laurel verify` reports them, and
/// `laurel repair` restores them.
package final class RepairDrill: Fault {
  package let mayHideRecords = true
  private var repairs = 0

  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let since = try restart(campaign, cycle, fault: "hide:\(5 + campaign.random.upTo(20))")
    return Blow("\(service)-\(number) writes hidden messages", ServiceName.allCases, since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    try restart(campaign, cycle)
    try campaign.comeToRest()
    // If the last message to a partition is missing, no later message shows the gap.
    let installation = campaign.installation
    let report = try installation.laurel("verify")
    let count = try campaign.repair()
    guard (count > 0) == (report.status == 1) else {
      throw BrokerFailure("\(count) messages are missing, but laurel verify reports \(report.text)")
    }
    try campaign.comeToRest()
    repairs = campaign.repairs
  }

  @discardableResult
  private func restart(_ campaign: Campaign, _ cycle: Int, fault: String? = nil) throws -> ContinuousClock.Instant {
    let (service, number) = campaign.victim(cycle)
    try campaign.installation.end(service, number, gracefully: true)
    defer { campaign.trace("\(service)-\(number) is back") }
    try campaign.installation.start(service, number, fault: fault)
    return .now
  }

  package func violations(on installation: Installation) throws -> [String] {
    let hidden = installation.services.values.reduce(0) { $0 + $1.log.components(separatedBy: "hidden: ").count - 1 }
    return hidden > 0 && repairs > 0 ? [] : ["the fault did not happen: \(hidden) messages hidden, \(repairs) repairs"]
  }
}
