import CRocksDB

/// Owner of the options a store is opened with. RocksDB copies them; they may go once the store is open.
struct RocksOptions: ~Copyable {
  let handle: OpaquePointer

  /// Tables a store keeps open at most: descriptors are shared by all tasks of the process, and a table is 16 MB or more.
  private static let openTablesMax: Int32 = 64

  init(_ resources: RocksResources) {
    handle = rocksdb_options_create()
    rocksdb_options_set_create_if_missing(handle, 1)
    rocksdb_options_set_max_open_files(handle, Self.openTablesMax)
    // Tables that are open are one list: in the 64 shards that are usual, each has room for one, and a dozen tables would close one
    // another all the time.
    rocksdb_options_set_table_cache_numshardbits(handle, 0)
    keepChecks()
    keepQuiet()

    let writeBuffer = resources.writeBufferBytesPerStore
    rocksdb_options_set_write_buffer_size(handle, writeBuffer)
    rocksdb_options_set_max_write_buffer_number(handle, 2)
    // Most keys that are read are not among the latest changes: a filter spares searching them there.
    rocksdb_options_set_memtable_whole_key_filtering(handle, 1)
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(handle, 0.02)
    // Twice the four flushed buffers that are merged into it at a time.
    rocksdb_options_set_max_bytes_for_level_base(handle, UInt64(max(writeBuffer * 8, 1 << 20)))
    rocksdb_options_set_target_file_size_base(handle, UInt64(max(writeBuffer * 2, 1 << 20)))
    rocksdb_options_set_level_compaction_dynamic_level_bytes(handle, 1)
    rocksdb_options_set_compression(handle, Int32(rocksdb_lz4_compression))
    // Fired timers leave runs of deletions which every later scan would walk: tables dense with them are compacted early.
    rocksdb_options_add_compact_on_deletion_collector_factory(handle, 1024, 512)

    let tables: OpaquePointer = rocksdb_block_based_options_create()
    rocksdb_block_based_options_set_block_cache(tables, resources.blockCache)
    // Indexes and filters count against the cache, so that it really bounds the memory.
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(tables, 1)
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1)
    rocksdb_block_based_options_set_filter_policy(tables, rocksdb_filterpolicy_create_bloom_full(10))  // owns the policy
    rocksdb_block_based_options_set_whole_key_filtering(tables, 1)
    // In parts that are cached one by one. The filter of a table of a million short rows is larger than what a shard of the cache can
    // take; whole, it would be read from disk and checked again for every row that is asked for.
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
    // The log is replayed up to the first record that is torn or damaged, and nothing behind it, also not from a later log file: the
    // state before, with its own changelog position. Tolerating a torn tail per file instead would leave a hole between two files
    // after a power cut; refusing every torn tail would rebuild the store after nearly every kill in the middle of a write.
    rocksdb_options_set_wal_recovery_mode(handle, Int32(rocksdb_point_in_time_recovery))
  }

  private func keepQuiet() {
    rocksdb_options_set_no_info_log(handle)
    rocksdb_options_set_stats_dump_period_sec(handle, 0)
    rocksdb_options_set_stats_persist_period_sec(handle, 0)
    rocksdb_options_set_max_manifest_file_size(handle, 4 << 20)
  }
}
