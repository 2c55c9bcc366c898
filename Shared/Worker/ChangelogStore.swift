import Contracts
import JSON
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// A partition's store on its way along the changelog, before a task takes it or for a standby. For one thread.
final class ChangelogStore {
  /// Rows that are written at once.
  private static let rowsMax = 5_000

  let store: RocksStore
  /// Where the store stood when it was opened; nil: it is empty.
  let start: ChangelogPosition?
  /// The progress in a store that was ahead of the changelog and is deleted.
  let former: Progress?
  /// The changelog offset to read next.
  private(set) var next: Int64
  private let identity: ChangelogIdentity
  private let rows = Changes()
  /// It has been at the changelog's end since it was opened.
  private var hasCaughtUp = false
  private var writtenAt = ContinuousClock.now
  private let onWrite: (_ rows: Int) -> Void

  /// Opens the store in `directory`, or an empty one where it cannot follow the changelog.
  ///
  /// - Parameters:
  ///   - bounds: of the changelog.
  ///   - onWrite: called when rows are in the store.
  /// - Throws: `StoreError`; `StateForm` if a store that is ahead of the changelog is of another release.
  init(
    _ directory: String, _ identity: ChangelogIdentity, bounds: (low: Int64, high: Int64), partition: Int32,
    resources: RocksResources, log: Log, onWrite: @escaping (_ rows: Int) -> Void
  ) throws {
    var store = try RocksStore(directory: directory, resources: resources)
    var start = try ChangelogPosition.read(from: store)
    var former: Progress?
    if let known = start,
      let rejection = known.rejection(of: identity, end: bounds.high, now: Instant.now, ageMax: ChangelogPosition.ageMax)
    {
      if known.isOf(identity), known.next > bounds.high { former = try Progress.stored(in: store) }
      log.notice(
        "the state store \(rejection) and is rebuilt",
        ["partition": partition, "position": known.next, "changelogEnd": bounds.high])
      store.close()
      try RocksStore.destroy(directory: directory)
      store = try RocksStore(directory: directory, resources: resources)
      start = nil
    }
    self.store = store
    self.start = start
    self.former = former
    self.identity = identity
    self.onWrite = onWrite
    // Not from the logical beginning: that is looked up, at the price of half a second while the leader is unknown.
    next = start?.next ?? bounds.low
  }

  /// - Throws: `StoreError`, `corrupt` if deletions may have been missed before this record.
  func take(_ record: Kafka.Record) throws {
    if let start, !hasCaughtUp, start.hasMissed(record.timestamp, ageMax: ChangelogPosition.ageMax) {
      throw StoreError.corrupt("it has missed what was written for more than \(ChangelogPosition.ageMax)")
    }
    next = record.offset + 1
    guard let key = record.keyBytes else { return }
    rows.add(key, record.valueBytes)
    if rows.count >= Self.rowsMax { try write() }
  }

  /// All records before this offset have been taken; markers take offsets too.
  func reachEnd(_ offset: Int64) throws {
    next = offset
    hasCaughtUp = true
    try write()
  }

  /// Notes that nothing has been missed: a store that looks old is rebuilt.
  func stayYoung() throws {
    guard hasCaughtUp, rows.isEmpty, ContinuousClock.now - writtenAt > .seconds(3600) else { return }
    try write()
  }

  private func write() throws(StoreError) {
    let count = rows.count
    let own = ChangelogPosition(next: next, writtenAt: Instant.now.milliseconds, of: identity).row
    rows.add(own.key, own.value)
    try store.write(rows)
    rows.removeAll()
    writtenAt = .now
    onWrite(count)
  }
}

extension Progress {
  static func stored(in store: RocksStore) throws -> Progress? {
    try store.value(for: Progress.key).flatMap { try Progress.record(key: Progress.key, value: $0, parser: JSONParser()) }
  }
}
