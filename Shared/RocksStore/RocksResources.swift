import CRocksDB

/// The memory that all stores of a process share: one block cache for any number of tasks.
///
/// All stores together use at most about `blockCacheBytes` + stores × 4 × `writeBufferBytesPerStore`: each of a store's two column families
/// fills one buffer and writes out another. A shared write buffer would avoid the factor, but RocksDB 7.8 has none in its C interface.
///
/// `@unchecked Sendable`: the handle never changes, and RocksDB's cache has its own locks.
public final class RocksResources: @unchecked Sendable {
  let blockCache: OpaquePointer
  let writeBufferBytesPerStore: Int

  /// - Parameters:
  ///   - blockCacheBytes: size of the cache for uncompressed blocks, indexes and filters of all stores. Least recently used ones are
  ///     dropped first.
  ///   - writeBufferBytesPerStore: changes that a store collects in memory (and in its log) before it writes a sorted file. RocksDB's
  ///     minimum is 64 KiB.
  public init(blockCacheBytes: Int = 16 << 20, writeBufferBytesPerStore: Int = 4 << 20) {
    blockCache = rocksdb_cache_create_lru(max(0, blockCacheBytes))
    self.writeBufferBytesPerStore = max(64 << 10, writeBufferBytesPerStore)
  }

  /// Open stores hold their own reference to the cache.
  deinit { rocksdb_cache_destroy(blockCache) }
}
