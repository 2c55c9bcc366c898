import Crypto
import JSON
import Testing

@testable import PortalAccess

/// The key file. Each problem is reported with its place.
@Suite struct KeyFileTests {
  @Test func aFile() throws {
    let keys = try Fixture.keys()
    #expect(keys.issuer == Fixture.issuer && keys.audience == Fixture.audience)
    #expect(keys.keys.mapValues(\.algorithm) == ["ed": .edDSA, "hs": .hs256])
    #expect(keys.secrets == [[UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32)])
  }

  /// The file that `laurel dev` writes for its portal.
  @Test func theFileOfASigner() throws {
    let file = try Fixture.signer().keyFile(secret: [UInt8](repeating: 9, count: 32))
    let verifier = TokenVerifier(try JSONParser().decode(AccessKeys.self, from: file))
    #expect(try verifier.verify(Fixture.signer().token(for: Fixture.session), at: Fixture.now) == Fixture.session)
  }

  @Test(arguments: [
    ("\"issuer\":\"https://app.example\"", "\"issuer\":\"\"", "malformed at issuer: empty"),
    ("\"audience\":", "\"audiance\":", "malformed at audience: missing"),
    ("\"kid\":\"hs\"", "\"kid\":\"ed\"", "malformed at keys: not 1 to 8 keys with different kids"),
    ("\"kid\":\"hs\",", "", "malformed at keys[1].kid: missing"),
    ("\"alg\":\"HS256\"", "\"alg\":\"none\"", "malformed at keys[1].alg: \"none\" is not one of EdDSA, HS256"),
    ("\"alg\":\"EdDSA\"", "\"alg\":\"HS256\"", "malformed at keys[0].kty: \"OKP\" is not oct, the type of HS256 keys"),
    ("\"crv\":\"Ed25519\"", "\"crv\":\"X25519\"", "malformed at keys[0].crv: \"X25519\" is not Ed25519"),
    ("\"x\":\"11", "\"x\":\"1", "malformed at keys[0].x: not base64url without padding"),
    (
      "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"", "\"x\":\"AAAA\"",
      "malformed at keys[0].x: not an Ed25519 key of 32 bytes"
    ),
    ("\"use\":\"sig\"", "\"d\":\"AAAA\"", "malformed at keys[0].d: a private key; only the public key belongs here"),
    ("\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\"", "\"BwcH\"", "malformed at keys[1].k: 3 bytes; a secret has 32 or more"),
    ("[\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\",", "[\"\",", "malformed at secrets[0]: 0 bytes; a secret has 32 or more"),
  ])
  func filesThatAreWrong(part: String, replacement: String, message: String) throws {
    let file = Fixture.file()
    try #require(file.contains(part))
    let error = #expect(throws: JSONError.self) {
      try JSONParser().decode(AccessKeys.self, from: Array(file.replacing(part, with: replacement).utf8))
    }
    #expect(error?.description == message)
  }
}
