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
  public static func value64(of bytes: UnsafeRawBufferPointer) -> UInt64 { XXH3_64bits(bytes.baseAddress, bytes.count) }

  /// ``value64(of:)-(UnsafeRawBufferPointer)``
  public static func value64(of bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { value64(of: $0) } }

  /// ``value64(of:)-([UInt8])`` of the UTF-8 bytes.
  public static func value64(of text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { XXH3_64bits($0.baseAddress, $0.count) }
  }

  /// The hash of more bytes than are held at a time: what ``hex128(of:)-([UInt8])`` gives for all of them in a row.
  public struct Running: ~Copyable {
    private let state: OpaquePointer

    /// nil: there is no memory for it.
    public init?() {
      guard let state = XXH3_createState() else { return nil }
      self.state = state
      XXH3_128bits_reset(state)
    }

    deinit { XXH3_freeState(state) }

    public mutating func add(_ bytes: [UInt8]) {
      // It fails only without a state.
      _ = bytes.withUnsafeBytes { XXH3_128bits_update(state, $0.baseAddress, $0.count) }
    }

    public func hex128() -> String {
      let hash = XXH3_128bits_digest(state)
      return StableHash.hex(hash.high64) + StableHash.hex(hash.low64)
    }
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
