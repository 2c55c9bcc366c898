import Contracts
import FaultBench
import Foundation
import TestSupport
import Testing

/// Records that a service has not read yet are deleted from its input. Skipping them would lose money silently.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct LostInputTests {
  @Test func lossIsReportedAndGoesOnOnlyWhenAccepted() throws {
    let home = try #require(KafkaBroker.home)
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      let load = Payments(referees: 4, count: 40)
      try installation.start(.accrual)
      try installation.waitReady()
      try load.publish(0..<20, publisher)
      try publisher.flush()
      let accrual = try installation.service(.accrual)
      let processed = waitUntil(.seconds(30)) { accrual.metric("laurel_records_total") ?? 0 >= 20 }
      try #require(processed)
      try installation.end(.accrual, 1, gracefully: true)

      try load.publish(20..<40, publisher)
      try publisher.flush()
      let places = (0..<installation.partitions).map { partition in
        #"{"topic":"\#(installation.name(.billing))","partition":\#(partition),"offset":-1}"#
      }
      let file = installation.folder.appending(path: "delete.json")
      try #"{"version":1,"partitions":[\#(places.joined(separator: ","))]}"#.write(to: file, atomically: true, encoding: .utf8)
      try runScript(
        #""$1/bin/kafka-delete-records.sh" --bootstrap-server "$2" --offset-json-file "$3" >out 2>&1 || { cat out >&2; exit 1; }"#,
        [home.path, installation.configuration.bootstrap, file.path], in: installation.folder)

      let rejecting = try installation.start(.accrual)
      let ending = rejecting.ending(within: .seconds(60))
      #expect(ending == .status(1))
      #expect(rejecting.log.contains("an input has lost records that were not processed yet"))
      #expect(rejecting.log.contains(installation.name(.billing)), "the topic is not named")

      let accepting = try installation.start(.accrual, extra: ["--kafka", "auto.offset.reset=earliest"])
      try installation.waitReady()
      try publisher.flush()
      try load.publish(0..<8, publisher)
      try publisher.flush()
      let goesOn = waitUntil(.seconds(30)) { accepting.metric("laurel_records_total") ?? 0 >= 8 }
      try #require(goesOn)
      try installation.stopAll()
    }
  }
}
