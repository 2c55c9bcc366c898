/// `GET /livez`, `/readyz` and `/metrics`.
public struct HealthServer: Sendable {
  private let server: HTTPServer

  /// The port it listens on: the kernel's choice when the address says 0.
  public var port: UInt16 { server.port }

  /// - Parameter address: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
  /// - Throws: when the address is malformed, taken or not this machine's.
  public init(address: String, health: Health, metrics: Metrics) throws(HTTPServerError) {
    let pages = HealthPages(health: health, metrics: metrics)
    server = try HTTPServer(address: address) { pages.answer($0) }
  }

  /// Ends the answers that are under way and closes the port. Again does nothing.
  public func stop() { server.stop() }
}

private struct HealthPages: Sendable {
  private let health: Health
  private let metrics: Metrics
  private let ready: Gauge
  private let silence: Gauge

  init(health: Health, metrics: Metrics) {
    self.health = health
    self.metrics = metrics
    ready = metrics.gauge("laurel_ready", help: "1 where /readyz answers 200, else 0.")
    silence = metrics.gauge("laurel_loop_silence_seconds", help: "Since the loop was last heard of; /livez gives up on it.")
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard let page = request.segments.first, request.segments.count == 1, ["livez", "readyz", "metrics"].contains(page) else {
      return .text(404, "not found; here are /livez, /readyz and /metrics")
    }
    guard request.method == "GET" else {
      var answer = HTTPResponse.text(405, "only GET and HEAD")
      answer.headers.append(("Allow", "GET, HEAD"))
      return answer
    }
    switch page {
    case "livez":
      let silence = health.silenceSeconds
      if silence <= health.silenceSecondsMax { return .text(200, "ok") }
      return .text(503, "the loop has been silent for \(Int(silence)) s")
    case "readyz":
      switch health.ready {
      case .yes: return .text(200, health.remarks.isEmpty ? "ok" : "ok; \(health.remarks)")
      case .no(let reason): return .text(503, reason)
      }
    default:
      ready.set(health.ready == .yes ? 1 : 0)
      silence.set(health.silenceSeconds)
      return HTTPResponse(
        status: 200,
        headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
        body: Array(metrics.text.utf8))
    }
  }
}
