import CXXHash

/// XXH3 hashes: the same in every process, version and machine, unlike Swift's `Hasher`, which is seeded per process.
///
/// Not cryptographic. Used for derived ids, for comparing bodies of duplicates and for spreading work.
public enum StableHash {
  /// 32 lower-case hex digits, the canonical (big-endian) form that `xxh128sum` prints.
  public static func hex128(of bytes: [UInt8]) -> String {
    let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
    return hex(hash.high64) + hex(hash.low64)
  }

  /// ``hex128(of:)-([UInt8])`` of the UTF-8 bytes.
  public static func hex128(of text: String) -> String { hex128(of: Array(text.utf8)) }

  /// XXH3-64 with seed 0.
  public static func value64(of bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
  }

  /// ``value64(of:)-([UInt8])`` of the UTF-8 bytes.
  public static func value64(of text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { XXH3_64bits($0.baseAddress, $0.count) }
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
