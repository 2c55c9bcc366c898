import Contracts
import Foundation
import TestSupport

/// Kafka compacts the changelogs all the time, and an instance without its state restores it from the remaining records.
package final class CompactedChangelog: Fault {
  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let (service, number) = campaign.victim(cycle)
    let installation = campaign.installation
    let end = ContinuousClock.now + .seconds(60)
    while try !isCompacted(.changelog(service), installation) {
      guard ContinuousClock.now < end else { throw BrokerFailure("the changelog of \(service) was not compacted") }
      // Only later records close a segment.
      try campaign.keepBusy(until: .seconds(1)) { false }
    }
    try campaign.pour(upTo: 300)
    let process = try installation.service(service, number)
    process.kill()
    let logged = process.lines.count
    let since = ContinuousClock.now
    try FileManager.default.removeItem(at: installation.stateFolder(process.name))
    let restarted = try installation.start(service, number)
    let isBack = waitUntil(.seconds(60)) { restarted.isReady }
    guard isBack, restarted.restoredRows(since: logged) > 0 else { throw BrokerFailure("\(process.name) restored nothing") }
    return Blow("\(process.name) without its state", [service], since: since)
  }

  /// Whether compaction has removed records between others. A marker leaves a gap of one offset.
  private func isCompacted(_ topic: Topic, _ installation: Installation) throws -> Bool {
    let partitions = Dictionary(grouping: try installation.records([topic], readCommitted: false), by: \.partition)
    return partitions.values.contains { records in
      zip(records, records.dropFirst()).contains { $1.offset - $0.offset > 2 }
    }
  }

  static let row = FaultRow(
    "compaction", "state restored from changelogs that Kafka compacts every second", smokeCycles: 1
  ) { plan in
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    let broker = try KafkaBroker.start(
      home: home,
      settings: [
        "log.roll.ms": "1000", "log.cleaner.min.cleanable.ratio": "0.001", "log.cleaner.backoff.ms": "200",
      ])
    defer { broker.stop() }
    return try plan.campaign(on: Installation(bootstrap: broker.bootstrap), under: CompactedChangelog())
  }
}
