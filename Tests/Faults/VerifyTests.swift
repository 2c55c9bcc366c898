import BusCommands
import Contracts
import FaultBench
import Foundation
import Kafka
import RocksStore
import Streaming
import TestSupport
import Testing

/// `laurel verify` on real Kafka: it reports agreement, and names everything that was tampered with.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct VerifyTests {
  @Test func whatAgreesAndWhatDoesNot() throws {
    try Installation.run { installation in
      let test = try Disturbance(installation, cycles: 1, payments: 300, referees: 60)
      for service in ServiceName.allCases { try installation.start(service) }
      try test.run { _ in
        // While services work, no difference may be reported, whatever is in progress.
        let report = try check(installation)
        try #require(report.differences.isEmpty, "differences while services work: \(report.differences)")
        // It takes over partitions. The first instance keeps their folders, which fall behind.
        try installation.start(.accrual, 2)
        try installation.waitReady()
      }
      try test.finish()

      // Two separate processes.
      let (first, second) = (try verify(installation), try verify(installation))
      try #require(first.status == 0, "\(first.text)")
      try #require(second.status == 0, "\(second.text)")
      try #require(hashes(first.text) == hashes(second.text) && hashes(first.text).count == 5, "\(first.text)")
      let clean = try check(installation)
      try #require(ServiceName.allCases.allSatisfy { clean.hash(of: $0) != nil })
      try #require(clean.agrees && clean.notes.isEmpty, "\(clean.differences) \(clean.notes)")
      let states = Set(clean.folders.map(\.state))
      try #require(states.contains(.equal) && states.isSubset(of: [.equal, .behind]), "\(clean.folders)")
      try #require(first.text.contains(clean.hash(of: .accrual) ?? "none"), "\(first.text)")

      try differencesInAFolder(installation)
      try aForgedRecord(installation)
    }
  }

  /// A changed and a lost row.
  private func differencesInAFolder(_ installation: Installation) throws {
    let folder = try #require(try check(installation).folders.first { $0.state == .equal && $0.path.contains("accrual/") }).path
    let resources = RocksResources(blockCacheBytes: 1 << 20, writeBufferBytesPerStore: 1 << 20)
    let store = try RocksStore(directory: folder, resources: resources)
    let rows = try store.rows(prefix: [], after: nil, limit: 100_000)
    let balance = try #require(rows.first { StoredRow.name(of: $0.key).hasPrefix("balance 'KZT'") })
    let sequence = try #require(rows.last { StoredRow.name(of: $0.key).hasPrefix("the last number") })
    var forged = balance.value
    forged[forged.count / 2] ^= 1
    try store.write([RowChange(key: balance.key, value: forged), RowChange(key: sequence.key, value: nil)])
    store.close()
    let reported = try verify(installation)
    try #require(reported.status == 1, "\(reported.text)")
    try #require(reported.text.contains("in \(folder): \(StoredRow.name(of: balance.key)) is"), "\(reported.text)")
    try #require(
      reported.text.contains("in \(folder): \(StoredRow.name(of: sequence.key)) is missing in the folder"), "\(reported.text)")
    try #require(reported.text.contains("\n2 differences"), "\(reported.text)")
    let mended = try RocksStore(directory: folder, resources: resources)
    try mended.write([balance, sequence].map { RowChange(key: $0.key, value: $0.value) })
    mended.close()
    let report = try check(installation)
    try #require(report.agrees, "\(report.differences)")
  }

  /// A record in the changelog that no service has written: it gives a referrer more money.
  private func aForgedRecord(_ installation: Installation) throws {
    let record = try #require(
      try installation.records([.changelog(.accrual)]).last {
        $0.key.map { StoredRow.name(of: $0).hasPrefix("balance 'KZT'") } ?? false
      })
    let text = String(decoding: record.value ?? [], as: UTF8.self)
    let forged = text.replacing(/"available":\d+/, with: #""available":99999999"#)
    let publisher = try Publisher(installation)
    try publisher.produce(
      .changelog(.accrual), partition: record.partition, key: String(decoding: record.key ?? [], as: UTF8.self),
      value: Array(forged.utf8), headers: [])
    try publisher.flush()
    let report = try check(installation)
    let here = "accrual/\(record.partition)"
    try #require(report.exitCode == 1)
    for sentence in ["the last notice's", "that no worker has written"] {
      let seen = report.differences.contains { $0.hasPrefix(here) && $0.contains(sentence) }
      try #require(seen, "\(sentence): \(report.differences)")
    }
    // There are no other differences.
    let elsewhere = report.differences.filter { !$0.hasPrefix("\(here):") }
    try #require(elsewhere.isEmpty, "\(elsewhere)")
  }

  // MARK: Asking

  private func states(_ installation: Installation) -> [String] {
    installation.services.keys.sorted().map { installation.stateFolder($0).path }
  }

  private func check(_ installation: Installation) throws -> VerifyReport {
    try Verify.check(
      bus: Bus(bootstrap: installation.configuration.bootstrap, prefix: installation.prefix), states: states(installation),
      groups: Dictionary(uniqueKeysWithValues: ServiceName.allCases.map { ($0, installation.group($0)) }))
  }

  /// Only for accrual, because the groups have their own names here.
  private func verify(_ installation: Installation) throws -> (status: Int32, text: String) {
    let process = try ServiceProcess(
      "laurel", name: uniqueName("verify"),
      arguments: [
        "verify", "--bootstrap", installation.configuration.bootstrap, "--topic-prefix", installation.prefix, "--service",
        "accrual", "--group", installation.group(.accrual),
      ] + states(installation).flatMap { ["--state", $0] }, folder: installation.folder)
    guard case .status(let status) = process.ending(within: .seconds(30)) else { throw BrokerFailure("verify: \(process.log)") }
    return (status, process.log)
  }

  private func hashes(_ text: String) -> [String] { text.matches(of: /[0-9a-f]{32}/).map { String($0.output) } }
}
