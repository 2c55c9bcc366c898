import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Which clock services follow, and that nobody moves another deployment's clock by accident.
@Suite(.serialized) struct ClockTests {
  /// As in production: the services ignore ticks, so the command writes more of them only with --yes.
  @Test func servicesOnTheSystemsClockGetNoTicksWithoutYes() throws {
    try withCluster { installation in
      let accrual = try installation.start(.accrual, extra: ["--clock", "system"])
      try installation.waitReady()
      #expect(try laurel(installation, ["clock", "set", "2026-01-01"]).status == 1)
      #expect(try laurel(installation, ["clock", "set", "2026-01-01", "--yes"]).status == 0)
      let ignores = waitUntil(.seconds(30)) { accrual.log.contains("a tick on the clock topic is ignored") }
      try #require(ignores, "\(accrual.log)")
      let written = try waitUntil(.seconds(30)) { try !installation.records([.changelog(.accrual)]).isEmpty }
      try #require(written)
      let ticks = try installation.records([.clock]).count
      let rejected = try laurel(installation, ["clock", "advance", "14d"])
      #expect(rejected.status == 1 && rejected.log.contains("accrual follows the system's time"), "\(rejected.log)")
      #expect(try installation.records([.clock]).count == ticks)
      #expect(try laurel(installation, ["clock", "advance", "14d", "--yes"]).status == 0)
    }
  }

  /// This cannot be undone, not even by a restart without the setting.
  @Test func whoHasFollowedTheBusGoesOn() throws {
    try withCluster { installation in
      let first = try installation.start(.accrual)
      try installation.waitReady()
      #expect(try laurel(installation, ["clock", "set", "2026-01-01", "--yes"]).status == 0)
      let follows = waitUntil(.seconds(30)) { first.log.contains("following the bus's virtual clock") }
      try #require(follows, "\(first.log)")
      let written = try waitUntil(.seconds(30)) { try !installation.records([.changelog(.accrual)]).isEmpty }
      try #require(written)
      try installation.end(.accrual, 1, gracefully: true)
      let changes = try installation.records([.changelog(.accrual)]).count
      let second = try installation.start(.accrual, extra: ["--clock", "system"])
      try installation.waitReady()
      let advance = try laurel(installation, ["clock", "advance", "14d"])
      #expect(advance.status == 0, "\(advance.log)")
      let moved = try waitUntil(.seconds(30)) { try installation.records([.changelog(.accrual)]).count > changes }
      #expect(moved && !second.log.contains("is ignored"), "\(second.log)")
    }
  }

  private func withCluster(_ body: (Installation) throws -> Void) throws {
    let installation = try Installation(mock: try MockCluster())
    defer { installation.remove() }
    try installation.createTopics()
    do { try body(installation) } catch {
      installation.printLogs()
      throw error
    }
  }

  private func laurel(_ installation: Installation, _ arguments: [String]) throws -> (status: Int32, log: String) {
    let process = try ServiceProcess(
      "laurel", name: uniqueName("laurel"),
      arguments: arguments + ["--bootstrap", installation.configuration.bootstrap, "--topic-prefix", installation.prefix],
      folder: installation.folder)
    guard case .status(let status) = process.ending(within: .seconds(30)) else {
      throw BrokerFailure("\(arguments): \(process.log)")
    }
    return (status, process.log)
  }
}
