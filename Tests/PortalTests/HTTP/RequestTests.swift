import Testing

@testable import ServiceKit

/// Parsing the parts of a request.
@Suite struct RequestTests {
  @Test(arguments: [
    ("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("//a", ["", "a"]), ("/a%2Fb/c", ["a/b", "c"]), ("/%D1%8F", ["я"]),
    ("/a+b", ["a+b"]), ("/..%2f..", ["../.."]), ("/a?b/c", ["a"]), ("/a%3Fb", ["a?b"]), ("/a%25", ["a%"]),
  ])
  func paths(target: String, segments: [String]) throws {
    #expect(try HTTPRequest(method: "GET", target: target).segments == segments)
  }

  @Test(arguments: [
    "", "a", "*", "http://x/", "/%", "/%4", "/%4g", "/%00", "/a%0Ab", "/%7F", "/%FF", "/%C0%AF", "/%ED%A0%80", "/a b", "/a#b",
    "/я", "/\u{1}", "/?a=%", "/?a=%00", "/?%zz", "/?a=%ff", "?a",
  ])
  func targetsThatAreNone(target: String) {
    #expect(throws: HTTPRequestError.badTarget) { try HTTPRequest(method: "GET", target: target) }
  }

  @Test func queries() throws {
    let query = try HTTPRequest(method: "GET", target: "/?a=1&a=2&b=x+y%2B&&c&=d&e=f=g").query
    #expect(query.all.map(\.name) == ["a", "a", "b", "c", "", "e"])
    #expect(query["a"] == "1" && query["b"] == "x y+" && query["c"] == "" && query["e"] == "f=g")
    #expect(query["A"] == nil && query["d"] == nil)
  }

  @Test func headersHaveNoCase() throws {
    let request = try HTTPRequest(method: "POST", target: "/", headers: [("ORIGIN", "x"), ("origin", "y")])
    #expect(request.header("Origin") == "x")
    #expect(request.header("Origin ") == nil && request.header("Orig\u{131}n") == nil)
    #expect(try HTTPRequest(method: "HEAD", target: "/").method == "GET")
  }

  @Test func cookies() throws {
    let request = try HTTPRequest(
      method: "GET", target: "/", headers: [("Cookie", "a=1; b=x=y;c=; d ;\te=2"), ("x", "f=3"), ("cookie", "a=4; g=5")])
    #expect(request.cookies.all.map(\.name) == ["a", "b", "c", "e", "a", "g"])
    #expect(request.cookies["a"] == "1" && request.cookies["b"] == "x=y" && request.cookies["c"] == "")
  }

  @Test func forms() throws {
    func form(_ type: String?, _ body: String) throws -> HTTPFields? {
      try HTTPRequest(
        method: "POST", target: "/", headers: type.map { [("Content-Type", $0)] } ?? [], body: Array(body.utf8)
      ).form
    }
    for type in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=UTF-8"] {
      let fields = try #require(try form(type, "name=%D0%90+%D0%91&note=a%0D%0Ab"))
      #expect(fields["name"] == "А Б" && fields["note"] == "a\r\nb")
    }
    #expect(try form("application/x-www-form-urlencoded", "a=%") == nil)
    #expect(try form("application/x-www-form-urlencoded", "a=%00") == nil)
    #expect(try form("application/json", "a=1") == nil)
    #expect(try form("multipart/form-data", "a=1") == nil)
    #expect(try form(nil, "a=1") == nil)
  }

  /// Addresses that a client adds in front are not trusted.
  @Test(arguments: [
    (["192.0.2.1"], 0, "10.0.0.1"), ([], 1, "10.0.0.1"), (["192.0.2.1"], 1, "192.0.2.1"),
    (["198.51.100.9, 192.0.2.1"], 1, "192.0.2.1"), (["198.51.100.9", "192.0.2.1"], 1, "192.0.2.1"),
    (["198.51.100.9, 192.0.2.1 ,10.0.0.2"], 2, "192.0.2.1"), (["2001:db8::1"], 1, "2001:db8::1"),
    (["192.0.2.1"], 2, "10.0.0.1"), (["unknown"], 1, "10.0.0.1"), (["192.0.2.1:80"], 1, "10.0.0.1"), ([""], 1, "10.0.0.1"),
  ])
  func clientsBehindProxies(forwarded: [String], proxies: Int, address: String) throws {
    let request = try HTTPRequest(
      method: "GET", target: "/", headers: forwarded.map { ("X-Forwarded-For", $0) }, peer: "10.0.0.1")
    #expect(request.client(behind: proxies) == address)
  }

  @Test func clientsOfOneNetwork() throws {
    func network(_ peer: String) throws -> String {
      try HTTPRequest(method: "GET", target: "/", peer: peer).clientNetwork(behind: 0)
    }
    #expect(try network("192.0.2.1") == "192.0.2.1")
    let mapped = try HTTPRequest(
      method: "GET", target: "/", headers: [("X-Forwarded-For", "::ffff:192.0.2.1")], peer: "10.0.0.1")
    #expect(mapped.clientNetwork(behind: 1) == "192.0.2.1")
    #expect(try network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9"))
    #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
  }
}
