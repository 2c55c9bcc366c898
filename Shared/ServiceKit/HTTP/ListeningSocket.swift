import Glibc

/// Why a server did not start.
public struct HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// A bound and listening TCP socket. It is opened here instead of in the C library, so that the error can name the reason.
struct ListeningSocket: ~Copyable {
  let descriptor: Int32
  let port: UInt16

  /// - Parameter address: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface; port 0 lets the kernel choose.
  init(address: String) throws(HTTPServerError) {
    guard let (host, service) = ListeningSocket.split(address) else {
      throw HTTPServerError(description: "'\(address)' is not an address: expected HOST:PORT, [IPV6]:PORT or :PORT")
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, service, &hints, &found)
    guard status == 0 else {
      throw HTTPServerError(description: "cannot listen on '\(address)': \(String(cString: gai_strerror(status)))")
    }
    defer { freeaddrinfo(found) }
    // Without a host, try IPv6 first, because an IPv6 socket accepts IPv4 too.
    var candidates: [addrinfo] = []
    var next = found
    while let entry = next {
      candidates.append(entry.pointee)
      next = entry.pointee.ai_next
    }
    if host == nil { candidates.sort { $0.ai_family == AF_INET6 && $1.ai_family != AF_INET6 } }
    var reason = "no address"
    for candidate in candidates {
      let descriptor = socket(candidate.ai_family, candidate.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), candidate.ai_protocol)
      guard descriptor >= 0 else {
        reason = String(cString: strerror(errno))
        continue
      }
      var yes: Int32 = 1
      var no: Int32 = 0
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      if candidate.ai_family == AF_INET6, host == nil {
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, socklen_t(MemoryLayout<Int32>.size))
      }
      if bind(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0, listen(descriptor, 64) == 0,
        let port = ListeningSocket.boundPort(descriptor)
      {
        self.descriptor = descriptor
        self.port = port
        return
      }
      reason = String(cString: strerror(errno))
      close(descriptor)
    }
    throw HTTPServerError(description: "cannot listen on '\(address)': \(reason)")
  }

  deinit { close(descriptor) }

  /// Gives the descriptor to the caller, who must close it.
  consuming func release() -> Int32 {
    let descriptor = self.descriptor
    discard self
    return descriptor
  }

  /// The host (`nil` for every interface) and port; `nil` if the text is not an address.
  static func split(_ address: String) -> (host: String?, port: String)? {
    guard let colon = address.lastIndex(of: ":") else { return nil }
    let port = address[address.index(after: colon)...]
    var host = address[..<colon]
    guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), UInt16(port) != nil else { return nil }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(":") || host.contains("[") || host.contains("]") {
      return nil
    }
    return (host.isEmpty ? nil : String(host), String(port))
  }

  private static func boundPort(_ descriptor: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let status = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
      guard status == 0 else { return nil }
      // The port is at the same place in both families, most significant byte first.
      return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
    }
  }
}
