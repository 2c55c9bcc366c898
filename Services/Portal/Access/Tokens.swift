import Contracts
import Crypto
import JSON

/// Verifies the host product's tokens: compact JWS (RFC 7515) with the claims of a JWT (RFC 7519).
///
/// A token opens a session only once (``UsedTokens``). As a Bearer of the API it works any number of times while it is valid, so a program
/// that reads three pages of a list does not need three tokens. A limit of one call would not help against theft, because a thief could do
/// all harm with the first call. A token that has opened a session has passed through a browser, so the API no longer accepts it.
public struct TokenVerifier: Sendable {
  public static let bytesMax = 8192
  public static let lifeMax = TimeSpan.minutes(5)

  private let keys: AccessKeys
  private let clockSkew: TimeSpan

  /// - Parameter clockSkew: how far the host product's clock may differ from this one, either way.
  public init(_ keys: AccessKeys, clockSkew: TimeSpan = .seconds(30)) {
    self.keys = keys
    self.clockSkew = clockSkew
  }

  /// How long a token that is valid now can stay valid.
  public var validMax: TimeSpan { .milliseconds(Self.lifeMax.milliseconds + 2 * clockSkew.milliseconds) }

  /// The rights that the token grants. They expire with the token.
  public func verify(_ token: String, at now: Instant) throws(AccessError) -> Session {
    let token = Array(token.utf8.prefix(Self.bytesMax + 1))
    guard token.count <= Self.bytesMax else { throw AccessError(.malformed, "more than \(Self.bytesMax) bytes") }
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Base64URL.bytes(of: parts[0]), let payload = Base64URL.bytes(of: parts[1]),
      let signature = Base64URL.bytes(of: parts[2])
    else { throw AccessError(.malformed, "not three base64url parts separated by dots") }

    let header = try read(TokenHeader.self, "header", head)
    guard let key = keys.keys[header.keyID] else { throw AccessError(.unknownKey, "no key has the kid \"\(header.keyID)\"") }
    guard header.algorithm == key.algorithm.rawValue else {
      throw AccessError(
        .foreignAlgorithm, "\"\(header.algorithm.prefix(60))\" with the key \"\(header.keyID)\" of \(key.algorithm.rawValue)")
    }
    let isValid: Bool
    do { isValid = try key.isValid(signature, of: Array(token[..<parts[1].endIndex])) } catch {
      throw AccessError(.failed, error.description)
    }
    guard isValid else { throw AccessError(.badSignature, "not signed with the key \"\(header.keyID)\"") }

    let claims = try read(TokenClaims.self, "claims", payload)
    try check(claims, at: now)
    return claims.session
  }

  private func check(_ claims: TokenClaims, at now: Instant) throws(AccessError) {
    let (begin, end) = (claims.session.startedAt, claims.session.expiresAt)
    guard claims.issuer == keys.issuer else {
      throw AccessError(.foreignIssuer, "iss is \"\(claims.issuer.prefix(60))\", not \"\(keys.issuer)\"")
    }
    guard claims.audiences.contains(keys.audience) else {
      throw AccessError(
        .foreignAudience, "aud is \"\(claims.audiences.joined(separator: ", ").prefix(60))\", not \"\(keys.audience)\"")
    }
    guard begin < end, end - begin <= Self.lifeMax else {
      throw AccessError(.tooLong, "valid from \(begin) to \(end): must be longer than 0 and at most \(Self.lifeMax)")
    }
    guard max(begin, claims.notBefore ?? begin) <= now + clockSkew, now - clockSkew < end else {
      throw AccessError(.outOfTime, "valid from \(max(begin, claims.notBefore ?? begin)) to \(end), but the time is \(now)")
    }
  }

  private func read<Part: JSONDecodable>(_ part: Part.Type, _ name: String, _ bytes: [UInt8]) throws(AccessError) -> Part {
    do { return try JSONParser().decode(part, from: bytes) } catch { throw AccessError(.malformed, "the \(name): \(error)") }
  }
}

/// The header names a key and nothing else. `jwk`, `jku` and `x5c` would bring their own key; `crit` requires extensions that are unknown
/// here.
private struct TokenHeader: JSONDecodable {
  let algorithm: String
  let keyID: String

  init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    algorithm = try object.required("alg")
    keyID = try object.required("kid", as: Identifier<VerifyingKey>.self).value
    let type = try object.optional("typ", as: String.self)
    // The issuer's tokens for other purposes (`at+jwt`) must not be accepted (RFC 8725, section 3.11).
    try object.check(type.map { $0.uppercased() == "JWT" } ?? true, "typ", "not JWT")
    for (name, value) in object.members() where !["alg", "kid", "typ"].contains(name) {
      throw value.error("this member is not allowed here")
    }
  }
}

private struct TokenClaims: JSONDecodable {
  let issuer: String
  let audiences: [String]
  let notBefore: Instant?
  let session: Session

  init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    issuer = try object.required("iss")
    audiences = try object.required("aud", as: Audiences.self).all
    notBefore = try object.optional("nbf", as: NumericDate.self)?.instant
    session = try Session(json: json)
  }

  /// One name or a list of names (RFC 7519, section 4.1.3).
  private struct Audiences: JSONDecodable {
    let all: [String]

    init(json: JSONValue) throws(JSONError) {
      if let one = try? json.string() { all = [one] } else { all = try json.array() }
    }
  }
}

/// Signs tokens like the host product, for `laurel dev` and tests.
public struct TokenSigner: Sendable {
  private let key: Ed25519.PrivateKey
  private let keyID: String
  private let issuer: String
  private let audience: String

  public init(key: Ed25519.PrivateKey, keyID: String, issuer: String, audience: String) {
    self.key = key
    self.keyID = keyID
    self.issuer = issuer
    self.audience = audience
  }

  /// - Parameter session: `startedAt` and `expiresAt` are the token's, in whole seconds and at most `TokenVerifier.lifeMax` apart.
  public func token(for session: Session) throws(CryptoError) -> String {
    let header = ["alg": Algorithm.edDSA.rawValue, "typ": "JWT", "kid": keyID].jsonBytes()
    var claims = JSONWriter()
    claims.beginObject()
    claims.member("iss", issuer)
    claims.member("aud", audience)
    session.writeMembers(to: &claims)
    claims.endObject()
    let signed = "\(Base64URL.text(of: header)).\(Base64URL.text(of: claims.bytes()))"
    return "\(signed).\(Base64URL.text(of: try key.signature(of: Array(signed.utf8))))"
  }

  /// The key file that verifies this signer's tokens.
  ///
  /// - Parameter secret: seals the cookies; 32 bytes or more.
  public func keyFile(secret: [UInt8]) throws(CryptoError) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("issuer", issuer)
    json.member("audience", audience)
    let x = Base64URL.text(of: try key.publicKeyBytes())
    json.member(
      "keys", [["kid": keyID, "kty": "OKP", "crv": "Ed25519", "alg": Algorithm.edDSA.rawValue, "x": x]])
    json.member("secrets", [Base64URL.text(of: secret)])
    json.endObject()
    return json.bytes()
  }
}
