import Contracts
import TestSupport
import Testing

/// Beside `KillTests`, as most of its time is waiting for a session to end.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct FrozenTests {
  /// An instance that does not know that time goes by still believes that its partitions are its own when it wakes up.
  @Test func frozenInstanceIsFenced() throws {
    try Installation.run { installation in
      let test = try Disturbance(installation, cycles: 2)
      for service in ServiceName.allCases { try installation.start(service) }
      let second = try installation.start(.accrual, 2)
      try test.run { cycle in
        guard cycle == 0 else { return }
        let frozen = try installation.service(.accrual, 1)
        frozen.freeze()
        let taken = waitUntil(.seconds(60)) { second.metric("laurel_assigned_partitions") == Double(installation.partitions) }
        frozen.thaw()
        try #require(taken, "the partitions of the frozen instance were not taken over")
        let back = waitUntil(.seconds(60)) { second.metric("laurel_assigned_partitions") == Double(installation.partitions / 2) }
        try #require(back, "the thawed instance has not joined again")
      }
      try test.finish()
    }
  }
}
