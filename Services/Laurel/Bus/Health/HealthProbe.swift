import CommandKit
import Foundation
import ServiceKit

/// `laurel health`: asks a service whether it is ready. The image has no curl.
package enum HealthProbe {
  package static let command = Command(
    "health", summary: "Report whether a service is ready",
    discussion: """
      Exit status 0 if the service answers that it is ready. Otherwise 1, with the reason on standard error, such as 'waiting for \
      topics'. The command waits up to 3 seconds for the answer.
      """,
    example: """
      laurel health http://localhost:8080
      # does it need a restart? An instance that waits for a broker is alive, but not ready
      laurel health http://localhost:8080 --live
      """,
    options: [Option("live", help: "Ask /livez instead of /readyz")],
    operands: [Operand("URL", help: "http://HOST:PORT, where the service's --http listens")], run: run)

  struct Answer {
    let status: Int
    let body: String
  }

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let text = invocation.operands.first ?? ""
    guard let url = URLComponents(string: text), url.scheme == "http", let host = url.host, !host.isEmpty,
      ["", "/"].contains(url.path)
    else { throw invocation.misuse("'\(text)' must be http://HOST:PORT") }
    let isLive = invocation.flag("live")
    let answer = try ask(
      host.trimmingCharacters(in: ["[", "]"]), port: url.port ?? 80, path: isLive ? "/livez" : "/readyz", seconds: 3)
    guard answer.status == 200 else { throw CommandFailure("\(isLive ? "not alive" : "not ready"): \(answer.body)") }
    try ResultOutput().print([answer.body])
    return 0
  }

  /// Whether `/readyz` of a service on this machine answers 200.
  static func isReady(port: Int) -> Bool { (try? ask("127.0.0.1", port: port, path: "/readyz", seconds: 1))?.status == 200 }

  /// - Throws: `CommandFailure` if nothing answers in HTTP.
  private static func ask(_ host: String, port: Int, path: String, seconds: Int) throws(CommandFailure) -> Answer {
    let descriptor = try connected(to: host, port: port, seconds: seconds)
    defer { close(descriptor) }
    let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
    var answer: [UInt8] = []
    if send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count {
      var piece = [UInt8](repeating: 0, count: 4096)
      while answer.count < 1 << 16, case let count = recv(descriptor, &piece, piece.count, 0), count > 0 {
        answer += piece[..<count]
      }
    }
    let text = String(decoding: answer, as: UTF8.self)
    guard text.hasPrefix("HTTP/"), let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw CommandFailure("\(host):\(port) gave no HTTP answer within \(seconds) s")
    }
    let body = text.range(of: "\r\n\r\n").map { text[$0.upperBound...] } ?? ""
    return Answer(status: status, body: body.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// A socket to the first address of the host that accepts the connection.
  private static func connected(to host: String, port: Int, seconds: Int) throws(CommandFailure) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var addresses: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &addresses)
    guard code == 0 else { throw CommandFailure("cannot resolve \(host): \(String(cString: gai_strerror(code)))") }
    defer { freeaddrinfo(addresses) }
    var reason: Int32 = 0
    var next = addresses
    while let address = next?.pointee {
      next = address.ai_next
      let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
      guard descriptor >= 0 else {
        reason = errno
        continue
      }
      // The timeout also limits `connect`.
      var patience = timeval(tv_sec: seconds, tv_usec: 0)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
      }
      if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
      reason = errno
      close(descriptor)
    }
    throw CommandFailure("cannot connect to \(host):\(port): \(String(cString: strerror(reason)))")
  }
}
