import CRocksDB
import Streaming

/// The write-ahead logs of a store, checked for gaps between the files.
///
/// RocksDB replays the logs that it finds, one after the other. It does not check whether one is missing before or between them, or whether
/// one ends too early between two records. This happens if a folder is copied while its owner writes, or if a power cut removes the end of
/// an older log. Such a store would open with rows missing in the middle and with the position of the newest batch. Every change of a store
/// has a number without gaps, so a hole is visible: the tables know their last number, and each log its first.
///
/// A hole of exactly the changes between the tables' last known number and the next log cannot be detected.
enum RocksLogs {
  /// Blocks, headers and record types: see db/log_format.h of RocksDB. RocksDB itself verifies the checksums when it opens the store.
  private static let blockBytes = 32_768
  private static let headerBytes = 7
  /// A record that is whole in its block, or the first part of one.
  private static let firstParts: Set<UInt8> = [1, 2]
  private static let laterParts: Set<UInt8> = [3, 4]
  /// A write batch begins with the number of its first change (eight bytes) and the count of its changes (four), little-endian.
  private static let batchHeaderBytes = 12

  /// - Throws: `corrupt` if changes are missing before or between the logs; any error from opening the tables alone.
  static func checkNoneMissing(_ folder: RocksFolder, _ options: borrowing RocksOptions) throws(StoreError) {
    let logs = try folder.logs()
    guard !logs.isEmpty else { return }
    var covered: (name: String, numbers: Range<UInt64>)?
    for name in logs {
      guard let numbers = numbers(in: try folder.contents(name)) else { continue }
      let next: UInt64
      if let covered { next = covered.numbers.upperBound } else { next = try endOfTables(folder, options) }
      // The tables may already contain the beginning of the oldest log.
      guard numbers.lowerBound == next || covered == nil && numbers.lowerBound < next else {
        let before = covered?.name ?? "the tables"
        throw .corrupt(
          "\(before) ends before change \(next), but \(name) begins with change \(numbers.lowerBound): \(folder.path)")
      }
      covered = (name, numbers)
    }
  }

  /// The numbers of the changes in a log, up to where it is torn, or `nil` if it has none.
  static func numbers(in log: [UInt8]) -> Range<UInt64>? {
    var numbers: Range<UInt64>?
    var offset = 0
    // Nearly always in one part, but a block may end in between.
    var header: [UInt8] = []
    while offset < log.count {
      let blockLeft = blockBytes - offset % blockBytes
      guard blockLeft >= headerBytes else {
        offset += blockLeft
        continue
      }
      guard offset + headerBytes <= log.count else { break }
      let length = Int(log[offset + 4]) | Int(log[offset + 5]) << 8
      let type = log[offset + 6]
      let start = offset + headerBytes
      guard firstParts.contains(type) || laterParts.contains(type), start + length <= log.count else { break }
      if firstParts.contains(type) { header = [] }
      if header.count < batchHeaderBytes {
        header += log[start..<(start + min(length, batchHeaderBytes - header.count))]
        if header.count == batchHeaderBytes {
          let first = littleEndian(header[..<8])
          let (end, overflow) = first.addingReportingOverflow(littleEndian(header[8...]))
          guard !overflow, end >= (numbers?.upperBound ?? 0) else { break }
          numbers = (numbers?.lowerBound ?? first)..<end
        }
      }
      offset = start + length
    }
    return numbers
  }

  private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The number after the last one in the list of tables. RocksDB reports it when it opens the store without its logs.
  private static func endOfTables(_ folder: RocksFolder, _ options: borrowing RocksOptions) throws(StoreError) -> UInt64 {
    // A log folder that exists and contains no logs.
    rocksdb_options_set_wal_dir(options.handle, folder.parent)
    defer { rocksdb_options_set_wal_dir(options.handle, "") }
    let tables = try checked { error in rocksdb_open_for_read_only(options.handle, folder.path, 0, error) }
    guard let tables else { throw .unavailable("cannot open the tables in \(folder.path)") }
    defer { rocksdb_close(tables) }
    return rocksdb_get_latest_sequence_number(tables) + 1
  }
}
