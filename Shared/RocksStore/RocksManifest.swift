/// The MANIFEST of a store: the list of its tables, as a log of changes.
///
/// RocksDB takes an unfinished record at its end for one whose writing was interrupted, and opens the list as it was before. RocksDB
/// syncs the manifest before it deletes what a change makes superfluous, so a kill does no harm there; but when a disk loses the end of
/// the file later, the tables and log files of the older list may be gone, and rows would be missing without a word. A cut exactly
/// between two records cannot be told from a whole file.
enum RocksManifest {
  /// Blocks, headers and record types: db/log_format.h of RocksDB. The checksums are RocksDB's to verify, as it does on open.
  private static let blockBytes = 32_768
  private static let headerBytes = 7

  private enum RecordType { static let first: UInt8 = 2, middle: UInt8 = 3, recyclable: ClosedRange<UInt8> = 5...8 }

  /// False when the file stops inside a record or between the parts of one.
  static func endsWithWholeRecord(_ manifest: [UInt8]) -> Bool {
    var offset = 0
    var isInsideRecord = false
    while offset < manifest.count {
      let blockLeft = blockBytes - offset % blockBytes
      if blockLeft < headerBytes {
        offset += blockLeft
        continue
      }
      guard offset + headerBytes <= manifest.count else { return false }
      let length = Int(manifest[offset + 4]) | Int(manifest[offset + 5]) << 8
      let type = manifest[offset + 6]
      // A manifest is never recycled, and a zero type is a part that was never written: both are for RocksDB's checksum to report.
      if type == 0 || RecordType.recyclable.contains(type) { return true }
      isInsideRecord = type == RecordType.first || type == RecordType.middle
      offset += headerBytes + length
    }
    return offset == manifest.count && !isInsideRecord
  }
}
