import Contracts
import JSON
import Kafka
import Streaming

/// The state of one partition as its changelog tells it, read from the beginning. Each row remembers the offset of the record that wrote
/// or deleted it last: so any store that has followed the same changelog to some offset can be held against it, whatever has been
/// compacted away since. A row that was written at or behind that offset is what the store will have; every other one is what it must have
/// now.
final class RebuiltState {
  /// A row as it was written last; without a value it was deleted.
  struct Entry {
    let key: [UInt8]
    let offset: Int64
    let value: [UInt8]?
  }

  let place: ServicePartition
  private(set) var records = 0
  /// The last record's offset.
  private(set) var lastOffset: Int64 = -1
  /// Records behind the last progress row, and the first of them. Every transaction of a worker ends with its progress, and compaction
  /// keeps the last record of each key where it is: what stands behind was written by something else.
  private(set) var behindProgress = 0
  private(set) var firstBehind: [UInt8] = []
  private let rows: ScratchRows
  private let prefix: [UInt8]

  init(_ place: ServicePartition, in rows: ScratchRows) {
    self.place = place
    self.rows = rows
    prefix = ScratchRows.prefix(.state, place)
  }

  func take(_ record: Kafka.Record) throws { try take(key: record.key, value: record.value, offset: record.offset) }

  func take(key: [UInt8]?, value: [UInt8]?, offset: Int64) throws {
    guard let key, key != TransactionEnd.key else { return }
    records += 1
    lastOffset = offset
    if key == StoredRow.progressKey {
      behindProgress = 0
    } else {
      behindProgress += 1
      if behindProgress == 1 { firstBehind = key }
    }
    var entry: [UInt8] = []
    entry.reserveCapacity(9 + (value?.count ?? 0))
    withUnsafeBytes(of: offset.bigEndian) { entry += $0 }
    entry.append(value == nil ? 0 : 1)
    if let value { entry += value }
    try rows.append(prefix + key, entry)
  }

  /// Every row that there is or was, in the order of the keys; flushed before.
  func cursor() throws -> EntryCursor {
    try rows.flush()
    return EntryCursor(rows: rows.rows(prefix))
  }

  /// Whether there is a row now.
  func holds(_ key: [UInt8]) throws -> Bool {
    try rows.value(for: prefix + key).map { Entry(Row(key: key, value: $0)).value != nil } ?? false
  }

  /// How far the task is; nil: it has written nothing yet.
  func progress(_ parser: JSONParser) throws -> Progress? {
    guard let entry = try rows.value(for: prefix + Progress.key), let value = Entry(Row(key: Progress.key, value: entry)).value
    else { return nil }
    return try Progress.record(key: Progress.key, value: value, parser: parser)
  }

  struct EntryCursor {
    fileprivate var rows: RowCursor

    mutating func next() throws -> Entry? { try rows.next().map { Entry($0) } }
  }
}

extension RebuiltState.Entry {
  fileprivate init(_ row: Row) {
    key = row.key
    offset = row.value.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    value = row.value.dropFirst(8).first == 1 ? Array(row.value.dropFirst(9)) : nil
  }
}
