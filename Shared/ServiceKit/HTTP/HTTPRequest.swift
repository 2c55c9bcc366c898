import Foundation

/// One request, read and decoded.
public struct HTTPRequest: Sendable {
  /// The method as sent, except that HEAD becomes GET. The server then omits the response body.
  public let method: String
  /// The path, split at its slashes and then percent-decoded, so that an id may contain a slash: `/a%2Fb/c` is `["a/b", "c"]`, `/` is `[]`
  /// and `/a/` is `["a", ""]`.
  public let segments: [String]
  public let query: HTTPFields
  public let headers: [(name: String, value: String)]
  public let body: [UInt8]
  /// The IP address that the connection comes from. Behind a proxy it is the proxy's.
  public let peer: String

  /// - Parameter target: path and query as in the request line.
  /// - Throws: the answer to a target that is not a valid UTF-8 path, or whose query has broken percent escapes.
  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [], peer: String = "127.0.0.1"
  ) throws(HTTPRequestError) {
    try self.init(method: method, target: Array(target.utf8), headers: headers, body: body, peer: peer)
  }

  init(
    method: String, target: [UInt8], headers: [(name: String, value: String)], body: [UInt8], peer: String
  ) throws(HTTPRequestError) {
    guard target.first == UInt8(ascii: "/"), target.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") }) else {
      throw .badTarget
    }
    let parts = target.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    var segments: [String] = []
    if parts[0].count > 1 {
      for part in parts[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
        guard let segment = HTTPFields.decoded(part, plusIsSpace: false), segment.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .badTarget }
        segments.append(segment)
      }
    }
    guard let query = HTTPFields(urlEncoded: parts.count > 1 ? parts[1] : []) else { throw .badTarget }
    self.method = method == "HEAD" ? "GET" : method
    self.segments = segments
    self.query = query
    self.headers = headers
    self.body = body
    self.peer = peer
  }

  /// The first header with this name; the case is ignored.
  public func header(_ name: String) -> String? { headers.first { HTTPFields.equal($0.name, name) }?.value }

  /// The cookies. They are parsed here because libmicrohttpd's parser skips what it does not understand.
  public var cookies: HTTPFields {
    HTTPFields(
      headers.filter { HTTPFields.equal($0.name, "cookie") }.flatMap { $0.value.utf8.split(separator: UInt8(ascii: ";")) }
        .compactMap { pair in
          let pair = pair.drop { $0 == 0x20 || $0 == 0x09 }
          guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
          return (String(decoding: pair[..<equals], as: UTF8.self), String(decoding: pair[equals...].dropFirst(), as: UTF8.self))
        })
  }

  /// The fields of a form, or `nil` if the body is not a form or has broken escapes.
  public var form: HTTPFields? {
    let type = header("content-type")?.prefix { $0 != ";" && $0 != " " } ?? ""
    guard HTTPFields.equal(String(type), "application/x-www-form-urlencoded") else { return nil }
    return HTTPFields(urlEncoded: body[...])
  }

  /// The client's address.
  ///
  /// - Parameter proxies: the number of reverse proxies in front of this server. Each appends its client's address to `X-Forwarded-For`.
  ///   Entries further left come from the client and are not trusted.
  public func client(behind proxies: Int) -> String {
    guard proxies > 0 else { return peer }
    let forwarded = headers.filter { HTTPFields.equal($0.name, "x-forwarded-for") }.flatMap { $0.value.split(separator: ",") }
    guard forwarded.count >= proxies else { return peer }
    let address = String(forwarded[forwarded.count - proxies].filter { $0 != " " && $0 != "\t" })
    var bytes = in6_addr()
    let isAddress = inet_pton(AF_INET, address, &bytes) == 1 || inet_pton(AF_INET6, address, &bytes) == 1
    return isAddress ? address.withoutIPv6Mapping : peer
  }

  /// Identifies a client for limits. For IPv6 it is the /64 network, because one client has 2⁶⁴ addresses.
  ///
  /// - Parameter proxies: as for ``client(behind:)``.
  public func clientNetwork(behind proxies: Int) -> String {
    let address = client(behind: proxies)
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    return withUnsafeBytes(of: bytes) { $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") }
  }
}

/// The answer to a request that does not reach the handler.
public struct HTTPRequestError: Error, Sendable, Equatable {
  public let status: Int
  public let detail: String

  static let badTarget = HTTPRequestError(status: 400, detail: "the path or the query is malformed")
  static let badFraming = HTTPRequestError(status: 400, detail: "the length of the body is ambiguous")
  static let bodyTooLong = HTTPRequestError(status: 413, detail: "the body is too long")
  static let headTooLong = HTTPRequestError(status: 431, detail: "the headers are too long")
}

/// Names and values in order.
public struct HTTPFields: Sendable {
  public let all: [(name: String, value: String)]

  init(_ all: [(name: String, value: String)]) { self.all = all }

  /// The first value with this name.
  public subscript(name: String) -> String? { all.first { $0.name == name }?.value }

  /// Reads `a=1&b=x+y`. Returns `nil` if an escape is broken, encodes NUL or is not UTF-8.
  init?(urlEncoded bytes: ArraySlice<UInt8>) {
    var all: [(String, String)] = []
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0], plusIsSpace: true),
        let value = Self.decoded(parts.count > 1 ? parts[1] : [], plusIsSpace: true)
      else { return nil }
      all.append((name, value))
    }
    self.all = all
  }

  static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) -> String? {
    let spaced = text.map { plusIsSpace && $0 == UInt8(ascii: "+") ? 0x20 : $0 }
    let decoded = String(validating: spaced, as: UTF8.self)?.removingPercentEncoding
    return decoded?.utf8.contains(0) == false ? decoded : nil
  }

  /// Header names are ASCII and case-insensitive.
  static func equal(_ left: String, _ right: String) -> Bool {
    func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
    return left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lower($0) == lower($1) }
  }
}

/// A handler's answer.
public struct HTTPResponse: Sendable {
  public var status: Int
  /// The headers, without `Content-Length`, `Date` and `Connection`, which the server adds. A value must not contain a line break.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  /// For a body that is too large for memory: returns the next part when the client has room for it, and `nil` at the end. It is sent after
  /// `body`. An error ends the connection, so the client knows that the body is incomplete. Calls come one after the other.
  public var more: (@Sendable () throws -> [UInt8]?)?

  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A body of a media type.
  public init(_ status: Int, _ type: String, _ body: [UInt8], caching: String = "no-store") {
    self.init(status: status, headers: [("Content-Type", type), ("Cache-Control", caching)], body: body)
  }

  /// A line of text.
  public static func text(_ status: Int, _ line: String) -> HTTPResponse {
    HTTPResponse(status, "text/plain; charset=utf-8", Array("\(line)\n".utf8))
  }

  /// The same answer with another header.
  public func with(_ name: String, _ value: String) -> HTTPResponse {
    var response = self
    response.headers.append((name, value))
    return response
  }
}
