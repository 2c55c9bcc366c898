import CMicroHTTPD
import Glibc
import Synchronization

/// `GET /livez`, `/readyz` and `/metrics` over HTTP/1.1, served by a thread of libmicrohttpd.
public final class HealthServer: Sendable {
  /// The port it listens on: the kernel's choice when the address says 0.
  public let port: UInt16
  private let daemon: Mutex<Daemon?>

  /// - Parameter address: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
  /// - Throws: when the address is malformed, taken or not this machine's.
  public init(address: String, health: Health, metrics: Metrics) throws(HealthServerError) {
    let listener = try ListeningSocket(address: address)
    port = listener.port
    daemon = Mutex(try Daemon(listener: listener, responder: Responder(health: health, metrics: metrics)))
  }

  /// Ends the answers that are under way and closes the port. Again does nothing.
  public func stop() {
    let running = daemon.withLock { daemon in
      let running = daemon
      daemon = nil
      return running
    }
    running?.stop()
  }

  deinit { stop() }
}

/// The C daemon with the responder that its thread calls; used by one owner, and stopped once.
/// `@unchecked Sendable`: the pointers are only handed to MHD_stop_daemon, by whoever takes the value out of the server's mutex.
private struct Daemon: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let responder: Unmanaged<Responder>

  init(listener: consuming ListeningSocket, responder: Responder) throws(HealthServerError) {
    let context = Unmanaged.passRetained(responder)
    let descriptor = listener.release()
    guard let pointer = laurel_mhd_start(descriptor, answer, context.toOpaque(), 64, 10) else {
      context.release()
      close(descriptor)
      throw HealthServerError(description: "libmicrohttpd did not start")
    }
    self.pointer = pointer
    self.responder = context
  }

  func stop() {
    // Joins the daemon's thread, so nothing calls the responder afterwards.
    MHD_stop_daemon(pointer)
    responder.release()
  }
}

/// Turns a request into a status and a text.
final class Responder: Sendable {
  struct Answer: Equatable {
    let status: UInt32
    let type: String
    let body: String

    static func plain(_ status: UInt32, _ body: String) -> Answer {
      Answer(status: status, type: "text/plain; charset=utf-8", body: body + "\n")
    }
  }

  let health: Health
  let metrics: Metrics
  private let ready: Gauge
  private let silence: Gauge

  init(health: Health, metrics: Metrics) {
    self.health = health
    self.metrics = metrics
    ready = metrics.gauge("laurel_ready", help: "1 where /readyz answers 200, else 0.")
    silence = metrics.gauge("laurel_loop_silence_seconds", help: "Since the loop was last heard of; /livez gives up on it.")
  }

  func answer(method: String, path: String) -> Answer {
    guard ["/livez", "/readyz", "/metrics"].contains(path) else {
      return .plain(404, "not found; here are /livez, /readyz and /metrics")
    }
    guard method == "GET" || method == "HEAD" else { return .plain(405, "only GET and HEAD") }
    switch path {
    case "/livez":
      let silence = health.silenceSeconds
      if silence <= health.silenceSecondsMax { return .plain(200, "ok") }
      return .plain(503, "the loop has been silent for \(Int(silence)) s")
    case "/readyz":
      switch health.ready {
      case .yes: return .plain(200, "ok")
      case .no(let reason): return .plain(503, reason)
      }
    default:
      ready.set(health.ready == .yes ? 1 : 0)
      silence.set(health.silenceSeconds)
      return Answer(status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: metrics.text)
    }
  }
}

/// libmicrohttpd's access handler. Called first with the headers, then again once the (absent) body has been read.
private let answer: MHD_AccessHandlerCallback = { context, connection, url, verb, _, _, _, progress in
  guard let context, let connection, let url, let verb, let progress else { return MHD_Result.NO }
  let method = String(cString: verb)
  // The answer to GET waits for the second call, which keeps the connection alive; that to anything else goes out at once,
  // unread.
  if method == "GET" || method == "HEAD", progress.pointee == nil {
    progress.pointee = context
    return MHD_Result.YES
  }
  let answer = Unmanaged<Responder>.fromOpaque(context).takeUnretainedValue().answer(method: method, path: String(cString: url))
  var body = answer.body
  let response = body.withUTF8 { bytes in
    MHD_create_response_from_buffer(bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
  }
  guard let response else { return MHD_Result.NO }
  defer { MHD_destroy_response(response) }
  MHD_add_response_header(response, "Content-Type", answer.type)
  MHD_add_response_header(response, "Cache-Control", "no-store")
  if answer.status == 405 { MHD_add_response_header(response, "Allow", "GET, HEAD") }
  return MHD_queue_response(connection, answer.status, response)
}
