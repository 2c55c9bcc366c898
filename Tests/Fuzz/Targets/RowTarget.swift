import Contracts
import Deployment
import JSON
import Terms
import TermsFiles

@testable import RocksStore
@testable import Streaming
@testable import Worker

/// Damaged bytes from a disk or a changelog are rejected or read as some value. Nothing traps.
///
/// The input is a row: the key, a line feed, the value.
enum RowTarget {
  private static let programs: Result<Programs, TermsProblems> = Result { () throws(TermsProblems) in
    try TermsFiles.load(directory: FuzzTarget.terms.path)
  }

  static func run(_ bytes: [UInt8]) throws {
    try checkManifest(bytes)
    let key = Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
    let value = Array(bytes.dropFirst(key.count + 1))
    checkPosition(value)
    try checkTasks(Row(key: key, value: value))
  }

  /// A manifest cut after any of its whole records is not complete.
  private static func checkManifest(_ bytes: [UInt8]) throws {
    let isWhole = RocksManifest.endsWithWholeRecord(bytes)
    try hold(!bytes.isEmpty || isWhole, "an empty manifest is cut")
    _ = RocksManifest.endsWithWholeRecord(Array(repeating: 0x61, count: 32_766) + bytes)
  }

  private static func checkPosition(_ value: [UInt8]) {
    guard let position = try? JSONParser().decode(ChangelogPosition.self, from: value) else { return }
    for now in [Instant.range.lowerBound, Instant.range.upperBound] {
      _ = position.rejection(of: ChangelogIdentity(cluster: "c", partition: "p/0"), end: .max, now: now, ageMax: .days(1))
    }
  }

  private static func checkTasks(_ row: Row) throws {
    _ = RowKey.text(row.key)
    _ = row.key.withUnsafeBytes { TimerKey($0) }
    if let progress = try? Progress.record(key: row.key, value: row.value, parser: JSONParser()) {
      try hold(row.key == RowKey.progress, "positions of \(progress.positions.count) topics in another row")
    }
    let programs = try programs.get()
    // Also as its due timer, because a row may be damaged together with its timer.
    var due: [UInt8] = []
    TimerKey(due: Instant(milliseconds: 0), order: 1, row: row.key).append(to: &due)
    for service in Deployment.services(programs) {
      let store = MemoryStore()
      try store.write([RowChange(key: row.key, value: row.value), RowChange(key: due, value: [])])
      for found in try store.stageRows(naming: "a") {
        _ = try? Deployment.waiting(found, of: service.name)
        _ = try? Deployment.openWithdrawal(found, of: service.name)
      }
      guard let task = try? StageTask(service: service.name, stages: service.stages, programs: programs.ids, store: store) else {
        continue
      }
      _ = task.nextDue
      task.advance(to: Instant.range.upperBound, timersMax: 10)
      // An unreadable row fails the batch. It must not count as absent.
      if task.failure == nil, (try? task.takeBatch()) != nil { try task.commit() }
    }
  }
}
