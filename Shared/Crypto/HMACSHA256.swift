import COpenSSL

/// Keyed hashes (RFC 2104, FIPS 180-4).
public enum HMACSHA256 {
  public static let bytes = 32

  /// The authentication code of a message under a key of any length.
  public static func code(of message: [UInt8], key: [UInt8]) throws(CryptoError) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: bytes)
    // OpenSSL accepts no null pointer for an empty key, and an empty array may give one.
    let padded = key.isEmpty ? [0] : key
    guard HMAC(EVP_sha256(), padded, Int32(key.count), message, message.count, &code, nil) != nil else {
      throw .last("compute an HMAC")
    }
    return code
  }

  public static func isValid(_ code: [UInt8], of message: [UInt8], key: [UInt8]) throws(CryptoError) -> Bool {
    areEqual(code, try HMACSHA256.code(of: message, key: key))
  }
}

/// Whether two secret byte strings are equal. The time does not depend on where they differ.
public func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}

/// Random bytes from OpenSSL's generator, which the operating system seeds.
public func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .last("make random bytes") }
  return bytes
}
