import CommandKit
import Contracts
import Foundation
import RocksStore
import Streaming
import Words
import Worker

/// Compares instances' state folders with the rebuilt state of their partitions.
struct StateFolders {
  /// A running service may replace files while they are being opened, so the opened store can lack some of them. A difference
  /// counts only if every attempt finds one.
  private static let attemptsMax = 4

  private(set) var reported: [VerifyReport.Folder] = []
  private(set) var differences: [String] = []
  private(set) var notes: [String] = []
  private let bench: BusRebuild
  private let resources = RocksResources(blockCacheBytes: 16 << 20)

  init(_ bench: BusRebuild) throws { self.bench = bench }

  /// - Parameter folder: a folder that an instance has as `--state`.
  /// - Throws: `CommandFailure` if it cannot be read.
  mutating func compare(_ folder: String, services: [ServiceName]) throws {
    guard Self.names(in: folder) != nil else { throw CommandFailure("\(folder): cannot be read as a folder") }
    var count = 0
    for service in services {
      let path = "\(folder)/\(bench.bus.prefix)\(service.rawValue)"
      for number in (Self.names(in: path) ?? []).compactMap(Int32.init).sorted() {
        guard let partition = bench.partitions.first(where: { $0.place == ServicePartition(service: service, number: number) })
        else {
          differences.append("\(path)/\(number): there is no partition \(number)")
          continue
        }
        try compare("\(path)/\(number)", partition)
        count += 1
      }
    }
    if count == 0 {
      notes.append("\(folder) holds no state: it has no folder such as \(bench.bus.prefix)\(services[0].rawValue)/0")
    }
  }

  private static func names(in folder: String) -> [String]? { try? FileManager.default.contentsOfDirectory(atPath: folder) }

  private mutating func compare(_ path: String, _ partition: BusRebuild.Partition) throws {
    var attempt = 1
    while true {
      let isLast = attempt == Self.attemptsMax
      do {
        let outcome = try outcome(path, partition)
        if outcome.findings.isEmpty || isLast {
          reported.append(VerifyReport.Folder(path: path, state: outcome.state, detail: outcome.detail))
          differences += outcome.findings.lines("\(partition.place) in \(path)")
          return
        }
      } catch let failure as StoreError {
        if isLast {
          // Nothing was ever written to the folder, or its service has just deleted the files.
          if Self.names(in: path)?.isEmpty ?? true { return notes.append("\(path) is empty") }
          reported.append(VerifyReport.Folder(path: path, state: .differs, detail: "cannot be read"))
          return differences.append("\(partition.place) in \(path): \(failure)")
        }
      }
      attempt += 1
    }
  }

  private struct Outcome {
    let state: VerifyReport.Folder.State
    var detail = ""
    var findings = Findings()
  }

  private func outcome(_ path: String, _ partition: BusRebuild.Partition) throws -> Outcome {
    let store = try RocksStore(readingOnly: path, resources: resources)
    defer { store.close() }
    let position = try ChangelogPosition.read(from: store)
    let next = position?.next ?? 0
    let end = try bench.end(of: partition.changelog)
    if let position {
      let isAtEnd = next > partition.state.lastOffset
      // The age of the position matters only if the folder has not followed everything.
      let rejection = position.rejection(
        of: ChangelogIdentity(cluster: bench.cluster, partition: partition.changelog.description), end: .max, now: .now,
        ageMax: isAtEnd ? .days(365_000) : ChangelogPosition.ageMax)
      if let rejection { return Outcome(state: .discarded, detail: "it \(rejection): a worker would rebuild it") }
      if next > end {
        var ahead = Outcome(state: .differs)
        ahead.findings.add("it has followed the changelog to offset \(next), which ends at \(end)")
        return ahead
      }
      try bench.read(to: [partition.changelog: next])
    }
    let comparison = try FolderComparison(store, from: next, partition.state)
    if !comparison.findings.isEmpty { return Outcome(state: .differs, findings: comparison.findings) }
    if comparison.behind == 0 { return Outcome(state: .equal, detail: counted(comparison.rows, "row")) }
    return Outcome(state: .behind, detail: "by \(counted(comparison.behind, "row")), otherwise equal")
  }
}
