import CRDKafka

/// librdkafka's in-memory cluster, on loopback ports that the kernel chooses. Use it for a first look, quick tests and injected
/// errors, but never to prove exactly-once: it acknowledges transactional offsets without keeping them and shows aborted records.
/// It also has no admin requests, and drops the oldest records beyond 5 MiB per partition.
public final class MockCluster {
  /// Settings that clients of a mock cluster need: a rebalance takes session.timeout minus 1 s, and an empty fetch is answered only after
  /// fetch.wait.max.
  public static let clientProperties = [
    "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000", "fetch.wait.max.ms": "10",
  ]

  /// Requests that can be made to fail, by their numbers in Kafka's protocol.
  public enum Request: Int16, Sendable, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    /// This request cannot fail, but its topics can: see `setTopicError`.
    case metadata = 3
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case syncGroup = 14
    case initProducerID = 22
    case addPartitionsToTransaction = 24
    case addOffsetsToTransaction = 25
    case endTransaction = 26
    case transactionOffsetCommit = 28
  }

  private let client: Client
  private let cluster: OpaquePointer

  /// Starts `brokers` brokers with the ids 1, 2 …. Drops their log lines if `log` is `nil`.
  public init(brokers: Int = 1, log: (@Sendable (LogLine) -> Void)? = nil) throws(KafkaError) {
    client = try Client(RD_KAFKA_PRODUCER, Configuration(bootstrap: "", log: log ?? { _ in }), [])
    guard let cluster = rd_kafka_mock_cluster_new(client.handle, Int32(brokers)) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, reason: "cannot start the mock cluster")
    }
    self.cluster = cluster
  }

  deinit { rd_kafka_mock_cluster_destroy(cluster) }

  /// `host:port` of its brokers, separated by commas.
  public var bootstrap: String { String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

  public func createTopic(_ name: String, partitions: Int32) throws(KafkaError) {
    let code = rd_kafka_mock_topic_create(cluster, name, partitions, 1)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
  }

  /// Answers the next requests of this kind with these codes (`KafkaError.code`), one each. -195 (`_TRANSPORT`) closes the connection.
  public func pushErrors(_ request: Request, _ codes: [Int32]) {
    let errors = codes.map { rd_kafka_resp_err_t($0) }
    rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
  }

  /// Like the other `pushErrors`, for one broker. A broker's own errors come before the cluster's. They can be counted but not
  /// cleared.
  public func pushErrors(_ request: Request, _ codes: [Int32], ofBroker broker: Int32) throws(KafkaError) {
    for code in codes {
      let result = laurel_mock_push_request_error(cluster, broker, request.rawValue, rd_kafka_resp_err_t(code))
      guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(result) }
    }
  }

  /// How many of a broker's own errors are still unused.
  public func errorsLeft(_ request: Request, ofBroker broker: Int32) throws(KafkaError) -> Int {
    var count = 0
    let result = rd_kafka_mock_broker_error_stack_cnt(cluster, broker, request.rawValue, &count)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(result) }
    return count
  }

  /// Sets the error that metadata reports for this topic; 0 is no error.
  public func setTopicError(_ topic: String, _ code: Int32) {
    rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(code))
  }

  /// Closes the broker's connections and rejects new ones.
  public func setBrokerDown(_ broker: Int32) throws(KafkaError) {
    let code = rd_kafka_mock_broker_set_down(cluster, broker)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
  }

  public func setBrokerUp(_ broker: Int32) throws(KafkaError) {
    let code = rd_kafka_mock_broker_set_up(cluster, broker)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
  }
}
