/// `GET /livez`, `/readyz` and `/metrics`.
public struct HealthServer: Sendable {
  private let server: HTTPServer

  /// The port it listens on. If the address has port 0, the kernel chooses it.
  public var port: UInt16 { server.port }

  /// - Parameter address: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
  /// - Throws: if the address is malformed, in use or not on this machine.
  public init(address: String, health: Health, metrics: Metrics) throws(HTTPServerError) {
    let pages = HealthPages(health: health, metrics: metrics)
    server = try HTTPServer(address: address) { pages.answer($0) }
  }

  /// Finishes the responses in progress and closes the port. A second call does nothing.
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
    metrics.gauge("laurel_build_info", help: "1; the label is the release that runs.", labels: ["version": Build.version]).set(1)
    ready = metrics.gauge("laurel_ready", help: "1 if /readyz answers 200, otherwise 0.")
    silence = metrics.gauge(
      "laurel_loop_silence_seconds", help: "Seconds since the loop last completed a cycle; /livez checks this.")
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard let page = request.segments.first, request.segments.count == 1, ["livez", "readyz", "metrics"].contains(page) else {
      return .text(404, "not found; this server has /livez, /readyz and /metrics")
    }
    guard request.method == "GET" else { return .text(405, "only GET and HEAD").with("Allow", "GET, HEAD") }
    switch page {
    case "livez":
      let silence = health.silenceSeconds
      if silence <= health.silenceSecondsMax { return .text(200, "ok") }
      return .text(503, "the loop has been silent for \(Int(silence)) s")
    case "readyz":
      switch health.ready {
      case .yes: return .text(200, health.remark.map { "ok; \($0)" } ?? "ok")
      case .no(let reason): return .text(503, reason)
      }
    default:
      ready.set(health.ready == .yes ? 1 : 0)
      silence.set(health.silenceSeconds)
      return HTTPResponse(200, "text/plain; version=0.0.4; charset=utf-8", Array(metrics.text.utf8))
    }
  }
}
