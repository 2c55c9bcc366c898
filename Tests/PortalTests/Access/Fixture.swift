import Contracts
import Crypto
import JSON

@testable import PortalAccess

/// Keys, a clock and a session for the access tests.
enum Fixture {
  static let now = Instant(milliseconds: 1_767_600_000_000)
  /// The private key of RFC 8037, appendix A.
  static let privateKey = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
  static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
  static let sharedKey = [UInt8](repeating: 7, count: 32)

  static let issuer = "https://app.example"
  static let audience = "laurel"

  static func file(secrets: [UInt8] = [1, 2]) -> String {
    let secrets = secrets.map { "\"\(Base64URL.text(of: [UInt8](repeating: $0, count: 32)))\"" }.joined(separator: ",")
    return """
      {"issuer":"\(issuer)","audience":"\(audience)","keys":[
      {"kid":"ed","kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"\(publicKey)","use":"sig"},
      {"kid":"hs","kty":"oct","alg":"HS256","k":"\(Base64URL.text(of: sharedKey))"}],"secrets":[\(secrets)]}
      """
  }

  static func keys(secrets: [UInt8] = [1, 2]) throws -> AccessKeys {
    try JSONParser().decode(AccessKeys.self, from: Array(file(secrets: secrets).utf8))
  }

  static func verifier() throws -> TokenVerifier { TokenVerifier(try keys()) }

  static func signer() throws -> TokenSigner {
    TokenSigner(
      key: try Ed25519.PrivateKey(Base64URL.bytes(of: privateKey) ?? []), keyID: "ed", issuer: issuer, audience: audience)
  }

  /// One minute old.
  static let session = Session(
    id: "jti-1", account: "olena", programs: ["cash", "tiers"], rights: [.read, .withdraw], language: "uz-Latn",
    companies: [Named(id: "c1", name: "ТОО \"Ромашка\""), Named(id: "c 2", name: "B")],
    recipients: [Named(id: "карта-1", name: "Visa •• 4242")], startedAt: now - .minutes(1), expiresAt: now + .minutes(4))

  /// A token with any header and any claims, with a signature by `sign`.
  static func token(_ header: String, _ claims: String, sign: ([UInt8]) throws -> [UInt8]) rethrows -> String {
    let signed = "\(Base64URL.text(of: header.utf8)).\(Base64URL.text(of: claims.utf8))"
    return "\(signed).\(Base64URL.text(of: try sign(Array(signed.utf8))))"
  }

  static func edSigned(_ claims: String, header: String = #"{"alg":"EdDSA","kid":"ed"}"#) throws -> String {
    let key = try Ed25519.PrivateKey(Base64URL.bytes(of: privateKey) ?? [])
    return try token(header, claims) { try key.signature(of: $0) }
  }

  /// Valid claims with changes: other JSON for a claim, or nil to leave it out.
  static func claims(_ changes: [String: String?] = [:]) -> String {
    var claims: [String: String?] = [
      "iss": "\"\(issuer)\"", "aud": "\"\(audience)\"", "sub": "\"olena\"", "jti": "\"jti-1\"", "programs": "[\"cash\"]",
      "act": "[\"read\"]", "iat": "1767599940", "exp": "1767600240",
    ]
    claims.merge(changes) { $1 }
    return "{\(claims.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.sorted().joined(separator: ","))}"
  }
}
