import Contracts
import Foundation
import Kafka
import TestSupport

/// Laurel on a real broker: topics of its own, and services as processes with their state in a temporary folder.
///
/// Topics carry a prefix that no other installation has, so one broker serves many at a time.
final class Installation {
  static let partitions: Int32 = 4

  let configuration: Configuration
  let prefix: String
  let folder: URL
  let partitions = Installation.partitions
  private(set) var services: [String: ServiceProcess] = [:]

  /// - Parameters:
  ///   - bootstrap: a broker; it need not answer before `createTopics`.
  ///   - properties: how this process logs in there; services are told by `extra`.
  init(bootstrap: String, properties: [String: String] = [:]) throws {
    configuration = Configuration(bootstrap: bootstrap, properties: properties, log: { _ in })
    prefix = uniqueName("faults") + "."
    folder = FileManager.default.temporaryDirectory.appending(path: "laurel-\(prefix)d", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// The same names and state folders on another broker.
  init(bootstrap: String, movedFrom other: Installation) throws {
    configuration = Configuration(bootstrap: bootstrap, log: { _ in })
    prefix = other.prefix
    folder = other.folder
  }

  /// Runs a test on the shared broker. When it fails, what the services have logged is printed.
  static func run(_ body: (Installation) throws -> Void) throws {
    try run(bootstrap: try KafkaBroker.forTest().bootstrap) { installation in
      try installation.createTopics()
      try body(installation)
    }
  }

  /// The same on a broker of the test's own; it creates the topics itself.
  static func run(bootstrap: String, properties: [String: String] = [:], _ body: (Installation) throws -> Void) throws {
    let installation = try Installation(bootstrap: bootstrap, properties: properties)
    defer { installation.remove() }
    do { try body(installation) } catch {
      installation.printLogs()
      throw error
    }
  }

  func createTopics() throws {
    let topics = Topic.catalogue.map { topic in
      Admin.NewTopic(
        name: prefix + topic.name, partitions: partitions, config: topic.compacted ? ["cleanup.policy": "compact"] : [:])
    }
    for (name, outcome) in try Admin(configuration).createTopics(topics, replication: 1) where outcome != .done {
      throw BrokerFailure("\(name): \(outcome)")
    }
  }

  // MARK: Services

  /// Starts an instance, or the same one again.
  /// - Parameter terms: instead of the package's own.
  @discardableResult
  func start(_ service: ServiceName, _ number: Int = 1, terms: URL? = nil, extra: [String] = []) throws -> ServiceProcess {
    let name = "\(service.rawValue)-\(number)"
    let process = try ServiceProcess(
      service.rawValue, name: name,
      arguments: [
        "--bootstrap", configuration.bootstrap, "--terms", (terms ?? Self.terms).path, "--state", stateFolder(name).path,
        "--instance", name, "--group", group(service), "--topic-prefix", prefix, "--http", "127.0.0.1:0", "--commit-ms", "50",
      ] + extra,
      folder: folder)
    services[name] = process
    return process
  }

  /// All that were started; waits until each says that it is ready.
  func waitReady() throws {
    for process in services.values where !waitUntil(.seconds(60), { process.isReady }) {
      throw BrokerFailure("\(process.name) is not ready: \(process.page("/readyz")?.body ?? "no answer")")
    }
  }

  /// SIGTERM to all, so that what they have begun is ended: afterwards nothing more comes.
  func stopAll() throws {
    for process in services.values {
      guard process.isRunning else { throw BrokerFailure("\(process.name) has ended by itself") }
      let ending = process.stop()
      guard ending == .status(0) else { throw BrokerFailure("\(process.name) was told to stop: \(ending)") }
    }
  }

  /// Ends an instance with SIGTERM, or without warning, and forgets it.
  func end(_ service: ServiceName, _ number: Int, gracefully: Bool) throws {
    let process = try self.service(service, number)
    services[process.name] = nil
    guard gracefully else { return process.kill() }
    let ending = process.stop()
    guard ending == .status(0) else { throw BrokerFailure("\(process.name) was told to stop: \(ending)") }
  }

  func service(_ name: ServiceName, _ number: Int = 1) throws -> ServiceProcess {
    guard let process = services["\(name.rawValue)-\(number)"] else { throw BrokerFailure("\(name)-\(number) was not started") }
    return process
  }

  func group(_ service: ServiceName) -> String { "\(prefix)\(service.rawValue)" }

  /// Where an instance, named as in `services`, keeps its stores.
  func stateFolder(_ instance: String) -> URL { folder.appending(path: "state-\(instance)", directoryHint: .isDirectory) }

  static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static var terms: URL { package.appending(path: "ops/terms", directoryHint: .isDirectory) }

  // MARK: Topics

  func name(_ topic: Topic) -> String { prefix + topic.name }

  func reader(_ topics: [Topic], readCommitted: Bool = true) throws -> TopicReader {
    try TopicReader(configuration, topics: topics.map(name), partitions: partitions, readCommitted: readCommitted)
  }

  /// All records of the topics as they are now.
  func records(_ topics: [Topic], readCommitted: Bool = true) throws -> [Record] {
    try reader(topics, readCommitted: readCommitted).readToEnd()
  }

  /// Whether records are on the bus that no reader of committed ones sees.
  func hasOpenTransaction(in topics: [Topic]) throws -> Bool {
    let committed = try records(topics).count
    return try records(topics, readCommitted: false).count > committed
  }

  // MARK: The end

  private func remove() {
    for process in services.values { process.kill() }
    try? FileManager.default.removeItem(at: folder)
  }

  private func printLogs() {
    for process in services.values {
      let tail = process.log.split(separator: "\n").suffix(80).joined(separator: "\n")
      FileHandle.standardError.write(Data("--- \(process.name)\n\(tail)\n".utf8))
    }
  }
}
