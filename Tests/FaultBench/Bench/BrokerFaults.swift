import Contracts
import Foundation
import TestSupport

/// kill -9 of the Kafka process, which stays down for a while. Its log on disk is as the kill left it. Once at rest, then twice under
/// load.
package final class BrokerKill: Fault {
  private let broker: KafkaBroker
  /// It stays down for 0 s to this time.
  private let secondsMax: Int

  package init(_ broker: KafkaBroker, secondsMax: Int) {
    self.broker = broker
    self.secondsMax = secondsMax
  }

  package let mayHideRecords = true

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let isAtRest = cycle.isMultiple(of: 3)
    if isAtRest { try campaign.comeToRest() } else { try campaign.pour(upTo: 300) }
    broker.kill()
    // The first time it restarts at once.
    let away = cycle == 0 ? 0 : campaign.random.upTo(secondsMax)
    _ = waitUntil(.seconds(away)) { false }
    try broker.restart()
    return Blow("kill -9 of the broker \(isAtRest ? "at rest" : "under load"), \(away) s away", ServiceName.allCases)
  }

  /// The row: campaigns of six cycles, each on its own broker.
  static func run(_ plan: FaultPlan) throws -> FaultResult {
    try plan.campaigns(of: 6) { _, part, home in
      let broker = try KafkaBroker.start(home: home)
      defer { broker.stop() }
      let fault = BrokerKill(broker, secondsMax: plan.brokerSecondsMax)
      return (try part.campaign(on: Installation(bootstrap: broker.bootstrap), under: fault), broker.skippedMarkers)
    }
  }
}

/// One or two of three brokers are killed with -9, each in turn, and restart soon or after the others have taken over.
package final class ClusterKill: Fault {
  private let cluster: KafkaCluster
  /// They stay down for 0 s to this time.
  private let secondsMax: Int
  /// The others can work without one only if they have all of its data.
  private let hasThreeCopies: Bool

  package init(_ cluster: KafkaCluster, secondsMax: Int, hasThreeCopies: Bool) {
    self.cluster = cluster
    self.secondsMax = secondsMax
    self.hasThreeCopies = hasThreeCopies
  }

  package let mayHideRecords = true

  /// The brokers, starting with the next one to kill.
  private func context(_ cycle: Int) -> [KafkaBroker] { (0..<3).map { cluster.brokers[(cycle + $0) % 3] } }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let brokers = context(cycle)
    switch cycle % (hasThreeCopies ? 4 : 3) {
    case 0:
      // Ends of transactions wait for the frozen broker when it dies.
      try campaign.pour(upTo: 200)
      brokers[0].freeze()
      _ = waitUntil(.milliseconds(200 + campaign.random.upTo(1000))) { false }
      return try killTwo(brokers, "two brokers", campaign)
    case 2:
      brokers[2].kill()
      try campaign.keepBusy(until: .seconds(12)) { false }
      try brokers[2].restart()
      return try killTwo(brokers, "two brokers, when the third has just come back", campaign)
    case 1:
      let since = ContinuousClock.now
      brokers[0].kill()
      let seconds = campaign.random.upTo(secondsMax)
      _ = waitUntil(.seconds(seconds)) { false }
      try brokers[0].restart()
      return Blow("kill -9 of a broker, \(seconds) s away", ServiceName.allCases, since: since)
    default:
      let since = ContinuousClock.now
      brokers[0].kill()
      return Blow("kill -9 of a broker, away until the others work", ServiceName.allCases, since: since)
    }
  }

  private func killTwo(_ brokers: [KafkaBroker], _ which: String, _ campaign: Campaign) throws -> Blow {
    let since = ContinuousClock.now
    for broker in brokers.prefix(2) { broker.kill() }
    var seconds: [Int] = []
    for broker in brokers.prefix(2).reversed() {
      seconds.append(campaign.random.upTo(min(secondsMax, 10)))
      _ = waitUntil(.seconds(seconds[seconds.count - 1])) { false }
      try broker.restart()
    }
    return Blow("kill -9 of \(which), back after \(seconds) s", ServiceName.allCases, since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    if hasThreeCopies, cycle % 4 == 3 { try context(cycle)[0].restart() }
  }

  /// Two copies of each topic on three brokers. If both brokers die, a partition has no leader while the transaction's coordinator is
  /// alive. The same happens with three copies if the third broker is in the in-sync set of the coordinator's partition but not of this
  /// one.
  private static let twoCopies = [
    "default.replication.factor": "2", "min.insync.replicas": "1", "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
  ]

  /// The row: campaigns of four cycles, each on its own cluster.
  static func run(_ plan: FaultPlan) throws -> FaultResult {
    try plan.campaigns(of: 4) { number, part, home in
      let hasThreeCopies = !number.isMultiple(of: 2)
      let cluster = try KafkaCluster.start(home: home, settings: hasThreeCopies ? [:] : twoCopies)
      defer { cluster.stop() }
      let fault = ClusterKill(cluster, secondsMax: plan.brokerSecondsMax, hasThreeCopies: hasThreeCopies)
      return (
        try part.campaign(on: Installation(bootstrap: cluster.bootstrap), under: fault),
        cluster.brokers.reduce(0) { $0 + $1.skippedMarkers }
      )
    }
  }
}

extension FaultPlan {
  /// How long a broker stays down at most. A short run does not wait a minute.
  fileprivate var brokerSecondsMax: Int { cycles > 5 ? 60 : 3 }

  /// The cycles, in campaigns of at most this many.
  /// - Parameter run: also returns how many transaction markers Kafka has skipped.
  fileprivate func campaigns(
    of size: Int, _ run: (_ number: Int, _ part: FaultPlan, _ home: URL) throws -> (FaultResult, skipped: Int)
  ) throws -> FaultResult {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    var result = FaultResult(cycles: 0)
    var skipped = 0
    for (number, start) in stride(from: 0, to: cycles, by: size).enumerated() {
      let part = FaultPlan(cycles: min(size, cycles - start), seed: seed &+ UInt64(number), size: self.size)
      let found = try run(number, part, home)
      result.add(found.0)
      skipped += found.skipped
    }
    result.remark = "Kafka skipped markers \(skipped) times; repaired \(result.repairs) messages"
    return result
  }
}
