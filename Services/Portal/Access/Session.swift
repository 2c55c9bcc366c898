import Contracts
import JSON

/// What a person may do here.
public enum Right: String, JSONWord, Sendable {
  /// See the account.
  case read
  /// Request a referral code.
  case code
  /// Set the order of the companies.
  case order
  /// Request and cancel withdrawals.
  case withdraw
}

/// An object of the host product, and its name there.
public struct Named: Sendable, Hashable {
  public var id: String
  public var name: String

  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }
}

/// Who is signed in, what they may see and do, and until when, as signed by the host product.
///
/// Its JSON form is the claims of a token. A session's cookie holds the same, so an instance needs no store of sessions.
public struct Session: Sendable, Hashable {
  /// The token's `jti`. With it the host product can find the session in both logs.
  public var id: String
  public var account: AccountID
  public var programs: [ProgramID]
  public var rights: Set<Right>
  /// As the host product sent it, such as `ru` or `uz-Latn`. The pages choose the catalogue for it.
  public var language: String?
  /// The companies whose order can be set, with the ids of `CompanyID`.
  public var companies: [Named]
  /// The possible recipients of withdrawals. Their ids are destinations of `withdrawal.requested.v1`.
  public var recipients: [Named]
  /// For a token, when it was signed; for a session, when it began. Whole seconds.
  public var startedAt: Instant
  public var expiresAt: Instant

  public init(
    id: String, account: AccountID, programs: [ProgramID], rights: Set<Right>, language: String? = nil, companies: [Named] = [],
    recipients: [Named] = [], startedAt: Instant, expiresAt: Instant
  ) {
    self.id = id
    self.account = account
    self.programs = programs
    self.rights = rights
    self.language = language
    self.companies = companies
    self.recipients = recipients
    self.startedAt = startedAt
    self.expiresAt = expiresAt
  }
}

extension Session: JSONCodable {
  public init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    id = try object.required("jti", as: Identifier<Session>.self).value
    account = try object.required("sub")
    programs = try object.required("programs")
    let rights = try object.required("act", as: [Right].self)
    language = try object.optional("lang")
    companies = try Self.named("companies", "name", in: object) { item throws(JSONError) in
      try item.required("id", as: CompanyID.self).value
    }
    recipients = try Self.named("recipients", "label", in: object) { item throws(JSONError) in
      let id: String = try item.required("id")
      try item.check(1...512 ~= id.unicodeScalars.count, "id", "not 1 to 512 characters")
      return id
    }
    startedAt = try object.required("iat", as: NumericDate.self).instant
    expiresAt = try object.required("exp", as: NumericDate.self).instant
    self.rights = Set(rights)
    try object.check(1...50 ~= programs.count && Set(programs).count == programs.count, "programs", "not 1 to 50 different ones")
    try object.check(!rights.isEmpty && rights.count == self.rights.count, "act", "not one or more different rights")
    try object.check(language.map(Self.isTag) ?? true, "lang", "not a language tag such as ru or uz-Latn")
  }

  /// - Parameter label: the JSON name of the names.
  private static func named(
    _ list: StaticString, _ label: StaticString, in object: JSONObject, id: (JSONObject) throws(JSONError) -> String
  ) throws(JSONError) -> [Named] {
    let items = try object.optional(list, as: [TokenItem].self) ?? []
    let named = try items.map { item throws(JSONError) in
      let named = Named(id: try id(item.object), name: try item.object.required(label))
      try item.object.check(1...200 ~= named.name.unicodeScalars.count, label, "not 1 to 200 characters")
      return named
    }
    try object.check(named.count <= 200 && Set(named.map(\.id)).count == named.count, list, "not at most 200 different ones")
    return named
  }

  public func write(to json: inout JSONWriter) {
    json.beginObject()
    writeMembers(to: &json)
    json.endObject()
  }

  /// Also used inside an object with other members.
  func writeMembers(to json: inout JSONWriter) {
    json.member("jti", id)
    json.member("sub", account)
    json.member("programs", programs)
    json.member("act", rights.sorted { $0.rawValue < $1.rawValue })
    json.member("lang", language)
    if !companies.isEmpty { json.member("companies", companies.map { ["id": $0.id, "name": $0.name] }) }
    if !recipients.isEmpty { json.member("recipients", recipients.map { ["id": $0.id, "label": $0.name] }) }
    json.member("iat", NumericDate(instant: startedAt))
    json.member("exp", NumericDate(instant: expiresAt))
  }

  /// Checks characters and length of a BCP 47 tag, because it becomes an attribute of the page.
  private static func isTag(_ text: String) -> Bool {
    2...35 ~= text.utf8.count && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }
}

/// Whole seconds since 1970 (RFC 7519, section 2).
struct NumericDate: JSONCodable {
  let instant: Instant

  init(instant: Instant) { self.instant = instant }

  init(json: JSONValue) throws(JSONError) {
    let seconds = try json.integer()
    guard 0...Instant.range.upperBound.milliseconds / 1000 ~= seconds else {
      throw json.error("\(seconds) is not a time in seconds")
    }
    instant = Instant(milliseconds: seconds * 1000)
  }

  func write(to json: inout JSONWriter) { json.integer(instant.milliseconds / 1000) }
}

/// A company or a recipient of a token.
private struct TokenItem: JSONDecodable {
  let object: JSONObject

  init(json: JSONValue) throws(JSONError) { object = try json.object() }
}
