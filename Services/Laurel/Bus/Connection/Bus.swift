import CommandKit
import Contracts
import Kafka
import ServiceKit
import Synchronization
import Worker

/// How a command reaches the bus, and what its topics are called there.
package struct Bus: Sendable {
  static let timeoutMilliseconds: Int32 = 10_000
  package let bootstrap: String
  package let prefix: String
  /// librdkafka properties from `--kafka`.
  let properties: [String: String]
  private let complaint: LastComplaint
  /// Of a command, so that the person who waits hears of a broker that goes away; nil for parts of the command in other programs.
  private let presence: BrokerPresence?

  package init(bootstrap: String, prefix: String = "", properties: [String: String] = [:]) {
    self.init(bootstrap: bootstrap, prefix: prefix, properties: properties, presence: nil)
  }

  private init(bootstrap: String, prefix: String, properties: [String: String], presence: BrokerPresence?) {
    self.bootstrap = bootstrap
    self.prefix = prefix
    self.properties = properties
    self.presence = presence
    complaint = LastComplaint()
  }

  /// As the connection options say; nil without `--bootstrap`.
  init?(_ invocation: Invocation) {
    guard let bootstrap = invocation.optionalText("bootstrap") else { return nil }
    self.init(
      bootstrap: bootstrap, prefix: invocation.text("topic-prefix"),
      properties: Dictionary(invocation.pairs("kafka").map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last }),
      presence: BrokerPresence())
    if let caution = configuration.caution { notify("laurel: \(caution)") }
  }

  /// nil where another source was named on the command line: --bootstrap may be in the environment for other commands.
  init?(of invocation: Invocation, butNot others: [String]) {
    guard !others.contains(where: { invocation.optionalText($0) != nil }) else { return nil }
    self.init(invocation)
  }

  /// The connection options of a command that can do without a bus of others.
  static let optionalConnection: [Option] =
    [Option("bootstrap", placeholder: "HOST:PORT", help: "Kafka brokers, separated by commas")]
    + Settings.connection.filter { $0.name != "bootstrap" }

  /// For clients of this command. librdkafka's own lines are kept back: the last bad one is told if the broker does not answer.
  var configuration: Kafka.Configuration {
    // A person waits: news of a partition's end should not come twice a second only.
    // And a broker that comes back is not left alone for the 10 s that librdkafka's pauses grow to.
    let own = ["fetch.wait.max.ms": "10", "reconnect.backoff.max.ms": "1000"].merging(properties) { _, given in given }
    return Kafka.Configuration(bootstrap: bootstrap, properties: own, log: { [complaint] in complaint.note($0) })
  }

  func name(_ topic: Topic) -> String { prefix + topic.name }

  /// The options that lead another command to the same topics.
  var flags: String { Settings.flags(bootstrap: bootstrap, prefix: prefix) }

  /// The catalogue's topic behind a name on the bus.
  func topic(named name: String) -> Topic? {
    name.hasPrefix(prefix) ? Topic.named(String(name.dropFirst(prefix.count))) : nil
  }

  /// The number of partitions of each topic of the catalogue that exists.
  /// - Parameter patience: how long to wait for a broker that is not there yet.
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
        // Only a broker that is silent may be just slow.
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

  /// Why there is no answer, by what librdkafka's log says of the connection.
  func absence(_ subject: String, _ error: KafkaError? = nil) -> NoBroker {
    let cause = ConnectionFault(complaint.text ?? error?.reason ?? "")
    return NoBroker(description: "\(subject): \(cause.text)", isCertain: cause.isCertain)
  }

  /// The broker has answered.
  func forgetComplaint() { complaint.clear() }

  /// Call it while waiting for the broker.
  /// - Throws: `NoBroker` when the broker has gone, and is not only slow.
  func requireBroker() throws {
    if let absence = presence?.lasting { throw absence }
  }

  /// No broker answers at the moment.
  var isAway: Bool { presence?.isAway ?? false }

  /// Adds a line to the report that the broker is away.
  func onAbsence(adding addition: @escaping @Sendable () -> String) { presence?.add(addition) }

  /// What to say when there are no such topics for this command.
  func explanation(ofMissing topics: [Topic]) throws -> String {
    let names = topics.map(name)
    let hidden = try Admin(configuration).hidden(of: names, timeoutMilliseconds: Self.timeoutMilliseconds).sorted()
    guard hidden.isEmpty else {
      return """
        the broker's ACLs give this principal no right to \(hidden.joined(separator: ", ")); 'laurel topics acls \(flags)' prints the \
        commands that give one
        """
    }
    return """
      topics are missing: \(names.joined(separator: ", ")); create them with 'laurel topics create \(flags)'
      """
  }

  /// The number of partitions, which all topics share.
  /// - Throws: when topics are missing or do not agree.
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

/// It may answer later.
struct NoBroker: Error, CustomStringConvertible {
  let description: String
  /// It cannot be reached; else it may be slow.
  let isCertain: Bool
}

/// The last serious line of librdkafka's log, which its threads write and the command reads.
private final class LastComplaint: Sendable {
  private let line = Mutex<String?>(nil)

  var text: String? { line.withLock { $0 } }

  func clear() { line.withLock { $0 = nil } }

  func note(_ logLine: Kafka.LogLine) {
    // Up to 4, warning; FAIL, of a broken connection, is only notice or information at times.
    guard logLine.level <= 4 || logLine.facility == "FAIL" else { return }
    line.withLock { $0 = logLine.text }
  }
}
