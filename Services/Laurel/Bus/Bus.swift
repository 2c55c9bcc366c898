import CommandKit
import Contracts
import Kafka
import ServiceKit
import Synchronization
import Worker

/// How a command reaches the bus, and what its topics are called there.
package struct Bus: Sendable {
  static let timeoutMilliseconds: Int32 = 10_000
  /// librdkafka's `_INVALID_ARG`.
  private static let refusedProperty: Int32 = -186

  package let bootstrap: String
  package let prefix: String
  /// librdkafka properties from `--kafka`.
  let properties: [String: String]
  private let complaint: LastComplaint

  package init(bootstrap: String, prefix: String = "", properties: [String: String] = [:]) {
    self.bootstrap = bootstrap
    self.prefix = prefix
    self.properties = properties
    complaint = LastComplaint()
  }

  /// As the connection options say; nil without `--bootstrap`.
  init?(_ invocation: Invocation) {
    guard let bootstrap = invocation.optionalText("bootstrap") else { return nil }
    self.init(
      bootstrap: bootstrap, prefix: invocation.text("topic-prefix"),
      properties: Dictionary(invocation.pairs("kafka").map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last }))
    if let caution = configuration.caution { tell("laurel: \(caution)") }
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

  /// The catalogue's topic behind a name on the bus.
  func topic(named name: String) -> Topic? {
    name.hasPrefix(prefix) ? Topic.named(String(name.dropFirst(prefix.count))) : nil
  }

  /// The number of partitions of each topic of the catalogue that exists.
  func partitionCounts() throws -> [Topic: Int32] {
    do throws(KafkaError) {
      let counts = try Admin(configuration).partitionCounts(
        of: Topic.catalogue.map(name), timeoutMilliseconds: Self.timeoutMilliseconds)
      return Dictionary(
        uniqueKeysWithValues: Topic.catalogue.compactMap { topic in counts[name(topic)].map { (topic, $0) } })
    } catch  where error.code == Self.refusedProperty {
      throw CommandFailure(error.reason)
    } catch {
      throw NoBroker(description: "no broker answers at \(bootstrap): \(complaint.text ?? "\(error)")")
    }
  }

  /// What to say when there are no such topics for this command.
  func explanation(ofMissing topics: [Topic]) throws -> String {
    let names = topics.map(name)
    let hidden = try Admin(configuration).hidden(of: names, timeoutMilliseconds: Self.timeoutMilliseconds).sorted()
    guard hidden.isEmpty else {
      return """
        the broker's ACLs give this principal no right to \(hidden.joined(separator: ", ")); 'laurel topics acls' prints the commands \
        that give one
        """
    }
    return """
      topics are missing: \(names.joined(separator: ", ")); create them with 'laurel topics create --bootstrap \(bootstrap)'
      """
  }

  /// The same of a broker that may still be starting: asked again for a minute.
  func partitionCountsPatiently() throws -> [Topic: Int32] {
    let end = ContinuousClock.now + .seconds(60)
    var told = false
    while true {
      do { return try partitionCounts() } catch let silence as NoBroker {
        guard ContinuousClock.now < end, !Shutdown.requested else { throw silence }
        if !told { tell("laurel: waiting for the broker: \(silence)") }
        told = true
        _ = Shutdown.wait(upTo: .milliseconds(500))
      }
    }
  }

  /// The number of partitions, which all topics share.
  /// - Throws: when topics are missing or do not agree.
  func partitions() throws -> Int32 {
    let counts = try partitionCounts()
    let missing = Topic.catalogue.filter { counts[$0] == nil }
    guard missing.isEmpty else { throw CommandFailure(try explanation(ofMissing: missing)) }
    guard let first = counts.values.first, Set(counts.values).count == 1 else {
      throw CommandFailure("the topics have different numbers of partitions; see 'laurel topics list --bootstrap \(bootstrap)'")
    }
    return first
  }
}

/// It may answer later.
struct NoBroker: Error, CustomStringConvertible {
  let description: String
}

/// The last serious line of librdkafka's log, which its threads write and the command reads.
private final class LastComplaint: Sendable {
  private let line = Mutex<String?>(nil)

  var text: String? { line.withLock { $0 } }

  func note(_ logLine: Kafka.LogLine) {
    // Up to 4, warning; FAIL, of a broken connection, is only notice or information at times.
    guard logLine.level <= 4 || logLine.facility == "FAIL" else { return }
    line.withLock { $0 = logLine.text }
  }
}
