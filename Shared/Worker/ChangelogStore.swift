import Contracts
import JSON
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// A partition's store while it catches up with its changelog, before a task uses it or for a standby. For use by one thread.
final class ChangelogStore {
  /// The number of rows to collect before they are written together.
  private static let rowsMax = 5_000

  let store: RocksStore
  /// The store's position when it was opened; `nil` if it was empty.
  let start: ChangelogPosition?
  /// The changelog offset to read next.
  private(set) var next: Int64
  private let identity: ChangelogIdentity
  private let rows = Changes()
  /// Whether the changelog's end has been reached since the store was opened.
  private var hasCaughtUp = false
  private var writtenAt = ContinuousClock.now
  private let onWrite: (_ rows: Int) -> Void

  /// Opens the store in `directory`. If it cannot catch up with the changelog, replaces it with an empty one.
  ///
  /// - Parameters:
  ///   - bounds: the first offset and the end of the changelog.
  ///   - checkAhead: gets the progress of a store that is ahead of the changelog. If it throws, the store stays as it is.
  ///   - onWrite: called after rows were written to the store.
  /// - Throws: `StoreError`; `StateForm` if another release wrote a store that is ahead of the changelog; any error of `checkAhead`.
  init(
    _ directory: String, _ identity: ChangelogIdentity, bounds: (low: Int64, high: Int64), partition: Int32,
    resources: RocksResources, log: Log, checkAhead: (Progress) throws -> Void, onWrite: @escaping (_ rows: Int) -> Void
  ) throws {
    var store = try RocksStore(directory: directory, resources: resources)
    var start = try ChangelogPosition.read(from: store)
    if let known = start,
      let rejection = known.rejection(of: identity, end: bounds.high, now: Instant.now, ageMax: ChangelogPosition.ageMax)
    {
      if known.isOf(identity), known.next > bounds.high, let former = try Progress.stored(in: store) {
        do { try checkAhead(former) } catch {
          store.close()
          throw error
        }
      }
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
    self.identity = identity
    self.onWrite = onWrite
    // Do not use `Offset.beginning`: looking it up takes half a second while the leader is unknown.
    next = start?.next ?? bounds.low
  }

  /// - Throws: `StoreError`; it is `corrupt` if the store may have missed deletions before this record.
  func take(_ record: Kafka.Record) throws {
    if let start, !hasCaughtUp, start.hasMissed(record.timestamp, ageMax: ChangelogPosition.ageMax) {
      throw StoreError.corrupt("it has missed the changelog for more than \(ChangelogPosition.ageMax)")
    }
    next = record.offset + 1
    guard let key = record.keyBytes else { return }
    rows.add(key, record.valueBytes)
    if rows.count >= Self.rowsMax { try write() }
  }

  /// Reports that all records before this offset have been taken. Markers take offsets too.
  func reachEnd(_ offset: Int64) throws {
    next = offset
    hasCaughtUp = true
    try write()
  }

  /// Renews the time in the store once an hour, because a store that looks too old is rebuilt.
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
    try store.value(for: RowKey.progress).flatMap { try Progress.record(key: RowKey.progress, value: $0, parser: JSONParser()) }
  }
}
