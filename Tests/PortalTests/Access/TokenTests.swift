import Contracts
import Crypto
import Foundation
import JSON
import TestSupport
import Testing

@testable import PortalAccess

/// Which tokens open the account pages. This is the portal's first defence (OWASP API2:2023).
@Suite struct TokenTests {
  static func reason(_ token: String, at now: Instant = Fixture.now) throws -> AccessError.Reason? {
    let verifier = try Fixture.verifier()
    do throws(AccessError) {
      _ = try verifier.verify(token, at: now)
      return nil
    } catch { return error.reason }
  }

  @Test func whatTheHostSignedIsGranted() throws {
    let token = try Fixture.signer().token(for: Fixture.session)
    #expect(try Fixture.verifier().verify(token, at: Fixture.now) == Fixture.session)
  }

  /// The header of another library, a list of audiences, unknown claims.
  @Test func tokensOfOtherMakers() throws {
    let claims = Fixture.claims(["aud": #"["other","laurel"]"#, "nbf": "1767599940", "email": "\"x\"", "companies": "null"])
    for header in [#"{"typ":"JWT","alg":"EdDSA","kid":"ed"}"#, #"{"kid":"ed","typ":"jwt","alg":"EdDSA"}"#] {
      #expect(try Self.reason(Fixture.edSigned(claims, header: header)) == nil)
    }
    let shared = try Fixture.token(#"{"alg":"HS256","kid":"hs"}"#, claims) {
      try HMACSHA256.code(of: $0, key: Fixture.sharedKey)
    }
    #expect(try Self.reason(shared) == nil)
  }

  /// RFC 8037, appendix A.4: the signature is right, but the token names no key.
  @Test func theVectorOfTheRFC() throws {
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    let key = try Ed25519.PublicKey(try #require(Base64URL.bytes(of: Fixture.publicKey)))
    #expect(key.isValid(try #require(Base64URL.bytes(of: signature)), of: Array(signed.utf8)))
    #expect(try Self.reason("\(signed).\(signature)") == .malformed)
    #expect(
      try Fixture.edSigned("Example of Ed25519 signing", header: #"{"alg":"EdDSA"}"#) == "\(signed).\(signature)")
  }

  // MARK: Signatures

  /// The public key is public, so a token "signed" with it by the other algorithm must be rejected.
  @Test func algorithmConfusion() throws {
    let publicKey = try #require(Base64URL.bytes(of: Fixture.publicKey))
    let pem = """
      -----BEGIN PUBLIC KEY-----
      \(Data(CryptoTests.hex("302a300506032b6570032100") + publicKey).base64EncodedString())
      -----END PUBLIC KEY-----

      """
    for secret in [publicKey, Array(pem.utf8), Array(Fixture.publicKey.utf8)] {
      for (header, reason) in [
        (#"{"alg":"HS256","kid":"ed"}"#, AccessError.Reason.foreignAlgorithm), (#"{"alg":"EdDSA","kid":"ed"}"#, .badSignature),
        (#"{"alg":"HS256","kid":"hs"}"#, .badSignature),
      ] {
        let token = try Fixture.token(header, Fixture.claims()) { try HMACSHA256.code(of: $0, key: secret) }
        #expect(try Self.reason(token) == reason)
      }
    }
    #expect(try Self.reason(Fixture.edSigned(Fixture.claims(), header: #"{"alg":"EdDSA","kid":"hs"}"#)) == .foreignAlgorithm)
    #expect(try Self.reason(Fixture.edSigned(Fixture.claims(), header: #"{"alg":"HS256","kid":"hs"}"#)) == .badSignature)
  }

  @Test(arguments: ["none", "None", "NONE", "", "HS512", "RS256", "ES256", "Ed25519", "eddsa", "EdDSA "])
  func algorithmsOfNoKey(algorithm: String) throws {
    for kid in ["ed", "hs"] {
      for signature in [[], [UInt8](repeating: 0, count: 64)] {
        let token = Fixture.token(#"{"alg":"\#(algorithm)","kid":"\#(kid)"}"#, Fixture.claims()) { _ in signature }
        #expect(try Self.reason(token) == .foreignAlgorithm)
      }
    }
  }

  @Test(arguments: [
    #"{"alg":"EdDSA","kid":"ed","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#,
    #"{"alg":"EdDSA","kid":"ed","jku":"https://evil.example"}"#, #"{"alg":"EdDSA","kid":"ed","x5c":[]}"#,
    #"{"alg":"EdDSA","kid":"ed","crit":["exp"]}"#, #"{"alg":"EdDSA","kid":"ed","b64":false}"#,
    #"{"alg":"EdDSA","kid":"ed","zip":"DEF"}"#,
    #"{"alg":"EdDSA","kid":"ed","typ":"at+jwt"}"#, #"{"alg":"EdDSA","kid":"ed","kid":"ed"}"#,
    #"{"alg":"EdDSA","alg":"none","kid":"ed"}"#,
    #"{"alg":"EdDSA","kid":""}"#, #"{"alg":"EdDSA","kid":null}"#, #"{"alg":"EdDSA"}"#, #"{"kid":"ed"}"#, #"{"alg":7,"kid":"ed"}"#,
    #"["EdDSA","ed"]"#, "{}", "", "null",
  ])
  func headersThatSayMore(header: String) throws {
    #expect(try Self.reason(Fixture.edSigned(Fixture.claims(), header: header)) == .malformed)
  }

  @Test func keysThatAreNone() throws {
    for kid in ["other", "ed ", "ED", "../ed", "ed'--"] {
      #expect(try Self.reason(Fixture.edSigned(Fixture.claims(), header: #"{"alg":"EdDSA","kid":"\#(kid)"}"#)) == .unknownKey)
    }
    let other = try Ed25519.PrivateKey()
    let token = try Fixture.token(#"{"alg":"EdDSA","kid":"ed"}"#, Fixture.claims()) { try other.signature(of: $0) }
    #expect(try Self.reason(token) == .badSignature)
  }

  /// No character may be changed, removed or added.
  @Test func everyCharacterCounts() throws {
    let token = Array(try Fixture.signer().token(for: Fixture.session).utf8)
    for place in token.indices {
      for byte in [UInt8(ascii: "A"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "="), 0] where byte != token[place] {
        var changed = token
        changed[place] = byte
        #expect(try Self.reason(String(decoding: changed, as: UTF8.self)) != nil)
      }
      #expect(try Self.reason(String(decoding: token[..<place], as: UTF8.self)) != nil)
    }
    for end in ["A", "=", ".", " ", "\n"] { #expect(try Self.reason(String(decoding: token, as: UTF8.self) + end) != nil) }
  }

  // MARK: Claims

  /// The result, the changed claim and its JSON. Without JSON the claim is absent.
  ///
  /// The time is 1767600000. A difference of half a minute is allowed in both directions.
  static let table = #"""
    foreignIssuer iss "https://evil.example"
    foreignIssuer iss "https://app.example/"
    malformed iss
    malformed iss ["https://app.example"]
    foreignAudience aud "other"
    foreignAudience aud []
    foreignAudience aud ["other","Laurel"]
    malformed aud
    malformed aud {"laurel":1}
    malformed sub
    malformed sub ""
    malformed sub "оля"
    malformed sub 7
    malformed jti
    malformed jti ""
    malformed programs
    malformed programs []
    malformed programs ["cash","cash"]
    malformed programs "cash"
    malformed act
    malformed act []
    malformed act ["read","read"]
    malformed act ["admin"]
    malformed lang "r"
    malformed lang "ru\"><script>"
    malformed companies [{"id":"c1"}]
    malformed companies [{"id":"","name":"x"}]
    malformed companies [{"id":"c1","name":""}]
    malformed companies [{"id":"c1","name":"x"},{"id":"c1","name":"y"}]
    malformed companies [{"id":"c1","name":"x","name":"y"}]
    malformed recipients [{"id":"r1","name":"x"}]
    malformed recipients [{"id":"","label":"x"}]
    malformed iat
    malformed iat "1767599940"
    malformed iat 1767599940.5
    malformed iat -1
    malformed exp
    malformed exp 9223372036854775807
    malformed exp 1e12
    granted iat 1767600030
    outOfTime iat 1767600031
    granted exp 1767599971
    outOfTime exp 1767599970
    tooLong exp 1767599940
    tooLong exp 1767599939
    tooLong exp 1767600241
    granted nbf 1767600030
    outOfTime nbf 1767600031
    """#

  @Test(arguments: table.split(separator: "\n").map(String.init))
  func claims(row: String) throws {
    let cells = row.split(separator: " ", maxSplits: 2).map(String.init)
    let reason = try Self.reason(Fixture.edSigned(Fixture.claims([cells[1]: cells.count > 2 ? cells[2] : nil])))
    #expect((reason?.rawValue ?? "granted") == cells[0])
  }

  @Test func aMemberTwice() throws {
    let claims = #"{"sub":"mallory",\#(Fixture.claims().dropFirst())"#
    #expect(try Self.reason(Fixture.edSigned(claims)) == .malformed)
    #expect(try Self.reason(Fixture.edSigned(#"{"\u0073ub":"mallory",\#(Fixture.claims().dropFirst())"#)) == .malformed)
  }

  @Test func upTo8KiB() throws {
    func token(_ bytes: Int) throws -> String {
      // 12 bytes of JSON take 16 bytes of the token, so that the limit can be met exactly.
      var claims = Fixture.claims(["padding": "\"\""])
      while try Fixture.edSigned(claims).utf8.count < bytes {
        claims = claims.replacing("\"padding\":\"", with: "\"padding\":\"x")
      }
      return try Fixture.edSigned(claims)
    }
    let fits = try token(8190)
    #expect(fits.utf8.count <= 8192)
    #expect(try Self.reason(fits) == nil)
    let exceeds = try token(8193)
    #expect(try Self.reason(exceeds) == .malformed)
    #expect(try Self.reason(String(repeating: "a", count: 1 << 20)) == .malformed)
  }

  /// The log says which value is wrong and why, and never contains the token.
  @Test func theLogSaysWhy() throws {
    for (changes, text) in [
      (["aud": "\"other\""], "foreignAudience: aud is \"other\", not \"laurel\""),
      (
        ["exp": "1767599950"],
        "outOfTime: valid from 2026-01-05T07:59:00.000Z to 2026-01-05T07:59:10.000Z, but the time is 2026-01-05T08:00:00.000Z"
      ),
      (["act": "[\"admin\"]"], "malformed: the claims: malformed at act[0]: \"admin\" is not one of read, code, order, withdraw"),
    ] {
      let token = try Fixture.edSigned(Fixture.claims(changes))
      let verifier = try Fixture.verifier()
      let error = #expect(throws: AccessError.self) { try verifier.verify(token, at: Fixture.now) }
      #expect(error?.description == text)
    }
  }

  /// Seeded: any input is rejected and never ends the process. Half of it is signed, so that the claims are tested, too.
  @Test func garbage() throws {
    var random = SplitMix64(seed: 15)
    let verifier = try Fixture.verifier()
    let session = Fixture.session
    let whole = Array(try Fixture.signer().token(for: session).utf8)
    let claims = Array(Fixture.claims(["companies": #"[{"id":"c1","name":"x"}]"#]).utf8)
    var granted = 0
    for round in 0..<4000 {
      var bytes = round % 2 == 0 ? whole : claims
      for _ in 0...random.upTo(3) {
        let place = random.upTo(bytes.count - 1)
        switch random.upTo(2) {
        case 0: bytes[place] = UInt8(random.upTo(255))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.upTo(8)))
        default: bytes.insert(contentsOf: random.pick([[0x22], [0x7B], [0x5B], [0x2E], [0xFF, 0x00], bytes]), at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let token = round % 2 == 0 ? text : try Fixture.edSigned(text)
      do throws(AccessError) {
        let read = try verifier.verify(token, at: Fixture.now)
        if round % 2 == 0 { #expect(read == session) }
        granted += 1
      } catch { #expect(!error.description.isEmpty) }
    }
    // A changed letter of a name is still a name, so some of the signed half is accepted.
    #expect(granted > 20 && granted < 1500)
  }

  // MARK: Once

  @Test func aTokenOpensOneSession() throws {
    let verifier = try Fixture.verifier()
    let used = UsedTokens(validMax: verifier.validMax)
    let token = try Fixture.signer().token(for: Fixture.session)
    let session = try verifier.verify(token, at: Fixture.now)
    #expect(!used.isSpent(session))
    try used.spend(session, at: Fixture.now)
    #expect(used.isSpent(session))
    // As long as the token is valid, it is remembered.
    for seconds in stride(from: Int64(1), to: 269, by: 1) {
      let now = Fixture.now + .seconds(seconds)
      let again = try verifier.verify(token, at: now)
      let error = #expect(throws: AccessError.self) { try used.spend(again, at: now) }
      #expect(error?.reason == .spent)
    }
    #expect(try Self.reason(token, at: Fixture.now + .seconds(270)) == .outOfTime)
  }

  /// Memory is bounded, but a token that could be used again is never forgotten.
  @Test func tooManyTokens() throws {
    let used = UsedTokens(validMax: .minutes(6), countMax: 100)
    func session(_ number: Int) -> Session {
      var session = Fixture.session
      session.id = "\(number)"
      return session
    }
    for number in 0..<100 { try used.spend(session(number), at: Fixture.now) }
    #expect(throws: AccessError(.busy, "too many tokens in a few minutes")) { try used.spend(session(100), at: Fixture.now) }
    let error = #expect(throws: AccessError.self) { try used.spend(session(7), at: Fixture.now) }
    #expect(error?.reason == .spent)
    for number in 200..<300 { try used.spend(session(number), at: Fixture.now + .minutes(6)) }
    #expect(throws: AccessError.self) { try used.spend(session(7), at: Fixture.now + .minutes(6)) }
    try used.spend(session(7), at: Fixture.now + .minutes(12))
  }
}
