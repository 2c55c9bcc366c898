import CXXHash

/// XXH3 hashes. They are the same in every process, version and machine; Swift's `Hasher` is seeded per process.
///
/// Not cryptographic. Used to derive ids, to compare the bodies of duplicates and to spread work.
public enum StableHash {
  public struct Value128: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }

    /// The value is already a hash, so a dictionary need not hash it again. That halves the cost of a lookup.
    public func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: low) ^ seed }

    /// 32 lower-case hex digits, the canonical (big-endian) form that `xxh128sum` prints.
    public var hex: String {
      String(unsafeUninitializedCapacity: 32) { text in
        if let start = text.baseAddress { writeHex(to: start) }
        return 32
      }
    }

    /// The 32 digits of ``hex``.
    public func writeHex(to text: UnsafeMutablePointer<UInt8>) {
      Self.writeHex(high &>> 32, to: text)
      Self.writeHex(high & 0xFFFF_FFFF, to: text + 8)
      Self.writeHex(low &>> 32, to: text + 16)
      Self.writeHex(low & 0xFFFF_FFFF, to: text + 24)
    }

    /// Writes the eight digits of a number below 2^32. All are made at once, each in its byte.
    private static func writeHex(_ number: UInt64, to text: UnsafeMutablePointer<UInt8>) {
      var nibbles = number
      nibbles = (nibbles | nibbles &<< 16) & 0x0000_FFFF_0000_FFFF
      nibbles = (nibbles | nibbles &<< 8) & 0x00FF_00FF_00FF_00FF
      nibbles = (nibbles | nibbles &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
      // 6 more carries a digit from ten on into the next bit.
      let letters = ((nibbles &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
      let digits = nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
      UnsafeMutableRawPointer(text).storeBytes(of: digits.bigEndian, as: UInt64.self)
    }
  }

  /// XXH3-128.
  public static func value128(of bytes: UnsafeRawBufferPointer) -> Value128 {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    return Value128(high: hash.high64, low: hash.low64)
  }

  /// 32 lower-case hex digits, the canonical (big-endian) form that `xxh128sum` prints.
  public static func hex128(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { value128(of: $0).hex } }

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

  /// Hashes data in pieces. The result equals ``hex128(of:)-([UInt8])`` of all pieces together.
  public struct Running: ~Copyable {
    private let state: OpaquePointer

    /// `nil` if there is not enough memory.
    public init?() {
      guard let state = XXH3_createState() else { return nil }
      self.state = state
      XXH3_128bits_reset(state)
    }

    deinit { XXH3_freeState(state) }

    public mutating func add(_ bytes: [UInt8]) {
      // The call fails only without a state.
      _ = bytes.withUnsafeBytes { XXH3_128bits_update(state, $0.baseAddress, $0.count) }
    }

    public func hex128() -> String {
      let hash = XXH3_128bits_digest(state)
      return Value128(high: hash.high64, low: hash.low64).hex
    }
  }
}
