import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// The limits of one batch and one restore, whatever the bus holds.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct LimitsTests {
  /// Ten thousand records may be gigabytes. So a batch ends at 16 MiB, long before it reaches its limits of records or time.
  @Test func batchEndsWhenItsRecordsAreLarge() throws {
    try Installation.run { installation in
      let count = 300
      let producer = try Producer(installation.configuration, topics: [installation.name(.billing)])
      let large = Array(#"{"payment":""#.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 200 << 10)
      let headers = Envelope(id: "large", source: "/limits", type: PaymentSettled.type, program: ProgramID("bonus")).headers
        .map { Header(name: $0.0, value: Array($0.1.utf8)) }
      for _ in 0..<count {
        try producer.produce(
          topic: installation.name(.billing), partition: 0, key: Array("e0".utf8), value: large, headers: headers)
      }
      try producer.flush(timeoutMilliseconds: 60_000)
      // Five seconds are enough to collect all of them.
      let service = try installation.start(.accrual, extra: ["--commit-ms", "5000"])
      let done = waitUntil(.seconds(90)) { service.metric("laurel_records_total") ?? 0 >= Double(count) }
      try #require(done, "\(service.log.suffix(2000))")
      let page = try #require(service.page("/metrics")?.body)
      func batches(_ upTo: String) -> Double? {
        page.split(separator: "\n").first { $0.hasPrefix(#"laurel_batch_records_bucket{le="\#(upTo)"}"#) }
          .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
      }
      let all = try #require(batches("+Inf"))
      #expect(all > 0)
      #expect(batches("100") == all, "batches of more than 100 records of 200 KiB")
    }
  }

  /// The command in the hint creates the missing topics, not another deployment's.
  @Test func theHintToCreateTopicsNamesTheirPrefix() throws {
    let installation = try Installation(bootstrap: KafkaBroker.forTest().bootstrap)
    defer { installation.remove() }
    let flags = "--bootstrap \(installation.configuration.bootstrap) --topic-prefix \(installation.prefix)"
    let service = try installation.start(.accrual)
    let isHinted = waitUntil(.seconds(60)) { service.log.contains("'laurel topics create \(flags)'") }
    #expect(isHinted, "\(service.log.suffix(2000))")
    let list = try ServiceProcess(
      "laurel", name: "list", arguments: ["dead-letters", "list"] + flags.split(separator: " ").map(String.init),
      folder: installation.folder)
    #expect(list.ending(within: .seconds(60)) == .status(1))
    #expect(list.log.contains("create them with 'laurel topics create \(flags)'"), "\(list.log)")
  }

  /// A limit on file size is reported as a disk error, not as SIGXFSZ. The service continues when there is room.
  @Test func aFileThatMayNotGrowIsReported() throws {
    try Installation.run { installation in
      let service = try installation.start(.accrual)
      try installation.waitReady()
      try service.limit("fsize", to: "65536")
      let publisher = try Publisher(installation)
      let load = Payments(referees: 50, count: 4000)
      try load.publish(0..<load.count, publisher)
      try publisher.flush()
      let isReported = waitUntil(.seconds(60)) { !service.isRunning || service.log.contains("File too large") }
      #expect(isReported && service.isRunning, "\(service.log.suffix(2000))")
      try service.limit("fsize", to: "unlimited")
      let goesOn = waitUntil(.seconds(60)) {
        service.isReady && service.metric("laurel_records_total") ?? 0 >= Double(load.count)
      }
      #expect(goesOn, "\(service.log.suffix(2000))")
      #expect(service.stop() == .status(0))
    }
  }

  /// Without a free file descriptor nothing can be opened and health cannot be queried, so the log reports it.
  @Test func exhaustedDescriptorsAreReported() throws {
    try Installation.run { installation in
      let service = try installation.start(.accrual)
      let other = try installation.start(.accrual, 2)
      try installation.waitReady()
      try service.limit("nofile", to: "\(service.openDescriptors)")
      // Taking over needs new files: in RocksDB, librdkafka or the HTTP server, whichever is first.
      other.kill()
      let isReported = waitUntil(.seconds(60)) {
        !service.isRunning || service.log.contains("Too many open files") && service.log.contains("starting over")
      }
      #expect(isReported && service.isRunning, "\(service.log.suffix(2000))")
      try service.limit("nofile", to: "4096")
      let goesOn = waitUntil(.seconds(60)) { service.isReady && service.metric("laurel_assigned_partitions") == 4 }
      #expect(goesOn, "\(service.log.suffix(2000))")
      #expect(service.stop() == .status(0))
    }
  }

  /// The last log line and the counter report every row from which the state was built.
  @Test func restoreReportsItsRowsAndItsRate() throws {
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      let load = Payments(referees: 4, count: 400)
      try load.publishCodes(publisher)
      try load.publishRegistrations(0..<4, publisher)
      try publisher.flush()
      let first = try installation.start(.attribution)
      let written = waitUntil(.seconds(60)) { first.metric("laurel_records_total") ?? 0 >= 8 }
      try #require(written, "\(first.log.suffix(2000))")
      try installation.end(.attribution, 1, gracefully: true)
      let rows = try installation.records([.changelog(.attribution)]).count
      try FileManager.default.removeItem(at: installation.stateFolder("attribution-1"))

      let second = try installation.start(.attribution)
      try installation.waitReady()
      // Only from this process. Earlier ones had nothing to restore.
      let lines = second.lines.filter { $0["message"] as? String == "state restored" && $0["rows"] as? Int ?? 0 > 0 }
      #expect(rows > 0)
      #expect(lines.compactMap { $0["rows"] as? Int }.reduce(0, +) == rows)
      #expect(lines.allSatisfy { ($0["rowsPerSecond"] as? Int ?? 0) > 0 })
      #expect(second.metric("laurel_restored_rows_total") == Double(rows))
    }
  }
}
