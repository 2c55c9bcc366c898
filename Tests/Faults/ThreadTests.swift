import Contracts
import FaultBench
import TestSupport
import Testing

@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ThreadTests {
  /// The partitions of each batch run on several threads, and each payment takes effect once (`Disturbance.finish`). Of each service,
  /// one instance of two is killed in the middle.
  @Test func partitionsOfABatchRunOnSeveralThreads() throws {
    try Installation.run { installation in
      func start(_ number: Int) throws {
        for service in ServiceName.allCases { try installation.start(service, number, extra: ["--threads", "4"], fault: "none") }
      }
      let load = try Disturbance(installation, cycles: 2, payments: 300, referees: 60)
      try start(1)
      try load.run { cycle in
        if cycle == 0 { return try start(2) }
        for service in ServiceName.allCases { try installation.end(service, 1, gracefully: false) }
      }
      try load.finish()
    }
  }
}
