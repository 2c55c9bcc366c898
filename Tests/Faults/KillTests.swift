import Contracts
import Foundation
import Kafka
import TestSupport
import Testing

/// Services end without warning while they work; everything must have happened once.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct KillTests {
  @Test func servicesAreKilledInTurn() throws {
    try Installation.run { installation in
      let test = try Disturbance(installation, cycles: 6)
      for service in ServiceName.allCases { try installation.start(service) }
      try installation.start(.accrual, 2)
      let victims: [(ServiceName, Int)] = [(.accrual, 1), (.attribution, 1), (.accrual, 2), (.discounts, 1), (.payouts, 1), (.accrual, 1)]
      try test.run { cycle in
        let (service, number) = victims[cycle % victims.count]
        try installation.service(service, number).kill()
        try installation.start(service, number)
      }
      try test.finish {
        for (service, number) in victims.prefix(4) {
          try installation.service(service, number).kill()
          try installation.start(service, number)
        }
      }
    }
  }
}
