import Foundation
import Kafka
import Synchronization

/// A real Apache Kafka broker for tests: one process, two free loopback ports, a temporary folder.
///
/// A shell beside it waits on a pipe from this process. On a line from the pipe it kills the broker with -9. If the pipe closes without a
/// line, this process has ended, and the shell also removes the folder.
public final class KafkaBroker: Sendable {
  /// `host:port` of the first listener, for clients.
  public let bootstrap: String
  /// The address of each listener, by its security protocol.
  public let addresses: [String: String]
  /// A proxy that simulates a bad network to the same broker, if it was started with one. Clients of the proxy are given the proxy's
  /// address, clients of `bootstrap` are not.
  public let proxy: KafkaProxy?
  /// The client properties with which this process logs in.
  private let client: [String: String]
  private let home: URL
  private let folder: URL
  /// Its place in a cluster; nil if it is the only broker.
  private let seat: KafkaCluster.Seat?
  private let running: Mutex<Watched?>

  /// A running broker, and the writing end of the pipe that keeps it alive.
  private struct Watched: @unchecked Sendable {
    // Process is not Sendable. It is used only while the surrounding mutex is held.
    let process: Process
    let lifeline: FileHandle
  }

  /// Formats and starts a broker. It answers requests when this returns.
  /// - Parameters:
  ///   - settings: broker settings that override KAFKA_HOME's config/server.properties.
  ///   - listeners: the security protocols for clients, each on its own port.
  ///   - client: librdkafka properties that the first listener requires.
  ///   - proxied: whether one more listener has a `proxy` in front of it.
  public static func start(
    home: URL, settings: [String: String] = [:], listeners: [String] = ["PLAINTEXT"], client: [String: String] = [:],
    proxied: Bool = false
  ) throws -> KafkaBroker {
    var failure: any Error = BrokerFailure("not started")
    for _ in 1...3 {  // another process may take a free port before the broker binds it
      do {
        let broker = try KafkaBroker(home: home, settings: settings, listeners: listeners, client: client, proxied: proxied)
        try broker.restart()
        return broker
      } catch {
        failure = error
      }
    }
    throw failure
  }

  init(
    home: URL, settings: [String: String], listeners: [String] = ["PLAINTEXT"], client: [String: String] = [:],
    proxied: Bool = false, seat: KafkaCluster.Seat? = nil
  ) throws {
    self.home = home
    self.client = client
    self.seat = seat
    let ports = try freePorts(2 + listeners.count)
    bootstrap = "127.0.0.1:\(ports[2])"
    addresses = Dictionary(uniqueKeysWithValues: zip(listeners, ports.dropFirst(2).map { "127.0.0.1:\($0)" }))
    proxy = proxied ? try KafkaProxy(to: ports[1]) : nil
    folder = FileManager.default.temporaryDirectory.appending(
      path: "laurel-kafka-\(UUID().uuidString)", directoryHint: .isDirectory)
    running = Mutex(nil)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      try configure(controller: seat?.port ?? ports[0], behindProxy: ports[1], settings)
      try format()
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  deinit { stop() }

  /// Kills it with -9. The log on disk is unchanged.
  public func kill() {
    running.withLock { watched in
      guard let ending = watched else { return }
      watched = nil
      if ending.process.isRunning { try? ending.lifeline.write(contentsOf: Data("kill\n".utf8)) }
      ending.process.waitUntilExit()
      try? ending.lifeline.close()
    }
  }

  /// Changes bytes of a partition's first segment on disk, as a failing disk would. The broker reads them with the next fetch.
  public func overwrite(_ text: String, with other: String, in topic: String, _ partition: Int32) throws {
    let segment = folder.appending(path: "log/\(topic)-\(partition)/00000000000000000000.log")
    guard let place = try Data(contentsOf: segment).firstRange(of: Data(text.utf8)) else {
      throw BrokerFailure("\(segment.path) does not hold '\(text)'")
    }
    let file = try FileHandle(forWritingTo: segment)
    try file.seek(toOffset: UInt64(place.lowerBound))
    try file.write(contentsOf: Data(other.utf8))
    try file.close()
  }

  /// SIGSTOP: the broker does not answer, but keeps its connections.
  public func freeze() {
    _ = running.withLock { $0.map { Foundation.kill($0.process.processIdentifier, SIGSTOP) } }
  }

  /// Starts the broker again on the same port and folder after `kill`, and waits until it answers.
  public func restart(timeout: Duration = .seconds(90)) throws {
    try begin()
    do {
      try waitUntilReady(timeout)
    } catch {
      kill()
      throw error
    }
  }

  /// Starts the broker without waiting for its answer.
  func begin() throws {
    kill()
    try running.withLock { $0 = try launch() }
  }

  /// Ends the broker and its proxy and removes its folder.
  public func stop() {
    proxy?.stop()
    kill()
    try? FileManager.default.removeItem(at: folder)
  }

  /// The broker's output since its first start.
  public var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

  /// The number of partitions on which the broker has skipped the end of a transaction, from its log. Apache Kafka 4.3.1 treats a
  /// partition that has no leader at that moment as deleted.
  public var skippedMarkers: Int { output.components(separatedBy: "likely deleted already and hence can be skipped").count - 1 }

  /// Cuts the end of the last transaction from every partition of these topics whose log ends with one, as if Kafka had skipped its
  /// marker. Call it while the broker is killed. The broker rebuilds its indexes.
  /// - Returns: the number of markers cut.
  public func cutMarkers(of isMeant: (_ topic: String) -> Bool) throws -> Int {
    var count = 0
    let files = FileManager.default
    for partition in try files.contentsOfDirectory(at: folder.appending(path: "log"), includingPropertiesForKeys: nil) {
      let topic = partition.lastPathComponent.split(separator: "-").dropLast().joined(separator: "-")
      guard isMeant(topic), partition.hasDirectoryPath else { continue }
      let parts = try files.contentsOfDirectory(at: partition, includingPropertiesForKeys: nil)
      let logs = parts.filter { $0.pathExtension == "log" }
      guard logs.count == 1, let log = logs.first else { continue }
      let bytes = try Data(contentsOf: log)
      var (start, batch) = (0, 0)
      while bytes.count - batch >= 23 {
        start = batch
        batch += 12 + bytes[(batch + 8)..<(batch + 12)].reduce(0) { $0 << 8 | Int($1) }
      }
      // The fifth bit of a batch's attributes marks a control batch.
      guard batch == bytes.count, batch > 0, bytes[start + 22] & 0x20 != 0 else { continue }
      try bytes.prefix(start).write(to: log)
      for part in parts where part.pathExtension == "snapshot" { try files.removeItem(at: part) }
      count += 1
    }
    return count
  }

  /// What it has cost since it was last started.
  public var cost: ProcessCost? {
    running.withLock { $0 }.flatMap { ProcessCost(of: $0.process.processIdentifier) }
  }

  /// Bytes of the records that it keeps of a topic, in all partitions.
  public func bytes(of topic: String) throws -> Int {
    let files = FileManager.default
    return try files.contentsOfDirectory(at: folder.appending(path: "log"), includingPropertiesForKeys: nil).filter {
      $0.lastPathComponent.split(separator: "-").dropLast().joined(separator: "-") == topic
    }.flatMap { try files.contentsOfDirectory(at: $0, includingPropertiesForKeys: [.fileSizeKey]) }.filter {
      $0.pathExtension == "log"
    }.reduce(0) { try $0 + ($1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
  }

  private var propertiesFile: URL { folder.appending(path: "server.properties") }
  private var outputFile: URL { folder.appending(path: "output") }

  private func configure(controller: UInt16, behindProxy: UInt16, _ settings: [String: String]) throws {
    let template = try String(contentsOf: home.appending(path: "config/server.properties"), encoding: .utf8)
    let listeners = addresses.sorted { $0.key < $1.key }.map { "\($0.key)://\($0.value)" }.joined(separator: ",")
    var own = [
      "listeners": "\(listeners),CONTROLLER://127.0.0.1:\(controller)",
      "advertised.listeners": listeners,
      "listener.security.protocol.map": (addresses.keys.sorted().map { "\($0):\($0)" } + ["CONTROLLER:PLAINTEXT"])
        .joined(separator: ","),
      "controller.quorum.bootstrap.servers": "127.0.0.1:\(controller)",
      "log.dirs": folder.appending(path: "log").path,
      // Settings for a single broker in a test. The file of an unpacked Kafka has other values.
      "auto.create.topics.enable": "false", "group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "8",
      "offsets.topic.replication.factor": "1", "transaction.state.log.num.partitions": "8",
      "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
      "share.coordinator.state.topic.replication.factor": "1", "share.coordinator.state.topic.min.isr": "1",
    ]
    own.merge(seat?.settings ?? [:]) { $1 }
    if let proxy {
      own["listeners", default: ""] += ",PROXIED://127.0.0.1:\(behindProxy)"
      own["advertised.listeners", default: ""] += ",PROXIED://127.0.0.1:\(proxy.port)"
      own["listener.security.protocol.map", default: ""] += ",PROXIED:PLAINTEXT"
      own["inter.broker.listener.name"] = "PLAINTEXT"
    }
    own.merge(settings) { $1 }
    let kept = template.split(separator: "\n").filter { line in
      own[line.split(separator: "=", maxSplits: 1).first.map(String.init) ?? ""] == nil
    }
    let lines =
      kept.map(String.init) + own.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    try (lines.joined(separator: "\n") + "\n").write(to: propertiesFile, atomically: true, encoding: .utf8)
  }

  private func format() throws {
    // Brokers of a cluster find each other by their settings.
    let how = seat.map { "format -t \($0.clusterID)" } ?? #"format --standalone -t "$("$1/bin/kafka-storage.sh" random-uuid)""#
    let format = shell(#""$1/bin/kafka-storage.sh" \#(how) -c "$2" >"$3" 2>&1"#)
    try format.start()
    format.waitUntilExit()
    guard format.terminationStatus == 0 else { throw BrokerFailure("formatting failed:\n\(output)") }
  }

  /// The process becomes the broker, and the watcher is its child. Both ignore the terminal's signals, so only the pipe ends them. The
  /// shell does not use `wait`: it hangs if the starting thread blocks SIGCHLD, and Process waits for both anyway.
  private func launch() throws -> Watched {
    let broker = shell(
      #"""
      trap '' INT TERM HUP
      exec 3<&0 </dev/null
      (if read -r line <&3; then kill -9 $$; else kill -9 $$; sleep 1; rm -rf "$4"; fi) &
      exec "$1/bin/kafka-server-start.sh" "$2" >>"$3" 2>&1 3<&-
      """#)
    return Watched(process: broker, lifeline: try broker.startWithLifeline())
  }

  private func shell(_ script: String) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script, "sh", home.path, propertiesFile.path, outputFile.path, folder.path]
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }

  func waitUntilReady(_ timeout: Duration) throws {
    let deadline = ContinuousClock.now + timeout
    let admin = try Admin(Configuration(bootstrap: bootstrap, properties: client, log: { _ in }))
    while true {
      do {
        _ = try admin.listTopics(timeoutMilliseconds: 1_000)
        return
      } catch {
        guard .now < deadline else { throw BrokerFailure("no answer on \(bootstrap): \(error)\n\(output)") }
        guard !output.contains("Address already in use") else { throw BrokerFailure("a port was taken:\n\(output)") }
      }
    }
  }
}

/// Why there is no broker.
public struct BrokerFailure: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Ports on which nothing listens at the moment.
func freePorts(_ count: Int) throws -> [UInt16] {
  // Hold all sockets until all ports are known, so that the ports differ.
  var sockets: [Int32] = []
  defer { for socket in sockets { close(socket) } }
  return try (0..<count).map { _ in
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw BrokerFailure("no socket") }
    sockets.append(socket)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
      }
    }
    guard bound else { throw BrokerFailure("no free port") }
    return UInt16(bigEndian: address.sin_port)
  }
}
