import CommandKit
import Contracts
import Kafka
import ServiceKit
import Synchronization
import Worker

/// A command's connection to the bus, and the names of the topics there.
package struct Bus: Sendable {
  static let timeoutMilliseconds: Int32 = 10_000
  package let bootstrap: String
  package let prefix: String
  /// librdkafka properties from `--kafka`.
  let properties: [String: String]
  private let complaint = LastComplaint()
  /// Reports a lost broker to the person who waits. `nil` for an embedded bus, and in other programs that use this code.
  private var presence: BrokerPresence?

  package init(bootstrap: String, prefix: String = "", properties: [String: String] = [:]) {
    self.bootstrap = bootstrap
    self.prefix = prefix
    self.properties = properties
  }

  /// The bus of a command that requires `--bootstrap`.
  init(_ invocation: Invocation) { self.init(invocation, bootstrap: invocation.text("bootstrap")) }

  private init(_ invocation: Invocation, bootstrap: String) {
    self.init(bootstrap: bootstrap, prefix: invocation.text("topic-prefix"), properties: invocation.pairs("kafka"))
    presence = BrokerPresence()
    if let caution = configuration.caution { notify("laurel: \(caution)") }
  }

  /// The bus of a command that may have none. `nil` without `--bootstrap`, or if the command line names another source. That takes
  /// precedence, because --bootstrap may come from the environment and be meant for other commands.
  init?(of invocation: Invocation, butNot others: [String] = []) {
    guard !others.contains(where: { invocation.optionalText($0) != nil }), let bootstrap = invocation.optionalText("bootstrap")
    else { return nil }
    self.init(invocation, bootstrap: bootstrap)
  }

  /// The connection options of a command that needs no bus, or can run its own.
  static let optionalConnection: [Option] =
    [Option("bootstrap", placeholder: "HOST:PORT", help: "Kafka brokers, separated by commas")]
    + Settings.connection.filter { $0.name != "bootstrap" }

  /// The configuration of this command's clients. It does not print librdkafka's log. It keeps the last serious line, to explain
  /// why the broker does not answer.
  var configuration: Kafka.Configuration {
    // A person waits. By default librdkafka can report a partition's end 500 ms late, and tries a lost broker only every 10 s.
    let own = ["fetch.wait.max.ms": "10", "reconnect.backoff.max.ms": "1000"].merging(properties) { _, given in given }
    return Kafka.Configuration(bootstrap: bootstrap, properties: own, log: { [complaint] in complaint.note($0) })
  }

  func name(_ topic: Topic) -> String { prefix + topic.name }

  /// The options with which another command reaches the same topics.
  var flags: String { Settings.flags(bootstrap: bootstrap, prefix: prefix) }

  /// The catalogue's topic behind a name on the bus.
  func topic(named name: String) -> Topic? {
    name.hasPrefix(prefix) ? Topic.named(String(name.dropFirst(prefix.count))) : nil
  }

  /// The number of partitions of each existing topic of the catalogue.
  /// - Parameter patience: how long to wait for a broker that is still starting.
  func partitionCounts(waitingFor patience: Duration = .zero) throws -> [Topic: Int32] {
    let admin = try admin()
    let start = ContinuousClock.now
    var reported = false
    while true {
      do throws(KafkaError) {
        let counts = try admin.partitionCounts(
          of: Topic.catalogue.map(name), timeoutMilliseconds: BrokerPresence.answerMilliseconds)
        presence?.watch(self)
        return Dictionary(
          uniqueKeysWithValues: Topic.catalogue.compactMap { topic in counts[name(topic)].map { (topic, $0) } })
      } catch {
        let waited = ContinuousClock.now - start
        let absence = absence("cannot connect to \(bootstrap)", error)
        // A silent broker may only be slow. Otherwise waiting does not help.
        let limit = max(patience, absence.isCertain ? .zero : BrokerPresence.patience)
        guard !error.meansNoLogin, waited < limit, !Shutdown.wait(upTo: .milliseconds(100)) else { throw absence }
        if !reported, absence.isCertain || waited > BrokerPresence.silence {
          notify("laurel: waiting for the broker: \(absence)")
          reported = true
        }
      }
    }
  }

  private func admin() throws -> Admin {
    do { return try Admin(configuration) } catch { throw CommandFailure(error.reason) }
  }

  /// Why the broker does not answer, from librdkafka's log or the error.
  func absence(_ subject: String, _ error: KafkaError? = nil) -> NoBroker {
    let cause = ConnectionFault(complaint.text ?? error?.reason ?? "")
    return NoBroker(description: "\(subject): \(cause.text)", isCertain: cause.isCertain)
  }

  /// Call it when the broker has answered.
  func forgetComplaint() { complaint.clear() }

  /// Call it while waiting for the broker.
  /// - Throws: `NoBroker` if the broker is gone, and not only slow.
  func requireBroker() throws {
    if let absence = presence?.lasting { throw absence }
  }

  /// Whether no broker answers at the moment.
  var isAway: Bool { presence?.isAway ?? false }

  /// Adds a line to the report that the broker is away.
  func onAbsence(adding addition: @escaping @Sendable () -> String) { presence?.add(addition) }

  /// Explains why this command does not see these topics.
  func explanation(ofMissing topics: [Topic]) throws -> String {
    let names = topics.map(name)
    let hidden = try Admin(configuration).hidden(of: names, timeoutMilliseconds: Self.timeoutMilliseconds).sorted()
    guard hidden.isEmpty else {
      return """
        the broker's ACLs give this principal no right to \(hidden.joined(separator: ", ")); 'laurel topics acls \(flags)' prints \
        the commands that grant it
        """
    }
    return """
      topics are missing: \(names.joined(separator: ", ")); create them with 'laurel topics create \(flags)'
      """
  }

  /// The partitions of these topics.
  /// - Throws: `CommandFailure` if a topic is missing.
  func places(of topics: [Topic], waitingFor patience: Duration = .zero) throws -> [TopicPartition] {
    let counts = try partitionCounts(waitingFor: patience)
    let missing = topics.filter { counts[$0] == nil }
    guard missing.isEmpty else { throw CommandFailure(try explanation(ofMissing: missing)) }
    return topics.flatMap { topic in (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: name(topic), partition: $0) } }
  }

  /// The number of partitions, which all topics share.
  /// - Throws: `CommandFailure` if topics are missing or have different numbers of partitions.
  func partitions() throws -> Int32 {
    let counts = try partitionCounts()
    let missing = Topic.catalogue.filter { counts[$0] == nil }
    guard missing.isEmpty else { throw CommandFailure(try explanation(ofMissing: missing)) }
    guard let first = counts.values.first, Set(counts.values).count == 1 else {
      throw CommandFailure("the topics have different numbers of partitions; see 'laurel topics list \(flags)'")
    }
    return first
  }
}

/// The broker does not answer. It may answer later.
struct NoBroker: Error, CustomStringConvertible {
  let description: String
  /// Whether it cannot be reached. If false, it may only be slow.
  let isCertain: Bool
}

/// The last serious line of librdkafka's log. librdkafka's threads write it and the command reads it.
private final class LastComplaint: Sendable {
  private let line = Mutex<String?>(nil)

  var text: String? { line.withLock { $0 } }

  func clear() { line.withLock { $0 = nil } }

  func note(_ logLine: Kafka.LogLine) {
    // Level 4 is a warning. A broken connection (FAIL) is sometimes logged as a notice or information.
    guard logLine.level <= 4 || logLine.facility == "FAIL" else { return }
    line.withLock { $0 = logLine.text }
  }
}
