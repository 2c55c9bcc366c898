import CMicroHTTPD
import Dispatch
import Glibc
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd. A pool of threads calls one handler.
public final class HTTPServer: Sendable {
  public typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

  /// How much of the server one client, or all clients together, can use.
  public struct Limits: Sendable {
    /// Threads that serve the connections. A handler that waits delays all connections of its thread.
    public var threads = 1
    public var connections = 64
    /// Connections per IP address; 0 means no limit. Behind a proxy all clients have one address.
    public var connectionsPerAddress = 0
    /// Size of the request line and the headers. Larger ones get 431 (414 if the line alone is too long).
    public var headBytes = 24 << 10
    /// Size of the body. A larger one gets 413.
    public var bodyBytes = 16 << 10
    /// How long a connection may be silent.
    public var idleSeconds = 10
    /// How long an exchange may take, from the end of the previous one to the last byte of the response. This limit ends clients
    /// that send or read one byte at a time, which are never idle.
    public var exchangeSeconds = 60

    public init() {}
  }

  /// The port it listens on. If the address has port 0, the kernel chooses it.
  public let port: UInt16
  private let daemon: Mutex<Daemon?>

  /// - Parameters:
  ///   - address: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
  ///   - handler: called on several threads at once.
  /// - Throws: if the address is malformed, in use or not on this machine.
  public init(address: String, limits: Limits = Limits(), handler: @escaping Handler) throws(HTTPServerError) {
    let listener = try ListeningSocket(address: address)
    port = listener.port
    daemon = Mutex(try Daemon(listener: listener, exchanges: Exchanges(limits: limits, handler: handler)))
  }

  /// Finishes the responses in progress and closes the port. A second call does nothing.
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

/// The C daemon and the objects that its threads call. It has one owner and is stopped once. `@unchecked Sendable`, because the
/// pointers are only passed to MHD_stop_daemon, by the caller that takes the value out of the server's mutex.
private struct Daemon: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let exchanges: Unmanaged<Exchanges>
  private let watch: any DispatchSourceTimer

  init(listener: consuming ListeningSocket, exchanges: Exchanges) throws(HTTPServerError) {
    let context = Unmanaged.passRetained(exchanges)
    let limits = exchanges.limits
    let descriptor = listener.release()
    var settings = laurel_mhd_settings(
      listener: descriptor, threads: UInt32(limits.threads), connections_max: UInt32(limits.connections),
      address_connections_max: UInt32(limits.connectionsPerAddress), idle_seconds_max: UInt32(limits.idleSeconds),
      // libmicrohttpd also keeps its table of headers and the head of the response in this memory.
      connection_bytes_max: limits.headBytes * 2, context: context.toOpaque(),
      begun: begun, received: received, completed: completed, connected: connected)
    guard let pointer = laurel_mhd_start(&settings) else {
      context.release()
      close(descriptor)
      throw HTTPServerError(description: "cannot start libmicrohttpd")
    }
    watch = DispatchSource.makeTimerSource()
    watch.setEventHandler { exchanges.cutOverdue() }
    watch.schedule(deadline: .now() + 1, repeating: 1)
    watch.activate()
    self.pointer = pointer
    self.exchanges = context
  }

  func stop() {
    watch.cancel()
    // Joins the daemon's threads, so the handler is not called afterwards.
    MHD_stop_daemon(pointer)
    exchanges.release()
  }
}

/// The connections of a server and the handling of their requests.
private final class Exchanges: Sendable {
  let limits: HTTPServer.Limits
  private let handler: HTTPServer.Handler
  /// When the last exchange on each socket ended, or when the connection was opened.
  private let ends: Mutex<[Int32: ContinuousClock.Instant]> = Mutex([:])

  init(limits: HTTPServer.Limits, handler: @escaping HTTPServer.Handler) {
    self.limits = limits
    self.handler = handler
  }

  func note(_ connection: OpaquePointer, isOpen: Bool) {
    let descriptor = laurel_mhd_socket(connection)
    ends.withLock { $0[descriptor] = isOpen ? .now : nil }
  }

  /// Ends overdue connections, which libmicrohttpd then closes. A socket stays in the table until it is closed, so its number
  /// cannot belong to another connection.
  func cutOverdue() {
    let limit = ContinuousClock.now - .seconds(limits.exchangeSeconds)
    ends.withLock { ends in
      for (descriptor, end) in ends where end < limit { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  func respond(to incoming: Incoming, method: String, peer: String) -> HTTPResponse {
    do throws(HTTPRequestError) {
      if incoming.bodyBytes > limits.bodyBytes { throw .bodyTooLong }
      return handler(
        try HTTPRequest(method: method, target: incoming.target, headers: incoming.headers, body: incoming.body, peer: peer))
    } catch {
      return .text(error.status, error.detail)
    }
  }
}

/// A request that is being received. Only its connection's thread uses it.
private final class Incoming {
  let target: [UInt8]
  private(set) var headers: [(name: String, value: String)] = []
  private(set) var body: [UInt8] = []
  /// Bytes received, whether kept or not.
  private(set) var bodyBytes = 0
  var hasHead = false

  init(target: [UInt8]) { self.target = target }

  func add(_ name: String, _ value: String) { headers.append((name, value)) }

  /// Reads even a body that is too long, up to a limit, because a client cannot read the answer while it is still sending.
  func add(_ bytes: UnsafeRawBufferPointer, limits: HTTPServer.Limits) -> Bool {
    bodyBytes += bytes.count
    if bodyBytes <= limits.bodyBytes { body += bytes }
    return bodyBytes <= Self.discardedFactor * limits.bodyBytes
  }

  static let discardedFactor = 16

  /// The error to answer right after the headers, without reading the body; `nil` if there is none.
  func fault(limits: HTTPServer.Limits) -> HTTPRequestError? {
    if headers.reduce(target.count, { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }) > limits.headBytes {
      return .headTooLong
    }
    // Two lengths are a way to smuggle a request past a proxy (RFC 9112, section 6.3).
    let lengths = headers.filter { HTTPFields.equal($0.name, "content-length") }
    let codings = headers.filter { HTTPFields.equal($0.name, "transfer-encoding") }
    guard lengths.count + codings.count <= 1, codings.allSatisfy({ HTTPFields.equal($0.value, "chunked") }) else {
      return .badFraming
    }
    let length = lengths.first.flatMap { Int($0.value) } ?? 0
    let isAsking = headers.contains { HTTPFields.equal($0.name, "expect") }
    return length > (isAsking ? 1 : Self.discardedFactor) * limits.bodyBytes ? .bodyTooLong : nil
  }
}

// MARK: Callbacks for libmicrohttpd

private func exchanges(_ context: UnsafeMutableRawPointer) -> Exchanges {
  Unmanaged<Exchanges>.fromOpaque(context).takeUnretainedValue()
}

/// Called with the request line. The returned value comes back as `progress` with each later call for the request.
private let begun: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? =
  {
    _, uri, _ in
    let target = uri.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) }
    return Unmanaged.passRetained(Incoming(target: target.map { Array($0) } ?? [])).toOpaque()
  }

/// Called with the headers, with each piece of the body, and when the request is complete.
private let received: MHD_AccessHandlerCallback = { context, connection, _, verb, _, data, size, progress in
  guard let context, let connection, let verb, let size, let progress = progress?.pointee else { return MHD_Result.NO }
  let incoming = Unmanaged<Incoming>.fromOpaque(progress).takeUnretainedValue()
  let exchanges = exchanges(context)
  if !incoming.hasHead {
    incoming.hasHead = true
    MHD_get_connection_values_n(connection, .HEADER_KIND, header, progress)
    guard let fault = incoming.fault(limits: exchanges.limits) else { return MHD_Result.YES }
    return send(.text(fault.status, fault.detail), on: connection)
  }
  if size.pointee > 0 {
    let piece = UnsafeRawBufferPointer(start: data, count: size.pointee)
    size.pointee = 0
    return incoming.add(piece, limits: exchanges.limits) ? MHD_Result.YES : MHD_Result.NO
  }
  return send(exchanges.respond(to: incoming, method: String(cString: verb), peer: peer(of: connection)), on: connection)
}

private let header: MHD_KeyValueIteratorN = { incoming, _, name, nameSize, value, valueSize in
  guard let incoming, let name else { return MHD_Result.NO }
  func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }
  Unmanaged<Incoming>.fromOpaque(incoming).takeUnretainedValue().add(text(name, nameSize), text(value, valueSize))
  return MHD_Result.YES
}

private let completed: MHD_RequestCompletedCallback = { context, connection, progress, _ in
  guard let context, let connection else { return }
  exchanges(context).note(connection, isOpen: true)
  if let incoming = progress?.pointee { Unmanaged<Incoming>.fromOpaque(incoming).release() }
  progress?.pointee = nil
}

private let connected: MHD_NotifyConnectionCallback = { context, connection, _, change in
  guard let context, let connection else { return }
  exchanges(context).note(connection, isOpen: change == .CONNECTION_NOTIFY_STARTED)
}

private func send(_ answer: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
  let response =
    if let more = answer.more {
      // A length of UInt64.max is unknown.
      MHD_create_response_from_callback(
        .max, 64 << 10, sendMore, Unmanaged.passRetained(Parts(answer.body, more)).toOpaque(), endOfParts)
    } else {
      answer.body.withUnsafeBytes { bytes in
        MHD_create_response_from_buffer(bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
      }
    }
  guard let response else { return MHD_Result.NO }
  defer { MHD_destroy_response(response) }
  // After the head of a chunked body, libmicrohttpd sends the end of the body even if the request was HEAD, and the next answer on the
  // connection would begin with it.
  if answer.more != nil { MHD_add_response_header(response, "Connection", "close") }
  for (name, value) in answer.headers where MHD_add_response_header(response, name, value) != MHD_Result.YES {
    return send(.text(500, "the response has an invalid header"), on: connection)
  }
  return MHD_queue_response(connection, UInt32(answer.status), response)
}

/// A body that is sent in parts. Only its connection's thread uses it.
private final class Parts {
  private var rest: ArraySlice<UInt8>
  private let more: () throws -> [UInt8]?

  init(_ first: [UInt8], _ more: @escaping () throws -> [UInt8]?) {
    rest = first[...]
    self.more = more
  }

  /// Returns the number of bytes written; 0 at the end.
  func write(to bytes: UnsafeMutableRawBufferPointer) throws -> Int {
    while rest.isEmpty {
      guard let part = try more() else { return 0 }
      rest = part[...]
    }
    let count = min(rest.count, bytes.count)
    bytes.copyBytes(from: rest.prefix(count))
    rest = rest.dropFirst(count)
    return count
  }
}

private let sendMore: MHD_ContentReaderCallback = { context, _, bytes, size in
  let (end, failed) = (-1, -2)
  guard let context, let bytes else { return failed }
  let parts = Unmanaged<Parts>.fromOpaque(context).takeUnretainedValue()
  do {
    let count = try parts.write(to: UnsafeMutableRawBufferPointer(start: bytes, count: size))
    return count == 0 ? end : count
  } catch {
    return failed
  }
}

private let endOfParts: MHD_ContentReaderFreeCallback = { context in
  if let context { Unmanaged<Parts>.fromOpaque(context).release() }
}

/// The client's IP address as text. An IPv4 address keeps its form even on an IPv6 socket.
private func peer(of connection: OpaquePointer) -> String {
  guard let address = laurel_mhd_client(connection) else { return "" }
  var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
  let size = socklen_t(
    Int32(address.pointee.sa_family) == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
  guard getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return "" }
  let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return name.withoutIPv6Mapping
}

extension String {
  /// An IPv4 address that is written as one of IPv6 (RFC 4291, 2.5.5.2), in its own form.
  var withoutIPv6Mapping: String {
    lowercased().hasPrefix("::ffff:") && contains(".") ? String(dropFirst(7)) : self
  }
}
