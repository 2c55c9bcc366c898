import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Kafka leaves transactions without an end, on some partitions or on all, including the group's offsets. Services end them themselves.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct HangingTransactionTests {
  private static let offsets = "__consumer_offsets"

  @Test func whatWasCommittedIsCommittedEverywhere() throws {
    try run(cycles: 4) { cycle, installation, broker in
      try installation.stopAll()
      broker.kill()
      let isCut: (String) -> Bool =
        switch cycle {
        // No marker shows the outcome of the last transactions.
        case 0: { _ in true }
        // The state is ahead of the group's offsets.
        case 1: { $0 == Self.offsets }
        // Only a restore would have to wait.
        case 2: { $0.hasSuffix(".changelog") }
        default: { $0 != Self.offsets && !$0.hasSuffix(".changelog") }
        }
      let count = try broker.cutMarkers(of: isCut)
      try #require(count > 0)
    } after: { cycle, installation in
      let expected = cycle == 1 ? "dropped pending offsets" : #""outcome":"committed""#
      let isEnded = waitUntil(.seconds(30)) { installation.services.values.contains { $0.log.contains(expected) } }
      #expect(isEnded, "cycle \(cycle)")
      for service in installation.services.values {
        #expect(!service.log.contains(#""outcome":"aborted""#), "cycle \(cycle): \(service.log)")
      }
    }
  }

  @Test func whatWasAbortedIsAbortedEverywhere() throws {
    try run(cycles: 2) { cycle, installation, broker in
      try installation.end(.accrual, 1, gracefully: true)
      let faulty = try installation.start(.accrual, fault: "crash:afterOffsets:2")
      // The whole load may be processed already, but clock ticks cause transactions too.
      let publisher = try Publisher(installation)
      let crashed = waitUntil(.seconds(60)) {
        try? publisher.tick(Payments.start)
        return !faulty.isRunning
      }
      try #require(crashed)
      try installation.end(.accrual, 1, gracefully: false)
      try installation.stopAll()
      // As the restarted instance would: Kafka aborts the transaction that its predecessor left open.
      for instance in ["accrual-1", "accrual-1.2"] {
        let id = "\(installation.prefix)accrual.\(instance)"
        try TransactionalProducer(installation.configuration, transactionalID: id, topics: []).initialise(
          timeoutMilliseconds: 30_000)
      }
      broker.kill()
      let count = try broker.cutMarkers { cycle == 0 || $0.hasSuffix("accrual.changelog") }
      try #require(count > 0)
    } after: { cycle, installation in
      let accrual = try installation.service(.accrual)
      let isEnded = waitUntil(.seconds(30)) { accrual.log.contains(#""outcome":"aborted""#) }
      #expect(isEnded, "cycle \(cycle): \(accrual.log)")
    }
  }

  /// Runs a whole load, with a disturbance in the middle of each part. At the end each payment has taken effect once.
  private func run(
    cycles: Int, _ blow: (Int, Installation, KafkaBroker) throws -> Void, after: (Int, Installation) throws -> Void
  ) throws {
    let home = try #require(KafkaBroker.home)
    let broker = try KafkaBroker.start(home: home)
    defer { broker.stop() }
    try Installation.run(bootstrap: broker.bootstrap) { installation in
      try installation.createTopics()
      func start() throws { for service in ServiceName.allCases { try installation.start(service) } }
      let load = try Disturbance(installation, cycles: cycles, payments: 120, referees: 40)
      try start()
      try load.run { cycle in
        try blow(cycle, installation, broker)
        try broker.restart()
        try start()
        try installation.waitReady()
        try after(cycle, installation)
      }
      try load.finish()
    }
  }
}
