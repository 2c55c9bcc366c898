import CRocksDB
import Streaming

/// An open database and its two column families.
///
/// Timers come and go in the order of their keys. Among the other rows they would stretch every new table over all keys, and each
/// compaction would rewrite most of the store; in a column family of their own a new table lies behind the older ones.
struct RocksDatabase {
  let handle: OpaquePointer
  /// All other rows.
  private let rows: OpaquePointer
  private let timers: OpaquePointer

  private static let names: [StaticString] = ["default", "timers"]

  /// - Throws: also `corrupt` for a store that has not both of them: one of an earlier version, or one whose making was interrupted.
  init(_ folder: RocksFolder, _ options: borrowing RocksOptions, readingOnly: Bool) throws(StoreError) {
    if try !folder.isEmpty(), try !Self.hasTimers(folder, options) {
      throw .corrupt("\(folder.path) has no column family for timers: an earlier version wrote it")
    }
    let names: [UnsafePointer<CChar>?] = Self.names.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
    let each = [OpaquePointer?](repeating: options.handle, count: names.count)
    var families: [OpaquePointer?] = [nil, nil]
    let opened = try checked { error in
      readingOnly
        ? rocksdb_open_for_read_only_column_families(options.handle, folder.path, 2, names, each, &families, 0, error)
        : rocksdb_open_column_families(options.handle, folder.path, 2, names, each, &families, error)
    }
    guard let opened, let rows = families[0], let timers = families[1] else {
      throw .unavailable("\(folder.path) cannot be opened")
    }
    (handle, self.rows, self.timers) = (opened, rows, timers)
  }

  private static func hasTimers(_ folder: RocksFolder, _ options: borrowing RocksOptions) throws(StoreError) -> Bool {
    var count = 0
    let listed = try checked { error in rocksdb_list_column_families(options.handle, folder.path, &count, error) }
    guard let listed else { return false }
    defer { rocksdb_list_column_families_destroy(listed, count) }
    return count == names.count
  }

  func close() {
    rocksdb_column_family_handle_destroy(rows)
    rocksdb_column_family_handle_destroy(timers)
    rocksdb_close(handle)
  }

  /// Where a row is. Timers are the last in the order of keys.
  func family(of key: UnsafeRawBufferPointer) -> OpaquePointer { (key.first ?? 0) < RowKey.timers[0] ? rows : timers }

  /// Where the rows are whose keys begin so, in the order of the keys.
  func families(under prefix: [UInt8]) -> [OpaquePointer] {
    prefix.isEmpty ? [rows, timers] : [prefix.withUnsafeBytes(family)]
  }
}
