import Foundation

/// One TCP connection to a server under test, for bytes that no HTTP client would send. Reads time out at a deadline.
public final class HTTPWire {
  public struct Failure: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
  }

  private let descriptor: Int32
  private var pending: [UInt8] = []

  /// - Parameters:
  ///   - family: AF_INET or AF_INET6. The address is the loopback address.
  ///   - secondsMax: limit for one read.
  public init(port: UInt16, family: Int32 = AF_INET, secondsMax: Int = 20) throws {
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
    var limit = timeval(tv_sec: secondsMax, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let status: Int32
    if family == AF_INET {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      status = Self.connect(descriptor, &address)
    } else {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      status = Self.connect(descriptor, &address)
    }
    guard status == 0 else { throw Failure(description: String(cString: strerror(errno))) }
  }

  private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  deinit { close(descriptor) }

  /// False when the server has closed the connection.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Closes the sending side. The server's output can still be read.
  public func endOfInput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads up to and including the text, or everything if the server closes first.
  public func read(to text: String) throws -> String {
    let end = Array(text.utf8)
    while true {
      if let range = pending.firstRange(of: end) {
        defer { pending.removeSubrange(..<range.upperBound) }
        return String(decoding: pending[..<range.upperBound], as: UTF8.self)
      }
      if try !receive() { return try rest() }
    }
  }

  /// Reads everything until the server closes the connection.
  public func rest() throws -> String {
    while try receive() {}
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  private func receive() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EAGAIN { throw Failure(description: "no answer before the deadline") }
    if count <= 0 { return false }
    pending += buffer[..<count]
    return true
  }

  /// Sends one request on a new connection and returns everything that the server answers.
  public static func exchange(_ text: String, port: UInt16, family: Int32 = AF_INET) throws -> String {
    let wire = try HTTPWire(port: port, family: family)
    wire.send(text)
    return try wire.rest()
  }
}
