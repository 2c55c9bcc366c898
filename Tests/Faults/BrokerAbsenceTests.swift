import Contracts
import FaultBench
import Foundation
import TestSupport
import Testing

/// The broker starts late, disappears without warning and comes back.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct BrokerAbsenceTests {
  @Test func servicesWaitForTheBrokerAndOutliveIt() throws {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    let broker = try KafkaBroker.start(home: home)
    defer { broker.stop() }
    broker.kill()
    try Installation.run(bootstrap: broker.bootstrap) { installation in
      // Otherwise librdkafka reconnects only after up to 10 s, which is longer than the broker takes to come back here.
      let eager = ["--kafka", "reconnect.backoff.max.ms=500"]
      for service in ServiceName.allCases { try installation.start(service, extra: eager) }
      try waitsForTheBroker(try installation.service(.accrual))
      try installation.end(.payouts, 1, gracefully: true)
      try installation.start(.payouts, extra: eager)

      try broker.restart()
      let accrual = try installation.service(.accrual)
      let waits = waitUntil(.seconds(30)) { accrual.log.contains("waiting for topics") }
      try #require(waits)
      #expect(accrual.page("/readyz")?.status == 503)
      try installation.createTopics()
      try installation.waitReady()

      let test = try Disturbance(installation, cycles: 2)
      try test.run { cycle in
        guard cycle == 0 else { return }
        broker.kill()
        // SIGTERM while no broker answers: the service must not wait for work that it cannot finish.
        try installation.end(.accrual, 1, gracefully: true)
        try installation.start(.accrual, extra: eager)
        try broker.restart()
      }
      try test.finish()
      try isNotBelievedElsewhere(installation)
    }
  }

  /// State of one cluster is useless on another, whose topics may be longer, so it is rebuilt.
  private func isNotBelievedElsewhere(_ installation: Installation) throws {
    let elsewhere = try Installation(bootstrap: try KafkaBroker.forTest().bootstrap, movedFrom: installation)
    try elsewhere.createTopics()
    let accrual = try elsewhere.start(.accrual)
    try elsewhere.waitReady()
    #expect(accrual.log.contains("the state store belongs to another cluster and is rebuilt"))
    try elsewhere.stopAll()
  }

  private func waitsForTheBroker(_ service: ServiceProcess) throws {
    func waits() -> [Date] {
      service.lines.filter { ($0["message"] as? String)?.hasPrefix("waiting for the broker at") == true }
        .compactMap {
          ($0["time"] as? String).flatMap {
            try? Date($0, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
          }
        }
    }
    let waitedThrice = waitUntil(.seconds(40)) { waits().count >= 3 }
    try #require(waitedThrice, "\(service.log)")
    let times = waits()
    #expect(times[2].timeIntervalSince(times[1]) > times[1].timeIntervalSince(times[0]), "the delay does not grow: \(times)")
    #expect(service.page("/livez")?.status == 200)
    #expect(service.page("/readyz")?.status == 503)
    #expect(service.page("/readyz")?.body.contains("broker") == true)
  }
}
