import CRDKafka

/// A line of librdkafka's own log.
public struct LogLine: Sendable, Equatable {
  /// The syslog level: 0 emergency … 3 error, 4 warning, 5 notice, 6 information, 7 debug.
  public let level: Int
  /// librdkafka's tag, such as `FAIL` or `CONFWARN`.
  public let facility: String
  public let text: String
}

/// The address of the cluster, and the librdkafka properties that differ from Laurel's defaults.
public struct Configuration: Sendable {
  /// `host:port` of one or more brokers, separated by commas.
  public var bootstrap: String
  /// Any property from librdkafka's CONFIGURATION.md, such as TLS and SASL. It overrides Laurel's default. The few `structural` properties
  /// are rejected: changing one could break exactly-once without any error.
  public var properties: [String: String]
  /// Receives librdkafka's log lines on librdkafka's own threads. If `nil`, they go to standard error.
  public var log: (@Sendable (LogLine) -> Void)?
  /// False only in tests that show what it prevents: see `TransactionalProducer`.
  package var endsEpochOnUnknownOutcome = true

  public init(bootstrap: String, properties: [String: String] = [:], log: (@Sendable (LogLine) -> Void)? = nil) {
    self.bootstrap = bootstrap
    self.properties = properties
    self.log = log
  }

  /// Properties that are arguments of this module or that its guarantees depend on.
  public static let structural: Set<String> = [
    "bootstrap.servers", "metadata.broker.list", "enable.auto.commit", "enable.auto.offset.store", "enable.idempotence",
    "enable.partition.eof", "group.id",
    "group.instance.id",
    "isolation.level", "partition.assignment.strategy", "partitioner", "transactional.id",
  ]

  /// A warning about a setting that this librdkafka cannot handle; `nil` if there is none. Print it at start, because later users
  /// only see a failed login.
  public var caution: String? { caution(libraryVersion: rd_kafka_version()) }

  /// - Parameter libraryVersion: in the format of `rd_kafka_version`, 0xMMmmrrff.
  func caution(libraryVersion: Int32) -> String? {
    let mechanism = properties["sasl.mechanisms"] ?? properties["sasl.mechanism"] ?? ""
    guard mechanism.uppercased().hasPrefix("SCRAM-"), libraryVersion < 0x0206_0100 else { return nil }
    let version = [24, 16, 8].map { String((libraryVersion >> $0) & 0xff) }.joined(separator: ".")
    return """
      \(mechanism) does not work with Kafka 4 and librdkafka \(version): the broker will report invalid credentials. \
      Use client certificates, PLAIN over SASL_SSL, or librdkafka 2.6.1 or newer
      """
  }

  /// Builds librdkafka's configuration object from Laurel's `choices` and then the caller's properties.
  /// - Throws: `KafkaError` with librdkafka's text, which names the property.
  func make(_ choices: [(String, String)]) throws(KafkaError) -> OpaquePointer {
    guard let conf = rd_kafka_conf_new() else { throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) }
    do throws(KafkaError) {
      try Self.set(conf, "bootstrap.servers", bootstrap)
      for (name, value) in choices { try Self.set(conf, name, value) }
      for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
        guard !Self.structural.contains(name) else {
          throw KafkaError(
            RD_KAFKA_RESP_ERR__INVALID_ARG, reason: "configuration property \"\(name)\" is set by Laurel: remove it")
        }
        try Self.set(conf, name, value)
      }
      return conf
    } catch {
      rd_kafka_conf_destroy(conf)
      throw error
    }
  }

  private static func set(_ conf: OpaquePointer, _ name: String, _ value: String) throws(KafkaError) {
    let failure: KafkaError? = withTextBuffer { text, size in
      guard rd_kafka_conf_set(conf, name, value, text, size) != RD_KAFKA_CONF_OK else { return nil }
      let reason = String(cString: text)
      // For an alias such as linger.ms, librdkafka's text has only the other name.
      let named = reason.contains("\"\(name)\"") ? reason : "\(name): \(reason)"
      return KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason: named)
    }
    if let failure { throw failure }
  }
}
