import Contracts
import Foundation
import Kafka
import TestSupport
import Testing

/// Services are killed while they work; everything must have happened once.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct KillTests {
  @Test func attributionIsKilledWhileItWorks() throws {
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      let load = Payments(referees: 400, count: 0)
      try publisher.tick(Payments.start)
      try installation.startReady(.attribution)
      try load.publishReferrals(publisher)
      try publisher.flush()
      let reader = try installation.reader([.referrals])
      for killed in 1...3 {
        _ = try reader.read(for: .seconds(10)) { $0.count >= killed * 150 }
        try installation.service(.attribution).kill()
        try installation.start(.attribution)
      }
      let all = try reader.read(for: .seconds(60)) { $0.count >= 800 }
      try #require(all, "\(reader.records.count) notices of 800")
      try installation.stopAll()
      let audit = try Audit(installation)
      try audit.checkIDsAndSequences()
      try #require(try audit.notices(ReferralAttributed.self).count == 400)
    }
  }
}
