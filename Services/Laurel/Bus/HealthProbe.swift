import Foundation

/// Asks a service on this machine how it is.
enum HealthProbe {
  /// Whether `/readyz` answers 200.
  static func isReady(port: Int) -> Bool {
    guard port > 0, port < 65_536 else { return false }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 1, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return false }
    let request = Array("GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8)
    guard write(descriptor, request, request.count) == request.count else { return false }
    var answer = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &answer, answer.count)
    return count > 0 && String(decoding: answer[..<count], as: UTF8.self).split(separator: " ").dropFirst().first == "200"
  }
}
