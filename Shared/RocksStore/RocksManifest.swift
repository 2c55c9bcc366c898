/// The MANIFEST of a store: the list of its tables, as a log of changes.
///
/// If the last record is incomplete, RocksDB assumes that its writing was interrupted and opens the list as it was before. That is safe
/// after a kill, because RocksDB syncs the manifest before it deletes obsolete files. But if the disk loses the end of the file later, the
/// tables and logs of the older list may be gone, and rows would be missing without an error. A cut exactly between two records cannot be
/// detected.
enum RocksManifest {
  /// Blocks, headers and record types: see db/log_format.h of RocksDB. RocksDB itself verifies the checksums when it opens the store.
  private static let blockBytes = 32_768
  private static let headerBytes = 7

  private enum RecordType { static let first: UInt8 = 2, middle: UInt8 = 3, recyclable: ClosedRange<UInt8> = 5...8 }

  /// False if the file stops inside a record or between the parts of one.
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
      // A manifest is never recycled, and type zero is a part that was never written. RocksDB reports both by their checksums.
      if type == 0 || RecordType.recyclable.contains(type) { return true }
      isInsideRecord = type == RecordType.first || type == RecordType.middle
      offset += headerBytes + length
    }
    return offset == manifest.count && !isInsideRecord
  }
}
