import Crypto
import Testing

/// Published test vectors.
@Suite struct CryptoTests {
  static func hex(_ text: String) -> [UInt8] {
    stride(from: 0, to: text.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
  }

  /// RFC 8032, section 7.1, tests 1 and 2.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
  ])
  func signatures(seed: String, key: String, message: String, signature: String) throws {
    let privateKey = try Ed25519.PrivateKey(Self.hex(seed))
    #expect(try privateKey.publicKeyBytes() == Self.hex(key))
    #expect(try privateKey.signature(of: Self.hex(message)) == Self.hex(signature))
    let publicKey = try Ed25519.PublicKey(Self.hex(key))
    #expect(publicKey.isValid(Self.hex(signature), of: Self.hex(message)))
    for bit in 0..<512 {
      var changed = Self.hex(signature)
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(!publicKey.isValid(changed, of: Self.hex(message)))
    }
    #expect(!publicKey.isValid(Self.hex(signature), of: Self.hex(message + "00")))
    #expect(!publicKey.isValid(Self.hex(signature) + [0], of: Self.hex(message)))
    #expect(!publicKey.isValid([], of: Self.hex(message)))
  }

  @Test func keysOfTheWrongLength() {
    for count in [0, 31, 33, 64] {
      let error = #expect(throws: CryptoError.self) { try Ed25519.PublicKey([UInt8](repeating: 1, count: count)) }
      #expect(error?.description.hasPrefix("OpenSSL cannot read an Ed25519 public key: error:") == true)
      #expect(throws: CryptoError.self) { try Ed25519.PrivateKey([UInt8](repeating: 1, count: count)) }
    }
  }

  @Test func newKeysDiffer() throws {
    let (one, other) = (try Ed25519.PrivateKey(), try Ed25519.PrivateKey())
    #expect(try one.publicKeyBytes() != other.publicKeyBytes())
    #expect(try randomBytes(32) != randomBytes(32))
  }

  /// RFC 4231, tests 1, 2 and 6, and an empty key.
  @Test(arguments: [
    (String(repeating: "0b", count: 20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
      "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      String(repeating: "aa", count: 131),
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ), ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
  ])
  func codes(key: String, message: String, code: String) throws {
    #expect(try HMACSHA256.code(of: Self.hex(message), key: Self.hex(key)) == Self.hex(code))
    #expect(try HMACSHA256.isValid(Self.hex(code), of: Self.hex(message), key: Self.hex(key)))
    #expect(try !HMACSHA256.isValid(Array(Self.hex(code).dropLast()), of: Self.hex(message), key: Self.hex(key)))
    #expect(try !HMACSHA256.isValid([], of: Self.hex(message), key: Self.hex(key)))
  }

  /// RFC 4648, section 10, without padding.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ("~~\u{7F}?", "fn5_Pw"),
  ])
  func base64(plain: String, text: String) {
    #expect(Base64URL.text(of: plain.utf8) == text)
    #expect(Base64URL.bytes(of: text) == Array(plain.utf8))
  }

  @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm8=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9vё", "Z\u{0}g"])
  func textsThatAreNoBase64(text: String) { #expect(Base64URL.bytes(of: text) == nil) }
}
