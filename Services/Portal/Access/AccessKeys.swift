import Contracts
import Crypto
import JSON

/// The file with the keys that verify tokens for the account pages, and the secrets that seal their cookies.
///
/// Its keys are JSON Web Keys (RFC 7517, RFC 8037), as the host product's tools write them:
///
///     {"issuer": "https://app.example", "audience": "laurel",
///      "keys": [{"kid": "2026-11", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///               {"kid": "2026-05", "kty": "oct", "alg": "HS256", "k": "…"}],
///      "secrets": ["…"]}
///
/// To replace a key, add the new one beside the old one, and remove the old one when the host product signs with the new one. The first of
/// `secrets` seals cookies; the others still open cookies sealed before. All keys and secrets are base64url. Symmetric ones have 32 bytes
/// or more.
public struct AccessKeys: Sendable, JSONDecodable {
  public let issuer: String
  public let audience: String
  let keys: [String: VerifyingKey]
  let secrets: [[UInt8]]

  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    issuer = try object.required("issuer")
    audience = try object.required("audience")
    try object.check(!issuer.isEmpty, "issuer", "empty")
    try object.check(!audience.isEmpty, "audience", "empty")
    let keys = try object.required("keys", as: [IdentifiedKey].self)
    try object.check(
      1...8 ~= keys.count && Set(keys.map(\.id)).count == keys.count, "keys", "not 1 to 8 keys with different kids")
    self.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0.key) })
    secrets = try object.required("secrets", as: [Secret].self).map(\.bytes)
    try object.check(1...8 ~= secrets.count, "secrets", "not 1 to 8 secrets")
  }
}

enum Algorithm: String, JSONWord {
  case edDSA = "EdDSA"
  case hs256 = "HS256"
}

/// A key and its only algorithm. The algorithm in a token's header never selects the key's.
enum VerifyingKey: Sendable {
  case edDSA(Ed25519.PublicKey)
  case hs256([UInt8])

  var algorithm: Algorithm {
    switch self {
    case .edDSA: .edDSA
    case .hs256: .hs256
    }
  }

  func isValid(_ signature: [UInt8], of message: [UInt8]) throws(CryptoError) -> Bool {
    switch self {
    case .edDSA(let key): key.isValid(signature, of: message)
    case .hs256(let key): try HMACSHA256.isValid(signature, of: message, key: key)
    }
  }
}

private struct IdentifiedKey: JSONDecodable {
  let id: String
  let key: VerifyingKey

  init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    id = try object.required("kid", as: Identifier<VerifyingKey>.self).value
    let type = try object.required("kty", as: String.self)
    let algorithm = try object.required("alg", as: Algorithm.self)
    let expected = algorithm == .edDSA ? "OKP" : "oct"
    try object.check(type == expected, "kty", "\"\(type.prefix(60))\" is not \(expected), the type of \(algorithm.rawValue) keys")
    switch algorithm {
    case .edDSA:
      let curve = try object.required("crv", as: String.self)
      try object.check(curve == "Ed25519", "crv", "\"\(curve.prefix(60))\" is not Ed25519")
      try object.check(object.member("d") == nil, "d", "a private key; only the public key belongs here")
      key = .edDSA(try object.required("x", as: PublicKey.self).key)
    case .hs256:
      key = .hs256(try object.required("k", as: Secret.self).bytes)
    }
  }
}

private struct PublicKey: JSONDecodable {
  let key: Ed25519.PublicKey

  init(json: JSONValue) throws(JSONError) {
    let bytes = try Encoded(json: json).bytes
    do { key = try Ed25519.PublicKey(bytes) } catch { throw json.error("not an Ed25519 key of 32 bytes") }
  }
}

private struct Encoded: JSONDecodable {
  let bytes: [UInt8]

  init(json: JSONValue) throws(JSONError) {
    guard let bytes = Base64URL.bytes(of: try json.string()) else { throw json.error("not base64url without padding") }
    self.bytes = bytes
  }
}

private struct Secret: JSONDecodable {
  let bytes: [UInt8]

  init(json: JSONValue) throws(JSONError) {
    bytes = try Encoded(json: json).bytes
    guard bytes.count >= 32 else { throw json.error("\(bytes.count) bytes; a secret has 32 or more") }
  }
}
