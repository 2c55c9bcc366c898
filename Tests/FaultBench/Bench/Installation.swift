import BusCommands
import Contracts
import Foundation
import Kafka
import TestSupport

/// Laurel on a real broker: topics of its own, and services as processes with their state in a temporary folder.
///
/// Topics carry a prefix that no other installation has, so one broker serves many at a time.
package final class Installation {
  package static let partitions: Int32 = 4

  package let configuration: Configuration
  package let prefix: String
  package let folder: URL
  package let partitions = Installation.partitions
  package private(set) var services: [String: ServiceProcess] = [:]

  /// - Parameters:
  ///   - bootstrap: a broker; it need not answer before `createTopics`.
  ///   - properties: how this process logs in there; services are told by `extra`.
  package init(bootstrap: String, properties: [String: String] = [:]) throws {
    configuration = Configuration(bootstrap: bootstrap, properties: properties, log: { _ in })
    prefix = uniqueName("faults") + "."
    folder = FileManager.default.temporaryDirectory.appending(path: "laurel-\(prefix)d", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// On a cluster in memory, which it keeps alive.
  package convenience init(mock: MockCluster) throws {
    // The mock takes session.timeout less 1 s for every rebalance.
    let properties = MockCluster.clientProperties.merging(["session.timeout.ms": "3000"]) { $1 }
    try self.init(bootstrap: mock.bootstrap, properties: properties)
    self.mock = mock
    extra = properties.sorted { $0.key < $1.key }.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }
  }
  private var mock: MockCluster?

  /// The same names and state folders on another broker.
  package init(bootstrap: String, movedFrom other: Installation) throws {
    configuration = Configuration(bootstrap: bootstrap, log: { _ in })
    prefix = other.prefix
    folder = other.folder
  }

  /// Runs a test on the shared broker. When it fails, what the services have logged is printed.
  package static func run(_ body: (Installation) throws -> Void) throws {
    try run(bootstrap: try KafkaBroker.forTest().bootstrap) { installation in
      try installation.createTopics()
      try body(installation)
    }
  }

  /// The same on a broker of the test's own; it creates the topics itself.
  package static func run(bootstrap: String, properties: [String: String] = [:], _ body: (Installation) throws -> Void) throws {
    let installation = try Installation(bootstrap: bootstrap, properties: properties)
    defer { installation.remove() }
    do { try body(installation) } catch {
      installation.printLogs()
      throw error
    }
  }

  /// A broker that has just been started knows them at once, and leads their partitions a moment later.
  package func createTopics() throws {
    if let mock {
      // It answers no admin requests.
      for topic in Topic.catalogue { try mock.createTopic(name(topic), partitions: partitions) }
      return
    }
    _ = try Topics.create(on: bus, partitions: partitions)
    let consumer = try Consumer(configuration, group: uniqueName("leaders"))
    defer { consumer.close() }
    let end = ContinuousClock.now + .seconds(60)
    for topic in Topic.catalogue {
      for partition in 0..<partitions {
        let place = TopicPartition(topic: name(topic), partition: partition)
        while (try? consumer.watermarks(place, timeoutMilliseconds: 1000)) == nil {
          guard ContinuousClock.now < end else { throw BrokerFailure("\(place) has no leader") }
        }
      }
    }
  }

  /// How the operator's parts reach it.
  package var bus: Bus { Bus(bootstrap: configuration.bootstrap, prefix: prefix, properties: configuration.properties) }

  // MARK: Services

  /// Given to every instance that is started from now on.
  package var extra: [String] = []

  /// Starts an instance, or the same one again.
  /// - Parameters:
  ///   - terms: instead of the package's own.
  ///   - fault: what is wrong with it (`laurel-faulty`); nil: the service as it is.
  @discardableResult
  package func start(
    _ service: ServiceName, _ number: Int = 1, terms: URL? = nil, extra: [String] = [], fault: String? = nil,
    environment: [String: String] = [:]
  ) throws -> ServiceProcess {
    let name = "\(service.rawValue)-\(number)"
    let process = try ServiceProcess(
      fault == nil ? service.rawValue : "laurel-faulty", name: name,
      arguments: [
        "--bootstrap", servicesBootstrap, "--terms", (terms ?? Self.terms).path, "--state", stateFolder(name).path,
        "--instance", name, "--group", group(service), "--topic-prefix", prefix, "--http", "127.0.0.1:0", "--commit-ms", "50",
        "--clock", "bus",
      ] + self.extra + extra,
      folder: folder,
      environment: environment.merging(fault.map { ["FAULTY_SERVICE": service.rawValue, "FAULTY_FAULT": $0] } ?? [:]) { $1 })
    services[name] = process
    return process
  }

  /// Where services find the broker, if not where the tests do.
  package var servicesBootstrap: String { proxied ?? configuration.bootstrap }
  package var proxied: String?

  /// All that were started; waits until each says that it is ready.
  package func waitReady() throws {
    for process in services.values where !waitUntil(.seconds(60), { process.isReady }) {
      throw BrokerFailure("\(process.name) is not ready: \(process.page("/readyz")?.body ?? "no answer")")
    }
  }

  /// SIGTERM to all, so that what they have begun is ended: afterwards nothing more comes.
  package func stopAll() throws {
    let ended = services.values.filter { !$0.isRunning }
    guard ended.isEmpty else { throw BrokerFailure("\(ended.map(\.name).sorted()) have ended by themselves") }
    for process in services.values { process.askToStop() }
    for process in services.values {
      let ending = process.ending(within: .seconds(10))
      guard ending == .status(0) else { throw BrokerFailure("\(process.name) was told to stop: \(ending)") }
    }
  }

  /// Ends an instance with SIGTERM, or without warning, and forgets it.
  package func end(_ service: ServiceName, _ number: Int, gracefully: Bool) throws {
    let process = try self.service(service, number)
    services[process.name] = nil
    guard gracefully else { return process.kill() }
    _ = waitUntil(.seconds(10)) { process.hasStarted || !process.isRunning }
    let ending = process.stop()
    guard ending == .status(0) else { throw BrokerFailure("\(process.name) was told to stop: \(ending)") }
  }

  package func service(_ name: ServiceName, _ number: Int = 1) throws -> ServiceProcess {
    guard let process = services["\(name.rawValue)-\(number)"] else { throw BrokerFailure("\(name)-\(number) was not started") }
    return process
  }

  package func group(_ service: ServiceName) -> String { "\(prefix)\(service.rawValue)" }

  /// Where an instance, named as in `services`, keeps its stores.
  package func stateFolder(_ instance: String) -> URL { folder.appending(path: "state-\(instance)", directoryHint: .isDirectory) }

  package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  package static var terms: URL { root.appending(path: "ops/terms", directoryHint: .isDirectory) }

  // MARK: Topics

  package func name(_ topic: Topic) -> String { prefix + topic.name }

  package func reader(_ topics: [Topic], readCommitted: Bool = true) throws -> TopicReader {
    try TopicReader(configuration, topics: topics.map(name), partitions: partitions, readCommitted: readCommitted)
  }

  /// All records of the topics as they are now.
  package func records(_ topics: [Topic], readCommitted: Bool = true) throws -> [Record] {
    try reader(topics, readCommitted: readCommitted).readToEnd()
  }

  /// Whether records are on the bus that no reader of committed ones sees.
  package func hasOpenTransaction(in topics: [Topic]) throws -> Bool {
    let committed = try records(topics).count
    return try records(topics, readCommitted: false).count > committed
  }

  /// Runs a command of an operator on the same bus.
  package func laurel(_ command: String, _ options: [String] = []) throws -> (status: Int32, text: String) {
    let process = try ServiceProcess(
      "laurel", name: uniqueName(command),
      arguments: [command, "--bootstrap", configuration.bootstrap, "--topic-prefix", prefix] + options, folder: folder)
    guard case .status(let status) = process.ending(within: .seconds(60)) else {
      throw BrokerFailure("laurel \(command): \(process.log)")
    }
    return (status, process.log)
  }

  // MARK: The end

  package func remove() {
    for process in services.values { process.kill() }
    try? FileManager.default.removeItem(at: folder)
  }

  package func printLogs() {
    for process in services.values {
      let tail = process.log.split(separator: "\n").suffix(80).joined(separator: "\n")
      FileHandle.standardError.write(Data("--- \(process.name)\n\(tail)\n".utf8))
    }
  }
}
