import CRocksDB

/// The memory that all stores of a process share: one block cache, whatever the number of tasks.
///
/// What a process uses for its stores is about `blockCacheBytes` + stores × 2 × `writeBufferBytesPerStore` (one buffer filling, one
/// being written out). A write buffer shared by all stores would bound it without the factor, but RocksDB 7.8 has none in its C
/// interface.
///
/// `@unchecked Sendable`: the handle never changes, and RocksDB's cache locks itself.
public final class RocksResources: @unchecked Sendable {
  let blockCache: OpaquePointer
  let writeBufferBytesPerStore: Int

  /// - Parameters:
  ///   - blockCacheBytes: uncompressed blocks, indexes and filters of all stores. Least recently used go first.
  ///   - writeBufferBytesPerStore: changes a store collects in memory (and in its log) before it writes a sorted file. RocksDB takes no
  ///     less than 64 KiB.
  public init(blockCacheBytes: Int = 32 << 20, writeBufferBytesPerStore: Int = 4 << 20) {
    blockCache = rocksdb_cache_create_lru(max(0, blockCacheBytes))
    self.writeBufferBytesPerStore = max(64 << 10, writeBufferBytesPerStore)
  }

  /// Open stores hold their own reference to the cache.
  deinit { rocksdb_cache_destroy(blockCache) }
}
