import CRocksDB
import Streaming

/// The state of one task in RocksDB: one folder, one column family, one write batch per batch of records.
///
/// A write goes through the write-ahead log without an fsync: after a kill nothing is missing, after a power cut or a damaged log an
/// earlier state is there, whole, with the changelog position that was written with it. Every block carries a checksum which each read
/// from disk verifies.
///
/// Not Sendable: a store belongs to the worker thread that runs its task, from `init` to `close`. Close it before the partition is given
/// away; its folder is locked until then.
public final class RocksStore: StateStore {
  /// nil once closed.
  private var database: OpaquePointer?
  private let readOptions: OpaquePointer
  private let writeOptions: OpaquePointer
  /// Used for every write, so that its memory need not grow again.
  private let batch: OpaquePointer = rocksdb_writebatch_create()

  /// Opens the store in `directory`, or makes an empty one when that is missing or empty.
  ///
  /// - Throws: `corrupt` when files are missing, cut or damaged, do not belong together, or when an earlier `destroy` was interrupted; `unavailable` when the
  ///   folder cannot be made or read, the disk is full, or somebody has the store open.
  public init(directory: String, resources: RocksResources) throws(StoreError) {
    let folder = try RocksFolder.create(directory)
    try folder.checkEmptyOrWhole()
    let options = RocksOptions(resources)
    try RocksLogs.checkNoneMissing(folder, options)
    database = try checked { error in rocksdb_open(options.handle, folder.path, error) }
    readOptions = Self.makeReadOptions()
    writeOptions = rocksdb_writeoptions_create()
    rocksdb_writeoptions_set_sync(writeOptions, 0)
    rocksdb_writeoptions_disable_WAL(writeOptions, 0)
  }

  /// Opens the store in `directory` as it is now, to be read and nothing else: neither a lock is taken nor a file written, so it may be
  /// that of a running service. What that writes later is not seen. Writing throws `unavailable`.
  ///
  /// - Throws: `corrupt` or `unavailable` when there is none; also when the owner has just put other files in place of those that were
  ///   being opened: trying again helps then.
  public init(readingOnly directory: String, resources: RocksResources) throws(StoreError) {
    guard let folder = try RocksFolder.existing(directory) else { throw .unavailable("there is no store at \(directory)") }
    try folder.checkEmptyOrWhole()
    let options = RocksOptions(resources)
    database = try checked { error in rocksdb_open_for_read_only(options.handle, folder.path, 0, error) }
    readOptions = Self.makeReadOptions()
    writeOptions = rocksdb_writeoptions_create()
  }

  deinit {
    close()
    rocksdb_readoptions_destroy(readOptions)
    rocksdb_writeoptions_destroy(writeOptions)
    rocksdb_writebatch_destroy(batch)
  }

  /// Waits for a running compaction to stop and gives the folder's lock back. Nothing to save: all writes are in the log. Whatever is
  /// asked afterwards throws `unavailable`; closing again does nothing.
  public func close() {
    guard let open = database else { return }
    database = nil
    rocksdb_close(open)
  }

  /// Deletes the store in `directory` and the folder itself, also when the store cannot be opened; nothing to do when there is none.
  /// Files that are not RocksDB's are left alone.
  ///
  /// - Throws: `unavailable` when somebody has the store open (nothing is deleted then), when the disk refuses, or when files of others
  ///   are in the folder.
  public static func destroy(directory: String) throws(StoreError) {
    guard let folder = try RocksFolder.existing(directory) else { return }
    try folder.markDeletion()
    let options: OpaquePointer = rocksdb_options_create()
    defer { rocksdb_options_destroy(options) }
    rocksdb_options_set_no_info_log(options)
    do { try checked { error in rocksdb_destroy_db(options, folder.path, error) } } catch {
      // Whoever has it open keeps it whole. Otherwise some files may be gone and others not: the mark stays.
      if error.meansHeld { try folder.removeDeletionMark() }
      throw error
    }
    try folder.removeDeletionMark()
    try folder.removeEmpty()
  }

  /// - Throws: `corrupt` when the row's block is not what was written; `unavailable` when the disk refuses or the store is closed.
  public func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError) {
    let database = try opened()
    let found = try checked { error in rocksdb_get_pinned(database, readOptions, key.characters, key.count, error) }
    guard let found else { return }
    defer { rocksdb_pinnableslice_destroy(found) }
    var count = 0
    let bytes = rocksdb_pinnableslice_value(found, &count)
    body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Hands the rows whose keys begin with `prefix` to the body, ascending, from the first key greater than `after` on, until it says
  /// that it wants no more.
  ///
  /// - Throws: as `read`, perhaps after some of the rows.
  public func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    let database = try opened()
    guard let end = Self.successor(of: prefix) else { return try Self.scan(database, readOptions, prefix, after, body) }
    // The iterator keeps the address of the bound, not its bytes: both live inside this call.
    try end.withUnsafeBufferPointer { bound throws(StoreError) in
      let bounded = Self.makeReadOptions()
      defer { rocksdb_readoptions_destroy(bounded) }
      let bound = UnsafeRawBufferPointer(bound)
      // Without it the iterator walks the deletions that follow the prefix until it meets a row.
      rocksdb_readoptions_set_iterate_upper_bound(bounded, bound.characters, bound.count)
      try Self.scan(database, bounded, prefix, after, body)
    }
  }

  /// All or nothing; of several changes to one key the last counts. In the log when this returns.
  ///
  /// - Throws: `unavailable` or `corrupt`; nothing is written then, and RocksDB may refuse all writes until the store is opened again.
  public func write(_ changes: Changes) throws(StoreError) {
    let database = try opened()
    rocksdb_writebatch_clear(batch)
    changes.visit { key, value in
      if let value {
        rocksdb_writebatch_put(batch, key.characters, key.count, value.characters, value.count)
      } else {
        rocksdb_writebatch_delete(batch, key.characters, key.count)
      }
    }
    try checked { error in rocksdb_write(database, writeOptions, batch, error) }
  }

  private func opened() throws(StoreError) -> OpaquePointer {
    guard let database else { throw .unavailable("it has been closed") }
    return database
  }

  private static func makeReadOptions() -> OpaquePointer {
    let options: OpaquePointer = rocksdb_readoptions_create()
    rocksdb_readoptions_set_verify_checksums(options, 1)
    return options
  }

  private static func scan(
    _ database: OpaquePointer, _ options: OpaquePointer, _ prefix: [UInt8], _ after: [UInt8]?,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    let iterator: OpaquePointer = rocksdb_create_iterator(database, options)
    defer { rocksdb_iter_destroy(iterator) }
    let start = after.map { $0.lexicographicallyPrecedes(prefix) ? prefix : $0 } ?? prefix
    start.withUnsafeBytes { rocksdb_iter_seek(iterator, $0.characters, $0.count) }
    while rocksdb_iter_valid(iterator) != 0 {
      var count = 0
      let keyBytes = rocksdb_iter_key(iterator, &count)
      let key = UnsafeRawBufferPointer(start: keyBytes, count: count)
      guard key.starts(with: prefix) else { break }
      if after.map({ !key.elementsEqual($0) }) ?? true {
        let valueBytes = rocksdb_iter_value(iterator, &count)
        guard body(key, UnsafeRawBufferPointer(start: valueBytes, count: count)) else { return }
      }
      rocksdb_iter_next(iterator)
    }
    // An iterator that meets a damaged block only stops being valid.
    try checked { error in rocksdb_iter_get_error(iterator, error) }
  }

  /// The first key after all that begin with `prefix`; nil when none is.
  static func successor(of prefix: [UInt8]) -> [UInt8]? {
    guard let last = prefix.lastIndex(where: { $0 < UInt8.max }) else { return nil }
    var end = Array(prefix[...last])
    end[last] += 1
    return end
  }
}
