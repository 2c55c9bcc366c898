import CRDKafka

/// A line of librdkafka's own log.
public struct LogLine: Sendable, Equatable {
  /// syslog's level: 0 emergency … 3 error, 4 warning, 5 notice, 6 information, 7 debug.
  public let level: Int
  /// librdkafka's subject, such as `FAIL` or `CONFWARN`.
  public let facility: String
  public let text: String
}

/// Where the cluster is, and every librdkafka property that differs from Laurel's choice.
public struct Configuration: Sendable {
  /// `host:port` of one or more brokers, separated by commas.
  public var bootstrap: String
  /// Any property of librdkafka's CONFIGURATION.md, such as TLS and SASL. It wins over Laurel's own choice, except for the
  /// few (`structural`) without which exactly-once would quietly be lost: those are refused by name.
  public var properties: [String: String]
  /// Receives librdkafka's log lines, from librdkafka's own threads. Without it they go to standard error.
  public var log: (@Sendable (LogLine) -> Void)?
  /// Off only in tests that show what it is there for: see `TransactionalProducer`.
  package var endsEpochOnUnknownOutcome = true

  public init(bootstrap: String, properties: [String: String] = [:], log: (@Sendable (LogLine) -> Void)? = nil) {
    self.bootstrap = bootstrap
    self.properties = properties
    self.log = log
  }

  /// Properties that are arguments or guarantees of this module.
  public static let structural: Set<String> = [
    "enable.auto.commit", "enable.auto.offset.store", "enable.idempotence", "enable.partition.eof", "group.id",
    "group.instance.id",
    "isolation.level", "partition.assignment.strategy", "partitioner", "transactional.id",
  ]

  /// What is asked of this librdkafka and known not to work; nil: nothing. For whoever starts a program: later it is only a login
  /// that fails.
  public var caution: String? { caution(libraryVersion: rd_kafka_version()) }

  /// - Parameter libraryVersion: as `rd_kafka_version` has it, 0xMMmmrrff.
  func caution(libraryVersion: Int32) -> String? {
    let mechanism = properties["sasl.mechanisms"] ?? properties["sasl.mechanism"] ?? ""
    guard mechanism.uppercased().hasPrefix("SCRAM-"), libraryVersion < 0x0206_0100 else { return nil }
    let version = [24, 16, 8].map { String((libraryVersion >> $0) & 0xff) }.joined(separator: ".")
    return """
      \(mechanism) does not work against Kafka 4 with librdkafka \(version), only from 2.6.1 on: the broker will say that the \
      credentials are invalid. Use client certificates, PLAIN over SASL_SSL, or a newer librdkafka
      """
  }

  /// librdkafka's configuration object with Laurel's `choices`, then the caller's properties.
  /// - Throws: `KafkaError` with librdkafka's text, which names the property.
  func make(_ choices: [(String, String)]) throws(KafkaError) -> OpaquePointer {
    guard let conf = rd_kafka_conf_new() else { throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) }
    do throws(KafkaError) {
      try Self.set(conf, "bootstrap.servers", bootstrap)
      for (name, value) in choices { try Self.set(conf, name, value) }
      for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
        guard !Self.structural.contains(name) else {
          throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason: "configuration property \"\(name)\" is set by Laurel itself")
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
      // Of an alias such as linger.ms librdkafka gives only the other name.
      let named = reason.contains("\"\(name)\"") ? reason : "\(name): \(reason)"
      return KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason: named)
    }
    if let failure { throw failure }
  }
}
