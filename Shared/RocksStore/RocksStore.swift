import CRocksDB
import Streaming

/// The state of one task in RocksDB: one folder, one write batch per batch of records.
///
/// Writes go through the write-ahead log without an fsync. After a kill nothing is missing. After a power cut or with a damaged log, the
/// store has an earlier state as a whole, with the changelog position that was written with it. Every block has a checksum that is verified
/// on each read from disk.
///
/// Not Sendable: from `init` to `close` a store belongs to the worker thread that runs its task. Close it before the partition is given
/// away; its folder is locked until then.
public final class RocksStore: StateStore {
  /// nil once closed.
  private var database: RocksDatabase?
  private let readOptions: OpaquePointer
  private let writeOptions: OpaquePointer

  /// Opens the store in `directory`, or creates an empty one if the directory is missing or empty.
  ///
  /// - Throws: `corrupt` if files are missing, cut, damaged or do not belong together, or if an earlier `destroy` was interrupted.
  ///   `unavailable` if the folder cannot be created or read, the disk is full, or the store is open elsewhere.
  public init(directory: String, resources: RocksResources) throws(StoreError) {
    let folder = try RocksFolder.create(directory)
    try folder.checkEmptyOrWhole()
    let options = RocksOptions(resources)
    try RocksLogs.checkNoneMissing(folder, options)
    database = try RocksDatabase(folder, options, readingOnly: false)
    readOptions = Self.makeReadOptions()
    writeOptions = rocksdb_writeoptions_create()
    rocksdb_writeoptions_set_sync(writeOptions, 0)
    rocksdb_writeoptions_disable_WAL(writeOptions, 0)
  }

  /// Opens the store in `directory` for reading only. It takes no lock and writes no file, so a running service may own the store. Later
  /// writes of that service are not visible. Writing throws `unavailable`.
  ///
  /// - Throws: `corrupt` or `unavailable` if there is no store. It can also fail because the owner has just replaced the files that were
  ///   being opened; retrying then helps.
  public init(readingOnly directory: String, resources: RocksResources) throws(StoreError) {
    guard let folder = try RocksFolder.existing(directory) else { throw .unavailable("there is no store at \(directory)") }
    try folder.checkEmptyOrWhole()
    let options = RocksOptions(resources)
    database = try RocksDatabase(folder, options, readingOnly: true)
    readOptions = Self.makeReadOptions()
    writeOptions = rocksdb_writeoptions_create()
  }

  deinit {
    close()
    rocksdb_readoptions_destroy(readOptions)
    rocksdb_writeoptions_destroy(writeOptions)
  }

  /// Waits for a running compaction to stop and releases the folder's lock. There is nothing to save: all writes are in the log. Later
  /// calls throw `unavailable`; a second close does nothing.
  public func close() {
    database?.close()
    database = nil
  }

  /// Deletes the store in `directory` and the folder itself, even if the store cannot be opened. Does nothing if there is none, and keeps
  /// files that are not RocksDB's.
  ///
  /// - Throws: `unavailable` if the store is open elsewhere (nothing is deleted then), if the disk fails, or if the folder contains other
  ///   files.
  public static func destroy(directory: String) throws(StoreError) {
    guard let folder = try RocksFolder.existing(directory) else { return }
    try folder.markDeletion()
    let options: OpaquePointer = rocksdb_options_create()
    defer { rocksdb_options_destroy(options) }
    rocksdb_options_set_no_info_log(options)
    do { try checked { error in rocksdb_destroy_db(options, folder.path, error) } } catch {
      // If the store is open elsewhere, nothing was deleted. Otherwise some files may be gone, so the mark stays.
      if error.meansHeld { try folder.removeDeletionMark() }
      throw error
    }
    try folder.removeDeletionMark()
    try folder.removeEmpty()
  }

  /// - Throws: `corrupt` if the row's block is damaged; `unavailable` if the disk fails or the store is closed.
  public func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError) {
    let database = try opened()
    let found = try checked { error in
      rocksdb_get_pinned_cf(database.handle, readOptions, database.family(of: key), key.characters, key.count, error)
    }
    guard let found else { return }
    defer { rocksdb_pinnableslice_destroy(found) }
    var count = 0
    let bytes = rocksdb_pinnableslice_value(found, &count)
    body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Passes the rows whose keys begin with `prefix` to the body in ascending order, starting after `after`, until the body returns false.
  ///
  /// - Throws: the same errors as `read`, possibly after some of the rows.
  public func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    let database = try opened()
    guard let end = Self.successor(of: prefix) else { return try Self.scan(database, readOptions, prefix, after, body) }
    // The iterator keeps the address of the bound, not its bytes. Both live only during this call.
    try end.withUnsafeBufferPointer { bound throws(StoreError) in
      let bounded = Self.makeReadOptions()
      defer { rocksdb_readoptions_destroy(bounded) }
      let bound = UnsafeRawBufferPointer(bound)
      // Without the bound, the iterator would read all deletions that follow the prefix until it meets a row.
      rocksdb_readoptions_set_iterate_upper_bound(bounded, bound.characters, bound.count)
      try Self.scan(database, bounded, prefix, after, body)
    }
  }

  /// Writes all changes or none. Of several changes to one key the last one counts. They are in the log when this returns.
  ///
  /// - Throws: `unavailable` or `corrupt`. Nothing is written then, and RocksDB may reject all writes until the store is opened again.
  public func write(_ changes: Changes) throws(StoreError) {
    let database = try opened()
    // Not kept for the next write: each store of the process would keep the memory of its largest batch.
    let batch: OpaquePointer = rocksdb_writebatch_create()
    defer { rocksdb_writebatch_destroy(batch) }
    // In the order of their keys RocksDB finds the place of a row next to that of the row before.
    changes.visitInOrder { key, value in
      let family = database.family(of: key)
      if let value {
        rocksdb_writebatch_put_cf(batch, family, key.characters, key.count, value.characters, value.count)
      } else {
        rocksdb_writebatch_delete_cf(batch, family, key.characters, key.count)
      }
    }
    try checked { error in rocksdb_write(database.handle, writeOptions, batch, error) }
  }

  private func opened() throws(StoreError) -> RocksDatabase {
    guard let database else { throw .unavailable("the store is closed") }
    return database
  }

  private static func makeReadOptions() -> OpaquePointer {
    let options: OpaquePointer = rocksdb_readoptions_create()
    rocksdb_readoptions_set_verify_checksums(options, 1)
    return options
  }

  private static func scan(
    _ database: RocksDatabase, _ options: OpaquePointer, _ prefix: [UInt8], _ after: [UInt8]?,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    for family in database.families(under: prefix) {
      let iterator: OpaquePointer = rocksdb_create_iterator_cf(database.handle, options, family)
      defer { rocksdb_iter_destroy(iterator) }
      guard try walk(iterator, prefix, after, body) else { return }
    }
  }

  /// - Returns: false: the body wants no more.
  private static func walk(
    _ iterator: OpaquePointer, _ prefix: [UInt8], _ after: [UInt8]?,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) -> Bool {
    let start = after.map { $0.lexicographicallyPrecedes(prefix) ? prefix : $0 } ?? prefix
    start.withUnsafeBytes { rocksdb_iter_seek(iterator, $0.characters, $0.count) }
    while rocksdb_iter_valid(iterator) != 0 {
      var count = 0
      let keyBytes = rocksdb_iter_key(iterator, &count)
      let key = UnsafeRawBufferPointer(start: keyBytes, count: count)
      guard key.starts(with: prefix) else { break }
      if after.map({ !key.elementsEqual($0) }) ?? true {
        let valueBytes = rocksdb_iter_value(iterator, &count)
        guard body(key, UnsafeRawBufferPointer(start: valueBytes, count: count)) else { return false }
      }
      rocksdb_iter_next(iterator)
    }
    // At a damaged block, an iterator becomes invalid without an error of its own.
    try checked { error in rocksdb_iter_get_error(iterator, error) }
    return true
  }

  /// The first key after all keys that begin with `prefix`, or `nil` if there is none.
  static func successor(of prefix: [UInt8]) -> [UInt8]? {
    guard let last = prefix.lastIndex(where: { $0 < UInt8.max }) else { return nil }
    var end = Array(prefix[...last])
    end[last] += 1
    return end
  }
}
