import BusCommands
import Contracts
import Foundation
import Kafka
import TestSupport

/// Laurel on a real broker: its own topics, and services as processes with their state in a temporary folder.
///
/// Each installation has its own topic prefix, so one broker can serve many at the same time.
package final class Installation {
  package static let partitions: Int32 = 4

  package let configuration: Configuration
  package let prefix: String
  package let folder: URL
  package let partitions = Installation.partitions
  package private(set) var services: [String: ServiceProcess] = [:]

  /// - Parameters:
  ///   - bootstrap: a broker. It does not need to answer before `createTopics`.
  ///   - properties: client properties for this process. Services get them from `extra`.
  package init(bootstrap: String, properties: [String: String] = [:]) throws {
    configuration = Configuration(bootstrap: bootstrap, properties: properties, log: { _ in })
    prefix = uniqueName("faults") + "."
    folder = FileManager.default.temporaryDirectory.appending(path: "laurel-\(prefix)d", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// On an in-memory cluster, which it keeps alive.
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

  /// Runs a test on the shared broker. If it fails, the services' logs are printed.
  package static func run(_ body: (Installation) throws -> Void) throws {
    try run(bootstrap: try KafkaBroker.forTest().bootstrap) { installation in
      try installation.createTopics()
      try body(installation)
    }
  }

  /// The same on the test's own broker. The test creates the topics itself.
  package static func run(bootstrap: String, properties: [String: String] = [:], _ body: (Installation) throws -> Void) throws {
    let installation = try Installation(bootstrap: bootstrap, properties: properties)
    defer { installation.remove() }
    do { try body(installation) } catch {
      installation.printLogs()
      throw error
    }
  }

  /// A new broker knows the topics at once, but becomes the leader of their partitions a moment later.
  package func createTopics() throws {
    if let mock {
      // The mock answers no admin requests.
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

  /// The connection for the operator's commands.
  package var bus: Bus { Bus(bootstrap: configuration.bootstrap, prefix: prefix, properties: configuration.properties) }

  // MARK: Services

  /// Arguments for every instance that is started from now on.
  package var extra: [String] = []
  /// A checkout of another release, with its programs in `.build/release`: what is started from now on is of it.
  package var release: URL?

  private func program(_ name: String) -> String { release.map { $0.appending(path: ".build/release/\(name)").path } ?? name }

  /// Starts an instance, or restarts it.
  /// - Parameters:
  ///   - terms: replaces the package's own terms.
  ///   - fault: the fault of the instance (`laurel-faulty`); nil for a normal service.
  @discardableResult
  package func start(
    _ service: ServiceName, _ number: Int = 1, terms: URL? = nil, extra: [String] = [], fault: String? = nil,
    environment: [String: String] = [:]
  ) throws -> ServiceProcess {
    let name = "\(service.rawValue)-\(number)"
    let process = try ServiceProcess(
      fault == nil ? program(service.rawValue) : "laurel-faulty", name: name,
      arguments: [
        "--bootstrap", servicesBootstrap, "--terms", (terms ?? release?.appending(path: "ops/terms") ?? Self.terms).path,
        "--state", stateFolder(name).path,
        "--instance", name, "--group", group(service), "--topic-prefix", prefix, "--http", "127.0.0.1:0", "--commit-ms", "50",
        "--clock", "bus",
      ] + self.extra + extra,
      folder: folder,
      environment: environment.merging(fault.map { ["FAULTY_SERVICE": service.rawValue, "FAULTY_FAULT": $0] } ?? [:]) { $1 })
    services[name] = process
    return process
  }

  /// The broker address for services, if it differs from the tests'.
  package var servicesBootstrap: String { proxied ?? configuration.bootstrap }
  package var proxied: String?

  /// Waits until all started instances are ready.
  package func waitReady() throws {
    for process in services.values where !waitUntil(.seconds(60), { process.isReady }) {
      throw BrokerFailure("\(process.name) is not ready: \(process.page("/readyz")?.body ?? "no answer")")
    }
  }

  /// Stops all with SIGTERM, so that they finish their work and write nothing afterwards.
  package func stopAll() throws {
    let ended = services.values.filter { !$0.isRunning }
    guard ended.isEmpty else { throw BrokerFailure("\(ended.map(\.name).sorted()) ended by themselves") }
    for process in services.values { process.askToStop() }
    for process in services.values {
      let ending = process.ending(within: .seconds(10))
      guard ending == .status(0) else { throw BrokerFailure("\(process.name) did not stop cleanly: \(ending)") }
    }
  }

  /// Ends an instance, with SIGTERM or kill -9, and forgets it.
  package func end(_ service: ServiceName, _ number: Int, gracefully: Bool) throws {
    let process = try self.service(service, number)
    services[process.name] = nil
    guard gracefully else { return process.kill() }
    _ = waitUntil(.seconds(10)) { process.hasStarted || !process.isRunning }
    let ending = process.stop()
    guard ending == .status(0) else { throw BrokerFailure("\(process.name) did not stop cleanly: \(ending)") }
  }

  package func service(_ name: ServiceName, _ number: Int = 1) throws -> ServiceProcess {
    guard let process = services["\(name.rawValue)-\(number)"] else { throw BrokerFailure("\(name)-\(number) was not started") }
    return process
  }

  package func group(_ service: ServiceName) -> String { "\(prefix)\(service.rawValue)" }

  /// The folder of the stores of an instance, named as in `services`.
  package func stateFolder(_ instance: String) -> URL { folder.appending(path: "state-\(instance)", directoryHint: .isDirectory) }

  package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  package static var terms: URL { root.appending(path: "ops/terms", directoryHint: .isDirectory) }

  // MARK: Topics

  package func name(_ topic: Topic) -> String { prefix + topic.name }

  package func reader(_ topics: [Topic], readCommitted: Bool = true) throws -> TopicReader {
    try TopicReader(configuration, topics: topics.map(name), partitions: partitions, readCommitted: readCommitted)
  }

  /// All present records of the topics.
  package func records(_ topics: [Topic], readCommitted: Bool = true) throws -> [Record] {
    try reader(topics, readCommitted: readCommitted).readToEnd()
  }

  /// Whether the bus has records that no reader of committed records sees.
  package func hasOpenTransaction(in topics: [Topic]) throws -> Bool {
    let committed = try records(topics).count
    return try records(topics, readCommitted: false).count > committed
  }

  /// Runs an operator's command on the same bus.
  package func laurel(_ command: String, _ options: [String] = []) throws -> (status: Int32, text: String) {
    let process = try ServiceProcess(
      "laurel", name: uniqueName(command),
      arguments: [command, "--bootstrap", configuration.bootstrap, "--topic-prefix", prefix] + options, folder: folder)
    guard case .status(let status) = process.ending(within: .seconds(60)) else {
      throw BrokerFailure("laurel \(command): \(process.log)")
    }
    return (status, process.log)
  }

  /// Starts a command of an operator on the same bus.
  package func command(_ arguments: [String]) throws -> ServiceProcess {
    try ServiceProcess(
      program("laurel"), name: uniqueName("laurel"),
      arguments: arguments + ["--bootstrap", configuration.bootstrap, "--topic-prefix", prefix], folder: folder)
  }

  /// Runs it to its end.
  /// - Throws: what it has written, if it did not end well.
  package func tool(_ arguments: [String]) throws {
    let process = try command(arguments)
    let ending = process.ending(within: .seconds(300))
    guard ending == .status(0) else {
      throw BrokerFailure("laurel \(arguments.joined(separator: " ")): \(ending): \(process.log)")
    }
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
