import Contracts
import Foundation
import TestSupport

/// kill -9 of the Kafka process, which stays away for a while: its log on disk is as the kill left it.
package final class BrokerKill: Fault {
  private let broker: KafkaBroker
  /// It stays away for 0 s to so many.
  private let secondsMax: Int

  package init(_ broker: KafkaBroker, secondsMax: Int) {
    self.broker = broker
    self.secondsMax = secondsMax
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    broker.kill()
    // The first time it comes back at once.
    let away = cycle == 0 ? 0 : campaign.random.upTo(secondsMax)
    _ = waitUntil(.seconds(away)) { false }
    try broker.restart()
    return Blow("kill -9 of the broker, \(away) s away", ServiceName.allCases)
  }
}
