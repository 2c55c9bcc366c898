import Contracts
import Kafka
import ServiceKit

/// The settings that all services share, from flags, environment and file (in this order of precedence).
public struct Settings: Sendable {
  public var bootstrap: String
  public var termsDirectory: String
  public var stateDirectory: String
  /// The name of this instance. It must stay the same across restarts, because the transactional id and the static group membership
  /// are derived from it.
  public var instance: String
  public var group: String
  public var httpAddress: String
  public var commitInterval: Duration
  public var batchRecordsMax: Int
  let blockCacheBytes: Int
  let rejectsForeignTypes: Bool
  /// How long an empty input may delay the other inputs of its partition.
  public var inputWait: Duration
  /// Whether to follow the changelogs of partitions that other instances own.
  let isStandby: Bool
  /// How many threads run the partitions.
  public var threads: Int
  public var topicPrefix: String
  public var clock: ClockSetting
  public var kafka: [String: String]

  /// The source of time.
  public enum ClockSetting: String, Sendable, CaseIterable {
    /// System time. Ticks on the `clock` topic are ignored.
    case system
    /// For sandboxes: system time until the first tick on the `clock` topic, then only the bus's virtual clock.
    case bus
  }

  /// The command line of a service.
  public static func command(_ service: ServiceName, summary: String) -> Command {
    Command(
      service.rawValue, summary: summary,
      discussion: """
        Settings come from flags, then LAUREL_* variables, then the file named by --config. Any number of instances may run; \
        give each its own --instance. SIGTERM stops gracefully.
        """,
      example:
        "\(service.rawValue) --bootstrap localhost:9092 --terms ops/terms --state /var/lib/laurel --instance \(service.rawValue)-1",
      options: options(service) + [.logLevel, .logFormat], version: Build.version)
  }

  /// The settings of all services. All of them may share one file or environment, so each service skips the settings of the others.
  public static let names = Set(ServiceName.allCases.flatMap { options($0) + Option.common }.map(\.name))

  /// Connection options, shared with the `laurel` command.
  public static let connection: [Option] = [
    Option("bootstrap", placeholder: "HOST:PORT", help: "Kafka brokers, separated by commas", required: true),
    Option("topic-prefix", placeholder: "TEXT", kind: nameKind, help: "Prefix of every topic's name", defaultValue: ""),
    Option(
      "kafka", placeholder: "KEY=VALUE", kind: .keyValue,
      help: "Any librdkafka property, such as security.protocol=SSL; a password is safer in LAUREL_KAFKA or the --config file",
      repeatable: true),
    .config,
  ]

  /// The connection options that point the `laurel` command at the same topics, for hints.
  public static func flags(bootstrap: String, prefix: String) -> String {
    "--bootstrap \(bootstrap)" + (prefix.isEmpty ? "" : " --topic-prefix \(prefix)")
  }

  /// The names allowed for topics and members.
  private static let nameKind = Option.Kind.checked(expected: "letters, digits, '.', '_' or '-', at most 100") { text in
    text.utf8.count <= 100 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }

  private static func options(_ service: ServiceName) -> [Option] {
    connection + [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", required: true),
      Option("state", placeholder: "DIR", help: "Folder for the state stores; a cache of the changelog topic", required: true),
      Option(
        "instance", placeholder: "NAME", kind: nameKind,
        help: "Stable name of this instance, unique among the service's instances",
        defaultValue: "\(service.rawValue)-1"),
      Option(
        "group", placeholder: "NAME",
        help: "Consumer group (default the topic prefix and laurel.\(service.rawValue), so that deployments do not mix)"),
      Option(
        "http", placeholder: "ADDRESS", help: "Address of /livez, /readyz and /metrics; with port 0 the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      Option(
        "commit-ms", placeholder: "MS", kind: .integer(1...5000),
        help: "Maximum time to gather a batch; it ends earlier when nothing more arrives", defaultValue: "100"),
      Option(
        "batch-records", placeholder: "N", kind: .integer(1...1_000_000), help: "Maximum batch size in records",
        defaultValue: "10000"),
      Option(
        "block-cache-mb", placeholder: "MIB", kind: .integer(1...1_048_576),
        help: "Memory for blocks of the state stores, shared by all partitions of this instance", defaultValue: "16"),
      Option(
        "threads", placeholder: "N", kind: .integer(1...256),
        help: "Threads that run this instance's partitions under load (default: the number of cores it may use)"),
      Option(
        "standby",
        help: "Follow the changelogs of partitions that other instances own, so that a takeover restores only what is new"),
      Option(
        "input-wait-ms", placeholder: "MS", kind: .integer(0...60_000),
        help:
          "How long to wait for an empty input topic, so that late events are still processed in order of time",
        defaultValue: "0"),
      Option(
        "foreign-types", placeholder: "WHAT", kind: .choice(["ignore", "reject"]),
        help:
          "What to do with event types that are neither Laurel's nor similar to one: ignore and count them, or make dead letters",
        defaultValue: "ignore"),
      Option(
        "clock", placeholder: "SOURCE", kind: .choice(ClockSetting.allCases.map(\.rawValue)),
        help: "system: system time; bus: follow the clock topic from its first tick on, permanently (for sandboxes)",
        defaultValue: ClockSetting.system.rawValue),
    ]
  }

  /// The folder of a partition's store.
  func directory(of service: ServiceName, _ partition: Int32) -> String {
    "\(stateDirectory)/\(topicPrefix)\(service.rawValue)/\(partition)"
  }

  func configuration(_ log: Log) -> Kafka.Configuration {
    Kafka.Configuration(bootstrap: bootstrap, properties: kafka, log: { log.kafka($0) })
  }

  var flags: String { Self.flags(bootstrap: bootstrap, prefix: topicPrefix) }

  public init(_ invocation: Invocation, of service: ServiceName) {
    bootstrap = invocation.text("bootstrap")
    termsDirectory = invocation.text("terms")
    stateDirectory = invocation.text("state")
    instance = invocation.text("instance")
    httpAddress = invocation.text("http")
    commitInterval = .milliseconds(invocation.integer("commit-ms"))
    rejectsForeignTypes = invocation.text("foreign-types") == "reject"
    batchRecordsMax = invocation.integer("batch-records")
    blockCacheBytes = invocation.integer("block-cache-mb") << 20
    isStandby = invocation.flag("standby")
    inputWait = .milliseconds(invocation.integer("input-wait-ms"))
    threads = invocation.optionalText("threads").flatMap(Int.init) ?? Cores.given
    let prefix = invocation.optionalText("topic-prefix") ?? ""
    topicPrefix = prefix
    group = invocation.optionalText("group") ?? service.group(prefix: prefix)
    clock = ClockSetting(rawValue: invocation.text("clock")) ?? .system
    kafka = invocation.pairs("kafka")
  }
}
