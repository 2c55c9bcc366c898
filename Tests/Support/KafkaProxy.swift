import Foundation
import Kafka
import Synchronization

/// Simulates a bad network between clients and one broker: a TCP proxy on a loopback port that parses the frames of Kafka's requests.
///
/// The broker has to advertise the proxy's address (`KafkaBroker.start(home:proxied:)` sets it). Without rules the proxy only forwards.
/// One thread runs one poll loop. All settings may be changed while it runs.
public final class KafkaProxy: Sendable {
  /// What happens to a request.
  public enum Action: Sendable {
    case pass
    /// Forwarded later. Later requests on the same connection wait behind it.
    case delay(Duration)
    /// Forwarded twice on the same connection. The client gets one answer.
    case duplicate
    /// Forwarded, but the answer is dropped.
    case dropResponse
    /// The client's connection is reset, but the request is still forwarded, on a separate connection. It arrives `copies` times at the
    /// moment that `until` sets.
    case holdAndCut(until: Release, copies: Int = 1)
  }

  /// When a held request is forwarded to the broker.
  public enum Release: Sendable {
    /// After `releaseHeld` is called.
    case reported
    /// After the broker has answered a request of this kind from the next transaction of the same transactional id. All clients' requests
    /// then wait until the held one is answered, plus 100 ms, for at most 1 s, so that it takes effect in the middle of that transaction.
    case answered(MockCluster.Request)
  }

  /// The direction that is blocked. Connections stay open, new ones are accepted, bytes wait.
  public enum Silence: Sendable {
    case none
    case toBroker
    case fromBroker
  }

  public typealias Rule = @Sendable (KafkaRequest) -> Action

  /// Counts since the start.
  public struct Counts: Sendable {
    public var connections = 0
    /// Connections reset by `cut` or `holdAndCut`.
    public var cut = 0
    /// Requests by api key.
    public var requests: [Int16: Int] = [:]
    /// Requests held back.
    public var held = 0
    /// Requests forwarded twice.
    public var duplicated = 0
    /// Held requests and their copies that were forwarded.
    public var released = 0
    /// The broker's error codes for released EndTxn requests, and -1 for other requests, in order of arrival. 0 means that it took effect
    /// or changed nothing.
    public var answersToReleased: [Int16] = []
  }

  /// The settings that the loop reads in each cycle.
  struct State {
    var latency = Duration.zero
    var bytesPerSecond: Int?
    var silence = Silence.none
    var rules: [Int16: Rule] = [:]
    var cutsWanted = 0
    var releasesWanted = 0
    var isStopping = false
    var counts = Counts()
  }

  /// Shared by the proxy and its loop.
  final class Control: Sendable {
    let state = Mutex(State())
    /// Wakes the loop: a byte arrives after every change.
    let bell: Int32
    private let button: Int32

    init() throws {
      (button, bell) = try Sockets.pair()
    }

    deinit {
      close(button)
      close(bell)
    }

    func ring() {
      var one: UInt8 = 1
      // If the buffer is full, the loop is awake already.
      _ = send(button, &one, 1, Int32(MSG_NOSIGNAL))
    }
  }

  /// `host:port` for clients.
  public var bootstrap: String { "127.0.0.1:\(port)" }
  /// Its port on 127.0.0.1.
  public let port: UInt16
  private let control: Control
  private let thread: Mutex<pthread_t?>

  /// - Parameter broker: the port on 127.0.0.1 to forward to. Nothing needs to listen there yet.
  public init(to broker: UInt16) throws {
    let control = try Control()
    let listener = try Sockets.listen()
    port = listener.port
    self.control = control
    let loop = Unmanaged.passRetained(KafkaProxyLoop(control, listener: listener.socket, broker: broker))
    var started = pthread_t()
    let code = pthread_create(
      &started, nil,
      { loop in
        if let loop { Unmanaged<KafkaProxyLoop>.fromOpaque(loop).takeRetainedValue().run() }
        return nil
      }, loop.toOpaque())
    guard code == 0 else {
      loop.release()
      throw BrokerFailure("cannot start a thread for the proxy")
    }
    thread = Mutex(started)
  }

  deinit { stop() }

  /// Added to every answer, to simulate a slow broker. Concurrent answers are delayed together.
  public var latency: Duration {
    get { control.state.withLock { $0.latency } }
    set { change { $0.latency = newValue } }
  }

  /// The limit for each direction of each connection; nil for no limit.
  public var bytesPerSecond: Int? {
    get { control.state.withLock { $0.bytesPerSecond } }
    set { change { $0.bytesPerSecond = newValue } }
  }

  /// The blocked direction, until it is set to `.none`.
  public var partition: Silence {
    get { control.state.withLock { $0.silence } }
    set { change { $0.silence = newValue } }
  }

  /// Applies `rule` to every request of this kind, on the proxy's thread. nil removes the rule.
  public func onRequest(_ api: MockCluster.Request, _ rule: Rule?) { change { $0.rules[api.rawValue] = rule } }

  /// Resets all connections at once. Held requests stay held.
  public func cut() { change { $0.cutsWanted += 1 } }

  /// Forwards held requests, whatever they were waiting for.
  public func releaseHeld() { change { $0.releasesWanted += 1 } }

  /// Removes all rules and settings and forwards held requests.
  public func heal() {
    change {
      $0.latency = .zero
      $0.bytesPerSecond = nil
      $0.silence = .none
      $0.rules = [:]
      $0.releasesWanted += 1
    }
  }

  public var counts: Counts { control.state.withLock { $0.counts } }

  /// Closes all connections and waits for the thread to end.
  public func stop() {
    let ending = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    guard let ending else { return }
    change { $0.isStopping = true }
    pthread_join(ending, nil)
  }

  private func change(_ body: (inout State) -> Void) {
    control.state.withLock { body(&$0) }
    control.ring()
  }
}

/// TCP on the loopback address, non-blocking, not inherited by children.
enum Sockets {
  private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

  private static func make() -> Int32 { socket(AF_INET, stream, 0) }

  /// Two connected sockets.
  static func pair() throws -> (Int32, Int32) {
    var sockets: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, stream, 0, &sockets) == 0 else { throw BrokerFailure("cannot create a pair of sockets") }
    return (sockets[0], sockets[1])
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }

  private static func withAddress(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }

  /// Listens on a free port.
  static func listen() throws -> (socket: Int32, port: UInt16) {
    let socket = make()
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard withAddress(&address, { bind(socket, $0, size) }) == 0, Glibc.listen(socket, 128) == 0,
      withAddress(&address, { getsockname(socket, $0, &size) }) == 0
    else {
      if socket >= 0 { close(socket) }
      throw BrokerFailure("no free port for the proxy")
    }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  /// - Returns: nil if no connection is waiting.
  static func accept(_ listener: Int32) -> Int32? {
    let socket = Glibc.accept(listener, nil, nil)
    guard socket >= 0 else { return nil }
    guard fcntl(socket, F_SETFD, FD_CLOEXEC) == 0, fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else {
      close(socket)
      return nil
    }
    return prompt(socket)
  }

  /// Starts to connect. The first read or write reports a rejection. nil if it is rejected at once.
  static func connect(_ port: UInt16) -> Int32? {
    let socket = make()
    guard socket >= 0 else { return nil }
    var address = loopback(port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard withAddress(&address, { Glibc.connect(socket, $0, size) }) == 0 || errno == EINPROGRESS else {
      close(socket)
      return nil
    }
    return prompt(socket)
  }

  /// Disables Nagle's algorithm, which would add 40 ms to a frame that is forwarded in two pieces.
  private static func prompt(_ socket: Int32) -> Int32 {
    var yes: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return socket
  }

  /// Closes it so that the other side sees a reset.
  static func reset(_ socket: Int32) {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close(socket)
  }
}
