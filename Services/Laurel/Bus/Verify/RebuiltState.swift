import Contracts
import JSON
import Kafka
import Streaming

/// The state of one partition, rebuilt from the beginning of its changelog. Each row has the offset of the record that last wrote
/// or deleted it. So any store that has followed the same changelog to some offset can be compared with it, whatever has been
/// compacted away since: the store must have all rows with lower offsets now, and will get the others when it follows on.
final class RebuiltState {
  /// The last version of a row. It has no value if the row was deleted.
  struct Entry {
    let key: [UInt8]
    let offset: Int64
    let value: [UInt8]?
  }

  let place: ServicePartition
  /// The last record's offset.
  private(set) var lastOffset: Int64 = -1
  /// The number of records after the last progress row, and the key of the first one. Every transaction of a worker ends with its
  /// progress, and compaction does not move the last record of a key. So these records were written by something else.
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
    lastOffset = offset
    if key == RowKey.progress {
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

  /// All rows, including deleted ones, in the order of their keys.
  func cursor() throws -> EntryCursor {
    try rows.flush()
    return EntryCursor(rows: rows.rows(prefix))
  }

  /// Whether the row exists now.
  func holds(_ key: [UInt8]) throws -> Bool {
    try rows.value(for: prefix + key).map { Entry(Row(key: key, value: $0)).value != nil } ?? false
  }

  /// The partition's progress. `nil` if none has been written yet.
  func progress(_ parser: JSONParser) throws -> Progress? {
    guard let entry = try rows.value(for: prefix + RowKey.progress),
      let value = Entry(Row(key: RowKey.progress, value: entry)).value
    else { return nil }
    return try Progress.record(key: RowKey.progress, value: value, parser: parser)
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
