import Foundation
import Kafka
import Synchronization

/// A bad network between clients and one broker: a TCP proxy on a loopback port that knows where Kafka's requests begin and end.
///
/// The broker has to advertise the proxy's address (`KafkaBroker.start(home:proxied:)` sees to it). Without rules it only passes on.
/// One thread with one poll loop; every setting may be changed while it runs.
public final class KafkaProxy: Sendable {
  /// What becomes of a request.
  public enum Action: Sendable {
    case pass
    /// Later; what the client sends after it on the same connection waits behind it.
    case delay(Duration)
    /// Twice on the same connection; the client sees one answer.
    case duplicate
    /// The broker gets it, its answer gets lost.
    case dropResponse
    /// The client's connection is reset, but the request is still on its way, on a connection of its own: it arrives `copies` times
    /// when `until` says so.
    case holdAndCut(until: Release, copies: Int = 1)
  }

  /// When a held request goes on to the broker.
  public enum Release: Sendable {
    /// When `releaseHeld` is called.
    case told
    /// When the broker has answered a request of this kind that belongs to the next transaction of the same transactional id. Every
    /// client's requests wait until the held one is answered too and 100 ms more, for at most 1 s: it takes effect in the middle.
    case answered(MockCluster.Request)
  }

  /// The direction in which nothing gets through. Connections stay open, new ones are accepted, bytes wait.
  public enum Silence: Sendable {
    case none
    case toBroker
    case fromBroker
  }

  public typealias Rule = @Sendable (KafkaRequest) -> Action

  /// What has been seen since the start.
  public struct Counts: Sendable {
    public var connections = 0
    /// Connections that were reset by `cut` or `holdAndCut`.
    public var cut = 0
    /// Requests by api key.
    public var requests: [Int16: Int] = [:]
    /// Requests held back.
    public var held = 0
    /// Requests that were told to the broker twice.
    public var duplicated = 0
    /// Held requests (and copies) that were let go.
    public var released = 0
    /// The broker's error codes for released EndTxn requests, -1 for other requests, in order of arrival. 0: it took effect, or changed nothing.
    public var answersToReleased: [Int16] = []
  }

  /// What the loop reads at each turn.
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
    /// What the loop waits for: a byte comes after every change.
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
      // A full buffer has woken it already.
      _ = send(button, &one, 1, Int32(MSG_NOSIGNAL))
    }
  }

  /// `host:port` for clients.
  public var bootstrap: String { "127.0.0.1:\(port)" }
  /// Where it listens on 127.0.0.1.
  public let port: UInt16
  private let control: Control
  private let thread: Mutex<pthread_t?>

  /// - Parameter broker: the port on 127.0.0.1 to pass on to; nothing need listen there yet.
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
      throw BrokerFailure("no thread for the proxy")
    }
    thread = Mutex(started)
  }

  deinit { stop() }

  /// Added to every answer of the broker: a slow broker. Answers to several requests at once are late together.
  public var latency: Duration {
    get { control.state.withLock { $0.latency } }
    set { change { $0.latency = newValue } }
  }

  /// In each direction of each connection; nil: as fast as it goes.
  public var bytesPerSecond: Int? {
    get { control.state.withLock { $0.bytesPerSecond } }
    set { change { $0.bytesPerSecond = newValue } }
  }

  /// A one-way partition, until it is set to `.none`.
  public var partition: Silence {
    get { control.state.withLock { $0.silence } }
    set { change { $0.silence = newValue } }
  }

  /// Asks `rule` about every request of this kind, on the proxy's thread; nil: they pass again.
  public func onRequest(_ api: MockCluster.Request, _ rule: Rule?) { change { $0.rules[api.rawValue] = rule } }

  /// Resets all connections at once. Held requests stay held.
  public func cut() { change { $0.cutsWanted += 1 } }

  /// Lets held requests go on to the broker, whatever they were waiting for.
  public func releaseHeld() { change { $0.releasesWanted += 1 } }

  /// Lifts every rule and setting and lets held requests go.
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

/// TCP on the loopback, non-blocking, not inherited by children.
enum Sockets {
  private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

  private static func make() -> Int32 { socket(AF_INET, stream, 0) }

  /// Two sockets that are connected with each other.
  static func pair() throws -> (Int32, Int32) {
    var sockets: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, stream, 0, &sockets) == 0 else { throw BrokerFailure("no pair of sockets") }
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

  /// nil: there is none waiting.
  static func accept(_ listener: Int32) -> Int32? {
    let socket = Glibc.accept(listener, nil, nil)
    guard socket >= 0 else { return nil }
    guard fcntl(socket, F_SETFD, FD_CLOEXEC) == 0, fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else {
      close(socket)
      return nil
    }
    return prompt(socket)
  }

  /// Begins to connect; a rejection is seen at the first read or write. nil: refused at once.
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

  /// Without Nagle's waiting, which would add 40 ms to a frame that is passed on in two pieces.
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
