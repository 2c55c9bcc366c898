import Contracts
import JSON
import Markup
import PortalAccess
import ServiceKit

/// The JSON API: the figures of the pages for other programs (ops/contracts/portal.openapi.yaml). The host product's code calls it
/// with a Bearer token of the account.
struct API: Sendable {
  private static let limitMax = 200

  let portal: Portal

  /// - Parameter segments: the path after `/v1`.
  func answer(_ request: HTTPRequest, _ segments: [String], _ session: Session) throws -> HTTPResponse {
    guard let methods = Self.methods(of: segments) else { return .problem(404, "not found", "the OpenAPI file lists all paths") }
    guard methods.contains(request.method) else {
      let allowed = methods.sorted().joined(separator: ", ").replacing("GET", with: "GET, HEAD")
      return .problem(405, "method not allowed", "only \(allowed)").with("Allow", allowed)
    }
    let program: ProgramID
    switch portal.program(request.query["program"], of: session) {
    case .one(let found): program = found
    case .unnamed:
      return .problem(
        400, "program is missing", "choose one of \(session.programs.map(\.value).joined(separator: ", ")) with ?program=")
    case .unknown: return .problem(404, "no such program", "the token is not for this program")
    }
    guard session.rights.contains(.read) || request.method == "POST" else {
      return .problem(403, "not allowed", "the token's act lacks read")
    }
    switch (request.method, segments.first, segments.count) {
    case ("GET", "summary", 1):
      let summary = try portal.pool.read { try $0.summary(session.account, program, now: portal.time()) }
      return .json(200, Aged(value: summary, freshness: portal.freshness))
    case ("GET", "referees", 1):
      let status = request.query["status"].map { RefereeStatus(rawValue: $0) }
      if let status, status == nil {
        return .problem(
          400, "bad status", "status is not one of \(RefereeStatus.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return try list(request) { model, after, limit in
        try model.referees(
          session.account, program, status: status ?? nil, before: after, find: request.query["find"], limit: limit)
      }
    case ("GET", "entries", 1):
      let currency = request.query["currency"].map { Currency($0) }
      if let currency, currency == nil { return .problem(400, "bad currency", "currency is not three capital letters") }
      return try list(request) { model, after, limit in
        try model.entries(session.account, program, currency: currency ?? nil, before: after, limit: limit)
      }
    case ("GET", "entries", 3) where segments[2] == "why":
      guard let sequence = Int64(segments[1]),
        let entry = try portal.pool.read({ try $0.entry(session.account, program, sequence: sequence) })
      else { return .problem(404, "no such entry", "the account has no entry of this number") }
      return .json(200, ExplainedEntry(entry: entry))
    case ("GET", "discounts", 1):
      return .json(200, Aged(value: try portal.discounts(session, program), freshness: portal.freshness))
    case ("GET", "withdrawals", 1):
      return try list(request) { model, after, limit in
        try model.withdrawals(session.account, program, before: after, limit: limit)
      }
    case ("GET", "requests", 1):
      return try list(request) { model, after, limit in
        try model.requests(session.account, program, before: after, limit: limit)
      }
    case ("GET", "requests", 2):
      guard let status = try portal.desk.status(session.account, program, segments[1], type: request.query["type"]) else {
        return .problem(404, "no such request", "the account has no request with this id")
      }
      return .json(200, status)
    case ("POST", "requests", 1): return try take(request, session, program)
    default: return .problem(404, "not found", "the OpenAPI file lists all paths")
    }
  }

  /// The methods of a path, or `nil` if there is no such path. HEAD counts as GET.
  private static func methods(of segments: [String]) -> Set<String>? {
    switch (segments.first, segments.count) {
    case ("summary", 1), ("referees", 1), ("entries", 1), ("discounts", 1), ("withdrawals", 1), ("requests", 2): ["GET"]
    case ("requests", 1): ["GET", "POST"]
    case ("entries", 3) where segments[2] == "why": ["GET"]
    default: nil
    }
  }

  // MARK: Answers

  /// A page of a list.
  private func list<Item: JSONEncodable>(
    _ request: HTTPRequest, _ read: (ReadModel, String?, Int) throws -> Page<Item>?
  ) throws -> HTTPResponse {
    let limit = request.query["limit"].map { Int($0) } ?? 50
    guard let limit, 1...Self.limitMax ~= limit else {
      return .problem(400, "bad limit", "limit is not a whole number from 1 to \(Self.limitMax)")
    }
    guard let page = try portal.pool.read({ try read($0, request.query["after"], limit) }) else {
      return .problem(400, "bad cursor", "after must be the value of next from another page of this list")
    }
    return .json(200, Aged(value: page, freshness: portal.freshness))
  }

  // MARK: Requests

  /// `POST /v1/requests` with an `Idempotency-Key`: `{"type": …, "data": {…}}`. The data omits `request`, `account` and the instant.
  private func take(_ request: HTTPRequest, _ session: Session, _ program: ProgramID) throws -> HTTPResponse {
    guard let key = request.header("Idempotency-Key"), let id = RequestID(key) else {
      return .problem(
        400, "no Idempotency-Key", "the header Idempotency-Key must hold the request's id: 1 to 128 printable ASCII characters")
    }
    let wish: Wish
    do throws(JSONError) {
      wish = try JSONParser().decode(WishedData.self, from: request.body).wish
    } catch {
      return .problem(422, "malformed", error.path.isEmpty ? error.detail : "\(error.path): \(error.detail)")
    }
    guard session.rights.contains(wish.right) else {
      return .problem(403, "not allowed", "the token's act lacks \(wish.right.rawValue)")
    }
    if let reason = try portal.reason(against: wish, id, session, program) { return .problem(422, "not possible", reason) }
    switch try portal.desk.take(wish, id, session, program, at: portal.time(), now: .now) {
    case .taken(let status):
      let path = "\(portal.settings.basePath)/v1/requests/\(id.value.percentEncoded)"
      return .json(202, status).with("Location", "\(path)?program=\(program.value.percentEncoded)&type=\(wish.type)")
    case .conflict: return .problem(409, "another request", "the id \(id) was already used for another request")
    case .malformed(let detail): return .problem(422, "malformed", detail)
    }
  }
}

/// The body of `POST /v1/requests`.
private struct WishedData: JSONDecodable {
  let wish: Wish

  init(json: JSONValue) throws(JSONError) {
    let object = try json.object()
    let type: String = try object.required("type")
    guard let data = object.member("data") else { throw JSONError(reason: .malformed, path: "data", detail: "missing") }
    let fields = try data.object()
    switch type {
    case CodeRequested.type: wish = .code(vanity: try fields.optional("vanity"))
    case CompanyOrderSet.type: wish = .order(try fields.required("companies"))
    case WithdrawalRequested.type:
      wish = .withdrawal(
        amount: try fields.required("amount"), currency: try fields.required("currency"),
        destination: try fields.required("destination"))
    case WithdrawalCanceled.type: wish = .cancel
    default:
      throw JSONError(
        reason: .malformed, path: "type",
        detail:
          "\"\(type)\" is not one of \(CodeRequested.type), \(CompanyOrderSet.type), \(WithdrawalRequested.type), \(WithdrawalCanceled.type)"
      )
    }
    // An unknown field may be a typing error about money, so reject it.
    if let unknown = json.unknownFields.first { throw JSONError(reason: .malformed, path: unknown, detail: "unknown field") }
  }
}
