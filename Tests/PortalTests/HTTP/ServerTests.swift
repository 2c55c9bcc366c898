import Foundation
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// The server on real sockets: what a client may send, and that it cannot affect others.
@Suite struct ServerTests {
  /// Answers with the parsed request.
  static func echo(_ request: HTTPRequest) -> HTTPResponse {
    var answer = HTTPResponse.text(
      200, "\(request.method) \(request.segments) \(request.query.all.map { "\($0.name)=\($0.value)" }) \(request.body.count)")
    // As long as a session's cookie can be.
    answer.headers += [("X-Peer", request.peer), ("X-Long", String(repeating: "c", count: 4096))]
    answer.body += request.body
    return answer
  }

  static func server(_ change: (inout HTTPServer.Limits) -> Void = { _ in }) throws -> HTTPServer {
    var limits = HTTPServer.Limits()
    limits.threads = 2
    change(&limits)
    return try HTTPServer(address: "127.0.0.1:0", limits: limits, handler: echo)
  }

  static func status(_ answer: String) -> Int? { answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

  static let close = "Host: x\r\nConnection: close\r\n"

  @Test func aHandlerGetsTheRequest() throws {
    let server = try Self.server()
    let answer = try HTTPWire.exchange(
      "POST /a%2Fb/c?x=1&y=%D1%8F HTTP/1.1\r\n\(Self.close)Content-Length: 5\r\n\r\nhello", port: server.port)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("\r\nX-Peer: 127.0.0.1\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nPOST [\"a/b\", \"c\"] [\"x=1\", \"y=я\"] 5\nhello"))
  }

  @Test(arguments: ["/%00", "/%zz", "/%ff", "*", "x", "http://x/", "/?a=%0", "/a\u{1}", "/я"])
  func aTargetThatIsNoneIsAnswered(target: String) throws {
    let server = try Self.server()
    let answer = try HTTPWire.exchange("GET \(target) HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
    #expect(Self.status(answer) == 400)
    #expect(answer.hasSuffix("the path or the query is malformed\n"))
  }

  @Test func headHasNoBody() throws {
    let server = try Self.server()
    let answer = try HTTPWire.exchange("HEAD /a HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\n"))
    #expect(answer.contains("\r\nContent-Length: 15\r\n"))
  }

  @Test func aHeaderThatWouldSplitTheResponse() throws {
    let server = try HTTPServer(address: "127.0.0.1:0") { _ in
      HTTPResponse(status: 303, headers: [("Location", "/\r\nSet-Cookie: a=b")], body: Array("secret".utf8))
    }
    let answer = try HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
    #expect(Self.status(answer) == 500 && !answer.contains("Cookie") && !answer.contains("secret"))
  }

  // MARK: Bodies that are sent in parts

  @Test func aBodyInParts() throws {
    let server = try Self.sending(parts: 200)
    let head = try HTTPWire.exchange("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", port: server.port)
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("Connection: close") && !head.contains("first"))
    let chunked = try HTTPWire.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", port: server.port)
    #expect(chunked.contains("Transfer-Encoding: chunked") && chunked.hasSuffix("\r\n0\r\n\r\n"))
    let body = try HTTPWire.exchange("GET / HTTP/1.0\r\n\r\n", port: server.port).components(separatedBy: "\r\n\r\n")[1]
    #expect(body == "first" + (0..<200).map { String(repeating: "x", count: $0 * 20) }.joined())
  }

  /// The end of the chunks is missing, so a client does not take the part for the whole.
  @Test func aBodyThatCannotBeFinished() throws {
    let server = try Self.sending(parts: 200, failingAt: 100)
    let answer = try HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
    #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains("Transfer-Encoding: chunked"))
    #expect(!answer.hasSuffix("0\r\n\r\n"))
  }

  private static func sending(parts: Int, failingAt fault: Int? = nil) throws -> HTTPServer {
    final class Sent: Sendable {
      let count = Mutex(0)
    }
    return try HTTPServer(address: "127.0.0.1:0") { _ in
      var response = HTTPResponse(status: 200, body: Array("first".utf8))
      let sent = Sent()
      response.more = {
        let number = sent.count.withLock { count in
          defer { count += 1 }
          return count
        }
        if number == fault { throw CancellationError() }
        return number < parts ? [UInt8](repeating: 0x78, count: number * 20) : nil
      }
      return response
    }
  }

  // MARK: Several requests on a connection

  @Test func requestsInAPipeline() throws {
    let server = try Self.server()
    let wire = try HTTPWire(port: server.port)
    wire.send(
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
        + "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
        + "HEAD /4 HTTP/1.1\r\nHost: x\r\n\r\n" + "GET /5 HTTP/1.1\r\n\(Self.close)\r\n")
    let answers = try wire.rest().components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst()
    #expect(
      answers.map { $0.components(separatedBy: "\r\n\r\n")[1] } == [
        "POST [\"1\"] [] 3\nabc", "GET [\"2\"] [] 0\n", "POST [\"3\"] [] 3\ndef", "", "GET [\"5\"] [] 0\n",
      ])
  }

  @Test func manyClientsAtOnce() async throws {
    let server = try Self.server { $0.threads = 4 }
    let answered = try await withThrowingTaskGroup(of: Int.self) { group in
      for client in 0..<16 {
        group.addTask {
          let wire = try HTTPWire(port: server.port)
          for number in 0..<50 {
            wire.send("POST /\(client) HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n\(10_000_000 + client * 1000 + number)")
            let answer = try wire.read(to: "\(10_000_000 + client * 1000 + number)")
            guard answer.hasPrefix("HTTP/1.1 200"), answer.contains("POST [\"\(client)\"] [] 8\n") else { return number }
          }
          return 50
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 }
    }
    #expect(answered == 16 * 50)
  }

  // MARK: Bodies

  @Test func aBodyUpToTheLimit() throws {
    let server = try Self.server { $0.bodyBytes = 1000 }
    for (bytes, status) in [(1000, 200), (1001, 413), (16_000, 413)] {
      let body = String(repeating: "x", count: bytes)
      for framed in [
        "Content-Length: \(bytes)\r\n\r\n\(body)",
        "Transfer-Encoding: chunked\r\n\r\n\(String(bytes, radix: 16))\r\n\(body)\r\n0\r\n\r\n",
      ] {
        let answer = try HTTPWire.exchange("POST / HTTP/1.1\r\n\(Self.close)\(framed)", port: server.port)
        #expect(Self.status(answer) == status, "\(bytes)")
      }
    }
  }

  /// It is answered before the whole body arrives. A body of unknown length is cut off.
  @Test func aBodyFarBeyondTheLimit() throws {
    let server = try Self.server { $0.bodyBytes = 1000 }
    let declared = try HTTPWire.exchange("POST / HTTP/1.1\r\n\(Self.close)Content-Length: 20000000\r\n\r\n", port: server.port)
    #expect(Self.status(declared) == 413)
    let wire = try HTTPWire(port: server.port)
    wire.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    let chunk = "1000\r\n" + String(repeating: "x", count: 0x1000) + "\r\n"
    let cut = (0..<10_000).contains { _ in !wire.send(chunk) }
    #expect(cut)
    #expect(try Self.status(HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)) == 200)
  }

  @Test func continueIsSaidToABodyThatIsTaken() throws {
    let server = try Self.server { $0.bodyBytes = 1000 }
    let wire = try HTTPWire(port: server.port)
    wire.send("POST / HTTP/1.1\r\n\(Self.close)Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    #expect(try wire.read(to: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    wire.send("abc")
    let taken = try wire.rest()
    #expect(Self.status(taken) == 200 && taken.hasSuffix("\nabc"))
    let rejected = try HTTPWire.exchange(
      "POST / HTTP/1.1\r\n\(Self.close)Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", port: server.port)
    #expect(Self.status(rejected) == 413)
  }

  /// RFC 9112, section 6.3: a proxy may have read a different length than this server, and the rest as another request.
  @Test(arguments: [
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: xchunked\r\n\r\nhello", "Content-Length: +5\r\n\r\nhello", "Content-Length: 5,5\r\n\r\nhello",
    "Content-Length: 0x5\r\n\r\nhello", "Content-Length: -5\r\n\r\nhello",
  ])
  func twoLengths(framed: String) throws {
    let server = try Self.server()
    let answer = try HTTPWire.exchange(
      "POST / HTTP/1.1\r\nHost: x\r\n\(framed)GET /smuggled HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
    #expect(Self.status(answer) == 400)
    #expect(!answer.contains("smuggled"))
  }

  // MARK: Heads

  /// A token of 8 KiB beside a cookie of 4 KiB, plus a browser's headers.
  @Test func aHeadUpToTheLimit() throws {
    let server = try Self.server()
    for (bytes, status) in [(8192, 200), (18_000, 200), (20_000, 200), (25_000, 431), (100_000, 431)] {
      let head =
        "GET / HTTP/1.1\r\n\(Self.close)Cookie: \(String(repeating: "c", count: 4096))\r\n"
        + "Authorization: Bearer \(String(repeating: "t", count: bytes))\r\n\r\n"
      #expect(try Self.status(HTTPWire.exchange(head, port: server.port)) == status, "\(bytes)")
    }
    for (count, status) in [(100, 200), (2000, 431)] {
      let head = "GET / HTTP/1.1\r\n\(Self.close)" + String(repeating: "X-A: 123456\r\n", count: count) + "\r\n"
      #expect(try Self.status(HTTPWire.exchange(head, port: server.port)) == status, "\(count)")
    }
    for (bytes, statuses) in [(8000, [200]), (25_000, [414, 431]), (100_000, [414, 431])] {
      let answer = try HTTPWire.exchange(
        "GET /\(String(repeating: "p", count: bytes)) HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)
      #expect(statuses.contains(Self.status(answer) ?? 0), "\(bytes)")
    }
  }

  @Test func aRequestWithoutAHost() throws {
    let server = try Self.server()
    #expect(try Self.status(HTTPWire.exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", port: server.port)) == 400)
    #expect(try Self.status(HTTPWire.exchange("GET / HTTP/1.0\r\n\r\n", port: server.port)) == 200)
  }

  // MARK: Slow clients

  /// No client is ever idle: each sends a byte as often as allowed.
  @Test(arguments: [
    "GET /", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n",
  ])
  func aSlowSenderIsCut(start: String) throws {
    let server = try Self.server {
      $0.idleSeconds = 10
      $0.exchangeSeconds = 1
    }
    let began = ContinuousClock.now
    let wire = try HTTPWire(port: server.port)
    wire.send(start)
    while wire.send("a") {
      try #require(ContinuousClock.now - began < .seconds(8))
      usleep(20_000)
    }
    #expect(ContinuousClock.now - began > .milliseconds(900))
  }

  @Test func aSlowReaderIsCut() throws {
    var limits = HTTPServer.Limits()
    limits.exchangeSeconds = 1
    let server = try HTTPServer(address: "127.0.0.1:0", limits: limits) { _ in
      HTTPResponse(status: 200, body: [UInt8](repeating: 0x78, count: 32 << 20))
    }
    let wire = try HTTPWire(port: server.port)
    wire.send("GET / HTTP/1.1\r\n\(Self.close)\r\n")
    let began = ContinuousClock.now
    // Sending detects the end of the connection. Reading could take long, because the kernel has buffered data.
    while wire.send(" ") {
      try #require(ContinuousClock.now - began < .seconds(8))
      usleep(20_000)
    }
    #expect(try wire.rest().utf8.count < 32 << 20)
  }

  @Test func aSilentClientIsCut() throws {
    let server = try Self.server { $0.idleSeconds = 1 }
    let began = ContinuousClock.now
    for start in ["", "GET / HT"] {
      let wire = try HTTPWire(port: server.port)
      wire.send(start)
      #expect(try wire.rest() == "")
    }
    let kept = try HTTPWire(port: server.port)
    kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try kept.rest().hasPrefix("HTTP/1.1 200"))
    #expect(.seconds(2)..<(.seconds(15)) ~= ContinuousClock.now - began)
  }

  /// A connection in use is not overdue.
  @Test func aConnectionLivesAsLongAsItIsUsed() throws {
    let server = try Self.server { $0.exchangeSeconds = 1 }
    let wire = try HTTPWire(port: server.port)
    let began = ContinuousClock.now
    while ContinuousClock.now - began < .seconds(3) {
      wire.send("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n")
      try #require(try wire.read(to: "GET [\"kept\"] [] 0\n").hasPrefix("HTTP/1.1 200"))
      usleep(100_000)
    }
  }

  @Test func oneAddressHasItsShare() throws {
    let server = try Self.server { $0.connectionsPerAddress = 3 }
    let wires = try (0..<3).map { _ in try HTTPWire(port: server.port) }
    for wire in wires {
      wire.send("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try wire.read(to: "GET [\"kept\"] [] 0\n").hasPrefix("HTTP/1.1 200"))
    }
    #expect(try HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port) == "")
    withExtendedLifetime(wires) {}
  }

  /// Clients that hold every connection and send nothing are cut off, and the next one is served.
  @Test func silentClientsDoNotKeepOthersOut() throws {
    let server = try Self.server {
      $0.connections = 8
      $0.idleSeconds = 1
    }
    let silent = try (0..<16).map { _ in try HTTPWire(port: server.port) }
    #expect(try Self.status(HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)) == 200)
    withExtendedLifetime(silent) {}
  }

  // MARK: Garbage

  /// For any input the answer is a rejection, or an answer to a request in it. The next client is served.
  @Test func garbage() throws {
    let server = try Self.server {
      $0.connections = 400
      $0.idleSeconds = 1
    }
    var random = SplitMix64(seed: 15)
    let wires = try (0..<300).map { number in
      let wire = try HTTPWire(port: server.port)
      wire.send(Self.garbage(number, &random))
      wire.endOfInput()
      return wire
    }
    for (number, wire) in wires.enumerated() {
      let answer = try wire.rest()
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1."), "\(number): \(answer.prefix(80))")
      let status = Self.status(answer) ?? 400
      #expect([200, 400, 408, 413, 414, 431, 501, 505].contains(status), "\(number): \(status)")
    }
    #expect(try Self.status(HTTPWire.exchange("GET / HTTP/1.1\r\n\(Self.close)\r\n", port: server.port)) == 200)
  }

  /// Every third input is random bytes, the others are two requests with a few faults.
  private static func garbage(_ number: Int, _ random: inout SplitMix64) -> [UInt8] {
    if number % 3 == 0 { return (0..<random.upTo(600)).map { _ in UInt8(random.upTo(255)) } }
    var bytes = Array(
      ("POST /a%2Fb/c?x=1 HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\nContent-Length: 5\r\n\r\nhello"
        + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n").utf8)
    for _ in 0...random.upTo(5) {
      let place = random.upTo(bytes.count - 1)
      switch random.upTo(3) {
      case 0: bytes[place] = UInt8(random.upTo(255))
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(random.pick([0, 0x0A, 0x0D, 0x20, 0x25, 0x3A, 0x3B, 0xFF]), at: place)
      default: bytes.insert(contentsOf: bytes[place...].prefix(random.upTo(40)), at: place)
      }
    }
    return bytes
  }
}
