import CRocksDB

/// Owns the options for opening a store. RocksDB copies them, so they may be freed once the store is open.
struct RocksOptions: ~Copyable {
  let handle: OpaquePointer

  /// The most tables that a store keeps open. All tasks of the process share the file descriptors, and a table has 16 MB or more.
  private static let openTablesMax: Int32 = 64

  init(_ resources: RocksResources) {
    handle = rocksdb_options_create()
    rocksdb_options_set_create_if_missing(handle, 1)
    rocksdb_options_set_create_missing_column_families(handle, 1)
    // All or none are written out, so that the logs begin where the tables of both end (RocksLogs).
    rocksdb_options_set_atomic_flush(handle, 1)
    rocksdb_options_set_max_open_files(handle, Self.openTablesMax)
    // The cache of open tables uses one shard. In the usual 64 shards there is room for one table each, and a dozen tables would keep
    // closing one another.
    rocksdb_options_set_table_cache_numshardbits(handle, 0)
    keepChecks()
    keepQuiet()

    let writeBuffer = resources.writeBufferBytesPerStore
    rocksdb_options_set_write_buffer_size(handle, writeBuffer)
    rocksdb_options_set_max_write_buffer_number(handle, 2)
    // Most keys that are read are not among the latest changes. The filter avoids searching for them there.
    rocksdb_options_set_memtable_whole_key_filtering(handle, 1)
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(handle, 0.02)
    // Twice the size of the four flushed buffers that are merged into it at a time.
    rocksdb_options_set_max_bytes_for_level_base(handle, UInt64(max(writeBuffer * 8, 1 << 20)))
    rocksdb_options_set_target_file_size_base(handle, UInt64(max(writeBuffer * 2, 1 << 20)))
    rocksdb_options_set_level_compaction_dynamic_level_bytes(handle, 1)
    // The newest tables are soon merged into others.
    let compression = [Int32(rocksdb_no_compression)] + [Int32](repeating: Int32(rocksdb_lz4_compression), count: 6)
    rocksdb_options_set_compression_per_level(handle, compression, compression.count)
    // A store has one writer.
    rocksdb_options_set_allow_concurrent_memtable_write(handle, 0)
    // Fired timers leave runs of deletions that every later scan would read. Compact tables with many of them early.
    rocksdb_options_add_compact_on_deletion_collector_factory(handle, 1024, 512)

    let tables: OpaquePointer = rocksdb_block_based_options_create()
    rocksdb_block_based_options_set_block_cache(tables, resources.blockCache)
    // Count indexes and filters against the cache, so that it really limits the memory.
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(tables, 1)
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1)
    rocksdb_block_based_options_set_filter_policy(tables, rocksdb_filterpolicy_create_bloom_full(10))  // owns the policy
    rocksdb_block_based_options_set_whole_key_filtering(tables, 1)
    // Split filters and indexes into parts that are cached one by one. The filter of a table with a million short rows is larger than a
    // shard of the cache. As a whole it would be read from disk and checked again for every row.
    rocksdb_block_based_options_set_partition_filters(tables, 1)
    rocksdb_block_based_options_set_index_type(
      tables, Int32(rocksdb_block_based_table_index_type_two_level_index_search))
    rocksdb_block_based_options_set_metadata_block_size(tables, 4096)
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(tables, 1)
    rocksdb_options_set_block_based_table_factory(handle, tables)
    rocksdb_block_based_options_destroy(tables)
  }

  deinit { rocksdb_options_destroy(handle) }

  private func keepChecks() {
    rocksdb_options_set_paranoid_checks(handle, 1)
    // Replay the log up to the first torn or damaged record and nothing after it, not even from a later log file. That gives an earlier
    // state with its own changelog position. Tolerating a torn tail in each file would leave a hole between two files after a power cut.
    // Rejecting every torn tail would rebuild the store after nearly every kill during a write.
    rocksdb_options_set_wal_recovery_mode(handle, Int32(rocksdb_point_in_time_recovery))
  }

  private func keepQuiet() {
    rocksdb_options_set_no_info_log(handle)
    rocksdb_options_set_stats_dump_period_sec(handle, 0)
    rocksdb_options_set_stats_persist_period_sec(handle, 0)
    rocksdb_options_set_max_manifest_file_size(handle, 4 << 20)
  }
}
