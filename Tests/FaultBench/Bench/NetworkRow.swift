import Contracts
import Foundation
import Synchronization
import TestSupport

/// The services reach the broker through a proxy that cuts, slows, blocks, holds and repeats. Publisher and readers reach it directly.
package final class BadNetwork: Fault {
  private let proxy: KafkaProxy
  private let faults: NetworkFaults
  private let planted: String?

  /// - Parameter planted: a bug in all services.
  package init(_ proxy: KafkaProxy, seed: UInt64, onlyLateCommits: Bool = false, planted: String? = nil) {
    self.proxy = proxy
    self.planted = planted
    faults = NetworkFaults(seed: seed, onlyLateCommits: onlyLateCommits)
  }

  package func prepare(_ campaign: Campaign) throws {
    campaign.installation.proxied = proxy.bootstrap
    campaign.installation.extra += ["--kafka", "reconnect.backoff.max.ms=500"]
    try campaign.startAll(fault: planted)
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let done = Mutex<String?>(nil)
    let (proxy, faults) = (proxy, faults)
    let network = Thread {
      let reported = faults.inflict(on: proxy, cycle: cycle)
      done.withLock { $0 = reported }
    }
    network.start()
    try campaign.keepBusy(until: .seconds(30)) { network.isFinished }
    guard network.isFinished else { throw BrokerFailure("the network fault did not end") }
    return Blow(done.withLock { $0 } ?? "", ServiceName.allCases)
  }

  /// A row on a broker with a proxy.
  package static func run(
    _ plan: FaultPlan, onlyLateCommits: Bool = false, planted: String? = nil
  ) throws -> FaultResult {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    let broker = try KafkaBroker.start(home: home, proxied: true)
    defer { broker.stop() }
    guard let proxy = broker.proxy else { throw BrokerFailure("the broker has no proxy") }
    let fault = BadNetwork(proxy, seed: plan.seed, onlyLateCommits: onlyLateCommits, planted: planted)
    return try plan.campaign(on: Installation(bootstrap: broker.bootstrap), under: fault)
  }
}
