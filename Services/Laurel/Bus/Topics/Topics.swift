import CommandKit
import Contracts
import Kafka
import ServiceKit
import Words
import Worker

/// `laurel topics`: creates and lists the topics, and prints the rights to them.
package enum Topics {
  package static let command = Command(
    "topics", summary: "Create Laurel's topics, list them, or print them and the rights to them",
    example: """
      laurel topics create --bootstrap localhost:9092 --partitions 8
      laurel topics list
      laurel topics acls
      """,
    subcommands: [create, list, TopicAccess.command, TopicManifests.command])

  private static let create = Command(
    "create", summary: "Create every topic that does not exist yet",
    discussion: """
      Waits up to a minute for a broker that is still starting. Existing topics stay as they are. All topics must have the same \
      number of partitions. This number can never be changed, because state and keys depend on it. An existing topic with another \
      number is an error.
      """,
    example: """
      laurel topics create --bootstrap localhost:9092 --partitions 8 --replication 3
      # a second deployment on the same brokers
      laurel topics create --bootstrap localhost:9092 --topic-prefix staging.
      """,
    options: Settings.connection + [
      Option("partitions", placeholder: "N", kind: .integer(1...10_000), help: "Partitions of every topic", defaultValue: "4"),
      Option(
        "replication", placeholder: "N", kind: .integer(1...10), help: "Copies of every record; the broker's default if absent"),
    ], run: runCreate)

  private static let list = Command(
    "list", summary: "List the topics, who writes them and what they hold",
    discussion: "With --bootstrap, it also shows how many partitions each topic has on that bus.",
    example: "laurel topics list --bootstrap localhost:9092",
    options: Bus.optionalConnection, run: runList)

  // MARK: create

  private static func runCreate(_ invocation: Invocation) throws -> Int32 {
    let bus = Bus(invocation)
    let made = try create(
      on: bus, partitions: Int32(invocation.integer("partitions")),
      replication: Int32(invocation.optionalInteger("replication") ?? -1))
    try ResultOutput().print(Topic.catalogue.map { (made.contains($0) ? "created  " : "exists   ") + bus.name($0) })
    return 0
  }

  /// Creates the missing topics, and returns them.
  /// - Throws: if an existing topic has another number of partitions, or if a topic could not be created.
  package static func create(on bus: Bus, partitions: Int32, replication: Int32 = -1) throws -> Set<Topic> {
    let existing = try bus.partitionCounts(waitingFor: .seconds(60))
    let different = Topic.catalogue.compactMap { topic in
      existing[topic].flatMap { $0 == partitions ? nil : "\(bus.name(topic)) has \($0)" }
    }
    guard different.isEmpty else {
      throw CommandFailure(
        "requested \(counted(Int(partitions), "partition")), but \(different.joined(separator: ", ")); nothing was created")
    }
    let missing = Topic.catalogue.filter { existing[$0] == nil }
    guard !missing.isEmpty else { return [] }
    let outcomes = try Admin(bus.configuration).createTopics(
      missing.map { Admin.NewTopic(name: bus.name($0), partitions: partitions, config: settings(of: $0)) },
      replication: replication)
    let failures = outcomes.sorted { $0.key < $1.key }.compactMap { name, outcome -> String? in
      if case .failed(let error) = outcome { "\(name): \(error.plainWords)" } else { nil }
    }
    guard failures.isEmpty else { throw CommandFailure("could not be created: \(failures.joined(separator: "; "))") }
    return Set(missing)
  }

  /// The broker's settings for a topic.
  static func settings(of topic: Topic) -> [String: String] {
    let forever = ["retention.ms": "-1"]
    // One record can combine many events, or be a rejected record that is too large for an event.
    let large = ["max.message.bytes": "4194304"]
    switch topic.kind {
    case .input, .clock: return forever
    case .notices, .deadLetters: return forever.merging(large) { first, _ in first }
    // Internal messages are usually read at once. A week allows for a service that was down.
    case .internal: return large.merging(["retention.ms": String(TimeSpan.days(7).milliseconds)]) { first, _ in first }
    // A store that has not followed the changelog for half of this time is rebuilt, so that it misses no deletion.
    case .changelog:
      return large.merging(
        ["cleanup.policy": "compact", "delete.retention.ms": String(TimeSpan.days(1).milliseconds)]) { first, _ in first }
    }
  }

  // MARK: list

  private static func runList(_ invocation: Invocation) throws -> Int32 {
    let bus = Bus(of: invocation)
    let counts = try bus?.partitionCounts()
    var rows = [["TOPIC", "KEY", "WRITTEN BY", "HOLDS"]]
    for topic in Topic.catalogue { rows.append([(bus?.prefix ?? "") + topic.name, topic.keyedBy, topic.writtenBy, topic.holds]) }
    if let counts {
      rows[0].insert("PARTITIONS", at: 1)
      for (index, topic) in Topic.catalogue.enumerated() {
        rows[index + 1].insert(counts[topic].map { String($0) } ?? "missing", at: 1)
      }
    }
    try ResultOutput().print(columns(rows))
    return 0
  }
}
