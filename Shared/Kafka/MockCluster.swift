import CRDKafka

/// librdkafka's in-memory cluster: one broker with the id 1, on a loopback port that the kernel chooses. Use it for a first look, quick
/// tests and injected errors (Tests/Support), but never to prove exactly-once: it acknowledges transactional offsets without keeping
/// them and shows aborted records. It also has no admin requests, and drops the oldest records beyond 5 MiB per partition.
public final class MockCluster {
  /// Settings that clients of a mock cluster need: a rebalance takes session.timeout minus 1 s, and an empty fetch is answered only after
  /// fetch.wait.max.
  public static let clientProperties = [
    "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000", "fetch.wait.max.ms": "10",
  ]

  private let client: Client
  package let handle: OpaquePointer

  /// Starts it, without log lines.
  public init() throws(KafkaError) {
    client = try Client(RD_KAFKA_PRODUCER, Configuration(bootstrap: "", log: { _ in }), [])
    guard let handle = rd_kafka_mock_cluster_new(client.handle, 1) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, reason: "cannot start the mock cluster")
    }
    self.handle = handle
  }

  deinit { rd_kafka_mock_cluster_destroy(handle) }

  /// `host:port` of its broker.
  public var bootstrap: String { String(cString: rd_kafka_mock_cluster_bootstraps(handle)) }

  public func createTopic(_ name: String, partitions: Int32) throws(KafkaError) {
    let code = rd_kafka_mock_topic_create(handle, name, partitions, 1)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code) }
  }
}
