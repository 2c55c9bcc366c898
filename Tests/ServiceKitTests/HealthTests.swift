import Foundation
import TestSupport
import Testing

@testable import ServiceKit

private func get(_ path: String, method: String = "GET", port: UInt16) throws -> (status: Int, head: String, body: String) {
  let answer = try HTTPWire.exchange("\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port)
  let end = try #require(answer.range(of: "\r\n\r\n"))
  let status = try #require(Int(answer.split(separator: " ")[1]))
  return (status, String(answer[..<end.lowerBound]), String(answer[end.upperBound...]))
}

@Suite struct HealthTests {
  @Test func readyOnlyWhenTheServiceSaysSo() throws {
    let health = Health()
    let server = try HealthServer(address: "127.0.0.1:0", health: health, metrics: Metrics())
    #expect(server.port > 0)
    var answer = try get("/readyz", port: server.port)
    #expect(answer.status == 503 && answer.body == "starting\n")
    health.ready = .no("waiting for the broker at localhost:9092")
    answer = try get("/readyz", port: server.port)
    #expect(answer.status == 503 && answer.body == "waiting for the broker at localhost:9092\n")
    health.ready = .yes
    answer = try get("/readyz?verbose=1", port: server.port)
    #expect(answer.status == 200 && answer.body == "ok\n")
    #expect(answer.head.contains("Content-Type: text/plain; charset=utf-8"))
  }

  @Test func aliveAsLongAsTheLoopBeats() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(silenceSecondsMax: 60), metrics: Metrics())
    #expect(try get("/livez", port: server.port).status == 200)
    let silent = Health(silenceSecondsMax: -1)
    silent.beat()
    let other = try HealthServer(address: "127.0.0.1:0", health: silent, metrics: Metrics())
    let answer = try get("/livez", port: other.port)
    #expect(answer.status == 503 && answer.body.hasPrefix("the loop has been silent for"))
    // A loop that has stopped is alive again when it goes on.
    let stopped = Health(silenceSecondsMax: 0.2)
    let third = try HealthServer(address: "127.0.0.1:0", health: stopped, metrics: Metrics())
    let isReported = try waitUntil(.seconds(30)) { try get("/livez", port: third.port).status == 503 }
    let isAliveAgain = try waitUntil(.seconds(30)) {
      stopped.beat()
      return try get("/livez", port: third.port).status == 200
    }
    #expect(isReported && isAliveAgain)
  }

  @Test func metricsAreServedAsPrometheusReadsThem() throws {
    let metrics = Metrics()
    metrics.counter("laurel_records_total", help: "Records.").add(41)
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: metrics)
    let answer = try get("/metrics", port: server.port)
    #expect(answer.status == 200)
    #expect(answer.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
    #expect(answer.body == metrics.text)
    let head = try get("/metrics", method: "HEAD", port: server.port)
    #expect(head.status == 200 && head.body == "")
    #expect(head.head.contains("Content-Length: \(metrics.text.utf8.count)"))
  }

  @Test func readinessIsAMetricToo() throws {
    let health = Health()
    let server = try HealthServer(address: "127.0.0.1:0", health: health, metrics: Metrics())
    var body = try get("/metrics", port: server.port).body
    #expect(body.contains("\nlaurel_ready 0\n"))
    health.ready = .yes
    body = try get("/metrics", port: server.port).body
    #expect(body.contains("\nlaurel_ready 1\n"))
    let silence = try #require(body.firstMatch(of: /\nlaurel_loop_silence_seconds ([0-9.e-]+)\n/)).output.1
    let seconds = try #require(Double(silence))
    #expect(seconds > 0 && seconds < 30)
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/livez/", 404), ("POST", "/", 404), ("POST", "/livez", 405), ("DELETE", "/metrics", 405),
    ("PUT", "/readyz", 405),
  ])
  func otherRequestsAreRejected(method: String, path: String, status: Int) throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: Metrics())
    let answer = try get(path, method: method, port: server.port)
    #expect(answer.status == status)
    #expect(answer.head.contains("Allow: GET, HEAD") == (status == 405))
  }

  @Test func aConnectionIsKeptForSeveralRequests() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: Metrics())
    let one = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    let last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    let answers = try HTTPWire.exchange(one + one + last, port: server.port)
    #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == 4)
    #expect(try HTTPWire.exchange("nonsense\r\n\r\n", port: server.port).contains("200 OK") == false)
    #expect(try get("/livez", port: server.port).status == 200)
  }

  @Test func internetProtocol6() throws {
    let server: HealthServer
    do {
      server = try HealthServer(address: "[::1]:0", health: Health(), metrics: Metrics())
    } catch {
      // On a machine without IPv6 the server must report it.
      #expect("\(error)".hasPrefix("cannot listen on '[::1]:0': "))
      return
    }
    #expect(try HTTPWire.exchange("GET /livez HTTP/1.0\r\n\r\n", port: server.port, family: AF_INET6).contains("200 OK"))
  }

  @Test func everyInterface() throws {
    let server = try HealthServer(address: ":0", health: Health(), metrics: Metrics())
    #expect(try get("/livez", port: server.port).status == 200)
  }

  @Test(arguments: [
    "", "127.0.0.1", "8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]", "[x]:1",
  ])
  func anAddressThatIsNone(address: String) {
    let error = #expect(throws: HTTPServerError.self) {
      try HealthServer(address: address, health: Health(), metrics: Metrics())
    }
    #expect(error?.description == "'\(address)' is not an address: expected HOST:PORT, [IPV6]:PORT or :PORT")
  }

  @Test func anAddressThatIsTakenOrNotOurs() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: Metrics())
    for (address, reason) in [
      ("127.0.0.1:\(server.port)", "Address already in use"), ("192.0.2.1:0", "Cannot assign requested address"),
    ] {
      let error = #expect(throws: HTTPServerError.self) {
        try HealthServer(address: address, health: Health(), metrics: Metrics())
      }
      #expect(error?.description == "cannot listen on '\(address)': \(reason)")
    }
  }

  @Test func aStoppedServerGivesItsPortBack() throws {
    let server = try HealthServer(address: "127.0.0.1:0", health: Health(), metrics: Metrics())
    let port = server.port
    #expect(try get("/livez", port: port).status == 200)
    server.stop()
    server.stop()
    #expect(throws: HTTPWire.Failure(description: "Connection refused")) { try get("/livez", port: port) }
    let next = try HealthServer(address: "127.0.0.1:\(port)", health: Health(), metrics: Metrics())
    #expect(try get("/livez", port: next.port).status == 200)
  }
}
