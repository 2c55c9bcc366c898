import COpenSSL

/// Ed25519 signatures (RFC 8032).
public enum Ed25519 {
  public static let keyBytes = 32
  public static let signatureBytes = 64

  /// Verifies signatures.
  public struct PublicKey: Sendable {
    private let key: Key

    /// - Parameter bytes: the 32 bytes of RFC 8032.
    /// - Throws: if there are not 32 bytes. OpenSSL checks the point itself only when it verifies a signature; with an invalid point no
    ///   signature is valid.
    public init(_ bytes: [UInt8]) throws(CryptoError) {
      key = try Key("read an Ed25519 public key", EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
    }

    public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
      guard signature.count == signatureBytes, let context = EVP_MD_CTX_new() else { return false }
      defer { EVP_MD_CTX_free(context) }
      guard EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else { return false }
      let isValid = EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
      if !isValid { ERR_clear_error() }
      return isValid
    }
  }

  /// Creates signatures.
  public struct PrivateKey: Sendable {
    private let key: Key

    /// - Parameter bytes: the seed of RFC 8032, 32 bytes.
    public init(_ bytes: [UInt8]) throws(CryptoError) {
      key = try Key("read an Ed25519 private key", EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
    }

    /// Creates a random key.
    public init() throws(CryptoError) { try self.init(randomBytes(keyBytes)) }

    public func publicKeyBytes() throws(CryptoError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: keyBytes)
      var count = bytes.count
      guard EVP_PKEY_get_raw_public_key(key.pointer, &bytes, &count) == 1 else {
        throw .last("derive the public key from the private key")
      }
      return bytes
    }

    public func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
      guard let context = EVP_MD_CTX_new() else { throw .last("sign") }
      defer { EVP_MD_CTX_free(context) }
      var signature = [UInt8](repeating: 0, count: signatureBytes)
      var count = signature.count
      guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1,
        EVP_DigestSign(context, &signature, &count, message, message.count) == 1
      else { throw .last("sign") }
      return signature
    }
  }

  /// Owns an EVP_PKEY.
  /// `@unchecked Sendable`: it never changes after creation, and OpenSSL allows several threads to use one key.
  private final class Key: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ action: String, _ pointer: OpaquePointer?) throws(CryptoError) {
      guard let pointer else { throw .last(action) }
      self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }
  }
}
