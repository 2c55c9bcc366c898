import Contracts
import Foundation
import TestSupport

/// kill -9 of the Kafka process, which stays away for a while: its log on disk is as the kill left it. At rest, or under load.
package final class BrokerKill: Fault {
  private let broker: KafkaBroker
  /// It stays away for 0 s to so many.
  private let secondsMax: Int
  private let isAtRest: Bool

  package init(_ broker: KafkaBroker, secondsMax: Int, atRest: Bool) {
    self.broker = broker
    self.secondsMax = secondsMax
    isAtRest = atRest
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    if isAtRest { try campaign.comeToRest() }
    broker.kill()
    // The first time it comes back at once.
    let away = cycle == 0 ? 0 : campaign.random.upTo(secondsMax)
    _ = waitUntil(.seconds(away)) { false }
    try broker.restart()
    guard !broker.hasSkippedMarkers else { throw LeftWithoutEnd() }
    return Blow("kill -9 of the broker, \(away) s away", ServiceName.allCases)
  }
}

/// One of three brokers is killed with -9, each in turn, and comes back, soon or after the others have taken its place. No partition is ever
/// without a leader for longer than the cluster takes to choose another one.
package final class ClusterKill: Fault {
  private let cluster: KafkaCluster
  /// It stays away for 0 s to so many.
  private let secondsMax: Int

  package init(_ cluster: KafkaCluster, secondsMax: Int) {
    self.cluster = cluster
    self.secondsMax = secondsMax
  }

  private func victim(_ cycle: Int) -> KafkaBroker { cluster.brokers[cycle % cluster.brokers.count] }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let since = ContinuousClock.now
    victim(cycle).kill()
    guard cycle % 2 == 1 else {
      let seconds = cycle == 0 ? 0 : campaign.random.upTo(secondsMax)
      _ = waitUntil(.seconds(seconds)) { false }
      try victim(cycle).restart()
      return Blow("kill -9 of a broker, \(seconds) s away", ServiceName.allCases, since: since)
    }
    return Blow("kill -9 of a broker, away until the others work", ServiceName.allCases, since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    if cycle % 2 == 1 { try victim(cycle).restart() }
    if let broker = cluster.brokers.first(where: \.hasSkippedMarkers) {
      throw BrokerFailure("\(broker.bootstrap) has left a transaction without its end, though every partition had a leader")
    }
  }

  static func run(_ plan: FaultPlan) throws -> FaultResult {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    let cluster = try KafkaCluster.start(home: home)
    defer { cluster.stop() }
    let fault = ClusterKill(cluster, secondsMax: plan.brokerSecondsMax)
    return try plan.campaign(on: Installation(bootstrap: cluster.bootstrap), under: fault)
  }
}

/// Kafka itself has left a prepared transaction without its end: what is said after that is no test of Laurel (GUARANTEES,
/// "Partitions without any leader").
struct LeftWithoutEnd: Error {}

extension BrokerKill {
  /// The row: campaigns of two cycles, each on a broker of its own; in every second one the broker is killed under load. What Kafka then
  /// spoils is told and made up for.
  static func run(_ plan: FaultPlan) throws -> FaultResult {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    var result = FaultResult(cycles: 0)
    var spoilt = 0
    var seed = plan.seed
    var isAtRest = true
    while result.cycles < plan.cycles {
      let broker = try KafkaBroker.start(home: home)
      defer { broker.stop() }
      let fault = BrokerKill(broker, secondsMax: plan.brokerSecondsMax, atRest: isAtRest)
      let part = FaultPlan(cycles: min(2, plan.cycles - result.cycles), seed: seed, size: plan.size)
      let found = try part.campaign(on: Installation(bootstrap: broker.bootstrap), under: fault)
      seed += 1
      isAtRest.toggle()
      guard !broker.hasSkippedMarkers else {
        spoilt += 1
        // Told, and no fault of Laurel's: the row then shows fewer cycles than were asked for.
        if spoilt > 1 + plan.cycles { break }
        continue
      }
      result.add(found)
    }
    if spoilt > 0 { result.remark = "\(spoilt) campaigns spoilt by Kafka (GUARANTEES)" }
    return result
  }
}

extension FaultPlan {
  /// How long a broker stays away at most: a bounded run does not wait a minute for the same thing.
  fileprivate var brokerSecondsMax: Int { cycles > 5 ? 60 : 3 }
}
